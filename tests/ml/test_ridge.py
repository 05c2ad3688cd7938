"""The regression that heads and rejection are made of, held against plain sums."""

from __future__ import annotations

import numpy as np
import pytest

from ml import ridge

RNG = np.random.default_rng(5)
ROWS = RNG.normal(size=(40, 6)) + 3
TARGETS = np.eye(3)[RNG.integers(0, 3, 40)]
WEIGHTS = RNG.uniform(0.5, 2, 40)
CHANGES = RNG.normal(size=(4, 6))


def cost(
    slopes: np.ndarray, offsets: np.ndarray, decay: float, changes: np.ndarray
) -> float:
    errors = ROWS @ slopes + offsets - TARGETS
    squares = (WEIGHTS[:, None] * errors**2).sum() + ((changes @ slopes) ** 2).sum()
    return float(squares + decay * len(ROWS) * (slopes**2).sum())


@pytest.mark.parametrize("changes", [CHANGES[:0], CHANGES])
def test_no_other_lines_near_by_cost_less(changes: np.ndarray):
    found = ridge.learn(ROWS, TARGETS, WEIGHTS, decay=0.1, changes=changes)

    least = cost(found.slopes, found.offsets, 0.1, changes)
    for _ in range(200):
        slopes = found.slopes + RNG.normal(0, 1e-3, found.slopes.shape)
        offsets = found.offsets + RNG.normal(0, 1e-3, found.offsets.shape)
        assert cost(slopes, offsets, 0.1, changes) > least


def test_claims_do_not_follow_what_may_change():
    loud = 1e4 * CHANGES

    free = ridge.learn(ROWS, TARGETS, WEIGHTS, decay=0.1)
    steady = ridge.learn(ROWS, TARGETS, WEIGHTS, decay=0.1, changes=loud)

    assert np.abs(CHANGES @ free.slopes).max() > 0.01
    assert np.abs(CHANGES @ steady.slopes).max() < 1e-6
    # Two of six directions are left to learn from.
    assert np.abs(steady.slopes).max() > 0.01


def test_a_claim_left_out_is_what_the_other_rows_alone_would_say():
    found = ridge.learn(ROWS, TARGETS, WEIGHTS, decay=0.1, changes=CHANGES)

    told = found.left_out(ROWS, TARGETS, WEIGHTS)

    for out in (0, 7, 39):
        others = np.arange(40) != out
        # The decay is for each row: one fewer here.
        alone = ridge.learn(
            ROWS[others],
            TARGETS[others],
            WEIGHTS[others],
            decay=0.1 * 40 / 39,
            changes=CHANGES,
        )
        assert told[out] == pytest.approx(alone(ROWS[out]), abs=1e-9)
    assert np.abs(told - found(ROWS)).max() > 0.01


def test_a_row_that_counts_twice_is_two_rows():
    doubled = np.where(np.arange(40) < 10, 2.0, 1.0)
    rows = np.concatenate([ROWS, ROWS[:10]])
    targets = np.concatenate([TARGETS, TARGETS[:10]])

    one = ridge.learn(ROWS, TARGETS, doubled, decay=0.1)
    other = ridge.learn(rows, targets, np.ones(50), decay=0.1 * 40 / 50)

    assert one.slopes == pytest.approx(other.slopes)
    assert one.offsets == pytest.approx(other.offsets)


def test_single_precision_is_near_enough():
    rows, targets = ROWS.astype(np.float32), TARGETS.astype(np.float32)

    found = ridge.learn(rows, targets, WEIGHTS.astype(np.float32), decay=0.1)

    wanted = ridge.learn(ROWS, TARGETS, WEIGHTS, decay=0.1)(ROWS)
    assert found(ROWS) == pytest.approx(wanted, abs=1e-4)

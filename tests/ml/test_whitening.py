"""Whitening takes away what varies anyway, and only that."""

from __future__ import annotations

import numpy as np
import pytest

from ml import whitening

RNG = np.random.default_rng(2)
LOUD = np.eye(12, dtype=np.float32)[0] * 3


def photos(count: int) -> np.ndarray:
    """Return features that light moves together, far more than anything else does."""
    light = RNG.normal(0, 1, (count, 1))
    own = RNG.normal(0, 0.1, (count, 12))
    return np.asarray((4 + light * np.linspace(0.5, 1, 12) + own) ** 2, np.float32)


def test_other_photos_vary_alike_in_every_direction():
    background = photos(400)
    whitened = whitening.learn(background, shrinkage=0.01)

    standard = (whitening.root(background) - whitened.middle) / whitened.spread
    before = np.linalg.svd(standard, compute_uv=False)
    moved = whitened(background)
    after = np.linalg.svd(moved - moved.mean(axis=0), compute_uv=False)

    assert before[0] / before[1] > 10
    assert after[0] / after[1] < 2
    assert np.linalg.norm(moved, axis=1) == pytest.approx(np.ones(400), abs=1e-5)


def test_what_light_hides_is_found_again():
    background, given = photos(400), photos(60)
    truth = np.arange(60) % 2
    given[truth == 1] = (np.sqrt(given[truth == 1]) + 0.2 * LOUD) ** 2
    whitened = whitening.learn(background)

    def apart(vectors: np.ndarray) -> float:
        """Return how far the kinds' middles lie apart, in the spread around them."""
        kinds = [vectors[truth == kind] for kind in (0, 1)]
        between = np.linalg.norm(kinds[0].mean(axis=0) - kinds[1].mean(axis=0))
        return float(between / np.mean([kind.std(axis=0).mean() for kind in kinds]))

    assert apart(whitened(given)) > 2 * apart(whitening.root(given))


def test_full_shrinkage_only_standardises():
    background = photos(50)
    whitened = whitening.learn(background, shrinkage=1.0)

    assert whitened.gains == pytest.approx(np.ones(len(whitened.gains)))


def test_a_single_photo_and_many_are_learned_from():
    assert np.isfinite(whitening.learn(photos(1))(photos(2))).all()
    assert len(whitening.learn(photos(1500)).axes) <= 12

"""The figures are right on cases small enough to count by hand."""

from __future__ import annotations

import numpy as np
import pytest

from ml import metrics

LABELS = ["a", "b", "not-cloth"]


def test_the_wilson_interval_matches_published_values():
    # Newcombe 1998, table I: 81 of 263 and 15 of 148.
    assert metrics.wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert metrics.wilson(15, 148) == pytest.approx((0.0624, 0.1605), abs=5e-5)


@pytest.mark.parametrize(("hits", "total"), [(0, 5), (5, 5), (0, 0)])
def test_the_wilson_interval_stays_inside_0_and_1(hits: int, total: int):
    low, high = metrics.wilson(hits, total)

    assert 0 <= low <= high <= 1


def test_macro_f1_counts_every_label_that_occurs_the_same():
    rare = np.array([[98, 0, 0], [2, 0, 0], [0, 0, 0]])

    # F1 of a is 2*98/(98+100), of b is 0; the third label has no photo.
    assert metrics.macro_f1(rare) == pytest.approx((196 / 198 + 0) / 2)


def test_scores_that_keep_their_word_have_no_calibration_error():
    scores = np.array([[0.7, 0.3]] * 10)

    right = metrics.calibration_error(scores, np.array([0] * 7 + [1] * 3))
    boastful = metrics.calibration_error(scores, np.array([0] * 2 + [1] * 8))

    assert right == pytest.approx(0, abs=1e-9)
    assert boastful == pytest.approx(0.5)


def test_auroc_is_the_share_of_pairs_in_the_right_order():
    rng = np.random.default_rng(3)
    known, unknown = rng.integers(0, 9, 40) / 9, rng.integers(3, 12, 30) / 9

    pairs = [(u > k) + (u == k) / 2 for k in known for u in unknown]

    assert metrics.auroc(known, unknown) == pytest.approx(np.mean(pairs))


def test_false_positives_are_counted_where_95_percent_are_accepted():
    known = np.arange(100) / 100
    unknown = [0.5, 0.94, 0.95, 0.99]

    # 95 of the 100 known photos have a score of at most 0.94.
    assert metrics.false_positives(known, unknown) == 0.5


def test_the_summary_counts_each_kind_of_photo_where_it_belongs():
    scores = np.array(
        [
            [0.6, 0.3, 0.1],
            [0.2, 0.1, 0.7],
            [0.3, 0.6, 0.1],
            [0.1, 0.1, 0.8],
            [0.5, 0.3, 0.2],
        ]
    )
    truth = np.array([0, 0, 0, 2, -1])

    found = metrics.summary(scores, truth, LABELS, ["not-cloth"])

    assert found["photos"] == 5
    assert found["photos_of_motifs"] == 3
    # Suggestions name motifs only: the second photo's first suggestion is right.
    assert found["top_1"]["hits"] == 2
    assert found["top_3"]["hits"] == 3
    assert found["labels"]["a"]["recall"]["hits"] == 1
    assert found["confusion"]["rows"] == [[1, 1, 1], [0, 0, 0], [0, 0, 1]]
    # Unknown photos score 0.8 and 0.2; known ones 0.1, 0.7 and 0.1.
    assert found["unknown"]["photos"] == 2
    assert found["unknown"]["auroc"] == pytest.approx(5 / 6, abs=1e-4)


def test_a_summary_without_unknown_photos_says_nothing_of_them():
    found = metrics.summary(np.array([[0.9, 0.1]]), np.array([0]), ["a", "b"], [])

    assert "unknown" not in found

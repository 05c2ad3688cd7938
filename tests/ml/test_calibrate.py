"""Temperature and thresholds do what they promise on made-up scores."""

from __future__ import annotations

import numpy as np
import pytest

from ml import calibrate


def test_the_temperature_of_a_boastful_network_is_found():
    rng = np.random.default_rng(1)
    honest = rng.normal(0, 2, (4000, 5))
    truth = np.array([rng.choice(5, p=p) for p in calibrate.softmax(honest)])

    assert calibrate.temperature(honest, truth) == pytest.approx(1, abs=0.08)
    assert calibrate.temperature(2.5 * honest, truth) == pytest.approx(2.5, abs=0.2)


def test_the_temperature_is_fitted_to_what_the_views_come_to():
    sure, unsure = np.array([8.0, 0.0]), np.array([0.0, 0.0])
    truth = np.array([0, 0, 0, 1])
    views = np.array([[sure, unsure]] * 4)
    # Odds of three to one, which are a logit of log 3, from a mean logit of 4 or 8.
    wanted = 4 / np.log(3)

    assert calibrate.temperature(views, truth) == pytest.approx(wanted, rel=0.01)
    # A temperature above 4 is never taken.
    assert calibrate.temperature(views[:, :1], truth) == pytest.approx(4, rel=0.01)


def test_views_that_contradict_each_other_leave_both_labels_possible():
    found = calibrate.pool(np.array([[0.9, 0.05, 0.05], [0.05, 0.9, 0.05]]))

    assert found[0] == pytest.approx(found[1])
    assert found.sum() == pytest.approx(1)
    assert found[2] < 0.15


def test_a_view_that_is_wholly_sure_has_no_veto():
    found = calibrate.pool(np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]))

    assert found == pytest.approx([0.001, 0.999], abs=1e-5)


def test_one_view_is_as_it_was():
    assert calibrate.pool(np.array([[0.7, 0.3]])) == pytest.approx([0.7, 0.3])


LABELS = ["a", "b", "c", "not-cloth"]


def test_thresholds_keep_19_of_20_motifs_and_stay_in_their_bounds():
    rng = np.random.default_rng(2)
    unknown = rng.uniform(0, 1, 400)
    best = rng.uniform(0.4, 1, 400) * (1 - unknown)
    scores = np.stack([best, 1 - unknown - best, 0 * best, unknown], axis=1)
    truth = np.zeros(400, int)

    found = calibrate.thresholds(scores, truth, LABELS, ["not-cloth"])

    assert found.unknown == 0.9
    assert 0.6 <= found.single <= 0.99
    assert 0.2 <= found.either <= 0.5


def test_the_single_threshold_is_where_95_percent_are_right():
    best = np.linspace(0.6, 0.999, 200)
    scores = np.stack([best, 1 - best, 0 * best, 0 * best], axis=1)
    # Right above 0.8, and half of the time below.
    truth = np.where((best > 0.8) | (np.arange(200) % 2 == 0), 0, 1)

    found = calibrate.thresholds(scores, truth, LABELS, ["not-cloth"])

    stated = best >= found.single
    assert (truth[stated] == 0).mean() >= 0.95
    assert 0.7 < found.single < 0.8


def test_being_stated_alone_is_earned_by_many_right_answers():
    def asked(right: int, wrong: int) -> list[str]:
        scores = np.tile([0.95, 0.03, 0.02, 0.0], (right + wrong, 1))
        truth = np.array([0] * right + [1] * wrong)
        return calibrate.earned(scores, truth, LABELS, ["not-cloth"], 0.9)

    assert asked(15, 0) == []
    assert asked(16, 0) == ["a"]
    assert asked(20, 4) == []
    assert calibrate.earned(np.zeros((0, 4)), np.zeros(0, int), LABELS, [], 0.9) == []


def test_an_unknown_label_earns_nothing():
    scores = np.tile([0.0, 0.0, 0.0, 1.0], (50, 1))

    assert calibrate.earned(scores, np.full(50, 3), LABELS, ["not-cloth"], 0.9) == []

"""Distortions do what their names say, and what they cost is counted right."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ml import dataset
from ml.predict import Predictor
from ml.robustness import DISTORTIONS, measure, spread


@pytest.fixture
def pixels() -> np.ndarray:
    rng = np.random.default_rng(1)
    return rng.integers(60, 196, (90, 120, 3), dtype=np.uint8)


def changed(name: str, pixels: np.ndarray) -> np.ndarray:
    return DISTORTIONS[name](pixels, np.random.default_rng(2))


@pytest.mark.parametrize("name", DISTORTIONS)
def test_every_distortion_changes_a_photo_and_leaves_the_given_one(name, pixels):
    given = pixels.copy()

    found = changed(name, pixels)

    assert (pixels == given).all()
    assert found.dtype == np.uint8
    assert found.shape != pixels.shape or (found != pixels).any()
    assert (changed(name, pixels) == found).all()


def test_light_area_and_detail_change_by_what_is_said(pixels):
    mean = pixels.mean()
    area = pixels.shape[0] * pixels.shape[1]

    assert changed("40 % darker", pixels).mean() == pytest.approx(0.6 * mean, abs=1)
    brighter = np.minimum(pixels * 1.4, 255).mean()
    assert changed("40 % brighter", pixels).mean() == pytest.approx(brighter, abs=1)
    part = changed("half of the photo", pixels)
    assert part.shape[0] * part.shape[1] == pytest.approx(area / 2, rel=0.02)
    assert changed("blurred, sigma 4 px", pixels).std() < pixels.std() / 2


def test_turning_goes_by_that_many_degrees():
    lines = np.zeros((200, 200, 3), np.uint8)
    lines[98:102] = 255

    found = changed("turned by 30 degrees", lines)[..., 0] > 127

    rows, columns = np.nonzero(found[60:140, 60:140])
    slope = np.polyfit(columns, rows, 1)[0]
    assert abs(np.degrees(np.arctan(slope))) == pytest.approx(30, abs=1)


def test_points_lost_are_counted_from_the_photos_as_they_are(model: Path, photos: Path):
    samples = dataset.load(photos).samples

    found = measure(Predictor(model), samples, limit=6)

    assert found["clean"]["of"] == 6
    assert [row["name"] for row in found["rows"]] == list(DISTORTIONS)
    for row in found["rows"]:
        lost = found["clean"]["hits"] - row["accuracy"]["hits"]
        assert row["points_lost"] == pytest.approx(100 * lost / 6, abs=0.01)


def test_a_limit_takes_photos_from_all_over(photos: Path):
    samples = dataset.load(photos).samples

    few = spread(samples, 3)

    assert [s.label for s in few] == ["checks", "dots", "stripes"]
    assert spread(samples, None) == list(samples)

"""Variations: seeded, fresh, and within what a recipe allows."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from ml.augment import PAPER, Augmentation, augment, compress

STILL = replace(PAPER, scale=(1.0, 1.0), rotation=0.0, flip=False, perspective=0.0)


def photo() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 255, (120, 160, 3), dtype=np.uint8)


def test_the_generator_decides_everything():
    one, again = (
        augment(photo(), np.random.default_rng(4), Augmentation(), 64) for _ in "ab"
    )
    other = augment(photo(), np.random.default_rng(5), Augmentation(), 64)

    assert (one == again).all()
    assert (one != other).mean() > 0.5


def test_without_any_freedom_the_photos_middle_stays_as_it_is():
    square = photo()[:, :120]

    same = augment(square, np.random.default_rng(1), STILL, 120)

    assert np.abs(same.astype(int) - square).max() <= 1


@pytest.mark.parametrize("shape", [(64, 64, 3), (50, 400, 3), (400, 50, 3)])
def test_any_proportions_give_a_square_of_the_asked_size(shape):
    for seed in range(20):
        pixels = augment(
            np.zeros(shape, np.uint8), np.random.default_rng(seed), Augmentation(), 48
        )
        assert pixels.shape == (48, 48, 3)
        assert pixels.dtype == np.uint8


def test_colours_stay_grey_when_the_photo_is_grey():
    grey = np.repeat(photo()[..., :1], 3, axis=2)
    how = replace(Augmentation(), jpeg=0.0)

    for seed in range(10):
        pixels = augment(grey, np.random.default_rng(seed), how, 64).astype(int)
        assert np.ptp(pixels, axis=2).max() <= 2


def test_a_photo_is_compressed_as_another_program_would():
    red = np.zeros((64, 64, 3), np.uint8)
    red[::2, :, 0] = 255
    file = io.BytesIO()
    Image.fromarray(red).save(file, "JPEG", quality=20)

    found = compress(red, 20)

    # With red and blue taken for each other these lines would be all but gone.
    wanted = np.asarray(Image.open(file), int)
    assert np.abs(found - wanted).max() <= 2

"""A head on frozen features learns from what serving looks at, also when it is bad."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ml import augment, dataset, features
from ml.images import View
from ml.job import Job
from ml.recipe import DEFAULT


class Seeing:
    """Stands where a network would be, and keeps the squares that it is shown."""

    def __init__(self):
        self.squares = []

    def __call__(self, squares: np.ndarray) -> np.ndarray:
        self.squares += list(squares.astype(float))
        return squares.mean(axis=(1, 2)).astype(np.float32)


def job(photos: Path, folder: Path, copies: int) -> Job:
    recipe = replace(DEFAULT, size=64, worn_copies=copies, views=(View(), View(0.5)))
    data = dataset.split(dataset.load(photos), seed=1)
    return Job(
        recipe=recipe,
        data=data,
        seed=1,
        partial=folder,
        progress=lambda *_: None,
        started=time.monotonic(),
    )


def detail(square: np.ndarray) -> float:
    return float(np.abs(np.diff(square, axis=1)).mean())


def left(worse: Seeing, good: Seeing) -> np.ndarray:
    """Return how much of their detail squares kept."""
    pairs = zip(worse.squares, good.squares, strict=True)
    return np.array([detail(one) / detail(other) for one, other in pairs])


def test_every_photo_is_worn_as_often_as_the_recipe_says(photos, tmp_path):
    run, seeing = job(photos, tmp_path, 4), Seeing()
    samples = run.data.of("train")
    weights = np.arange(len(samples), dtype=np.float32)

    found = features.worn(run, seeing, samples, weights)

    assert len(found) == 4
    for one in found:
        # Both views of a photo count as the photo does, and are of its label.
        assert (one.weights[::2] == one.weights[1::2]).all()
        assert (one.weights[::2] == weights).all()
        assert (one.targets[::2].argmax(axis=1) == run.index(samples)).all()


def test_two_copies_are_compressed_and_the_third_is_out_of_focus(photos, tmp_path):
    run, clean = job(photos, tmp_path, 3), Seeing()
    samples = run.data.of("train")
    features.served(run, clean, samples)
    seen = Seeing()

    features.worn(run, seen, samples, np.ones(len(samples), np.float32))

    count = len(clean.squares)
    copies = [Seeing(), Seeing(), Seeing()]
    for at, one in enumerate(copies):
        one.squares = seen.squares[at * count : (at + 1) * count]
    first, second, blurred = (left(one, clean) for one in copies)
    # What is compressed keeps its outlines; what is out of focus does not.
    assert min(first.mean(), second.mean()) > 0.85
    assert blurred.mean() < 0.7
    assert any(
        (one != other).any()
        for one, other in zip(copies[0].squares, copies[1].squares, strict=True)
    )


def test_the_photo_is_blurred_and_not_each_look_at_it(photos, tmp_path, monkeypatch):
    run, blurred = job(photos, tmp_path, 3), []
    monkeypatch.setattr(
        augment, "blur", lambda x, sigma: blurred.append((x.shape, sigma)) or x
    )
    samples = run.data.of("train")

    features.worn(run, Seeing(), samples, np.ones(len(samples), np.float32))

    assert len(blurred) == len(samples)
    least, most = DEFAULT.augmentation.blur_sigma
    for (height, width, _), sigma in blurred:
        side = min(height, width)
        assert side > 64
        # In pixels of a look at the whole photo, which is 224 wide.
        assert least <= sigma * 224 / side <= most


def test_a_recipe_may_do_without(photos, tmp_path):
    run = job(photos, tmp_path, 0)
    samples = run.data.of("train")

    assert features.worn(run, Seeing(), samples, np.ones(len(samples))) == []


def test_what_compression_changes_is_told_of_compressed_copies_alone(photos, tmp_path):
    run, see = job(photos, tmp_path, 3), Seeing()
    samples = run.data.of("train")
    weights = np.arange(len(samples), dtype=np.float32)
    sound = features.served(run, see, samples, weights)
    worn = features.worn(run, see, samples, weights)

    found = features.changed(sound, worn)

    assert found.shape == (2 * len(sound.values), sound.values.shape[1])
    for one, copy in zip(np.split(found, 2), worn[:2], strict=True):
        root = np.sqrt(sound.weights)[:, None]
        assert one == pytest.approx((copy.values - sound.values) * root, abs=1e-3)
        assert np.abs(one).max() > 0


def test_without_worn_copies_nothing_is_told_to_change(photos, tmp_path):
    run, see = job(photos, tmp_path, 0), Seeing()
    sound = features.served(run, see, run.data.of("train"))

    assert features.changed(sound, []).shape == (0, sound.values.shape[1])


def test_the_same_seed_wears_photos_alike(photos, tmp_path):
    run = job(photos, tmp_path, 3)
    samples, weights = run.data.of("train"), np.ones(len(run.data.of("train")))

    one, again = (features.worn(run, Seeing(), samples, weights) for _ in "ab")

    pairs = zip(one, again, strict=True)
    assert all((a.values == b.values).all() for a, b in pairs)

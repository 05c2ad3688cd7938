"""A head on frozen features learns from what serving looks at, also when it is bad."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ml import dataset, features
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


def job(photos: Path, folder: Path, share: float) -> Job:
    recipe = replace(DEFAULT, size=64, worn_views=share, views=(View(), View(0.7)))
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


@pytest.mark.parametrize("share", [0.5, 1.0])
def test_a_share_of_the_photos_is_worn(photos, tmp_path, share):
    run, seeing = job(photos, tmp_path, share), Seeing()
    samples = run.data.of("train")
    weights = np.arange(len(samples), dtype=np.float32)

    (found,) = features.worn(run, seeing, samples, weights)

    some = len(found.values) / 2 / len(samples)
    assert some == 1 if share == 1 else 0.2 < some < 0.8
    # Both views of a photo count as the photo does, and are of its label.
    assert (found.weights[::2] == found.weights[1::2]).all()
    truth = run.index(samples)[found.weights[::2].astype(int)]
    assert (found.targets[::2].argmax(axis=1) == truth).all()


def test_worn_photos_are_blurred_or_compressed(photos, tmp_path):
    run, clean, bad = job(photos, tmp_path, 1.0), Seeing(), Seeing()
    samples = run.data.of("train")
    features.served(run, clean, samples)
    features.worn(run, bad, samples, np.ones(len(samples), np.float32))

    pairs = list(zip(bad.squares, clean.squares, strict=True))

    left = np.array([detail(worse) / detail(good) for worse, good in pairs])
    assert all((worse != good).any() for worse, good in pairs)
    assert 0.4 < (left < 0.8).mean() < 0.9
    # What is compressed keeps its outlines.
    assert left[left >= 0.8].mean() > 0.9


def test_a_closer_look_shows_the_same_blur_larger(photos, tmp_path, monkeypatch):
    run, sigmas = job(photos, tmp_path, 1.0), []
    monkeypatch.setattr(features, "SHARP", 0.0)
    monkeypatch.setattr(features, "blur", lambda x, sigma: sigmas.append(sigma) or x)
    samples = run.data.of("train")

    features.worn(run, Seeing(), samples, np.ones(len(samples), np.float32))

    looks = np.array(sorted(sigmas))
    drawn = np.concatenate([looks * 0.7, looks])
    # Of each sigma there is one for the whole and one 1 / 0.7 times as large.
    assert len(looks) == 2 * len(samples)
    assert sum(np.isclose(one, drawn).sum() > 1 for one in looks) == len(samples)


def test_a_recipe_may_do_without(photos, tmp_path):
    run = job(photos, tmp_path, 0.0)
    samples = run.data.of("train")

    assert features.worn(run, Seeing(), samples, np.ones(len(samples))) == []


def test_the_same_seed_wears_the_same_photos(photos, tmp_path):
    run = job(photos, tmp_path, 0.5)
    samples, weights = run.data.of("train"), np.ones(len(run.data.of("train")))

    one, again = (features.worn(run, Seeing(), samples, weights)[0] for _ in "ab")

    assert (one.values == again.values).all()

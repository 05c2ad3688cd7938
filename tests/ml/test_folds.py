"""Folds: every photo is tested once, whole groups together."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from ml.dataset import Dataset, DatasetError, Sample, refuse_leaks
from ml.folds import folds


def cloths(label: str, groups: int, photos: int) -> list[Sample]:
    return [
        Sample(Path(f"{label}/{g}-{n}.jpg"), label, f"{label}-{g}")
        for g in range(groups)
        for n in range(photos)
    ]


@pytest.fixture
def data() -> Dataset:
    samples = (*cloths("a", 10, 2), *cloths("b", 6, 3), *cloths("c", 5, 1))
    return Dataset(Path(), ("a", "b", "c"), samples)


@pytest.mark.parametrize("is_leaky", [False, True])
def test_every_photo_is_tested_once(data: Dataset, is_leaky: bool):
    parts = list(folds(data, 5, seed=2, is_leaky=is_leaky))

    tested = [s.path for part in parts for s in part.of("test")]
    assert len(parts) == 5
    assert sorted(tested) == sorted(s.path for s in data.samples)


def test_no_group_crosses_and_no_side_lacks_a_label(data: Dataset):
    for part in folds(data, 5, seed=2):
        refuse_leaks(part)
        for side in ("train", "val", "test"):
            assert {s.label for s in part.of(side)} == {"a", "b", "c"}, side


def test_labels_are_spread_evenly(data: Dataset):
    for part in folds(data, 5, seed=2):
        assert Counter(s.label for s in part.of("test"))["a"] == 4


def test_random_folds_do_cross(data: Dataset):
    part = next(folds(data, 5, seed=2, is_leaky=True))

    with pytest.raises(DatasetError, match="must stay on one side"):
        refuse_leaks(part)


def test_the_seed_decides(data: Dataset):
    first, same = (list(folds(data, 5, seed=1)) for _ in range(2))

    assert first == same
    assert first != list(folds(data, 5, seed=4))


def test_given_sides_are_ignored(data: Dataset):
    given = replace(
        data, samples=tuple(replace(s, split="train") for s in data.samples)
    )

    assert list(folds(given, 5)) == list(folds(data, 5))


def test_too_few_groups_are_named(data: Dataset):
    with pytest.raises(DatasetError, match="c has 5 groups; 6 folds need at least 6"):
        list(folds(data, 6))

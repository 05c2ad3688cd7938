"""Folds for cross-validation: every photo is tested once, and never learned from then.

Whole groups go to one fold, so that no cloth is both learned from and tested on.
Random folds, which ignore groups, are there to show what such a leak would flatter.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from ml import dataset
from ml.dataset import Dataset, DatasetError

LEAST = 3
"""Groups that a label needs: one to learn from, one to stop by, one to test on."""


def folds(
    data: Dataset, count: int = 5, *, seed: int = 1, is_leaky: bool = False
) -> Iterator[Dataset]:
    """Yield the dataset once per fold, with every photo on one side.

    A fold's photos are its test side; its val side is taken from the other groups.
    Labels are spread evenly over the folds, as far as whole groups allow. Sides that
    the dataset was given are ignored.

    Args:
        data: as ``load`` or ``join`` gives it.
        count: how many folds, from 2 on.
        seed: the same seed and dataset give the same folds.
        is_leaky: deal single photos, whatever their group.

    Raises:
        DatasetError: a label with fewer groups than folds, or than three.
    """
    if count < 2:
        raise DatasetError("Cross-validation needs at least two folds.")
    groups = {s.path: str(s.path) if is_leaky else s.group for s in data.samples}
    free = replace(
        data,
        samples=tuple(
            replace(s, group=groups[s.path], split=None) for s in data.samples
        ),
    )
    fold_of = _deal(free, count, seed)
    for fold in range(count):
        tested = {group for group, number in fold_of.items() if number == fold}
        divided = dataset.split(_with_test(free, tested), seed=seed)
        dataset.refuse_leaks(divided)
        if {s.group for s in divided.of("test")} != tested:
            raise DatasetError(
                f"Fold {fold + 1} cannot test every label: its groups are shared with "
                f"other labels. Take fewer folds."
            )
        yield _with_groups_of(divided, data)


def _deal(data: Dataset, count: int, seed: int) -> dict[str, int]:
    """Return the fold of every group; each goes where its label is rarest so far."""
    generator = np.random.default_rng(seed)
    photos: dict[str, Counter[str]] = defaultdict(Counter)
    for sample in data.samples:
        photos[sample.label][sample.group] += 1
    fold_of: dict[str, int] = {}
    total: Counter[int] = Counter()
    # Rare labels choose first: a group that several labels share is dealt once.
    for label in sorted(data.labels, key=lambda one: (len(photos[one]), one)):
        groups = sorted(photos[label])
        if len(groups) < max(count, LEAST):
            raise DatasetError(
                f"The label {label} has {len(groups)} groups; {count} folds need at "
                f"least {max(count, LEAST)}. Add photos of other cloths or take fewer "
                f"folds."
            )
        order = [groups[i] for i in generator.permutation(len(groups))]
        # Large groups first; small ones then even out what they left uneven.
        order.sort(key=lambda group: -photos[label][group])
        filled: Counter[int] = Counter()
        for group in groups:
            if group in fold_of:
                filled[fold_of[group]] += photos[label][group]
        for group in order:
            if group in fold_of:
                continue
            fold = min(range(count), key=lambda one: (filled[one], total[one], one))
            fold_of[group] = fold
            filled[fold] += photos[label][group]
            total[fold] += photos[label][group]
    return fold_of


def _with_test(data: Dataset, tested: set[str]) -> Dataset:
    return replace(
        data,
        samples=tuple(
            replace(s, split="test" if s.group in tested else None)
            for s in data.samples
        ),
    )


def _with_groups_of(divided: Dataset, data: Dataset) -> Dataset:
    group: dict[Path, str] = {s.path: s.group for s in data.samples}
    return replace(
        divided,
        samples=tuple(replace(s, group=group[s.path]) for s in divided.samples),
    )

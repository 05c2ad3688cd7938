"""What is wrong with a dataset, all of it at once, before anybody trains on it."""

from __future__ import annotations

import csv
import os
from collections import Counter, defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ml.dataset import Dataset, DatasetError, Sample
from ml.duplicates import clusters, exact, union
from ml.images import ImageError, open_image
from ml.job import Progress

if TYPE_CHECKING:
    from ml.predict import Predictor

ALIKE = 0.96
"""The cosine of two embeddings from which on photos may show one cloth.

Measured on 500 photos of textiles: a photo and its mirror image or its middle nine
tenths have 0.98 in the median; its nearest other photo 0.84, and 0.95 in one of 20.
"""
FEW_GROUPS = 3
"""Groups that a label needs for one on each side of a split."""


@dataclass(frozen=True)
class Audit:
    """What was found; ``mend`` says what keeps the dataset from being used."""

    data: Dataset
    unreadable: tuple[tuple[Sample, str], ...]
    copies: tuple[tuple[Sample, ...], ...]
    """Near copies, whatever their labels."""
    alike: tuple[tuple[Sample, Sample, float], ...]
    """Further photos that may show one cloth, with their cosine."""

    @property
    def conflicts(self) -> tuple[tuple[Sample, ...], ...]:
        """Near copies under more than one label."""
        return tuple(one for one in self.copies if len({s.label for s in one}) > 1)

    @property
    def leaks(self) -> tuple[tuple[Sample, ...], ...]:
        """Near copies on more than one given side."""
        return tuple(
            one for one in self.copies if len({s.split for s in one if s.split}) > 1
        )

    @property
    def mend(self) -> list[str]:
        """Return a sentence for everything that has to be mended."""
        name = self._name
        found = [f"{name(s)} cannot be read: {why}" for s, why in self.unreadable]
        for copies in self.conflicts:
            same = "the same file" if exact(copies) else "near copies"
            found.append(
                f"{', '.join(map(name, copies))} are {same} under several labels."
            )
        for copies in self.leaks:
            found.append(f"{', '.join(map(name, copies))} are on several sides.")
        return found

    def as_dict(self) -> dict[str, Any]:
        """Return everything as JSON can hold it."""
        groups: dict[str, Counter[str]] = defaultdict(Counter)
        for sample in self.data.samples:
            groups[sample.label][sample.group] += 1
        name = self._name
        return {
            "photos": len(self.data.samples),
            "labels": {
                label: {
                    "photos": sum(found.values()),
                    "groups": len(found),
                    "largest_group": max(found.values()),
                }
                for label, found in sorted(groups.items())
            },
            "few_groups": sorted(x for x, g in groups.items() if len(g) < FEW_GROUPS),
            "unreadable": [[name(s), why] for s, why in self.unreadable],
            "copies": [[name(s) for s in one] for one in self.copies],
            "conflicts": [[name(s) for s in one] for one in self.conflicts],
            "leaks": [[name(s) for s in one] for one in self.leaks],
            "alike": [[name(a), name(b), round(c, 4)] for a, b, c in self.alike],
            "mend": self.mend,
        }

    def groups(self) -> list[tuple[str, str]]:
        """Return (path, group) of every photo of a group that is more than itself.

        Groups that were given are joined where they share near or like photos.
        """
        samples = self.data.samples
        number = {sample.path: at for at, sample in enumerate(samples)}
        first: dict[str, int] = {}
        pairs = [(first.setdefault(s.group, at), at) for at, s in enumerate(samples)]
        for copies in self.copies:
            start = number[copies[0].path]
            pairs += [(start, number[other.path]) for other in copies[1:]]
        pairs += [(number[a.path], number[b.path]) for a, b, _ in self.alike]
        rows = []
        for at, members in enumerate(one for one in union(pairs) if len(one) > 1):
            rows += [(self._name(samples[one]), f"cloth-{at + 1}") for one in members]
        return sorted(rows)

    def _name(self, sample: Sample) -> str:
        return _relative(sample.path, self.data.root)


def audit(
    data: Dataset,
    predictor: Predictor | None = None,
    progress: Progress = lambda _what, _done, _total: None,
) -> Audit:
    """Look at every photo of a dataset.

    Args:
        data: as ``load`` or ``join`` gives it.
        predictor: a model, to find photos of one cloth that are no near copies: a
            part, a mirror image; none, and only near copies are found.
        progress: told how far it is.
    """
    unreadable = []
    with ThreadPoolExecutor() as pool:
        for at, why in enumerate(pool.map(_complaint, data.samples)):
            if why:
                unreadable.append((data.samples[at], why))
            progress("open", at + 1, len(data.samples))
    broken = {sample.path for sample, _ in unreadable}
    readable = [s for s in data.samples if s.path not in broken]
    copies = tuple(clusters(readable))
    alike = () if predictor is None else _alike(readable, copies, predictor, progress)
    return Audit(data, tuple(unreadable), copies, alike)


def write_groups(found: Audit, file: Path) -> int:
    """Write a groups.csv that keeps one cloth's photos together; return its rows.

    Raises DatasetError when the file exists: it may hold what somebody knows.
    """
    rows = found.groups()
    try:
        with file.open("x", newline="", encoding="utf-8") as lines:
            table = csv.writer(lines, lineterminator="\n")
            table.writerow(("path", "group"))
            table.writerows(rows)
    except FileExistsError:
        raise DatasetError(
            f"{file} exists; its groups are kept by what is written elsewhere. Choose "
            f"another name, compare, and put it in place."
        ) from None
    return len(rows)


def _alike(
    samples: Sequence[Sample],
    copies: Sequence[tuple[Sample, ...]],
    predictor: Predictor,
    progress: Progress,
) -> tuple[tuple[Sample, Sample, float], ...]:
    vectors = []
    for at, sample in enumerate(samples, start=1):
        vectors.append(predictor.embed(open_image(sample.path)))
        progress("embed", at, len(samples))
    if not vectors:
        return ()
    known = {(a.path, b.path) for one in copies for a in one for b in one}
    every = np.stack(vectors)
    found = []
    for at, vector in enumerate(every[:-1]):
        cosines = every[at + 1 :] @ vector
        for near in np.flatnonzero(cosines >= ALIKE).tolist():
            one, other = samples[at], samples[at + 1 + near]
            if (one.path, other.path) not in known:
                found.append((one, other, float(cosines[near])))
    return tuple(sorted(found, key=lambda pair: -pair[2]))


def _complaint(sample: Sample) -> str:
    try:
        open_image(sample.path, kept_side=64)
    except (ImageError, OSError) as error:
        return str(error)
    return ""


def _relative(path: Path, root: Path) -> str:
    return Path(os.path.relpath(path, root)).as_posix()

"""Dataset folders: what is in them, and how to split them honestly.

A dataset is ``DIR/<label>/*.jpg`` or ``DIR/{train,val,test}/<label>/*``, with an
optional ``groups.csv`` (columns ``path,group``; path relative to DIR). Photos of one
group, for instance of one cloth, always stay on one side of a split.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

SPLITS = ("train", "val", "test")
FRACTIONS = (0.7, 0.15, 0.15)
SUFFIXES = {".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp", ".heic", ".heif", ".mpo"}
GROUPS_FILE = "groups.csv"
SIDES_FILE = "sides-are-final"
"""A file of this name in a folder with sides: no photo is dealt to another one."""
UNKNOWN_LABELS = ("not-cloth", "other-cloth")
"""Labels that are no motif, also when they lie among the motifs of a dataset."""

_LABEL = re.compile(r"[a-z0-9]+([-_][a-z0-9]+)*")


class DatasetError(Exception):
    """A dataset that cannot be used; the text says what to do about it."""


@dataclass(frozen=True)
class Sample:
    """One photo of a dataset."""

    path: Path
    label: str
    group: str
    split: str | None = None
    is_fixed: bool = False
    """Whether it stays on the side it has, whatever else its label lacks."""


@dataclass(frozen=True)
class Dataset:
    """Photos with their labels, in a fixed order (by path)."""

    root: Path
    labels: tuple[str, ...]
    samples: tuple[Sample, ...]
    unknown: tuple[str, ...] = ()
    """Those of the labels, at their end, that are no motif."""
    final: tuple[str, ...] = ()
    """Those of the labels whose photos stay on the sides that were given."""
    filled: tuple[str, ...] = ()
    """Those of the motifs whose pictures stand in for photos."""

    @property
    def motifs(self) -> tuple[str, ...]:
        """The labels that are motifs."""
        return tuple(label for label in self.labels if label not in self.unknown)

    def of(self, split: str) -> tuple[Sample, ...]:
        """Return the samples of one side of the split."""
        return tuple(s for s in self.samples if s.split == split)

    def counts(self) -> dict[str, dict[str, int]]:
        """Return photos per label and split; those of no split count as "all"."""
        counted: dict[str, Counter[str]] = {label: Counter() for label in self.labels}
        for sample in self.samples:
            counted[sample.label][sample.split or "all"] += 1
        return {label: dict(sorted(c.items())) for label, c in counted.items()}

    def digest(self) -> str:
        """Return the SHA-256 of every photo's content, label, group and split."""
        total = hashlib.sha256()
        for sample in self.samples:
            content = hashlib.sha256(sample.path.read_bytes()).hexdigest()
            row = (content, sample.label, sample.group, sample.split or "")
            total.update("\t".join(row).encode() + b"\n")
        return total.hexdigest()


def load(folder: Path) -> Dataset:
    """Read a dataset folder: names and groups, no pixels.

    Raises:
        DatasetError: no such folder, no labels, an empty label, a label that is not a
            slug, a faulty groups.csv, or a group on two sides of a given split.
    """
    if not folder.is_dir():
        raise DatasetError(f"{folder} is not a folder.")
    found = sorted(_walk(folder))
    if not found:
        raise DatasetError(
            f"{folder} holds no labels. A dataset is {folder}/<label>/*.jpg or "
            f"{folder}/{{train,val,test}}/<label>/*.jpg."
        )
    labels = sorted({label for label, _, _ in found})
    for label in labels:
        if not _LABEL.fullmatch(label):
            raise DatasetError(
                f"The label {label!r} is not a slug: use a-z, 0-9 and single hyphens."
            )
    groups = _read_groups(folder)
    samples = tuple(
        Sample(path, label, groups.get(path.relative_to(folder).as_posix(), ""), split)
        for label, split, folder_of_label in found
        for path in photos_in(folder_of_label)
    )
    full = {sample.label for sample in samples}
    for label, split, folder_of_label in found:
        if label not in full:
            raise DatasetError(
                f"The label {label} is empty: {folder_of_label} holds no photos "
                f"({', '.join(sorted(SUFFIXES))})."
                + (f" It is in the {split} split." if split else "")
            )
    unknown = tuple(label for label in labels if label in UNKNOWN_LABELS)
    motifs = tuple(label for label in labels if label not in unknown)
    final = (*motifs, *unknown) if (folder / SIDES_FILE).exists() else ()
    if final and any(sample.split is None for sample in samples):
        raise DatasetError(
            f"{folder} has a file {SIDES_FILE} but no train, val and test folders."
        )
    dataset = Dataset(
        folder, (*motifs, *unknown), _with_groups(samples, folder), unknown, final
    )
    refuse_leaks(dataset)
    return dataset


def load_filled(folder: Path, other: Path | None) -> Dataset:
    """Read a dataset folder, and of another the motifs that it lacks; as ``load``."""
    known = load(folder)
    return known if other is None else fill(known, load(other))


def load_unknown(folder: Path, label: str | None = None) -> Dataset:
    """Read a folder of photos that show no known motif, whatever its subfolders.

    Args:
        folder: all photos below it are read; a groups.csv and train, val and test
            subfolders count as in ``load``.
        label: what to call them; the folder's name by default.

    Raises:
        DatasetError: no such folder, no photos, or a name that is not a slug.
    """
    if not folder.is_dir():
        raise DatasetError(f"{folder} is not a folder.")
    label = label or folder.resolve().name
    if not _LABEL.fullmatch(label):
        raise DatasetError(
            f"The label {label!r} is not a slug: give one as --unknown LABEL={folder}."
        )
    groups = _read_groups(folder)
    samples = []
    for path in photos_in(folder, deep=True):
        relative = path.relative_to(folder)
        split = relative.parts[0] if relative.parts[0] in SPLITS else None
        group = groups.get(relative.as_posix(), "")
        samples.append(Sample(path, label, group, split))
    if not samples:
        raise DatasetError(f"{folder} holds no photos.")
    dataset = Dataset(folder, (label,), _with_groups(tuple(samples), folder), (label,))
    refuse_leaks(dataset)
    return dataset


def join(known: Dataset, unknown: Sequence[Dataset]) -> Dataset:
    """Return one dataset: the motifs' labels first, then the unknown ones.

    Folders of unknown photos with the same label are one label.

    Raises DatasetError when a motif of the dataset is also given as unknown.
    """
    labels = list(known.unknown)
    samples = list(known.samples)
    for number, part in enumerate(unknown):
        (label,) = part.labels
        if label in known.motifs:
            raise DatasetError(f"{label} is a motif in {known.root} and also unknown.")
        labels += [label] if label not in labels else []
        # Groups are named per folder, so equal names in two folders are two groups.
        samples += [
            replace(s, group=f"{label}/{number}:{s.group}") for s in part.samples
        ]
    names = (*known.motifs, *labels)
    every = tuple(samples)
    return replace(known, labels=names, samples=every, unknown=tuple(labels))


def fill(known: Dataset, other: Dataset) -> Dataset:
    """Return ``known`` with those motifs of ``other`` that it lacks.

    Real photos of few motifs go together with rendered cloth of the rest, so that a
    network goes on telling all of them apart.
    """
    new = tuple(label for label in other.motifs if label not in known.labels)
    samples = tuple(
        # Groups are named per folder, so equal names in two folders are two groups.
        replace(s, group=f"filled:{s.group}")
        for s in other.samples
        if s.label in new
    )
    labels = (*known.motifs, *new, *known.unknown)
    every = (*known.samples, *samples)
    return replace(known, labels=labels, samples=every, filled=new)


def split(
    dataset: Dataset, *, seed: int, fractions: Sequence[float] = FRACTIONS
) -> Dataset:
    """Return the dataset with every photo on one side, whole groups together.

    Sides given by folders are kept; a label that has no val or test folder of its own
    gets them from its train photos, unless its sides are final or the photos fixed.
    Within each label whole groups are dealt at random, so the shares are as near to
    ``fractions`` as the groups allow.

    Args:
        dataset: as ``load`` or ``join`` gives it.
        seed: the same seed and dataset give the same split.
        fractions: shares of train, val and test.

    Raises:
        DatasetError: a label with fewer than two groups, so that nothing could be
            learned, or nothing checked; a group on two sides that were given.
    """
    refuse_leaks(dataset)
    generator = np.random.default_rng(seed)
    side: dict[str, str] = {s.group: s.split for s in dataset.samples if s.split}
    fixed = {s.group for s in dataset.samples if s.split and s.is_fixed}
    by_label: dict[str, Counter[str]] = defaultdict(Counter)
    for sample in dataset.samples:
        by_label[sample.label][sample.group] += 1
    # Rare labels choose first: a group that several labels share is dealt once.
    for label in sorted(dataset.labels, key=lambda one: (len(by_label[one]), one)):
        groups = by_label[label]
        _refuse_too_few(label, groups)
        learned = [g for g in sorted(groups) if side.get(g, "train") == "train"]
        movable = [g for g in learned if g not in fixed]
        missing = [name for name in SPLITS[1:] if not _has(side, groups, name)]
        if missing and label not in dataset.final:
            # The first stays in train; a fixed one spares the others from it.
            staying = [g for g in learned if g in fixed][:1]
            movable = [movable[i] for i in generator.permutation(len(movable))]
            for name, group in _deal(groups, staying + movable, missing, fractions):
                side[group] = name
        for group in groups:
            side.setdefault(group, "train")
    samples = tuple(replace(s, split=side[s.group]) for s in dataset.samples)
    divided = replace(dataset, samples=samples)
    for label, count in divided.counts().items():
        if not count.get("train"):
            raise DatasetError(
                f"The label {label} has no photo to learn from: its groups are shared "
                f"with other labels, or it is missing from the train folder."
            )
    return divided


def refuse_gaps(dataset: Dataset) -> None:
    """Raise DatasetError when a label has nothing to learn from or to check with.

    It happens to a divided dataset when photos were left out.
    """
    for label, count in dataset.counts().items():
        for side, purpose in (("train", "learn from"), ("val", "check with")):
            if not count.get(side):
                raise DatasetError(
                    f"The label {label} has no readable photo to {purpose}. Repair or "
                    f"add photos, or take the label out."
                )


def _walk(folder: Path) -> Iterator[tuple[str, str | None, Path]]:
    """Yield label, split and folder of every label folder."""
    children = [p for p in folder.iterdir() if p.is_dir() and p.name[0] not in "._"]
    if any(child.name in SPLITS for child in children):
        odd = [child.name for child in children if child.name not in SPLITS]
        if odd:
            raise DatasetError(
                f"{folder} has split folders and also {odd[0]}: use either "
                f"<label>/ or train/<label>/, val/<label>/, test/<label>/."
            )
        for child in children:
            for grandchild in child.iterdir():
                if grandchild.is_dir() and grandchild.name[0] not in "._":
                    yield grandchild.name, child.name, grandchild
    else:
        for child in children:
            yield child.name, None, child


def photos_in(folder: Path, *, deep: bool = False) -> list[Path]:
    """Return the photos of a folder, in order; none where there is no such folder."""
    paths = folder.rglob("*") if deep else folder.iterdir()
    return sorted(
        path
        for path in paths
        if path.suffix.lower() in SUFFIXES
        and path.is_file()
        and not any(p.startswith(".") for p in path.relative_to(folder).parts)
    )


def _read_groups(folder: Path) -> dict[str, str]:
    file = folder / GROUPS_FILE
    if not file.exists():
        return {}
    try:
        with file.open(newline="", encoding="utf-8-sig") as lines:
            rows = list(csv.DictReader(lines))
    except (UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{file} is not a CSV file in UTF-8: {error}") from error
    groups: dict[str, str] = {}
    for number, row in enumerate(rows, start=2):
        path, group = (row.get("path") or "").strip(), (row.get("group") or "").strip()
        if not path or not group:
            raise DatasetError(f"{file}, line {number}: needs the columns path,group.")
        if groups.setdefault(path, group) != group:
            raise DatasetError(f"{file}, line {number}: {path} is in two groups.")
        if not (folder / path).is_file():
            raise DatasetError(f"{file}, line {number}: there is no {path}.")
    return groups


def _with_groups(samples: tuple[Sample, ...], folder: Path) -> tuple[Sample, ...]:
    """Give photos without a group one of their own: their path."""
    return tuple(
        replace(s, group=s.group or s.path.relative_to(folder).as_posix())
        for s in samples
    )


def refuse_leaks(dataset: Dataset) -> None:
    """Raise DatasetError when a group, or near copies, are on two sides.

    Photos of no side yet leak nothing: they go where their group goes.
    """
    first: dict[str, Sample] = {}
    for sample in dataset.samples:
        if sample.split is None:
            continue
        other = first.setdefault(sample.group, sample)
        if other.split != sample.split:
            raise DatasetError(
                f"The group {sample.group} is in {other.split} and in "
                f"{sample.split} ({other.path} and {sample.path}): photos of one "
                f"group, and near copies, must stay on one side."
            )


def _refuse_too_few(label: str, groups: Counter[str]) -> None:
    photos = sum(groups.values())
    if photos == 1:
        raise DatasetError(
            f"The label {label} has one photo; it needs at least two, one to learn "
            f"from and one to check with. Add photos or take the label out."
        )
    if len(groups) == 1:
        raise DatasetError(
            f"All {photos} photos of {label} are of one group. Add photos of another "
            f"cloth or take the label out."
        )


def _has(side: dict[str, str], groups: Counter[str], name: str) -> bool:
    return any(side.get(group) == name for group in groups)


def _deal(
    groups: Counter[str],
    movable: Sequence[str],
    missing: Sequence[str],
    fractions: Sequence[float],
) -> Iterator[tuple[str, str]]:
    """Yield (side, group) for the groups that leave train, at least one per side."""
    share = dict(zip(SPLITS, fractions, strict=True))
    photos = sum(groups.values())
    left = list(movable)
    for name in missing:
        taken = 0
        # One group must stay in train, so two groups give a val and no test.
        while len(left) > 1 and (
            taken == 0 or taken + groups[left[-1]] / 2 <= share[name] * photos
        ):
            group = left.pop()
            taken += groups[group]
            yield name, group

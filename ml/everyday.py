"""Everyday photos: what is no motif, each on the side that its content decides.

A folder ``DIR/not-cloth/*`` and ``DIR/other-cloth/*`` may grow as it likes: a photo
that tested once is never learned from, nor the reverse.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from ml.dataset import FRACTIONS, SPLITS, UNKNOWN_LABELS, Dataset, Sample, photos_in
from ml.duplicates import clusters, readable


def side_of(digest: str) -> str:
    """Return the side of a photo by the SHA-256 of its file, in hexadecimal.

    >>> [side_of(first + 63 * "0") for first in "07bcdf"]
    ['train', 'train', 'val', 'val', 'test', 'test']
    """
    at = int(digest[:8], 16) / 16**8
    for side, share in zip(SPLITS, FRACTIONS, strict=True):
        if at < share:
            return side
        at -= share
    return SPLITS[-1]


def load(folder: Path, beside: Dataset) -> tuple[list[Dataset], list[str]]:
    """Read a folder of everyday photos.

    A photo is left out where it cannot be read, is there twice, is a near copy of one
    in ``beside``, or of one on a side that is learned from sooner.

    Args:
        folder: holds ``not-cloth``, ``other-cloth`` or both; whatever else, and
            whichever subfolders these have, does not matter.
        beside: the dataset that they are joined to.

    Returns:
        A dataset for each label with photos, and what was left out, a line each.
    """
    found: dict[str, Sample] = {}
    left_out = []
    for label in UNKNOWN_LABELS:
        for path in photos_in(folder / label, deep=True):
            try:
                digest = hashlib.sha256(path.read_bytes()).hexdigest()
            except OSError as error:
                left_out.append(f"{path} cannot be read: {error}")
                continue
            sample = Sample(path, label, digest, side_of(digest), is_fixed=True)
            if not readable(sample):
                left_out.append(f"{path} cannot be read.")
            elif digest in found:
                left_out.append(f"{path} is {found[digest].path} again.")
            else:
                found[digest] = sample
    own = {sample.path for sample in found.values()}
    for copies in clusters([*found.values(), *beside.samples]):
        yielding = [one for one in copies if one.path in own]
        others = [one for one in copies if one.path not in own]
        kept = others[0] if others else min(yielding, key=_learned_first)
        for one in yielding:
            if others or (one.label, one.split) != (kept.label, kept.split):
                left_out.append(f"{one.path} is a near copy of {kept.path}.")
                del found[one.group]
    parts = []
    for label in UNKNOWN_LABELS:
        samples = tuple(one for one in found.values() if one.label == label)
        if samples:
            parts.append(Dataset(folder / label, (label,), samples, (label,)))
    return parts, left_out


def learnable(
    parts: Iterable[Dataset], joined: Sequence[Dataset]
) -> tuple[list[Dataset], list[str]]:
    """Return the parts that can be learned from, and why others cannot, a line each.

    A label needs photos to learn from and to check with, of its own or of one of the
    datasets that it is joined to.
    """
    labels = {label for one in joined for label in one.labels}
    kept, complaints = [], []
    for part in parts:
        sides = Counter(sample.split for sample in part.samples)
        if part.labels[0] in labels or (sides["train"] and sides["val"]):
            kept.append(part)
        else:
            complaints.append(f"{part.root} holds too few photos to learn from.")
    return kept, complaints


def _learned_first(sample: Sample) -> tuple[int, str]:
    return SPLITS.index(sample.split or "train"), sample.group

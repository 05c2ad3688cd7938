"""Photos that are the same photo twice, so that no copy is both learned and tested on.

Two photos are near copies when their colour thumbnails differ little, pixel by pixel.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from ml.dataset import Dataset, DatasetError, Sample
from ml.images import ImageError, open_image

if TYPE_CHECKING:
    from numpy.typing import NDArray

NEAR_LEVELS = 12.0
"""Levels of 255 by which the thumbnails of near copies may differ, on average.

A photo saved again, or smaller, differs by about 5; different photos by 42 or more.
"""
_SIDE = 32
_COARSE = 4
_KEPT_SIDE = 256


def clusters(samples: Sequence[Sample]) -> list[tuple[Sample, ...]]:
    """Return the photos that are near copies of one another, two or more each.

    Photos that cannot be read are nobody's copy.
    """
    with ThreadPoolExecutor() as pool:
        looked = list(pool.map(_thumbnail_of, samples))
    known = [(i, one) for i, one in enumerate(looked) if one is not None]
    pairs = _pairs([one for _, one in known])
    joined = union((known[a][0], known[b][0]) for a, b in pairs)
    return [tuple(samples[i] for i in one) for one in joined]


def readable(sample: Sample) -> bool:
    """Whether a photo can be opened."""
    return _thumbnail_of(sample) is not None


def union(pairs: Iterable[tuple[int, int]]) -> list[tuple[int, ...]]:
    """Return which numbers hang together by pairs, each set in order (union-find).

    >>> union([(4, 2), (0, 1), (2, 7)])
    [(0, 1), (2, 4, 7)]
    """
    parent: dict[int, int] = {}

    def root(one: int) -> int:
        parent.setdefault(one, one)
        while parent[one] != one:
            parent[one] = one = parent[parent[one]]
        return one

    for a, b in pairs:
        low, high = sorted((root(a), root(b)))
        parent[high] = low
    members: dict[int, list[int]] = defaultdict(list)
    for one in sorted(parent):
        members[root(one)].append(one)
    return [tuple(members[one]) for one in sorted(members)]


def with_clusters(data: Dataset) -> Dataset:
    """Return the dataset with near copies in one group, before it is split.

    Photos whose sides are final were grouped by whoever decided on the sides.

    Raises:
        DatasetError: the same file under two labels.
    """
    found = clusters([s for s in data.samples if s.label not in data.final])
    for copies in found:
        _refuse_two_labels(copies)
    names = sorted({s.group for s in data.samples})
    number = {name: at for at, name in enumerate(names)}
    joined = union(
        (number[copies[0].group], number[other.group])
        for copies in found
        for other in copies[1:]
    )
    group = {names[at]: names[one[0]] for one in joined for at in one}
    return replace(
        data,
        samples=tuple(
            replace(s, group=group.get(s.group, s.group)) for s in data.samples
        ),
    )


def exact(copies: Sequence[Sample]) -> list[tuple[Sample, ...]]:
    """Return those of a cluster that are the same file, byte for byte."""
    same: dict[str, list[Sample]] = defaultdict(list)
    for sample in copies:
        same[hashlib.sha256(sample.path.read_bytes()).hexdigest()].append(sample)
    return [tuple(one) for one in same.values() if len(one) > 1]


def _refuse_two_labels(copies: Sequence[Sample]) -> None:
    for same in exact(copies):
        other = next((s for s in same if s.label != same[0].label), None)
        if other is not None:
            raise DatasetError(
                f"{same[0].path} and {other.path} are the same photo under two "
                f"labels, {same[0].label} and {other.label}: keep one of them."
            )


def _pairs(thumbnails: Sequence[NDArray[np.uint8]]) -> list[tuple[int, int]]:
    """Return the positions of every two near copies."""
    # Averages of blocks differ by no more than their pixels: what is far apart
    # coarsely needs no closer look.
    size = (_COARSE, _COARSE)
    coarse = np.array(
        [cv2.resize(t, size, interpolation=cv2.INTER_AREA).ravel() for t in thumbnails],
        np.float32,
    )
    found = []
    for a, one in enumerate(thumbnails):
        apart = np.abs(coarse[a + 1 :] - coarse[a]).mean(axis=1)
        for b in (np.flatnonzero(apart <= NEAR_LEVELS + 1) + a + 1).tolist():
            if cv2.absdiff(one, thumbnails[b]).mean() <= NEAR_LEVELS:
                found.append((a, b))
    return found


def _thumbnail_of(sample: Sample) -> NDArray[np.uint8] | None:
    try:
        state = sample.path.stat()
        return _look(sample.path, state.st_mtime_ns, state.st_size)
    except (ImageError, OSError):
        return None


@lru_cache(maxsize=50_000)
def _look(path: Path, _changed: int, _size: int) -> NDArray[np.uint8]:
    """Return (32, 32, 3) RGB; asked twice about the same file, it looks once."""
    image = open_image(path, kept_side=_KEPT_SIDE)
    small = cv2.resize(
        np.asarray(image.convert("RGB")), (_SIDE, _SIDE), interpolation=cv2.INTER_AREA
    )
    return np.asarray(small, np.uint8)

"""Photos on their way into training: decoded once, varied afresh in every epoch."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np
from PIL import Image

from ml.augment import Augmentation, augment
from ml.dataset import DatasetError, Sample
from ml.images import ImageError, open_image
from ml.job import Progress

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

Given = TypeVar("Given")
Made = TypeVar("Made")

KEPT_SHORT = 288
"""Photos are kept at this short side in pixels, so that a cut-out stays sharp."""


class Batch(NamedTuple):
    """What one training step sees."""

    pixels: NDArray[np.float32]
    """(n, size, size, 3), values 0..255."""
    targets: NDArray[np.float32]
    """(n, labels), one 1 in each row."""
    weights: NDArray[np.float32]
    """(n,), how much each photo counts."""


class Store:
    """Decoded photos in one file beside the model to be, mapped into memory.

    Decoding a photo takes longer than varying it, and a dataset of thousands does not
    fit in memory beside TensorFlow; the page cache keeps what is in use.
    """

    def __init__(
        self,
        file: Path,
        samples: Sequence[Sample],
        progress: Progress,
        *,
        skip_unreadable: bool = False,
    ):
        """Decode every sample; those left out are missing from ``samples`` here.

        Raises DatasetError naming every photo that cannot be read.
        """
        self.samples: tuple[Sample, ...] = ()
        self.unreadable: list[str] = []
        self._shapes: list[tuple[int, int]] = []
        self._starts: list[int] = []
        kept, at = [], 0
        with file.open("wb") as written, ThreadPoolExecutor(2) as threads:
            photos = in_order(threads, _decode, samples)
            for sample, photo in zip(samples, photos, strict=True):
                if isinstance(photo, str):
                    self.unreadable.append(f"{sample.path}: {photo}")
                    continue
                kept.append(sample)
                self._shapes.append((photo.shape[0], photo.shape[1]))
                self._starts.append(at)
                at += written.write(photo.tobytes())
                progress("decode", len(kept), len(samples))
        self.samples = tuple(kept)
        if self.unreadable and not skip_unreadable:
            raise DatasetError(
                "These photos cannot be read; repair them, take them out, or give "
                "--skip-unreadable:\n  " + "\n  ".join(self.unreadable)
            )
        self._pixels: Pixels = np.memmap(file, dtype=np.uint8, mode="r")

    def __len__(self) -> int:
        return len(self._starts)

    def __getitem__(self, index: int) -> Pixels:
        """Return one photo, (height, width, 3), RGB."""
        height, width = self._shapes[index]
        start = self._starts[index]
        flat = self._pixels[start : start + height * width * 3]
        return flat.reshape(height, width, 3)


class Feed:
    """The training photos of a dataset, one shuffled and varied epoch after another."""

    def __init__(
        self,
        store: Store,
        labels: Sequence[str],
        *,
        augmentation: Augmentation,
        size: int,
        batch: int,
        seed: int,
        weights: Sequence[float],
        photos_per_epoch: int | None = None,
    ):
        """Take the train photos of ``store``; ``weights`` are one for each of them."""
        samples = store.samples
        self._store = store
        self._rows = [i for i, s in enumerate(samples) if s.split == "train"]
        self._targets = np.array([labels.index(s.label) for s in samples])
        self._labels = len(labels)
        self._augmentation = augmentation
        self._size = size
        self._batch = batch
        self._seed = seed
        self.weights = np.asarray(weights, np.float32)
        self._weights = np.zeros(len(samples), np.float32)
        self._weights[self._rows] = self.weights
        self._length = min(photos_per_epoch or len(self._rows), len(self._rows))

    def __len__(self) -> int:
        """Return how many batches an epoch has."""
        return -(-self._length // self._batch)

    @property
    def photos(self) -> int:
        """How many photos an epoch shows."""
        return self._length

    def epoch(self, number: int) -> Iterator[Batch]:
        """Yield an epoch's batches; the next ones are made while one is learned from.

        The same seed and number give the same batches, whatever the threads do.
        """
        order = np.random.default_rng([self._seed, number, 0]).permutation(self._rows)
        rows = order[: self._length]
        parts = [
            (number, rows[i : i + self._batch])
            for i in range(0, len(rows), self._batch)
        ]
        # OpenCV and NumPy release the interpreter lock; one thread keeps ahead.
        with ThreadPoolExecutor(1) as threads:
            yield from in_order(threads, self._make, parts, ahead=3)

    def _make(self, part: tuple[int, NDArray[np.int64]]) -> Batch:
        number, rows = part
        pixels = np.empty((len(rows), self._size, self._size, 3), np.float32)
        for at, row in enumerate(rows):
            generator = np.random.default_rng([self._seed, number, 1, int(row)])
            pixels[at] = augment(
                self._store[int(row)], generator, self._augmentation, self._size
            )
        labels = self._targets[rows]
        return Batch(
            pixels,
            np.eye(self._labels, dtype=np.float32)[labels],
            self._weights[rows],
        )


def _decode(sample: Sample) -> Pixels | str:
    try:
        image = open_image(sample.path)
    except (ImageError, OSError) as error:
        return str(error)
    width, height = image.size
    scale = min(1.0, KEPT_SHORT / min(width, height))
    if scale < 1:
        image = image.resize(
            (round(width * scale), round(height * scale)), Image.Resampling.BILINEAR
        )
    return np.ascontiguousarray(np.asarray(image))


def in_order(
    threads: ThreadPoolExecutor,
    work: Callable[[Given], Made],
    items: Iterable[Given],
    *,
    ahead: int = 8,
) -> Iterator[Made]:
    """Yield ``work(item)`` for each item, in order, with at most ``ahead`` waiting."""
    waiting: deque[Future[Made]] = deque()
    try:
        for item in items:
            waiting.append(threads.submit(work, item))
            if len(waiting) > ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()

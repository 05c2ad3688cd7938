"""Pooled features of a frozen backbone, computed once to train a head on."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import keras
import numpy as np
from PIL import Image

from ml import network
from ml.dataset import Sample
from ml.feed import Feed, in_order
from ml.images import open_image
from ml.job import Job
from ml.predict import look
from ml.robustness import KEPT_SIDE, blurred, compressed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8] | NDArray[np.float32]
    Wear = Callable[[int, NDArray[np.uint8]], NDArray[np.uint8]]

logger = logging.getLogger(__name__)

VARIED_PHOTOS = 6000
"""How many varied photos a head is trained on, about."""
MOST_COPIES = 8
"""Variations of a photo at most; more measured no better."""
WARM_UP = 1_000_000
"""Numbers of these epochs, apart from those of fine-tuning."""
READ_AT_ONCE = 16
WORN_QUALITY = (10, 40)
"""Of worn photos' JPEG, from the least to below the last."""


class Features(NamedTuple):
    """Pooled features to train a head on; the targets are one-hot."""

    values: NDArray[np.float32]
    targets: NDArray[np.float32]
    weights: NDArray[np.float32]


class Reader:
    """Computes pooled features of squares, with what is quickest here.

    Without a GPU that is LiteRT with one interpreter a core: it needed a third of
    TensorFlow's time, whose kernels do not fold batch norm (``docs/recogniser.md``).
    """

    def __init__(self, pooled: keras.Model):
        """Take the frozen part of a network, from squares to pooled features."""
        self._pooled = pooled
        self._content = None if _has_gpu() else _to_litert(pooled)
        self._threads = ThreadPoolExecutor(os.cpu_count() or 1)
        self._own = threading.local()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._threads.shutdown()

    def __call__(self, squares: Pixels) -> NDArray[np.float32]:
        """Return the features, (n, width), of squares, (n, size, size, 3), 0..255."""
        if self._content is None:
            return network.predict(self._pooled, squares)
        return np.concatenate(list(self._threads.map(self._read, squares)))

    def _read(self, square: Pixels) -> NDArray[np.float32]:
        if not hasattr(self._own, "interpreter"):
            self._own.interpreter = _interpreter(self._content)
        interpreter = self._own.interpreter
        (asked,), (told,) = (
            interpreter.get_input_details(),
            interpreter.get_output_details(),
        )
        interpreter.set_tensor(asked["index"], square[None].astype(np.float32))
        interpreter.invoke()
        values: NDArray[np.float32] = interpreter.get_tensor(told["index"])
        return values


def varied(job: Job, read: Reader, feed: Feed) -> Features:
    """Return the features of several variations of every training photo."""
    copies = 1
    if not job.recipe.is_augmented_once:
        copies = max(1, min(MOST_COPIES, VARIED_PHOTOS // feed.photos))
    parts: list[Features] = []
    total = copies * len(feed)
    for copy in range(copies):
        for batch in feed.epoch(WARM_UP + copy):
            values = read(batch.pixels)
            parts.append(Features(values, batch.targets, batch.weights))
            job.progress("features", len(parts), total)
    return join(*parts)


def served(
    job: Job,
    read: Reader,
    samples: Sequence[Sample],
    weights: NDArray[np.float32] | None = None,
    wear: Wear | None = None,
) -> Features:
    """Return the features of photos, in every view that serving takes.

    Args:
        job: whose recipe says which views.
        read: what computes features.
        samples: the photos.
        weights: (photos,), how much each counts; 1 by default.
        wear: what makes the photo of a number worse; nothing by default.
    """
    manifest, views = job.draft(), job.recipe.views
    values = []

    def squares(number: int) -> NDArray[np.uint8]:
        path = samples[number].path
        if wear is None:
            return look(open_image(path), manifest).pixels
        image = open_image(path, kept_side=KEPT_SIDE).convert("RGB")
        worse = wear(number, np.asarray(image, np.uint8))
        return look(Image.fromarray(worse), manifest).pixels

    with ThreadPoolExecutor(2) as threads:
        looks = in_order(threads, squares, range(len(samples)))
        for group in _groups(looks):
            values.append(read(np.concatenate(group)))
            job.progress("look", sum(map(len, values)), len(samples) * len(views))
    truth = np.repeat(job.index(samples), len(views))
    counted = np.ones(len(samples), np.float32) if weights is None else weights
    targets = np.eye(len(job.labels), dtype=np.float32)[truth]
    return Features(np.concatenate(values), targets, np.repeat(counted, len(views)))


def worn(
    job: Job, read: Reader, samples: Sequence[Sample], weights: NDArray[np.float32]
) -> list[Features]:
    """Return the features of worn copies of photos, as many as the recipe asks for.

    What is worn is the photo: a closer look then shows its faults larger.
    """
    return [
        served(job, read, samples, weights, _wear(job, copy))
        for copy in range(job.recipe.worn_copies)
    ]


def changed(sound: Features, copies: Sequence[Features]) -> NDArray[np.float32]:
    """Return by how much bad compression changed the features of photos.

    Args:
        sound: what ``served`` returns of them.
        copies: what ``worn`` returns of them.

    Returns:
        (rows of compressed copies, features), those of a copy less those of its photo,
        times the root of how much the photo counts.
    """
    root = np.sqrt(sound.weights)[:, None]
    rows = [
        (one.values - sound.values) * root
        for copy, one in enumerate(copies)
        if _is_compressed(copy)
    ]
    return np.concatenate(rows) if rows else sound.values[:0]


def _is_compressed(copy: int) -> bool:
    """Return whether a copy is compressed; every third is out of focus instead."""
    return copy % 3 < 2


def _wear(job: Job, copy: int) -> Wear:
    """Return what compresses a photo badly or, for every third copy, blurs it."""

    def wear(number: int, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        rng = np.random.default_rng([job.seed, copy, number])
        if _is_compressed(copy):
            return compressed(int(rng.integers(*WORN_QUALITY)))(pixels, rng)
        return blurred(rng.uniform(*job.recipe.augmentation.blur_sigma))(pixels, rng)

    return wear


def join(*parts: Features) -> Features:
    """Return the features of all parts as one."""
    return Features(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _groups(items: Iterable[Any]) -> Iterable[list[Any]]:
    group: list[Any] = []
    for item in items:
        group.append(item)
        if len(group) == READ_AT_ONCE:
            yield group
            group = []
    if group:
        yield group


def _has_gpu() -> bool:
    import tensorflow as tf

    return bool(tf.config.list_physical_devices("GPU"))


def _to_litert(pooled: keras.Model) -> bytes | None:
    import tensorflow as tf

    one = keras.Input(batch_shape=(1, *pooled.input_shape[1:]))
    converter = tf.lite.TFLiteConverter.from_keras_model(keras.Model(one, pooled(one)))
    try:
        # Keras tells standard output what it saves, which is where answers go.
        with contextlib.redirect_stdout(io.StringIO()):
            content: bytes = converter.convert()
    # It fails in ways of its own, on a full disk for one, and Keras can do the work.
    except Exception as error:
        logger.warning("features are computed without LiteRT: %r", error)
        return None
    return content


def _interpreter(content: bytes | None) -> Any:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=content, num_threads=1)
    interpreter.allocate_tensors()
    return interpreter

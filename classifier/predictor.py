"""The one door to ml: the champion, loaded at first use and once per process.

Nothing else in the project imports ml, so that what the site knows of the network
can be read here, and a test can stand a fake in its place.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

from django.conf import settings
from django.core.files.base import File
from PIL import Image

from ml import images
from ml import quality as ml_quality
from ml.artifact import MODEL, Artifact, ArtifactError, Manifest
from ml.predict import Prediction, load
from ml.quality import Quality
from ml.recipe import RECIPES

Photo = BinaryIO | File[Any]
logger = logging.getLogger(__name__)

# Photos decoded at the same time in one process. It bounds memory: a giant photo may
# take 300 MB while it is open.
AT_ONCE = 2
# Longer than this nobody waits for a turn; they are asked to come back.
WAIT_S = 10.0
# A model that could not be loaded is tried again after this, not on every page.
RETRY_S = 15.0

__all__ = [
    "BadPhoto",
    "Busy",
    "Description",
    "Network",
    "NoModel",
    "Photo",
    "Prediction",
    "Quality",
    "champion",
    "describe",
    "forget",
    "inspect",
    "network",
    "predict",
    "quality",
    "recipes",
    "rendition",
]


class NoModel(Exception):
    """There is no model, or it is damaged; the message says which."""


class Busy(Exception):
    """Too many photos are being looked at in this process."""


class BadPhoto(Exception):
    """A photo cannot be looked at.

    Args:
        code: ``not_an_image``, ``unreadable``, ``too_small`` or ``too_large``.
        position: which of the photos given, counted from 0.
    """

    def __init__(self, code: str, position: int) -> None:
        super().__init__(f"photo {position}: {code}")
        self.code = code
        self.position = position


class Predictor(Protocol):
    """What the site needs of a loaded model; ml's own and the tests' fake have it."""

    artifact: Artifact
    manifest: Manifest

    def predict(self, images: Iterable[Image.Image]) -> Prediction: ...


@dataclass(frozen=True)
class Description:
    """What the champion says of itself, for pages.

    Attributes:
        version: the model's version.
        sha256: digest of the network that answers, in hex.
        labels: slugs of the motifs it knows.
        single: those it may name alone, earned by evaluation on real photos.
    """

    version: str
    sha256: str
    labels: frozenset[str]
    single: frozenset[str]


_lock = threading.Lock()
_loaded: dict[Path, Predictor] = {}
_failed: dict[Path, tuple[float, str]] = {}
_turns = threading.BoundedSemaphore(AT_ONCE)


def champion() -> Predictor:
    """Return the model of ``settings.MODEL_FOLDER``, loaded.

    Raises:
        NoModel: the folder is missing or damaged.
    """
    folder = Path(settings.MODEL_FOLDER)
    with _lock:
        if folder in _loaded:
            return _loaded[folder]
        failed_at, reason = _failed.get(folder, (float("-inf"), ""))
        if time.monotonic() - failed_at < RETRY_S:
            raise NoModel(reason)
        try:
            _loaded[folder] = load(folder)
        except (ArtifactError, OSError) as error:
            logger.warning("no model to identify with: %s", error)
            _failed[folder] = (time.monotonic(), str(error))
            raise NoModel(str(error)) from error
        return _loaded[folder]


def forget() -> None:
    """Load the champion again at its next use."""
    with _lock:
        _loaded.clear()
        _failed.clear()


def describe() -> Description | None:
    """Return what pages say of the champion, or None if there is none."""
    try:
        model = champion()
    except NoModel:
        return None
    return Description(
        version=model.manifest.version,
        sha256=model.artifact.sha256,
        labels=frozenset(model.manifest.motifs),
        single=frozenset(model.manifest.single),
    )


@dataclass(frozen=True)
class Network:
    """The champion's network, for programs that run it themselves.

    Attributes:
        file: the LiteRT file.
        manifest: what must be known to read its outputs, as JSON.
        is_whole: whether the file and the manifest are all that an answer takes; not
            so when the model also compares photos with those it learned from.
    """

    file: Path
    manifest: dict[str, Any]
    is_whole: bool


def network() -> Network | None:
    """Return the champion's network, or None if there is none."""
    try:
        model = champion()
    except NoModel:
        return None
    whole = model.manifest.as_dict()
    wanted = ("version", "labels", "unknown_labels", "input", "answer")
    return Network(
        file=model.artifact.folder / MODEL,
        manifest={key: whole[key] for key in wanted}
        | {"sha256": model.artifact.sha256},
        is_whole=model.manifest.rejection is None,
    )


@dataclass(frozen=True)
class Inspected:
    """What a model folder holds, its digests found right.

    Attributes:
        labels: motifs and unknown labels, in the network's order.
        embedding_size: how many features its embeddings have.
    """

    version: str
    sha256: str
    labels: tuple[str, ...]
    embedding_size: int


def inspect(folder: Path) -> Inspected:
    """Verify a model folder, and let its network answer once.

    Raises:
        NoModel: it is missing, incomplete, altered or does not load.
    """
    try:
        model = load(folder)
    except (ArtifactError, OSError) as error:
        raise NoModel(str(error)) from error
    said = model.predict([Image.new("RGB", (256, 256), "grey")])
    manifest, size = model.manifest, len(said.embedding)
    return Inspected(manifest.version, model.artifact.sha256, manifest.labels, size)


def recipes() -> tuple[str, ...]:
    """Return the names of the recipes that a training run may follow."""
    return tuple(RECIPES)


def predict(photos: Sequence[Photo]) -> Prediction:
    """Look at photos of one cloth.

    Args:
        photos: open files of encoded pictures, at their beginning.

    Raises:
        BadPhoto: one of them cannot be decoded.
        Busy: no turn came up within ``WAIT_S`` seconds.
        NoModel: there is nothing to look with.
    """
    model = champion()
    if not _turns.acquire(timeout=WAIT_S):
        raise Busy
    try:
        # One by one: five giant photos at once would take five times the memory.
        return model.predict(_open(p, at) for at, p in enumerate(photos))
    finally:
        _turns.release()


def quality(photo: Photo) -> Quality:
    """Measure how usable a photo is; needs no model.

    Raises BadPhoto, and Busy as ``predict`` does.
    """
    if not _turns.acquire(timeout=WAIT_S):
        raise Busy
    try:
        return ml_quality.check(_open(photo, 0))
    finally:
        _turns.release()


def rendition(photo: Photo, side: int) -> bytes:
    """Return a photo as a JPEG with no metadata, its longer side at most ``side``.

    Raises BadPhoto.
    """
    picture = _open(photo, 0)
    picture.thumbnail((side, side), Image.Resampling.LANCZOS)
    out = BytesIO()
    picture.save(out, "JPEG", quality=82, optimize=True, progressive=True)
    return out.getvalue()


def _open(photo: Photo, position: int) -> Image.Image:
    try:
        # A Django file reads like any other; its type does not say so.
        return images.open_image(cast("BinaryIO", photo))
    except images.ImageError as error:
        raise BadPhoto(error.code, position) from error

"""The one door to ml: the champion, loaded at first use and once per process.

The ledger is read once a second. A new champion is loaded while the earlier one goes
on answering; ``one_model`` keeps what is said in one request of one model.

Nothing else in the project imports ml, so that what the site knows of the network
can be read here, and a test can stand a fake in its place.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, cast

from django.conf import settings
from django.core.files.base import File
from PIL import Image

from classifier import ledger
from ml import images
from ml import quality as ml_quality
from ml.artifact import CARD, MODEL, Artifact, ArtifactError, Manifest, read
from ml.metrics import wilson
from ml.portable import Portable
from ml.predict import Prediction, load
from ml.prototypes import LEAST as LEAST_FOR_A_PROTOTYPE
from ml.prototypes import SHARPNESS
from ml.quality import Quality
from ml.recipe import RECIPES

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

Photo = BinaryIO | File[Any]
logger = logging.getLogger(__name__)

# Photos decoded at the same time in one process. It bounds memory: a giant photo may
# take 300 MB while it is open.
AT_ONCE = 2
# Longer than this nobody waits for a turn; they are asked to come back.
WAIT_S = 10.0
# A model that could not be loaded is tried again after this, not on every page.
RETRY_S = 15.0
NEVER = float("-inf")

__all__ = [
    "CARD",
    "LEAST_FOR_A_PROTOTYPE",
    "MODEL",
    "SHARPNESS",
    "ArtifactError",
    "BadPhoto",
    "Busy",
    "Description",
    "NoModel",
    "Photo",
    "Portable",
    "Prediction",
    "Predictor",
    "Quality",
    "champion",
    "describe",
    "expect",
    "forget",
    "load",
    "one_model",
    "predict",
    "quality",
    "read",
    "recipes",
    "rendition",
    "wilson",
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
    embedding_size: int

    def predict(self, images: Iterable[Image.Image]) -> Prediction: ...

    def embed(self, image: Image.Image, *, closely: bool = False) -> Vectors: ...

    def with_provisional(self, provisional: Mapping[str, Vectors]) -> Predictor: ...

    def portable_prototypes(self) -> Portable | None: ...

    def portable_memory(self) -> Portable | None: ...


def _as_it_is(model: Predictor) -> Predictor:
    return model


with_prototypes: Callable[[Predictor], Predictor] = _as_it_is
"""What gives the champion the motifs of few photos: ``classifier.prototypes``."""


@dataclass(frozen=True)
class Description:
    """What the champion says of itself, for pages.

    Attributes:
        version: the model's version.
        sha256: digest of the network that answers, in hex.
        labels: slugs of the motifs it knows.
        single: those it may name alone, earned by evaluation on real photos.
        is_starter: whether it is the one that the project comes with, which has seen
            no photo of real cloth.
    """

    version: str
    sha256: str
    labels: frozenset[str]
    single: frozenset[str]
    is_starter: bool = False


# Held by whoever loads a model while there is none to answer.
_lock = threading.Lock()
# Replaced and never altered, so that it may be read without a lock.
_loaded: dict[Path, Predictor] = {}
_failed: dict[Path, tuple[float, str]] = {}
_turns = threading.BoundedSemaphore(AT_ONCE)
# Held while a new champion is loaded beside the one that answers.
_loading = threading.Lock()
# Counts the calls of forget, so that a load that began before one leaves no trace.
_times_forgotten = 0
_held: ContextVar[list[Predictor] | None] = ContextVar("one_model", default=None)


@contextmanager
def one_model() -> Iterator[None]:
    """Let everything inside be said by one model, whatever is promoted meanwhile."""
    if _held.get() is not None:
        yield
        return
    token = _held.set([])
    try:
        yield
    finally:
        _held.reset(token)


def champion() -> Predictor:
    """Return the model that the ledger names, or an earlier one until it is loaded.

    Without a line in the ledger it is the model of ``settings.MODEL_FOLDER``.

    Raises:
        NoModel: there is none that could be loaded.
    """
    held = _held.get()
    if held:
        return held[0]
    model = _current()
    if held is not None:
        held.append(model)
    return model


def _current() -> Predictor:
    wanted = ledger.followed()
    own = ledger.Wanted(Path(settings.MODEL_FOLDER), "")
    chosen = wanted or own
    loaded = _loaded
    if chosen.folder in loaded:
        return loaded[chosen.folder]
    if wanted is not None and loaded:
        _load_beside(wanted)
        return next(iter(loaded.values()))
    with _lock:
        if chosen.folder in _loaded:
            return _loaded[chosen.folder]
        try:
            return _load(chosen)
        except NoModel as error:
            if wanted is None or wanted.folder == own.folder:
                raise
            logger.error("the champion cannot be loaded, %s answers: %s", own, error)
            return _loaded.get(own.folder) or _load(own)


def _load_beside(wanted: ledger.Wanted) -> None:
    """Begin to load a new champion, unless that is being done or just failed."""
    failed_at, _reason = _failed.get(wanted.folder, (NEVER, ""))
    if time.monotonic() - failed_at < RETRY_S or not _loading.acquire(blocking=False):
        return

    def work() -> None:
        try:
            model = _load(wanted)
            logger.info("model %s answers from now on", model.manifest.version)
        except NoModel as error:
            logger.error("the new champion cannot be loaded: %s", error)
        finally:
            _loading.release()

    threading.Thread(target=work, name="new-champion", daemon=True).start()


def _load(wanted: ledger.Wanted) -> Predictor:
    """Load a model and let it answer.

    Raises NoModel, also where it has just failed.
    """
    global _loaded
    failed_at, reason = _failed.get(wanted.folder, (NEVER, ""))
    if time.monotonic() - failed_at < RETRY_S:
        raise NoModel(reason)
    began = _times_forgotten
    try:
        model: Predictor = load(wanted.folder)
        expect(model.artifact, wanted.sha256)
    # Whatever is wrong with it, the model that answers goes on.
    except Exception as error:
        if not isinstance(error, ArtifactError | OSError):
            logger.exception("%s could not be loaded", wanted.folder)
        logger.warning("no model to identify with: %s", error)
        if began == _times_forgotten:
            _failed[wanted.folder] = (time.monotonic(), str(error))
        raise NoModel(str(error)) from error
    if began == _times_forgotten:
        _loaded = {wanted.folder: model}
    return model


def expect(artifact: Artifact, sha256: str) -> None:
    """Raise ArtifactError unless a model has this network; "" is any."""
    if sha256 and artifact.sha256 != sha256:
        raise ArtifactError(
            f"{artifact.folder} holds the network {artifact.sha256[:12]}, and "
            f"{sha256[:12]} is registered."
        )


def forget() -> None:
    """Load the champion again at its next use."""
    global _loaded, _times_forgotten
    with _lock:
        _times_forgotten += 1
        _loaded = {}
        _failed.clear()
        ledger.forget()


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
        is_starter=model.artifact.folder == settings.BASE_DIR / "ml" / "starter",
    )


def recipes() -> tuple[str, ...]:
    """Return the names of the recipes that a training run may follow."""
    return tuple(RECIPES)


def predict(photos: Sequence[Photo], *, alone: bool = False) -> Prediction:
    """Look at photos of one cloth.

    Args:
        photos: open files of encoded pictures, at their beginning.
        alone: the network by itself, as it was trained, without the motifs that are
            known by prototypes: what is kept of a version must not change with them.

    Raises:
        BadPhoto: one of them cannot be decoded.
        Busy: no turn came up within ``WAIT_S`` seconds.
        NoModel: there is nothing to look with.
    """
    model = champion()
    if not alone:
        model = with_prototypes(model)
    if not _turns.acquire(timeout=WAIT_S):
        raise Busy
    try:
        # One by one: five giant photos at once would take five times the memory.
        return model.predict(_open(p, at) for at, p in enumerate(photos))
    finally:
        _turns.release()


def embed_closely(photo: Photo) -> tuple[Vectors, str]:
    """Return a photo's embedding for prototypes, and the digest of its network.

    (features,), unit length; see ``ml.prototypes``. Raises as ``predict`` does.
    """
    model = champion()
    if not _turns.acquire(timeout=WAIT_S):
        raise Busy
    try:
        found = model.embed(_open(photo, 0), closely=True)
    finally:
        _turns.release()
    return found, model.artifact.sha256


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

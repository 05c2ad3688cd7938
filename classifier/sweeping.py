"""What the queue lost of photos: found in small batches, and handed over again."""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass

from classifier import checking, prototypes, vectors
from classifier.predictor import Busy
from classifier.receivers import queue_check, queue_embeddings
from motifs.models import Photo
from motifs.renditions import queue_renditions, unrendered

logger = logging.getLogger(__name__)

BATCH = 50
"""Photos of each kind that one sweep hands over; there is a sweep every minute."""


@dataclass(frozen=True)
class Swept:
    """How many photos were handed over, or done here where the queue is down."""

    to_check: int
    to_render: int
    here: int


def check_missing(limit: int = BATCH) -> Swept:
    """Find photos without a check, a prediction of the champion or renditions.

    They are handed to the queue; what it does not take is done before this returns.
    Then the champion's embeddings are indexed, if there are many by now.
    """
    unchecked, unrendered_ = checking.missing_checks(limit), unrendered(limit)
    here = 0
    for pk in unchecked:
        if not queue_check(Photo, photo_id=pk):
            here += _check_here(pk)
    for pk in unrendered_:
        if not queue_renditions(pk):
            here += _render_here(pk)
    version = checking.champion_version()
    if version is not None:
        vectors.ensure_index(version)
    return Swept(len(unchecked), len(unrendered_), here)


def sweep_photos() -> dict[str, int]:
    """``check_missing`` as one of the site's sweeps: what was done, by its name."""
    return asdict(check_missing())


def sweep_prototypes() -> dict[str, int]:
    """Embed what makes prototypes, where the queue lost it; delete what may not."""
    deleted = prototypes.delete_withdrawn()
    wanted = len(prototypes.missing(BATCH))
    if wanted and not queue_embeddings():
        try:
            prototypes.embed_missing(BATCH)
        except (Busy, OSError):
            logger.warning("prototypes wait for the next sweep")
    return {"to_embed": wanted, "deleted": deleted}


def _check_here(photo_id: int) -> bool:
    try:
        checking.check_photo_by_id(photo_id)
    except (Busy, OSError):
        return False
    return True


def _render_here(photo_id: int) -> bool:
    from motifs.tasks import render_photo_task

    try:
        render_photo_task(photo_id)
    except OSError:
        return False
    return True

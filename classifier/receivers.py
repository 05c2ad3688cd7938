"""The catalogue says that a photo was added: it is to be checked."""

from __future__ import annotations

import logging
from typing import Any

from django.db import transaction
from django.db.models.signals import post_save
from django.dispatch import receiver

from motifs.models import Photo
from motifs.signals import photo_added

logger = logging.getLogger(__name__)


@receiver(photo_added, dispatch_uid="classifier.queue_check")
def queue_check(sender: object, *, photo_id: int, **kwargs: Any) -> bool:
    """Hand the photo to the queue; with the queue down, ``check_missing`` finds it.

    Returns whether the queue took it.
    """
    from classifier.tasks import check_photo_task

    try:
        check_photo_task.delay(photo_id)
    # A queue can be down in more ways than its library has errors for, and none of
    # them may cost anybody the photo that they gave.
    except Exception as error:
        logger.warning("the queue is down, photo %s waits: %r", photo_id, error)
        return False
    return True


@receiver(post_save, sender=Photo, dispatch_uid="classifier.determination_changed")
def determination_changed(
    sender: object, *, update_fields: frozenset[str] | None, **kwargs: Any
) -> None:
    """Once a determination stands, its motif may have become recognisable."""
    if update_fields and "determined_motif" in update_fields:
        transaction.on_commit(queue_embeddings)


def queue_embeddings() -> bool:
    """Let the queue embed what is missing; with it down, the sweep finds it.

    Returns whether the queue took it.
    """
    from classifier.tasks import embed_missing_task

    try:
        embed_missing_task.delay()
    except Exception as error:
        logger.warning("the queue is down, prototypes wait: %r", error)
        return False
    return True

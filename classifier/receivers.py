"""The catalogue says that a photo was added: it is to be checked."""

from __future__ import annotations

import logging
from typing import Any

from django.dispatch import receiver

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

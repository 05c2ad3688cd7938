"""What the queue may call: ids in, an action done."""

from __future__ import annotations

import logging

from celery import shared_task
from django.db import OperationalError

from motifs.models import Photo
from motifs.notices import send_notice
from motifs.renditions import render_photo

logger = logging.getLogger(__name__)


@shared_task(
    acks_late=True,
    autoretry_for=(OSError, OperationalError),
    retry_backoff=True,
    max_retries=5,
    ignore_result=True,
)
def send_notice_task(notice_id: int) -> None:
    """Write to a giver. Running it twice is the same as running it once."""
    send_notice(notice_id)


@shared_task(
    acks_late=True,
    autoretry_for=(OperationalError,),
    retry_backoff=True,
    max_retries=5,
    ignore_result=True,
)
def render_photo_task(photo_id: int) -> None:
    """Render one photo. Running it twice is the same as running it once."""
    photo = Photo.objects.select_related("contribution").filter(pk=photo_id).first()
    if photo is None:
        logger.info("photo %s is gone, nothing to render", photo_id)
        return
    render_photo(photo=photo)

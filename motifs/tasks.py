"""What the queue may call: ids in, an action done."""

from __future__ import annotations

from celery import shared_task
from django.db import OperationalError

from motifs.notices import send_notice


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

"""Requests to identify that wait in the queue, and what came of them."""

from __future__ import annotations

import uuid
from datetime import timedelta
from pathlib import Path
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

KEPT = timedelta(days=1)
"""How long an answer can be asked for; after that nothing of it is left."""

PATIENCE = timedelta(minutes=2)
"""A job that has waited longer may have been lost by the queue."""


class IdentifyJobQuerySet(models.QuerySet["IdentifyJob"]):
    def expired(self) -> Self:
        return self.filter(created_at__lt=timezone.now() - KEPT)

    def overdue(self) -> Self:
        """Waiting for so long that the queue may have lost them."""
        return self.filter(
            state=IdentifyJob.State.QUEUED,
            created_at__lt=timezone.now() - PATIENCE,
        )


class IdentifyJob(models.Model):
    """One visitor's photos of one cloth, on their way through the queue.

    The photos are files beside the row, gone as soon as there is an answer. The row
    follows after a day.
    """

    class State(models.TextChoices):
        QUEUED = "queued"
        DONE = "done"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    language = models.CharField(
        max_length=10, help_text="The reader's language, for names and sentences."
    )
    answer = models.JSONField(null=True, blank=True)
    problem = models.JSONField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    answered_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = IdentifyJobQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    state="queued",
                    answer__isnull=True,
                    problem__isnull=True,
                    answered_at__isnull=True,
                )
                | Q(
                    state="done",
                    answer__isnull=False,
                    problem__isnull=True,
                    answered_at__isnull=False,
                )
                | Q(
                    state="failed",
                    answer__isnull=True,
                    problem__isnull=False,
                    answered_at__isnull=False,
                ),
                name="identify_job_has_what_its_state_says",
            ),
        ]
        indexes = [
            models.Index(fields=["created_at"], name="identify_job_created"),
        ]

    def __str__(self) -> str:
        return f"{self.id} ({self.state})"

    @property
    def folder(self) -> Path:
        """Where the photos wait; no address of the site leads there."""
        return queue_folder() / str(self.id)


def queue_folder() -> Path:
    """The folder of all photos that wait; web process and worker share it."""
    return Path(settings.MEDIA_ROOT) / "private" / "identify"

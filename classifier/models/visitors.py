"""What visitors ask and are answered, and what they choose to keep of it."""

from __future__ import annotations

import secrets
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from motifs.models import Contribution

KEPT = timedelta(days=1)
"""How long an answer can be asked for; after that nothing of it is left."""

PATIENCE = timedelta(minutes=2)
"""A job or a photo that has waited longer may have been lost by the queue."""


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


def new_key() -> str:
    """Return a key that nobody guesses: 128 random bits."""
    return secrets.token_urlsafe(16)


def shared_path(shared: SharedAnswer, filename: str) -> str:
    """Name the photo at random: neither the sender's name nor the key leads to it."""
    return f"shared/{secrets.token_hex(16)}.jpg"


class SharedAnswer(models.Model):
    """An answer with an address of its own, as it was given.

    The photo is there only if its owner chose so, small and without metadata. Whoever
    has the owner's key can take all of it back.
    """

    key = models.CharField(max_length=32, unique=True, default=new_key, editable=False)
    owner_key = models.CharField(max_length=32, default=new_key, editable=False)
    answer = models.JSONField(help_text="As the API gave it.")
    photo = models.FileField(upload_to=shared_path, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return self.key

    def get_absolute_url(self) -> str:
        return reverse("classifier:shared", args=[self.key])

    @property
    def owner_url(self) -> str:
        """The address with which its owner can take it back."""
        return f"{self.get_absolute_url()}?owner={self.owner_key}"


class Report(models.Model):
    """Somebody said that an answer was wrong, and gave the photos.

    The photos and the person's opinion are the contribution's; here is what the
    recogniser had said.
    """

    id = models.UUIDField(
        primary_key=True,
        editable=False,
        help_text="Chosen by the sender, so that sending twice is the same as once.",
    )
    contribution = models.OneToOneField(
        Contribution, on_delete=models.PROTECT, related_name="report"
    )
    answer = models.JSONField(help_text="As the API gave it.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return str(self.id)

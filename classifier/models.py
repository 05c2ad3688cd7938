"""Visitors' requests and answers; what each model version says of given photos."""

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
from pgvector.django import HalfVectorField

from motifs.models import Contribution, Photo

KEPT = timedelta(days=1)
"""How long an answer can be asked for; after that nothing of it is left."""

PATIENCE = timedelta(minutes=2)
"""A job or a photo that has waited longer may have been lost by the queue."""

MOST_FEATURES = 4000
"""An index of half-precision vectors takes no longer ones (pgvector 0.8)."""


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


class ModelVersion(models.Model):
    """One trained network, frozen: what it said stays comparable with what it says.

    Registered when it first looks at a given photo.
    """

    version = models.CharField(max_length=100, unique=True, editable=False)
    sha256 = models.CharField("SHA-256", max_length=64, editable=False)
    labels = models.JSONField(
        editable=False, help_text="Motifs and unknown labels, in the network's order."
    )
    embedding_size = models.PositiveSmallIntegerField(editable=False)
    registered_at = models.DateTimeField(default=timezone.now, editable=False)
    indexed_at = models.DateTimeField(
        null=True,
        editable=False,
        help_text="Since when its embeddings have an index; few need none.",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(sha256__regex=r"^[0-9a-f]{64}$"),
                name="model_version_digest_is_sha256",
            ),
            models.CheckConstraint(
                condition=Q(embedding_size__gt=0, embedding_size__lte=MOST_FEATURES),
                name="model_version_embedding_fits_an_index",
            ),
        ]

    def __str__(self) -> str:
        return self.version


class Prediction(models.Model):
    """What one model version said of one photo. A suggestion: people decide."""

    photo = models.ForeignKey(
        Photo, on_delete=models.CASCADE, related_name="predictions"
    )
    model_version = models.ForeignKey(
        ModelVersion, on_delete=models.PROTECT, related_name="predictions"
    )
    kind = models.CharField(max_length=10, help_text="motif, either or unknown.")
    reason = models.CharField(max_length=20)
    motifs = models.JSONField(
        default=list, help_text="Slugs that the answer names; none for unknown."
    )
    scores = models.JSONField(help_text="Of every label, 0..1; they sum to 1.")
    top_motif = models.CharField(
        max_length=100, help_text="Slug of the motif with the best score."
    )
    top_score = models.FloatField()
    unknown_score = models.FloatField()
    made_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["photo", "model_version"],
                name="one_prediction_per_photo_and_version",
            ),
            models.CheckConstraint(
                condition=Q(
                    top_score__gte=0,
                    top_score__lte=1,
                    unknown_score__gte=0,
                    # A sum of many floats may be a little over one.
                    unknown_score__lte=1.001,
                ),
                name="prediction_scores_are_shares",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.photo_id}: {self.kind}"


class PhotoEmbedding(models.Model):
    """Where one model version sees a photo: like cloth lies near like cloth.

    Versions have lengths of their own, so the column has none, and vectors of two
    versions are never compared (``classifier.vectors``).
    """

    photo = models.ForeignKey(
        Photo, on_delete=models.CASCADE, related_name="embeddings"
    )
    model_version = models.ForeignKey(
        ModelVersion, on_delete=models.PROTECT, related_name="embeddings"
    )
    vector = HalfVectorField(help_text="Unit length, half precision.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["photo", "model_version"],
                name="one_embedding_per_photo_and_version",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.photo_id}: {self.model_version_id}"


class PhotoCheck(models.Model):
    """How far the automatic checks of a photo have come.

    ``retry_at`` is a lease while somebody checks it, and a pause, longer each time,
    after they were killed or failed: a photo that kills workers cannot stop the rest.
    """

    photo = models.OneToOneField(
        Photo, on_delete=models.CASCADE, related_name="automatic_check"
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    retry_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    problem = models.CharField(
        max_length=20, blank=True, help_text="Why the photo cannot be looked at."
    )

    def __str__(self) -> str:
        return f"{self.photo_id}: {self.checked_at or 'waits'}"

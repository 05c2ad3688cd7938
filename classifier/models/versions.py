"""Model versions, and what each of them says of given photos."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from pgvector.django import HalfVectorField

from motifs.models import Photo

MOST_FEATURES = 4000
"""An index of half-precision vectors takes no longer ones (pgvector 0.8)."""


class ModelVersion(models.Model):
    """One trained network, frozen: what it said stays comparable with what it says.

    Registered when a run has made it, or when it first looks at a given photo.
    """

    version = models.CharField(
        _("version"), max_length=100, unique=True, editable=False
    )
    sha256 = models.CharField("SHA-256", max_length=64, editable=False)
    labels = models.JSONField(
        editable=False, help_text="Motifs and unknown labels, in the network's order."
    )
    embedding_size = models.PositiveSmallIntegerField(editable=False)
    folder = models.CharField(
        max_length=200,
        blank=True,
        editable=False,
        help_text="Below settings.MODELS_FOLDER; none for the one that the site came "
        "with (settings.MODEL_FOLDER).",
    )
    registered_at = models.DateTimeField(
        _("registered at"), default=timezone.now, editable=False
    )
    indexed_at = models.DateTimeField(
        null=True,
        editable=False,
        help_text="Since when its embeddings have an index; few need none.",
    )

    class Meta:
        verbose_name = _("model version")
        verbose_name_plural = _("model versions")
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


class CloseEmbedding(models.Model):
    """Where a network sees a photo that it looks at closely, for prototypes.

    Vectors of two networks are never compared; one that answers again finds its own.
    """

    photo = models.ForeignKey(
        Photo, on_delete=models.CASCADE, related_name="close_embeddings"
    )
    sha256 = models.CharField("SHA-256", max_length=64, editable=False)
    vector = HalfVectorField(help_text="Unit length, half precision.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["photo", "sha256"],
                name="one_close_embedding_per_photo_and_network",
            ),
            models.CheckConstraint(
                condition=Q(sha256__regex=r"^[0-9a-f]{64}$"),
                name="close_embedding_digest_is_sha256",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.photo_id}: {self.sha256[:12]}"


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

"""Datasets: which photos a network learned from and was tested on, frozen."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from motifs.models import Photo


class DatasetVersion(models.Model):
    """A frozen list of photos with their labels and sides, under one digest.

    Never changed or deleted, by order of the database: a figure in a report stays a
    figure about these photos.
    """

    number = models.PositiveIntegerField(_("number"), unique=True, editable=False)
    digest = models.CharField(
        _("digest"),
        max_length=64,
        unique=True,
        editable=False,
        help_text=_("SHA-256 of every photo's digest, label, side and group."),
    )
    note = models.CharField(_("note"), max_length=500, blank=True)
    built_at = models.DateTimeField(_("built at"), default=timezone.now, editable=False)
    built_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("built by"),
        help_text=_("Nobody where the site built it by count or by schedule."),
    )

    class Meta:
        verbose_name = _("dataset version")
        verbose_name_plural = _("dataset versions")
        ordering = ["-number"]
        constraints = [
            models.CheckConstraint(
                condition=Q(digest__regex=r"^[0-9a-f]{64}$"),
                name="dataset_version_digest_is_sha256",
            ),
        ]

    def __str__(self) -> str:
        return f"D{self.number}"


class DatasetPhoto(models.Model):
    """One photo of a dataset version, as it was when the version was built."""

    class Split(models.TextChoices):
        TRAIN = "train", _("to learn from")
        VAL = "val", _("to check with while learning")
        TEST = "test", _("to test with")

    class Reason(models.TextChoices):
        """Why it is on its side."""

        DETERMINED = "determined", _("Determined, with consent to train")
        BLIND = "blind", _("Determined by blind views only")
        TESTED_BEFORE = "tested_before", _("In the test photos of an earlier version")

    dataset = models.ForeignKey(
        DatasetVersion,
        on_delete=models.PROTECT,
        related_name="photos",
        verbose_name=_("dataset version"),
    )
    photo = models.ForeignKey(
        Photo, on_delete=models.PROTECT, related_name="+", verbose_name=_("photo")
    )
    sha256 = models.CharField("SHA-256", max_length=64)
    label = models.CharField(
        _("label"),
        max_length=100,
        help_text=_("Slug of the motif that was determined."),
    )
    split = models.CharField(_("side"), max_length=5, choices=Split)
    group = models.CharField(
        _("group"),
        max_length=100,
        help_text=_("Photos of one cloth, and near copies, share it."),
    )
    reason = models.CharField(_("reason"), max_length=20, choices=Reason)

    class Meta:
        verbose_name = _("photo of a dataset")
        verbose_name_plural = _("photos of a dataset")
        ordering = ["dataset", "label", "photo"]
        constraints = [
            models.UniqueConstraint(
                fields=["dataset", "photo"], name="one_photo_once_per_dataset"
            ),
            models.CheckConstraint(
                condition=Q(split__in=["train", "val", "test"]),
                name="dataset_photo_has_a_side",
            ),
            models.CheckConstraint(
                condition=Q(sha256__regex=r"^[0-9a-f]{64}$"),
                name="dataset_photo_digest_is_sha256",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.dataset_id}: {self.photo_id} {self.label}"

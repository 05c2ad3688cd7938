"""Files on their way here, in pieces, over bad networks."""

from __future__ import annotations

import secrets
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from motifs.models.contribution import Contribution, new_key
from motifs.models.photo import Photo


def upload_path(upload: Upload, filename: str) -> str:
    """A random name: nothing of the sender's is kept."""
    return f"uploads/{secrets.token_hex(16)}.part"


class UploadQuerySet(models.QuerySet["Upload"]):
    def unfinished(self) -> Self:
        return self.filter(photo=None, refusal="")


class Upload(models.Model):
    """A file of which ``offset`` of ``length`` bytes have come (tus 1.0).

    When it is whole it becomes a photo of its contribution, or is refused, and its own
    file goes. The row stays a day, so that a question asked twice has one answer.
    """

    key = models.CharField(max_length=32, unique=True, default=new_key, editable=False)
    contribution = models.ForeignKey(
        Contribution, on_delete=models.CASCADE, related_name="uploads"
    )
    client_id = models.UUIDField(
        help_text=_("Chosen by the sender: starting twice is the same as once.")
    )
    length = models.PositiveIntegerField(_("length in bytes"))
    offset = models.PositiveIntegerField(_("bytes that have come"), default=0)
    file = models.FileField(upload_to=upload_path, editable=False)
    photo = models.OneToOneField(
        Photo, on_delete=models.CASCADE, null=True, related_name="upload"
    )
    refusal = models.CharField(
        max_length=30,
        blank=True,
        default="",
        help_text=_("Why the whole file was refused: a name in motifs.refusals."),
    )
    created_at = models.DateTimeField(_("started at"), auto_now_add=True)
    touched_at = models.DateTimeField(_("last piece at"), auto_now=True)

    objects = UploadQuerySet.as_manager()

    class Meta:
        verbose_name = _("upload")
        verbose_name_plural = _("uploads")
        constraints = [
            models.UniqueConstraint(
                fields=["contribution", "client_id"], name="one_upload_per_file"
            ),
            models.CheckConstraint(
                condition=Q(length__gt=0, offset__lte=F("length")),
                name="upload_is_no_longer_than_said",
            ),
            models.CheckConstraint(
                # Whole and judged are one step: no crash can leave it in between.
                condition=Q(offset__lt=F("length"), photo=None, refusal="")
                | Q(offset=F("length"), photo__isnull=False, refusal="")
                | (Q(offset=F("length"), photo=None) & ~Q(refusal="")),
                name="upload_is_a_photo_or_refused_once_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.offset}/{self.length}"

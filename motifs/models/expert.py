"""What experts leave behind besides statements: skips, comments, and what they saw."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from motifs.models.contribution import Contribution
from motifs.models.photo import Photo


class SkippedPhoto(models.Model):
    """A photo that an expert put off; it comes back to them after some days."""

    photo = models.ForeignKey(Photo, on_delete=models.CASCADE, related_name="skips")
    skipped_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    skipped_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["skipped_by", "photo"], name="one_skip_per_person_and_photo"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.photo_id}"


class SeenCloth(models.Model):
    """Somebody who may judge photos was shown what is said of a cloth.

    By cloth: what is said of one photo of it gives the others away. It goes with the
    account, and no page shows it.
    """

    contribution = models.ForeignKey(
        Contribution, on_delete=models.CASCADE, related_name="+"
    )
    seen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["seen_by", "contribution"],
                name="cloth_is_first_seen_once_per_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contribution_id}"


class Comment(models.Model):
    """A sentence to those who judged the same photo. It changes nobody's statement."""

    LONGEST = 2000

    photo = models.ForeignKey(Photo, on_delete=models.PROTECT, related_name="comments")
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("written by"),
    )
    written_at = models.DateTimeField(_("written at"), default=timezone.now)
    text = models.TextField(_("text"))

    class Meta:
        verbose_name = _("comment")
        verbose_name_plural = _("comments")
        ordering = ["written_at", "pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="comment_says_something")
        ]

    def __str__(self) -> str:
        return self.text[:60]

"""What automatic checks noted of photos. They flag; people decide."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from motifs.models.photo import Photo


class Flag(models.Model):
    """One finding of one check about one photo."""

    class Kind(models.TextChoices):
        EXACT_COPY = "exact_copy", _("The same file as another photo")
        NEAR_COPY = "near_copy", _("Nearly the same as another photo")
        TOO_DARK = "too_dark", _("Too dark")
        TOO_BRIGHT = "too_bright", _("Too bright")
        BLURRED = "blurred", _("Blurred")
        TOO_SMALL = "too_small", _("Too small")
        NOT_CLOTH = "not_cloth", _("Perhaps not a cloth")
        UNREADABLE = "unreadable", _("The checks could not read it")

    WEIGHTS = {
        Kind.EXACT_COPY: 5,
        Kind.NEAR_COPY: 3,
        Kind.NOT_CLOTH: 3,
        Kind.UNREADABLE: 3,
        Kind.BLURRED: 2,
        Kind.TOO_DARK: 1,
        Kind.TOO_BRIGHT: 1,
        Kind.TOO_SMALL: 1,
    }
    """How much attention each asks for; a contribution's is the sum."""

    photo = models.ForeignKey(Photo, on_delete=models.CASCADE, related_name="flags")
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    other = models.ForeignKey(
        Photo,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("the other photo"),
    )
    measure = models.FloatField(
        _("measure"),
        null=True,
        blank=True,
        help_text=_("What the check measured, in its own unit."),
    )
    made_at = models.DateTimeField(_("noted at"), auto_now_add=True)

    class Meta:
        verbose_name = _("flag")
        verbose_name_plural = _("flags")
        ordering = ["photo", "kind", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["photo", "kind", "other"],
                name="one_flag_of_a_kind",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["exact_copy", "near_copy"], other__isnull=False)
                | (~Q(kind__in=["exact_copy", "near_copy"]) & Q(other=None)),
                name="flag_of_a_copy_names_the_other",
            ),
            models.CheckConstraint(
                condition=Q(other=None) | ~Q(other=F("photo")),
                name="flag_is_not_of_itself",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.photo_id}: {self.kind}"

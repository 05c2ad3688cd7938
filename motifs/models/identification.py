"""What people say that a photo shows."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, OuterRef, Q, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from motifs.models.motif import Motif
from motifs.models.photo import Outcome, Photo


class IdentificationQuerySet(models.QuerySet["Identification"]):
    def standing(self) -> Self:
        return self.filter(withdrawn_at=None)

    def counting(self) -> Self:
        """Those that a photo's determination rests on; for a subquery of photos.

        What was said of a motif that has been merged counts for the one it became.
        """
        said = Coalesce("motif__merged_into", "motif", Value(0))
        second = Coalesce("second_motif__merged_into", "second_motif", Value(0))
        first_stands = Coalesce(OuterRef("determined_motif"), Value(0))
        second_stands = Coalesce(OuterRef("determined_second_motif"), Value(0))
        return (
            self.standing()
            .filter(photo=OuterRef("pk"))
            .exclude(role=Identification.Role.GIVER)
            .annotate(said_motif=said, said_second_motif=second)
            .filter(
                Q(said_motif=first_stands)
                & (
                    Q(outcome=OuterRef("determined_outcome"))
                    & Q(said_second_motif=second_stands)
                    # Two that were merged into one are one.
                    | Q(outcome=Outcome.TWO_MOTIFS, said_second_motif=F("said_motif"))
                )
                # A print is agreed on whatever motif is named with it.
                | Q(outcome=Outcome.PRINTED) & Q(outcome=OuterRef("determined_outcome"))
            )
        )

    def first_blind(self) -> Self:
        """What each person said first of each photo, having seen nobody else's view.

        Taken back later or not: agreement is measured on what was first said. The
        database keeps one blind statement per person and photo.
        """
        return self.filter(is_blind=True)


class Identification(models.Model):
    """A person's dated statement about what a photo shows.

    Never edited or deleted, by order of the database. Changing one's mind withdraws the
    old statement and makes a new one, so the catalogue can always say who thought what,
    and when.
    """

    class Certainty(models.TextChoices):
        CERTAIN = "certain", _("Certain")
        PROBABLE = "probable", _("Probable")
        POSSIBLE = "possible", _("Possible")

    class Role(models.TextChoices):
        """In which role the person spoke, as it was then."""

        EXPERT = "expert", _("Expert")
        CURATOR = "curator", _("Curator")
        GIVER = "giver", _("The giver of the photo")

    photo = models.ForeignKey(
        Photo,
        on_delete=models.PROTECT,
        related_name="identifications",
        verbose_name=_("photo"),
    )
    outcome = models.CharField(_("says"), max_length=12, choices=Outcome)
    motif = models.ForeignKey(
        Motif,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="identifications",
        verbose_name=_("motif"),
    )
    second_motif = models.ForeignKey(
        Motif,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("second motif"),
    )
    certainty = models.CharField(
        _("certainty"), max_length=10, choices=Certainty, default=Certainty.PROBABLE
    )
    remarks = models.TextField(_("remarks"), blank=True)
    role = models.CharField(_("role"), max_length=10, choices=Role, editable=False)
    is_blind = models.BooleanField(
        _("blind"),
        editable=False,
        help_text=_("Made before the recogniser's guess or others' views were shown."),
    )
    identified_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="identifications",
        verbose_name=_("identified by"),
    )
    identified_at = models.DateTimeField(
        _("identified at"), default=timezone.now, editable=False
    )
    withdrawn_at = models.DateTimeField(
        _("withdrawn at"), null=True, blank=True, editable=False
    )

    objects = IdentificationQuerySet.as_manager()

    class Meta:
        verbose_name = _("identification")
        verbose_name_plural = _("identifications")
        ordering = ["photo", "identified_at", "pk"]
        permissions = [("view_agreement", "Can see how far experts agree")]
        indexes = [
            models.Index(
                fields=["identified_by", "-identified_at"],
                name="identified_by_and_when",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                # Whoever has spoken once was shown what others say.
                fields=["photo", "identified_by"],
                condition=Q(is_blind=True),
                name="one_blind_identification_per_person",
            ),
            models.CheckConstraint(
                condition=Q(is_blind=False) | ~Q(role="giver"),
                name="identification_of_ones_own_is_not_blind",
            ),
            models.CheckConstraint(
                condition=Q(certainty__in=["certain", "probable", "possible"]),
                name="identification_certainty_is_known_word",
            ),
            models.CheckConstraint(
                condition=Q(role__in=["expert", "curator", "giver"]),
                name="identification_role_is_known_word",
            ),
            models.UniqueConstraint(
                fields=["photo", "identified_by"],
                condition=Q(withdrawn_at=None),
                name="one_standing_identification_per_person",
            ),
            models.CheckConstraint(
                condition=Q(
                    outcome="motif", motif__isnull=False, second_motif__isnull=True
                )
                | Q(
                    outcome="two_motifs",
                    motif__isnull=False,
                    second_motif__isnull=False,
                )
                # A printed copy is still of a motif, if it is known which.
                | Q(outcome="printed", second_motif__isnull=True)
                | Q(
                    outcome__in=["other_motif", "not_cloth", "cannot_tell"],
                    motif__isnull=True,
                    second_motif__isnull=True,
                ),
                name="identification_names_what_it_says",
            ),
            models.CheckConstraint(
                condition=Q(second_motif=None) | ~Q(second_motif=F("motif")),
                name="identification_two_motifs_differ",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.photo_id}: {self.outcome}"

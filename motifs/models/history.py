"""What happened to everything in the catalogue: one history, only added to."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from motifs.models.claim import Claim, LookAlike, Source
from motifs.models.contribution import Contribution
from motifs.models.motif import Motif
from motifs.models.photo import Photo


class HistoryQuerySet(models.QuerySet["HistoryEntry"]):
    def of(self, subject: models.Model) -> Self:
        """What a page of the subject's history tells."""
        match subject:
            case Motif():
                return self.of_motif(subject)
            case Claim():
                return self.of_claim(subject)
            case LookAlike():
                return self.of_look_alike(subject)
            case Source():
                return self.of_source(subject)
            case Photo():
                return self.of_photo(subject)
            case Contribution():
                return self.of_contribution(subject)
        return self.none()

    def of_photo(self, photo: Photo) -> Self:
        """Its own entries, oldest first."""
        return self.filter(photo=photo).order_by("at", "pk")

    def of_motif(self, motif: Motif) -> Self:
        """What was done to the motif itself, oldest first.

        What was said of photos names motifs too, but is the photos' history.
        """
        return self.filter(motif=motif, photo=None).order_by("at", "pk")

    def of_source(self, source: Source) -> Self:
        return self.filter(source=source).order_by("at", "pk")

    def of_claim(self, claim: Claim) -> Self:
        """What was done to one claim, also before its motif became another one."""
        return self._of_row(claim, claim.motif_id)

    def of_look_alike(self, pair: LookAlike) -> Self:
        """What was done to one pair; both motifs have it, and one tells it here."""
        return self._of_row(pair, pair.first_id)

    def _of_row(self, row: Claim | LookAlike, motif_id: int) -> Self:
        motif = Q(motif=motif_id) | Q(motif__merged_into=motif_id)
        rows = [{"of": row._meta.model_name, "id": row.pk}]
        return self.filter(motif, data__rows__contains=rows).order_by("at", "pk")

    def of_contribution(self, contribution: Contribution) -> Self:
        """Its own entries and those of its photos, oldest first."""
        own = Q(contribution=contribution) | Q(photo__contribution=contribution)
        return self.filter(own).order_by("at", "pk")


class HistoryEntry(models.Model):
    """Who did what, when and why. The database refuses to change or delete a row."""

    class Verb(models.TextChoices):
        CREATED = "created", _("Entered")
        SUBMITTED = "submitted", _("Submitted")
        EDITED = "edited", _("Edited")
        DELETED = "deleted", _("Deleted")
        APPLIED = "applied", _("Suggestion taken over")
        TAKEN_OUT = "taken_out", _("Suggestion taken out again")
        ACCEPTED = "accepted", _("Accepted")
        DECLINED = "declined", _("Declined")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        CONSENTED = "consented", _("Consent changed")
        CLEANED = "cleaned", _("Personal notes removed from its file")
        TAKEN_DOWN = "taken_down", _("Taken down")
        REOPENED = "reopened", _("Decision taken back")
        FLAGGED = "flagged", _("Noted by a check")
        IDENTIFIED = "identified", _("Identified")
        IDENTIFICATION_WITHDRAWN = "unidentified", _("Identification withdrawn")
        DETERMINED = "determined", _("Determined")
        UNDETERMINED = "undetermined", _("Determination lifted")
        MARKED_GOOD = "marked_good", _("Marked as a good photo")
        UNMARKED_GOOD = "unmarked_good", _("No longer marked as a good photo")
        RESTRICTED = "restricted", _("Restricted")
        OPENED = "opened", _("Made public")
        MERGED = "merged", _("Merged")
        PUBLISHED = "published", _("Published")
        REPORTED = "reported", _("Problem reported")
        RESOLVED = "resolved", _("Problem resolved")

    verb = models.CharField(_("what"), max_length=16, choices=Verb)
    contribution = models.ForeignKey(
        Contribution, on_delete=models.PROTECT, null=True, related_name="history"
    )
    photo = models.ForeignKey(
        Photo, on_delete=models.PROTECT, null=True, related_name="history"
    )
    motif = models.ForeignKey(
        Motif, on_delete=models.PROTECT, null=True, related_name="history"
    )
    # A source may be deleted and its history stays: the number outlives the row.
    source = models.ForeignKey(
        Source,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        null=True,
        related_name="history",
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("who"),
        help_text=_("Nobody where a check did it, or somebody without an account."),
    )
    at = models.DateTimeField(_("when"), default=timezone.now)
    reason = models.TextField(_("why"), blank=True)
    data = models.JSONField(default=dict, help_text=_("What was, and what became."))

    objects = HistoryQuerySet.as_manager()

    class Meta:
        verbose_name = _("history entry")
        verbose_name_plural = _("history")
        ordering = ["at", "pk"]
        indexes = [models.Index(fields=["-at", "-id"], name="history_newest_first")]
        constraints = [
            models.CheckConstraint(
                condition=Q(contribution__isnull=False)
                | Q(photo__isnull=False)
                | Q(motif__isnull=False)
                | Q(source__isnull=False),
                name="history_is_about_something",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.at:%Y-%m-%d}"

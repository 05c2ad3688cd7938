"""Somebody says that something is wrong with a page."""

from __future__ import annotations

from datetime import timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Case, Q, Value, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from motifs.languages import READER_LANGUAGES, Language
from motifs.models.contribution import both_or_neither
from motifs.models.motif import Motif
from motifs.models.photo import Photo

CONTACT_KEPT_FOR = timedelta(days=30)
"""After the answer; whoever wants to ask again writes to a mail that they have."""


class ProblemReportQuerySet(models.QuerySet["ProblemReport"]):
    def unresolved(self) -> Self:
        return self.filter(resolved_at=None)

    def with_contact_to_forget(self) -> Self:
        """Those whose reporter's address has served its purpose."""
        long_ago = timezone.now() - CONTACT_KEPT_FOR
        return self.filter(resolved_at__lt=long_ago).exclude(contact="")

    def most_urgent_first(self) -> Self:
        """Open before resolved, then whose rights are touched, then the oldest."""
        return self.annotate(
            urgency=Case(
                When(resolved_at__isnull=False, then=Value(2)),
                When(kind__in=ProblemReport.URGENT, then=Value(0)),
                default=Value(1),
            )
        ).order_by("urgency", "reported_at", "pk")


class ProblemReport(models.Model):
    """What a reader found wrong with a photo or a motif, and what became of it."""

    class Kind(models.TextChoices):
        WRONG = "wrong", _("Something is not true")
        RIGHTS = "rights", _("It is mine, or was not theirs to give")
        PERSON = "person", _("I can be recognised and do not want to be")
        COMMUNITY = "community", _("Our community does not want it shown")
        OTHER = "other", _("Something else")

    URGENT = (Kind.RIGHTS, Kind.PERSON, Kind.COMMUNITY)
    """Somebody's rights may be touched; a curator looks at these first."""

    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    photo = models.ForeignKey(
        Photo, on_delete=models.PROTECT, null=True, blank=True, related_name="problems"
    )
    motif = models.ForeignKey(
        Motif, on_delete=models.PROTECT, null=True, blank=True, related_name="problems"
    )
    text = models.TextField(_("what is wrong"), max_length=2000)
    contact = models.EmailField(_("e-mail"), blank=True)
    language = models.CharField(
        _("language"),
        max_length=10,
        blank=True,
        help_text=_("Of the page on which it was reported."),
    )
    reported_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    reported_at = models.DateTimeField(_("reported at"), auto_now_add=True)
    resolved_at = models.DateTimeField(_("resolved at"), null=True, editable=False)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("resolved by"),
    )
    resolution = models.TextField(_("what was done"), blank=True)
    answer = models.TextField(
        _("answer"), blank=True, help_text=_("As it was written to who reported it.")
    )

    objects = ProblemReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("problem report")
        verbose_name_plural = _("problem reports")
        ordering = ["resolved_at", "reported_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(photo=None, motif__isnull=False)
                | Q(photo__isnull=False, motif=None),
                name="problem_is_of_one_thing",
            ),
            models.CheckConstraint(
                condition=both_or_neither("resolved_at", "resolved_by"),
                name="problem_resolved_when_and_who",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def mail_language(self) -> str:
        """Of the answer: the account's, else that of the report."""
        said = self.reported_by.mail_language if self.reported_by else self.language
        return said if said in READER_LANGUAGES else Language.INDONESIAN.value

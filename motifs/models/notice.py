"""What is to be written to givers and to who reported a problem, and whether it was."""

from __future__ import annotations

from datetime import timedelta
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from motifs.models.contribution import Contribution
from motifs.models.history import HistoryEntry
from motifs.models.problem_report import ProblemReport

PATIENCE = timedelta(days=7)
"""After this, news is no news: a mail that could not be sent is given up."""


class NoticeQuerySet(models.QuerySet["Notice"]):
    def waiting(self) -> Self:
        return self.filter(sent_at=None, is_needless=False)

    def due(self) -> Self:
        """Those to be sent now, as far as the clock goes."""
        now = timezone.now()
        return self.waiting().filter(try_at__lte=now, created_at__gt=now - PATIENCE)


class Notice(models.Model):
    """A mail about one entry of the history, written in the same transaction.

    The row outlives a queue that is down, and says when the mail was sent, so nothing
    is written twice.
    """

    entry = models.OneToOneField(
        HistoryEntry, on_delete=models.PROTECT, related_name="notice"
    )
    contribution = models.ForeignKey(
        Contribution, on_delete=models.PROTECT, null=True, related_name="notices"
    )
    problem = models.ForeignKey(
        ProblemReport, on_delete=models.PROTECT, null=True, related_name="notices"
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    try_at = models.DateTimeField(_("to be sent at"))
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    sent_at = models.DateTimeField(_("sent at"), null=True)
    is_needless = models.BooleanField(
        _("needless"),
        default=False,
        help_text=_("It was overtaken, or there is no address to write to."),
    )

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        ordering = ["try_at", "pk"]
        indexes = [
            models.Index(
                fields=["try_at"],
                condition=Q(sent_at=None, is_needless=False),
                name="notice_waiting",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(contribution=None, problem__isnull=False)
                | Q(contribution__isnull=False, problem=None),
                name="notice_is_about_one_thing",
            ),
            models.CheckConstraint(
                condition=Q(sent_at=None) | Q(is_needless=False),
                name="notice_is_sent_or_needless",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contribution_id or self.problem}: {self.entry_id}"

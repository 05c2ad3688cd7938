"""Training runs: what was asked for, how far it is, and how it ended."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from django.conf import settings as site
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from classifier.models.datasets import DatasetVersion
from classifier.models.versions import ModelVersion


class TrainingRunQuerySet(models.QuerySet["TrainingRun"]):
    def open(self) -> Self:
        """Those that are not over."""
        return self.filter(state__in=TrainingRun.OPEN)


class TrainingRun(models.Model):
    """One execution of ``python -m ml train``; at most one is open at any time.

    Whoever runs it writes ``beat_at`` every few seconds. A run that says it is running
    and has not beaten for long was killed, and is marked failed.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    OPEN = (State.QUEUED, State.RUNNING)

    class Trigger(models.TextChoices):
        HAND = "hand", _("by hand")
        COUNT = "count", _("enough new confirmations")
        SCHEDULE = "schedule", _("by schedule")

    state = models.CharField(
        _("state"), max_length=10, choices=State, default=State.QUEUED, editable=False
    )
    trigger = models.CharField(
        _("started"), max_length=10, choices=Trigger, default=Trigger.HAND
    )
    dataset = models.ForeignKey(
        DatasetVersion,
        on_delete=models.PROTECT,
        related_name="runs",
        verbose_name=_("dataset version"),
    )
    starts_from = models.ForeignKey(
        ModelVersion,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("starts from"),
        help_text=_("The model whose weights it goes on from."),
    )
    recipe = models.CharField(_("recipe"), max_length=20, default="default")
    settings = models.JSONField(
        _("settings"),
        default=dict,
        blank=True,
        help_text=_("Options of the command that differ from the recipe's."),
    )
    seed = models.PositiveIntegerField(_("seed"), default=1)
    repeats = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="repeated_by",
        verbose_name=_("repeats"),
    )
    asked_at = models.DateTimeField(
        _("asked for at"), default=timezone.now, editable=False
    )
    asked_by = models.ForeignKey(
        site.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("asked for by"),
    )
    started_at = models.DateTimeField(_("started at"), null=True, editable=False)
    beat_at = models.DateTimeField(_("last sign of life"), null=True, editable=False)
    ended_at = models.DateTimeField(_("ended at"), null=True, editable=False)
    cancel_asked_at = models.DateTimeField(
        _("cancelling asked for at"), null=True, editable=False
    )
    progress = models.JSONField(
        _("progress"),
        default=dict,
        editable=False,
        help_text=_("What is being done, how much is done and how much there is."),
    )
    problem = models.TextField(_("problem"), blank=True, editable=False)
    makes = models.OneToOneField(
        ModelVersion,
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="run",
        verbose_name=_("made"),
    )

    objects = TrainingRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("training run")
        verbose_name_plural = _("training runs")
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                # A constant: of all rows that are open there may be one.
                models.Value(1),
                condition=Q(state__in=["queued", "running"]),
                name="one_training_run_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(state="queued", started_at=None, ended_at=None)
                | Q(state="running", started_at__isnull=False, ended_at=None)
                | Q(state__in=["done", "failed", "cancelled"], ended_at__isnull=False),
                name="training_run_has_the_times_of_its_state",
            ),
            models.CheckConstraint(
                condition=Q(state="done", makes__isnull=False)
                | (~Q(state="done") & Q(makes=None)),
                name="training_run_that_is_done_made_a_model",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def folder(self) -> Path:
        """Where its photos, log and model come to be; no address leads there."""
        return Path(site.RUNS_FOLDER) / str(self.pk)

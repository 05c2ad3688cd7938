"""What was measured of a model version, and which one was live when."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from classifier.complaints import in_words
from classifier.models.datasets import DatasetVersion
from classifier.models.versions import ModelVersion


class Evaluation(models.Model):
    """One model version on the test photos of one dataset version."""

    model_version = models.ForeignKey(
        ModelVersion,
        on_delete=models.PROTECT,
        related_name="evaluations",
        verbose_name=_("model version"),
    )
    dataset = models.ForeignKey(
        DatasetVersion,
        on_delete=models.PROTECT,
        related_name="evaluations",
        verbose_name=_("dataset version"),
    )
    metrics = models.JSONField(
        _("figures"), help_text=_("As `python -m ml evaluate` writes them.")
    )
    folder = models.CharField(
        max_length=200,
        blank=True,
        editable=False,
        help_text="Of the report, below settings.MODELS_FOLDER.",
    )
    made_at = models.DateTimeField(_("made at"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("evaluation")
        verbose_name_plural = _("evaluations")
        ordering = ["-made_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["model_version", "dataset"],
                name="one_evaluation_per_version_and_dataset",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model_version_id}: D{self.dataset_id}"


class FailedEvaluation(models.Model):
    """Why a version could not be compared on a dataset, until that succeeds."""

    model_version = models.ForeignKey(
        ModelVersion,
        on_delete=models.CASCADE,
        related_name="failed_evaluations",
        verbose_name=_("model version"),
    )
    dataset = models.ForeignKey(
        DatasetVersion,
        on_delete=models.CASCADE,
        related_name="failed_evaluations",
        verbose_name=_("dataset version"),
    )
    problem = models.TextField(
        _("problem"), help_text=_("In English, as the program said it.")
    )
    failed_at = models.DateTimeField(_("failed at"), default=timezone.now)

    class Meta:
        verbose_name = _("failed evaluation")
        verbose_name_plural = _("failed evaluations")
        ordering = ["-failed_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["model_version", "dataset"],
                name="one_failure_per_version_and_dataset",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model_version_id}: D{self.dataset_id}"

    @property
    def words(self) -> str:
        """The problem in the reader's language."""
        return in_words(self.problem)


class PromotionQuerySet(models.QuerySet["Promotion"]):
    def in_order(self) -> Self:
        return self.order_by("promoted_at", "pk")


class Promotion(models.Model):
    """One line of the ledger: from then on, this version answered.

    Only added to, by order of the database. A rollback is a line of its own. Before the
    first line, the model of ``settings.MODEL_FOLDER`` answered.
    """

    from_version = models.ForeignKey(
        ModelVersion,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("from"),
    )
    to_version = models.ForeignKey(
        ModelVersion,
        on_delete=models.PROTECT,
        related_name="promotions",
        verbose_name=_("to"),
    )
    is_rollback = models.BooleanField(_("a step back"), default=False)
    promoted_at = models.DateTimeField(_("when"), default=timezone.now)
    promoted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("who"),
    )
    gate = models.JSONField(
        _("gate"),
        default=dict,
        help_text=_("What was compared, and what the gate said of it."),
    )
    passed_gate = models.BooleanField(_("passed the gate"))
    reason = models.TextField(
        _("reason"), blank=True, help_text=_("Needed where the gate is overruled.")
    )

    objects = PromotionQuerySet.as_manager()

    class Meta:
        verbose_name = _("promotion")
        verbose_name_plural = _("promotions")
        ordering = ["-promoted_at", "-pk"]
        permissions = [("promote_model", "Can promote models and go back")]
        constraints = [
            models.CheckConstraint(
                condition=Q(passed_gate=True) | Q(is_rollback=True) | ~Q(reason=""),
                name="overruling_the_gate_has_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(from_version=None)
                | ~Q(from_version=models.F("to_version")),
                name="promotion_changes_the_champion",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.promoted_at:%Y-%m-%d}: {self.to_version_id}"

"""Model versions for their keepers: what was measured, the gate, and the ledger."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST

from classifier import gate, ledger
from classifier.card import as_html
from classifier.evaluating import REPORT, forget_failure
from classifier.model_folders import card
from classifier.models import DatasetVersion, Evaluation, ModelVersion, Promotion
from classifier.predictor import describe
from classifier.promoting import (
    PERMISSION,
    champion_row,
    comparison,
    promote,
    roll_back,
    version_before,
)
from motifs.admin.seen_only import SeenOnly
from motifs.refusals import Refusal

if TYPE_CHECKING:
    from pathlib import Path

logger = logging.getLogger(__name__)

REPORT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox"
)
"""The report is one file with its own styles and plots, and runs nothing."""


@admin.register(Promotion)
class PromotionAdmin(SeenOnly, admin.ModelAdmin[Promotion]):
    list_display = (
        "promoted_at",
        "to_version",
        "from_version",
        "is_rollback",
        "passed_gate",
        "promoted_by",
        "reason",
    )
    list_select_related = ("to_version", "from_version", "promoted_by")
    fields = list_display


@admin.register(ModelVersion)
class ModelVersionAdmin(SeenOnly, admin.ModelAdmin[ModelVersion]):
    list_display = ("version", "is_champion", "macro_f1", "registered_at")
    ordering = ("-registered_at", "-pk")
    fields = ("version", "sha256", "registered_at", "is_champion")
    readonly_fields = ("is_champion",)
    search_fields = ("version", "sha256")
    change_list_template = "admin/classifier/modelversion/change_list.html"
    change_form_template = "admin/classifier/modelversion/change_form.html"

    def get_queryset(self, request: HttpRequest) -> Any:
        last = Promotion.objects.order_by("-pk").values("to_version")[:1]
        measured = Evaluation.objects.filter(model_version=OuterRef("pk"))
        return (
            super()
            .get_queryset(request)
            .annotate(
                live=Subquery(last),
                f1=Subquery(measured.values("metrics__macro_f1")[:1]),
            )
        )

    @admin.display(boolean=True, description=_("answers now"))
    def is_champion(self, version: Any) -> bool:
        if version.live is not None:
            return bool(version.live == version.pk)
        own = describe()
        return own is not None and own.sha256 == version.sha256

    @admin.display(description=_("macro-F1"))
    def macro_f1(self, version: Any) -> str:
        return "–" if version.f1 is None else f"{version.f1:.3f}"

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        name = "classifier_modelversion_"
        return [
            path("rollback/", wrap(self.rollback_view), name=name + "rollback"),
            path(
                "<int:version_id>/promote/",
                wrap(require_POST(self.promote_view)),
                name=name + "promote",
            ),
            path(
                "<int:version_id>/evaluate/",
                wrap(require_POST(self.evaluate_view)),
                name=name + "evaluate",
            ),
            path(
                "<int:version_id>/report/<int:evaluation_id>/",
                xframe_options_sameorigin(wrap(self.report_view)),
                name=name + "report",
            ),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: Any = None
    ) -> HttpResponse:
        extra = {"may_go_back": request.user.has_perm(PERMISSION) and version_before()}
        return super().changelist_view(request, {**(extra_context or {}), **extra})

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        version = self.get_object(request, object_id)
        extra = self._facts(request, version) if version else {}
        return super().change_view(
            request, object_id, form_url, {**(extra_context or {}), **extra}
        )

    def _facts(self, request: HttpRequest, version: ModelVersion) -> dict[str, Any]:
        try:
            champion = champion_row()
        except Refusal as refusal:
            messages.warning(request, str(refusal))
            champion = None
        found = None if champion == version else comparison(version, champion)
        verdict = found.as_json() if found else {}
        return {
            "champion": champion,
            "is_live": champion == version,
            "comparison": found,
            "rules": gate.sentences(verdict),
            "changes": [_shares(one) for one in verdict.get("motifs", ())],
            "alpha": gate.ALPHA,
            "datasets": DatasetVersion.objects.order_by("-number")[:20],
            "reports": [
                one
                for one in version.evaluations.select_related("dataset")
                if _report(one).is_file()
            ],
            "failures": version.failed_evaluations.select_related("dataset"),
            "card": as_html(card(ledger.folder_of(version))),
            "may_promote": request.user.has_perm(PERMISSION),
        }

    def promote_view(self, request: HttpRequest, version_id: int) -> HttpResponse:
        """Let the version answer, if the gate or a reason lets it."""
        self._may(request)
        version = get_object_or_404(ModelVersion, pk=version_id)
        by: Any = request.user
        try:
            promote(version=version, by=by, reason=request.POST.get("reason", ""))
        except Refusal as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(
                request,
                gettext("%(version)s answers from now on.") % {"version": version},
            )
        return redirect("admin:classifier_modelversion_change", version.pk)

    def rollback_view(self, request: HttpRequest) -> HttpResponse:
        """Say what a step back does; on a press, do it."""
        self._may(request)
        if request.method == "POST":
            by: Any = request.user
            try:
                made = roll_back(by=by, reason=request.POST.get("reason", ""))
            except Refusal as refusal:
                messages.error(request, str(refusal))
            else:
                messages.success(
                    request,
                    gettext("%(version)s answers again.")
                    % {"version": made.to_version},
                )
            return redirect("admin:classifier_modelversion_changelist")
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Go a step back"),
            "opts": self.opts,
            "champion": champion_row(),
            "earlier": version_before(),
        }
        return TemplateResponse(
            request, "admin/classifier/modelversion/rollback.html", context
        )

    def evaluate_view(self, request: HttpRequest, version_id: int) -> HttpResponse:
        """Put the comparison with the champion in the queue."""
        from classifier.tasks import compare_models_task

        self._may(request)
        version = get_object_or_404(ModelVersion, pk=version_id)
        number = request.POST.get("dataset", "")
        dataset = get_object_or_404(
            DatasetVersion, pk=number if number.isdecimal() else None
        )
        try:
            # Forgotten first, or a task that fails at once would have its reason
            # forgotten; kept if the queue takes nothing.
            with transaction.atomic():
                forget_failure(version=version, dataset=dataset)
                compare_models_task.delay(version.pk, dataset.pk)
        # A queue can be down in more ways than its library has errors for.
        except Exception as error:
            logger.warning("the queue is down, nothing is evaluated: %r", error)
            messages.error(request, gettext("The queue does not answer. Try again."))
        else:
            messages.success(
                request,
                gettext("It is being evaluated; load this page again in a minute."),
            )
        return redirect("admin:classifier_modelversion_change", version.pk)

    def report_view(
        self, request: HttpRequest, version_id: int, evaluation_id: int
    ) -> FileResponse:
        """Give an evaluation's report, for the frame on the version's page."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        evaluation = get_object_or_404(
            Evaluation, pk=evaluation_id, model_version=version_id
        )
        try:
            file = _report(evaluation).open("rb")
        except OSError as error:
            raise Http404 from error
        response = FileResponse(file, content_type="text/html; charset=utf-8")
        response["Content-Security-Policy"] = REPORT_POLICY
        response["X-Content-Type-Options"] = "nosniff"
        response["Cache-Control"] = "private, no-store"
        return response

    def _may(self, request: HttpRequest) -> None:
        if not request.user.has_perm(PERMISSION):
            raise PermissionDenied


def _report(evaluation: Evaluation) -> Path:
    return settings.MODELS_FOLDER / (evaluation.folder or "none") / REPORT


def _shares(change: dict[str, Any]) -> dict[str, Any]:
    """Return a motif's change with its recalls, 0..1."""
    photos = change["photos"]
    before, after = change["before"] / photos, change["after"] / photos
    return {**change, "was": before, "now": after, "change": after - before}

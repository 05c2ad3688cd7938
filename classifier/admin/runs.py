"""Training runs: asked for, watched as they go, cancelled and repeated."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from classifier import everyday, predictor, training
from classifier.complaints import in_words
from classifier.labels import UNKNOWN_LABELS
from classifier.models import DatasetPhoto, DatasetVersion, TrainingRun
from classifier.training_child import tail
from motifs.admin.seen_only import SeenOnly

STEPS = {
    "photos": _("collecting the photos"),
    "render": _("rendering cloth of motifs that have too few photos"),
    "decode": _("reading the photos"),
    "features": _("looking at the photos"),
    "look": _("looking at the photos"),
    "head": _("learning"),
    "export": _("writing the model"),
    "remember": _("remembering the photos"),
    "calibrate": _("checking"),
    "ask": _("testing"),
}
"""What is being done, in people's words; other steps are shown as they are called."""
MOST_SEED = 2**31 - 1


class RunForm(forms.Form):
    dataset = forms.ModelChoiceField(
        DatasetVersion.objects.all(), label=_("Dataset version"), empty_label=None
    )
    recipe = forms.ChoiceField(
        label=_("Recipe"),
        help_text=_(
            "The default recipe learns the last layer and takes minutes; the full one "
            "learns all of the network and takes hours."
        ),
    )
    seed = forms.IntegerField(
        label=_("Seed"),
        min_value=0,
        max_value=MOST_SEED,
        initial=1,
        help_text=_("The same number, dataset and recipe make the same model."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = [(name, name) for name in predictor.recipes()]
        self.fields["recipe"].choices = names  # type: ignore[attr-defined]


@admin.register(TrainingRun)
class TrainingRunAdmin(SeenOnly, admin.ModelAdmin[TrainingRun]):
    """Started and cancelled by buttons; nothing of a run is edited."""

    list_display = ("name", "state", "dataset", "recipe", "trigger", "asked_at", "made")
    list_display_links = ("name",)
    list_select_related = ("dataset", "makes")
    list_filter = ("state", "trigger")
    change_list_template = "admin/classifier/trainingrun/change_list.html"

    def get_urls(self) -> list[URLPattern]:
        wrap, name = self.admin_site.admin_view, "classifier_trainingrun_"
        own = [
            path("start/", wrap(self.start_view), name=name + "start"),
            path("<int:run_id>/live/", wrap(self.live_view), name=name + "live"),
            path(
                "<int:run_id>/cancel/",
                wrap(require_POST(self.cancel_view)),
                name=name + "cancel",
            ),
            path(
                "<int:run_id>/repeat/",
                wrap(require_POST(self.repeat_view)),
                name=name + "repeat",
            ),
        ]
        return [*own, *super().get_urls()]

    @admin.display(description=_("run"), ordering="pk")
    def name(self, run: TrainingRun) -> str:
        return str(run)

    @admin.display(description=_("made"))
    def made(self, run: TrainingRun) -> str:
        return str(run.makes or "")

    def start_view(self, request: HttpRequest) -> HttpResponse:
        """Ask for a run of a dataset, a recipe and a seed of the keeper's choice."""
        _refuse_others(request)
        form = RunForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            by: Any = request.user
            try:
                run = training.ask_for_run(by=by, **form.cleaned_data)
            except training.AlreadyRunning:
                form.add_error(None, _already_running())
            else:
                return redirect("admin:classifier_trainingrun_change", run.pk)
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Start a training run"),
            "opts": self.opts,
            "form": form,
            "has_datasets": DatasetVersion.objects.exists(),
        }
        return TemplateResponse(
            request,
            "admin/classifier/trainingrun/start.html",
            context,
            status=422 if form.is_bound else 200,
        )

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show how far a run is, or how it ended."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        run = self.get_object(request, object_id)
        if run is None:
            raise Http404
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Training run %(run)s") % {"run": run},
            "opts": self.opts,
            "run": run,
            "live": live(run),
            "unknown": _unknown(run),
            "may_act": request.user.has_perm("classifier.add_trainingrun"),
        }
        return TemplateResponse(
            request, "admin/classifier/trainingrun/run.html", context
        )

    def live_view(self, request: HttpRequest, run_id: int) -> HttpResponse:
        """How far a run is, for the page that shows it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        answer = JsonResponse(live(self._find(run_id)))
        answer["Cache-Control"] = "no-store"
        return answer

    def cancel_view(self, request: HttpRequest, run_id: int) -> HttpResponse:
        _refuse_others(request)
        training.cancel(self._find(run_id))
        return redirect("admin:classifier_trainingrun_change", run_id)

    def repeat_view(self, request: HttpRequest, run_id: int) -> HttpResponse:
        _refuse_others(request)
        by: Any = request.user
        try:
            run_id = training.repeat(self._find(run_id), by=by).pk
        except training.AlreadyRunning:
            messages.error(request, _already_running())
        return redirect("admin:classifier_trainingrun_change", run_id)

    def _find(self, run_id: int) -> TrainingRun:
        run = TrainingRun.objects.select_related("makes").filter(pk=run_id).first()
        if run is None:
            raise Http404
        return run


def _refuse_others(request: HttpRequest) -> None:
    if not request.user.has_perm("classifier.add_trainingrun"):
        raise PermissionDenied


def _already_running() -> str:
    return gettext("Another run is open. There is one at a time: wait or cancel it.")


def live(run: TrainingRun) -> dict[str, Any]:
    """Return how far a run is, in words and figures for its page.

    ``epochs`` are those of the log; ``share`` of the present step is in 0..1.
    """
    progress, is_open = run.progress, run.state in TrainingRun.OPEN
    done, total = progress.get("done", 0), progress.get("total", 0)
    words = run.get_state_display()
    if is_open and run.cancel_asked_at:
        words = gettext("being cancelled")
    step = progress.get("what", "") if run.state == TrainingRun.State.RUNNING else ""
    return {
        "state": run.state,
        "words": str(words),
        "is_open": is_open,
        "can_cancel": is_open and run.cancel_asked_at is None,
        "step": str(STEPS.get(step, step)),
        "count": f"{done} / {total}" if step and total else "",
        "share": done / total if step and total else None,
        "left": _left(progress) if step else "",
        "epochs": progress.get("epochs", []),
        "problem": in_words(run.problem),
        "made": str(run.makes or ""),
        "log": tail(run.folder / "log.txt"),
    }


def _unknown(run: TrainingRun) -> list[str]:
    """Say which photos of what is no motif a run learns and tests, in sentences."""
    sides = Counter(
        run.dataset.photos.filter(label__in=UNKNOWN_LABELS).values_list(
            "split", flat=True
        )
    )
    tested = sides[DatasetPhoto.Split.TEST]
    # A run that has not begun finds the folder as it is now.
    folder = run.progress.get("everyday") or (
        everyday.state() if run.state in TrainingRun.OPEN else "none"
    )
    said = []
    if sides:
        said.append(
            gettext(
                "Photos of the dataset: %(learned)d to learn from and check with, "
                "%(tested)d to test with."
            )
            % {"learned": sides.total() - tested, "tested": tested}
        )
    if folder in everyday.SENTENCES:
        said.append(str(everyday.SENTENCES[folder]))
    if not said:
        said.append(
            gettext(
                "Everyday photos are neither learned nor tested: the dataset has none, "
                "and TRAINING_UNKNOWN names no folder of them."
            )
        )
    return said


def _left(progress: dict[str, Any]) -> str:
    """Say how long the present step still takes if it goes on as it did."""
    done, total = progress.get("done", 0), progress.get("total", 0)
    if not 0 < done < total or "since" not in progress:
        return ""
    seconds = (time.time() - progress["since"]) * (total - done) / done
    if seconds < 60:
        return gettext("less than a minute")
    minutes = round(seconds / 60)
    sentence = ngettext(
        "about %(minutes)s minute", "about %(minutes)s minutes", minutes
    )
    return sentence % {"minutes": minutes}

"""Pages on which a reader says that something is wrong."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from motifs.actions import report_problem
from motifs.captions import caption
from motifs.forms import ProblemForm
from motifs.languages import reader_language
from motifs.merged import follows_merges
from motifs.models import Motif, Photo
from motifs.throttles import seconds_to_wait

if TYPE_CHECKING:
    from motifs.captions import Caption

READS_AND_POSTS = ("GET", "HEAD", "POST")


@never_cache
@require_http_methods(READS_AND_POSTS)
def photo_report(request: HttpRequest, photo_id: int) -> HttpResponse:
    """Take a problem with a photo, from whoever may see it."""
    photos = Photo.objects.visible_to(request.user).select_related("contribution")
    photo = get_object_or_404(photos, pk=photo_id)
    return _report(request, captioned=caption([photo])[0])


@never_cache
@require_http_methods(READS_AND_POSTS)
@follows_merges
def motif_report(request: HttpRequest, slug: str) -> HttpResponse:
    """Take a problem with a motif's page."""
    motifs = Motif.objects.visible_to(request.user).with_labels(reader_language())
    return _report(request, motif=get_object_or_404(motifs, slug=slug))


@never_cache
@require_safe
def reported(request: HttpRequest) -> HttpResponse:
    """Say that a report has come in, and what becomes of it."""
    return render(request, "motifs/photo_reported.html")


def _report(
    request: HttpRequest,
    *,
    captioned: Caption | None = None,
    motif: Motif | None = None,
) -> HttpResponse:
    form = ProblemForm(request.POST if request.method == "POST" else None)
    status, wait = 200, ""
    if form.is_bound:
        if form.is_by_a_machine:
            # It is not told what gave it away.
            return redirect("photos:reported")
        status = 422
        if form.is_valid():
            seconds = seconds_to_wait(request, "report")
            if seconds is None:
                report_problem(
                    photo=captioned.photo if captioned else None,
                    motif=motif,
                    by=request.user if request.user.is_authenticated else None,
                    kind=form.cleaned_data["kind"],
                    text=form.cleaned_data["text"],
                    contact=form.cleaned_data["contact"],
                )
                return redirect("photos:reported")
            status, wait = 429, _wait(seconds)
    context = {"form": form, "caption": captioned, "motif": motif, "wait": wait}
    response = render(request, "motifs/photo_report.html", context, status=status)
    response["X-Robots-Tag"] = "noindex"
    return response


def _wait(seconds: float) -> str:
    minutes = math.ceil(seconds / 60)
    return ngettext(
        "Many reports came from your network. Try again in %(count)d minute.",
        "Many reports came from your network. Try again in %(count)d minutes.",
        minutes,
    ) % {"count": minutes}

"""Beside an answer: say that it is wrong, or share it."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from classifier import problems
from classifier.answer import restored
from classifier.forms import ReportForm
from classifier.giving import report_answer, said_today, share_answer, unshare_answer
from classifier.models import SharedAnswer
from classifier.photos import photos_in
from classifier.throttles import throttle
from classifier.views import shown
from motifs.models import Motif

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.core.files.uploadedfile import UploadedFile


# As for identify: the limit on bytes comes before the CSRF check reads the form.
@csrf_exempt
@never_cache
@require_POST
def report(request: HttpRequest) -> HttpResponse:
    """Take photos whose answer is said to be wrong; answer with where they went."""
    try:
        throttle(request, "give")
        return _report(request, photos_in(request))
    except problems.Problem as problem:
        return _refused(request, problem)


@csrf_protect
def _report(request: HttpRequest, photos: Sequence[UploadedFile]) -> HttpResponse:
    form = ReportForm(request.POST)
    if not form.is_valid():
        return _refused(request, problems.bad_form())
    shows = form.cleaned_data["shows"]
    is_motif = isinstance(shows, Motif)
    try:
        made = report_answer(
            photos,
            report_id=form.cleaned_data["report_id"],
            by=request.user if request.user.is_authenticated else None,
            motif=shows if is_motif else None,
            opinion="" if is_motif else shows,
            licence=form.cleaned_data["licence"],
            consent=form.cleaned_data["consent"] == "all",
        )
    except problems.Problem as problem:
        return _refused(request, problem)
    context = {"contribution": made.contribution}
    return render(request, "classifier/_reported.html", context, status=201)


@csrf_exempt
@never_cache
@require_POST
def share(request: HttpRequest) -> HttpResponse:
    """Keep the answer to photos under an address of its own; answer with it."""
    try:
        throttle(request, "give")
        return _share(request, photos_in(request))
    except problems.Problem as problem:
        return _refused(request, problem)


@csrf_protect
def _share(request: HttpRequest, photos: Sequence[UploadedFile]) -> HttpResponse:
    with_photo = request.POST.get("with_photo") == "yes"
    try:
        made = share_answer(photos, with_photo=with_photo)
    except problems.Problem as problem:
        return _refused(request, problem)
    context = {
        "shared": made,
        "address": request.build_absolute_uri(made.get_absolute_url()),
    }
    return render(request, "classifier/_shared.html", context, status=201)


def _refused(request: HttpRequest, problem: problems.Problem) -> HttpResponse:
    context = {"error": problem.document()}
    response = render(
        request, "classifier/_answer.html", context, status=problem.status
    )
    for name, value in problem.headers.items():
        response[name] = value
    return response


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def shared(request: HttpRequest, key: str) -> HttpResponse:
    """Show a shared answer; with the owner's key, let it be taken back."""
    found = get_object_or_404(SharedAnswer, key=key)
    given = request.POST.get("owner") or request.GET.get("owner") or ""
    is_owner = secrets.compare_digest(given.encode(), found.owner_key.encode())
    if request.method == "POST":
        if not is_owner:
            raise Http404
        unshare_answer(found)
        gone = {"title": _("It is no longer shared")}
        return render(request, "classifier/shared_gone.html", gone)
    today = said_today(found)
    context: dict[str, Any] = {
        "today": restored(today)[1] if today else None,
        "shared": found,
        "is_owner": is_owner,
        "answer": shown(*restored(found.answer), request.user),
        "photo": reverse("classifier:shared-photo", args=[key]) if found.photo else "",
        "address": request.build_absolute_uri(found.get_absolute_url()),
    }
    # The owner's key is in the address; the site's referrer policy, same-origin, keeps
    # it from other sites.
    return render(request, "classifier/shared.html", context)


@require_safe
def shared_photo(request: HttpRequest, key: str) -> FileResponse:
    """Give the photo of a shared answer, while it is shared."""
    found = get_object_or_404(SharedAnswer.objects.exclude(photo=""), key=key)
    try:
        file = found.photo.open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    response = FileResponse(file, content_type="image/jpeg")
    # It can be taken back: only the reader's own browser keeps a copy, not for long.
    response["Cache-Control"] = "private, max-age=600"
    response["X-Content-Type-Options"] = "nosniff"
    response["X-Robots-Tag"] = "noindex"
    return response

"""What became of a contribution, for those who have its address; and one's own list."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Prefetch, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from motifs import seeing
from motifs.actions import withdraw_contribution
from motifs.contribution_history import determination, motif_names, told
from motifs.models import Contribution, Photo
from motifs.refusals import AlreadyWithdrawn

PAGE_SIZE = 12
THUMBNAILS = 4


@never_cache
@login_required
@require_safe
def contribution_list(request: HttpRequest) -> HttpResponse:
    """One's own contributions, newest first; ``?before=`` is where the last page ended.

    By key and not by page number: what is given meanwhile moves nothing.
    """
    mine = Contribution.objects.filter(given_by=cast("int", request.user.pk))
    total = mine.count()
    if (cursor := _cursor(request.GET.get("before", ""))) is not None:
        at, pk = cursor
        mine = mine.filter(Q(given_at__lt=at) | Q(given_at=at, pk__lt=pk))
    found = list(
        mine.select_related("motif")
        .prefetch_related(Prefetch("photos", Photo.objects.order_by("position")))
        .order_by("-given_at", "-pk")[: PAGE_SIZE + 1]
    )
    page = found[:PAGE_SIZE]
    names = motif_names(one.motif_id for one in page)
    rows = [
        {
            "contribution": one,
            "name": names.get(one.motif_id or 0, ""),
            "photos": one.photos.all()[:THUMBNAILS],
            "count": len(one.photos.all()),
        }
        for one in page
    ]
    context = {
        "rows": rows,
        "total": total,
        "is_first": cursor is None,
        "before": f"{page[-1].given_at.isoformat()}~{page[-1].pk}"
        if len(found) > PAGE_SIZE
        else "",
        "states": Contribution.State,
    }
    return render(request, "motifs/contribution_list.html", context)


@never_cache
@require_safe
def contribution_detail(request: HttpRequest, key: str) -> HttpResponse:
    """Show a contribution's state, its terms, its photos and what happened to it."""
    contribution = get_object_or_404(
        Contribution.objects.select_related("motif", "applied_claim").prefetch_related(
            "photos"
        ),
        key=key,
    )
    seeing.note(request.user, [contribution.pk])
    photos = list(contribution.photos.all())
    names = motif_names(
        [
            contribution.motif_id,
            *(photo.determined_motif_id for photo in photos),
            *(photo.determined_second_motif_id for photo in photos),
        ]
    )
    context = {
        "contribution": contribution,
        "states": Contribution.State,
        "motif_name": names.get(contribution.motif_id or 0, ""),
        "photos": [(photo, _finding(photo, names)) for photo in photos],
        "events": told(contribution),
    }
    response = render(request, "motifs/contribution_detail.html", context)
    response["X-Robots-Tag"] = "noindex"
    return response


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest, key: str) -> HttpResponse:
    """Ask once, then take it back; the key says that it is its giver who asks."""
    contribution = get_object_or_404(
        Contribution.objects.select_related("given_by"), key=key
    )
    if contribution.state == Contribution.State.WITHDRAWN:
        messages.info(request, str(AlreadyWithdrawn()))
        return redirect(contribution)
    if request.method != "POST":
        context = {"contribution": contribution, "states": Contribution.State}
        response = render(request, "motifs/contribution_withdraw.html", context)
        response["X-Robots-Tag"] = "noindex"
        return response
    try:
        withdraw_contribution(contribution=contribution, by=contribution.given_by)
    except AlreadyWithdrawn as refusal:
        messages.info(request, str(refusal))
    return redirect(contribution)


def _finding(photo: Photo, names: dict[int, str]) -> str:
    if not photo.determined_outcome:
        return ""
    return determination(
        photo.determined_outcome,
        photo.determined_motif_id,
        photo.determined_second_motif_id,
        names,
    )


def _cursor(text: str) -> tuple[datetime, int] | None:
    """Return where a page begins; a cursor that is not ours counts as none."""
    at, _tilde, pk = text.partition("~")
    try:
        moment = datetime.fromisoformat(at)
        number = int(pk)
    except ValueError:
        return None
    # Where time zones begin and end, a moment may be one that no database has.
    if not moment.tzinfo or not 1 < moment.year < 9999:
        return None
    return (moment, number) if 0 < number < 2**63 else None

"""What became of a contribution, for those who have its address; and one's own list."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Prefetch, Q
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from motifs import seeing
from motifs.actions import (
    CONSENTS,
    change_consent,
    withdraw_contribution,
    withdraw_photo,
)
from motifs.contribution_history import determination, motif_names, told
from motifs.contribution_keys import for_its_giver, is_givers
from motifs.models import Contribution, Photo
from motifs.permissions import is_curator
from motifs.refusals import AlreadyWithdrawn, PhotoWithdrawn, Refusal

if TYPE_CHECKING:
    from heritage.models import User

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
        .prefetch_related(
            Prefetch("photos", Photo.objects.given().order_by("position"))
        )
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
        Contribution.objects.select_related("motif", "applied_claim"), key=key
    )
    photos = list(contribution.photos.given())
    State = Contribution.State
    is_open = contribution.state not in (State.DRAFT, State.WITHDRAWN)
    may_withdraw = contribution.state != State.WITHDRAWN and (
        is_givers(contribution, request) or is_curator(request.user)
    )
    seeing.note(request.user, [contribution.pk])
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
        "is_givers": is_givers(contribution, request),
        # Of a draft it is changed where the rest is; of an edit the text is all.
        "may_change_consent": is_open and contribution.kind == contribution.Kind.PHOTOS,
        "may_withdraw": may_withdraw,
        "may_take_photos_back": is_open and may_withdraw and len(photos) > 1,
    }
    response = render(request, "motifs/contribution_detail.html", context)
    response["X-Robots-Tag"] = "noindex"
    return response


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@for_its_giver(or_curator=True)
def withdraw(request: HttpRequest, key: str) -> HttpResponse:
    """Ask once, then take it back."""
    contribution = get_object_or_404(
        Contribution.objects.select_related("given_by"), key=key
    )
    if contribution.state == Contribution.State.WITHDRAWN:
        messages.info(request, str(AlreadyWithdrawn()))
        return redirect(contribution)
    if request.method != "POST":
        return _asked(request, contribution)
    try:
        withdraw_contribution(contribution=contribution, by=_by(request, contribution))
    except AlreadyWithdrawn as refusal:
        messages.info(request, str(refusal))
    return redirect(contribution)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@for_its_giver(or_curator=True)
def photo_withdraw(request: HttpRequest, key: str, photo_id: int) -> HttpResponse:
    """Ask once, then take one photo back and leave the rest."""
    photo = get_object_or_404(
        Photo.objects.select_related("contribution__given_by"),
        pk=photo_id,
        contribution__key=key,
    )
    contribution = photo.contribution
    if photo.is_withdrawn:
        messages.info(request, str(PhotoWithdrawn()))
        return redirect(contribution)
    if request.method != "POST":
        return _asked(request, contribution, photo)
    try:
        withdraw_photo(photo=photo, by=_by(request, contribution))
    except Refusal as refusal:
        messages.info(request, str(refusal))
    return redirect(contribution)


@never_cache
@require_POST
@for_its_giver()
def consent(request: HttpRequest, key: str) -> HttpResponse:
    """End the giver's consent to one purpose, or give it again."""
    contribution = get_object_or_404(
        Contribution.objects.select_related("given_by"),
        key=key,
        kind=Contribution.Kind.PHOTOS,
    )
    purpose, answer = request.POST.get("purpose", ""), request.POST.get("answer", "")
    if purpose not in CONSENTS or answer not in ("yes", "no"):
        return HttpResponseBadRequest()
    try:
        change_consent(
            contribution=contribution,
            by=contribution.given_by,
            purpose=purpose,
            is_given=answer == "yes",
        )
    except Refusal as refusal:
        messages.info(request, str(refusal))
    else:
        messages.success(request, _("Done. It holds from now on."))
    return redirect(contribution)


def _asked(
    request: HttpRequest, contribution: Contribution, photo: Photo | None = None
) -> HttpResponse:
    context = {"contribution": contribution, "photo": photo}
    response = render(request, "motifs/contribution_withdraw.html", context)
    response["X-Robots-Tag"] = "noindex"
    return response


def _by(request: HttpRequest, contribution: Contribution) -> User | None:
    """The giver, or the curator who acts on their behalf."""
    if is_givers(contribution, request):
        return contribution.given_by
    return cast("User", request.user)


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

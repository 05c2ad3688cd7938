"""One photo a screen, for people who can tell what it shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Prefetch, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from motifs import expert_queue as queue
from motifs import seeing
from motifs.actions import (
    comment_on_photo,
    identify_photo,
    skip_photo,
    undo_identification,
)
from motifs.agreement import agreement
from motifs.expert_keys import keyed_motifs
from motifs.forms import StatementForm
from motifs.languages import reader_language
from motifs.locks import lock_motifs_against_merging
from motifs.models import Access, Comment, Identification, Motif, Outcome, Photo
from motifs.models.motif import MotifQuerySet
from motifs.permissions import is_curator, is_expert
from motifs.refusals import Refusal
from motifs.views import stored_photo

if TYPE_CHECKING:
    from heritage.models import User

P = ParamSpec("P")
HAND = "expert_hand"
DISPUTES_ON_A_PAGE = 12


class ExpertRequest(HttpRequest):
    """A request by somebody who may say what photos show."""

    user: User


View = Callable[Concatenate[ExpertRequest, P], HttpResponseBase]


def experts_only(view: View[P]) -> Callable[..., HttpResponseBase]:
    """For experts and curators, and for no search engine."""

    @login_required
    @wraps(view)
    def checked(
        request: HttpRequest, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponseBase:
        if not is_expert(request.user) and not is_curator(request.user):
            raise PermissionDenied(_("Only experts and curators may do this."))
        response = view(cast(ExpertRequest, request), *args, **kwargs)
        response["X-Robots-Tag"] = "noindex"
        return response

    return checked


@never_cache
@require_safe
@experts_only
def next_photo(request: ExpertRequest) -> HttpResponse:
    """Lead to the next photo, or say that none is left."""
    coming = _coming(request)
    if coming:
        return redirect("experts:photo", coming[0])
    return render(request, "motifs/expert_done.html", _counts(request))


@never_cache
@experts_only
def photo(request: ExpertRequest, photo_id: int) -> HttpResponse:
    """A photo to judge; once all of its cloth are judged, what others say of it."""
    shown = _judgeable(request, photo_id)
    if request.method == "POST":
        return _commit(request, shown)
    return _screen(request, shown, StatementForm())


@never_cache
@require_POST
@experts_only
def skip(request: ExpertRequest, photo_id: int) -> HttpResponse:
    skip_photo(photo=_judgeable(request, photo_id), by=request.user)
    return redirect("experts:next")


@never_cache
@require_POST
@experts_only
def undo(request: ExpertRequest) -> HttpResponse:
    """Take the last statement back, and show its photo again."""
    try:
        undone = undo_identification(by=request.user)
    except Refusal as refusal:
        messages.info(request, str(refusal))
        return redirect("experts:next")
    messages.info(request, _("Taken back. It stays on record, and counts no longer."))
    return redirect("experts:photo", undone.photo_id)


@never_cache
@require_POST
@experts_only
def comment(request: ExpertRequest, photo_id: int) -> HttpResponse:
    commented = get_object_or_404(Photo.objects.for_experts(), pk=photo_id)
    try:
        text = request.POST.get("text", "")
        comment_on_photo(photo=commented, by=request.user, text=text)
    except Refusal as refusal:
        messages.warning(request, str(refusal))
    if request.POST.get("from") == "disputes":
        return redirect("experts:disputes")
    return redirect("experts:photo", photo_id)


@require_safe
@experts_only
def photo_file(request: ExpertRequest, photo_id: int, size: str) -> HttpResponseBase:
    """A rendition of a photo that this person may judge, shown publicly or not."""
    photos = queue.judgeable_by(request.user)
    if is_curator(request.user):
        photos = Photo.objects.for_experts()
    return stored_photo(request, get_object_or_404(photos, pk=photo_id), size)


@never_cache
@require_safe
@experts_only
def disputes(request: ExpertRequest) -> HttpResponse:
    """Photos of which different things are said, with all views side by side."""
    found = queue.disputed_for(request.user, all_of_them=is_curator(request.user))
    paginator = Paginator(found, DISPUTES_ON_A_PAGE)
    page = paginator.get_page(request.GET.get("page"))
    page.object_list = list(
        cast("Any", page.object_list)
        .select_related("contribution")
        .prefetch_related(*_views_and_comments(request.user), "contribution__motif")
    )
    seeing.note(request.user, (one.contribution_id for one in page.object_list))
    mine = set(
        queue.judgeable_by(request.user)
        .filter(pk__in=[one.pk for one in page.object_list])
        .values_list("pk", flat=True)
    )
    context = {"page_obj": page, "mine": mine, "total": paginator.count}
    return render(request, "motifs/expert_disputes.html", context)


@never_cache
@require_safe
@login_required
def agreement_page(request: HttpRequest) -> HttpResponse:
    """How far people agree; for those who look after the figures."""
    if not request.user.has_perm("motifs.view_agreement"):
        raise PermissionDenied(_("Only curators may do this."))
    measured = agreement()
    nameable = set(
        _nameable_to(cast("User", request.user)).values_list("pk", flat=True)
    )
    rows = [row for row in measured.motifs if row.motif.pk in nameable]
    context = {"agreement": replace(measured, motifs=rows)}
    response = render(request, "motifs/expert_agreement.html", context)
    response["X-Robots-Tag"] = "noindex"
    return response


@require_safe
def rule(request: HttpRequest) -> HttpResponse:
    """By which rule a photo counts as determined; for everybody."""
    return render(request, "motifs/expert_rule.html")


def _commit(request: ExpertRequest, shown: Photo) -> HttpResponse:
    form = StatementForm(request.POST)
    if not form.is_valid():
        return _screen(request, shown, form)
    with transaction.atomic():
        # In the order of ``identify_photo``: a merge takes motifs before photos too.
        lock_motifs_against_merging()
        # A second press of the key must not be taken for a change of mind.
        Photo.objects.select_for_update().get(pk=shown.pk)
        last = _last_statement(request.user, shown)
        if request.POST.get("after", "") == (str(last.pk) if last else ""):
            try:
                identify_photo(
                    photo=shown, by=request.user, is_blind=True, **form.cleaned_data
                )
            except Refusal as refusal:
                raise Http404(str(refusal)) from refusal
    rest = queue.unjudged_by(request.user).filter(contribution=shown.contribution_id)
    if following := rest.order_by("position").first():
        return redirect("experts:photo", following.pk)
    return redirect("experts:photo", shown.pk)


def _screen(request: ExpertRequest, shown: Photo, form: StatementForm) -> HttpResponse:
    """The page of a photo: blind, or with all that others say."""
    motifs = list(
        Motif.objects.published().with_labels(reader_language()).in_catalogue_order()
    )
    last = _last_statement(request.user, shown)
    is_revealed = (
        last is not None
        and queue.revealed_to(request.user).filter(pk=shown.pk).exists()
    )
    cloth = queue.judgeable_by(request.user).filter(contribution=shown.contribution_id)
    context = {
        "photo": shown,
        "cloth": list(cloth.order_by("position")),
        "form": form,
        "said": form.data if form.is_bound else {},
        "motifs": motifs,
        "keyed": keyed_motifs(request.user, motifs),
        "outcomes": Outcome.choices,
        "certainties": Identification.Certainty.choices,
        "last": last,
        "is_revealed": is_revealed,
        "following": [pk for pk in _coming(request) if pk != shown.pk][:1],
        **_counts(request),
    }
    if is_revealed:
        seeing.note(request.user, [shown.contribution_id])
        context |= _what_others_say(request.user, shown)
    template = "motifs/expert_photo.html"
    return render(request, template, context, status=422 if form.is_bound else 200)


def _what_others_say(user: User, shown: Photo) -> dict[str, Any]:
    with_views = (
        Photo.objects.select_related("contribution__motif")
        .prefetch_related(*_views_and_comments(user))
        .get(pk=shown.pk)
    )
    return {
        "revealed": with_views,
        "others": [
            one
            for one in with_views.identifications.all()
            if one.identified_by_id != user.pk
        ],
    }


def _nameable_to(user: User) -> MotifQuerySet:
    """Motifs that statements may name to this person; of others none is attached.

    A curator may see a restricted motif where nothing restricts the photo.
    """
    motifs = Motif.objects.with_labels(reader_language())
    if is_curator(user):
        return motifs
    return motifs.exclude(
        Q(access=Access.RESTRICTED) | Q(merged_into__access=Access.RESTRICTED)
    )


def _views_and_comments(user: User) -> tuple[Prefetch[Any], Prefetch[Any]]:
    labelled = _nameable_to(user)
    standing = (
        Identification.objects.standing()
        .select_related("identified_by")
        .prefetch_related(
            Prefetch("motif", labelled), Prefetch("second_motif", labelled)
        )
        .order_by("identified_at", "pk")
    )
    comments = Comment.objects.select_related("written_by")
    return Prefetch("identifications", standing), Prefetch("comments", comments)


def _judgeable(request: ExpertRequest, photo_id: int) -> Photo:
    photos = queue.judgeable_by(request.user).select_related("contribution")
    return get_object_or_404(photos, pk=photo_id)


def _last_statement(user: User, shown: Photo) -> Identification | None:
    """What this person said of the photo last, taken back or not."""
    labelled = _nameable_to(user)
    return (
        shown.identifications.filter(identified_by=user)
        .prefetch_related(
            Prefetch("motif", labelled), Prefetch("second_motif", labelled)
        )
        .order_by("pk")
        .last()
    )


def _coming(request: ExpertRequest) -> list[int]:
    """Ids of the photos that come next; laid out afresh when none is left.

    They keep their order while one works. Each is checked anew: it may have been
    withdrawn, restricted or judged since.
    """
    today = timezone.localdate()
    kept = request.session.get(HAND, {})
    if kept.get("day") == today.isoformat():
        still = set(
            queue.waiting_for(request.user)
            .filter(pk__in=kept["ids"])
            .values_list("pk", flat=True)
        )
        left = [pk for pk in kept["ids"] if pk in still]
        if left:
            return left
    ids = queue.hand(request.user, today)
    request.session[HAND] = {"day": today.isoformat(), "ids": ids}
    return ids


def _counts(request: ExpertRequest) -> dict[str, int]:
    today = timezone.localdate()
    judged = Identification.objects.filter(
        identified_by=request.user, identified_at__date=today
    )
    return {"judged_today": judged.values("photo").distinct().count()}

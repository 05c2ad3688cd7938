"""The desk: one contribution a page, one photo large, every deed one key away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, URLPattern, path, reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache

from motifs import reasons, seeing
from motifs.admin import applying, deeds, queue, showing
from motifs.admin.history import changes_since, declines, names_of, person, said, told
from motifs.models import (
    Contribution,
    Flag,
    HistoryEntry,
    Identification,
    Photo,
)
from motifs.refusals import Refusal

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractUser

    from motifs.admin.contributions import ContributionAdmin

MOST_COPIES = 12
"""Copies shown beside a photo."""


@dataclass(frozen=True)
class Copy:
    """Another photo that a check took for the same, and where it can be judged."""

    photo: Photo
    label: str
    is_visible: bool
    desk_url: str


class Desk:
    """The desk's three views, beside the queue that they belong to."""

    def __init__(self, owner: ContributionAdmin) -> None:
        self.owner = owner

    def urls(self) -> list[URLPattern]:
        wrap = self.owner.admin_site.admin_view
        return [
            path("desk/", wrap(self.start), name="motifs_contribution_start"),
            path("names/", wrap(self.names), name="motifs_contribution_names"),
            path(
                "<int:contribution_id>/desk/",
                wrap(never_cache(self.desk)),
                name="motifs_contribution_desk",
            ),
        ]

    def start(self, request: HttpRequest) -> HttpResponse:
        """Begin with what needs attention most."""
        self._check(request)
        asked = QueryDict(request.GET.get("queue", ""))
        first = self._queue(request, asked).order_by(*queue.order(asked)).first()
        if first is None:
            messages.info(request, gettext("Nothing waits here."))
            return redirect(self._list(asked))
        return redirect(self._address(first.pk, asked))

    def names(self, request: HttpRequest) -> JsonResponse:
        """Motifs that what is typed may mean, in any spelling."""
        self._check(request)
        found = deeds.candidates(_user(request), request.GET.get("q", ""))
        rows = [
            {
                "slug": motif.slug,
                "name": motif.preferred_name,
                "gloss": motif.matched_name or motif.gloss,
            }
            for motif in found
        ]
        return JsonResponse({"motifs": rows})

    def desk(self, request: HttpRequest, contribution_id: int) -> HttpResponse:
        """Show a contribution, or do what was asked and go on."""
        self._check(request)
        shown = self.owner.get_queryset(request).filter(pk=contribution_id).first()
        if shown is None:
            raise Http404
        sent = request.POST if request.method == "POST" else request.GET
        asked = QueryDict(sent.get("queue", ""))
        photos = self._photos(request, shown)
        if request.method != "POST":
            photo = _chosen(photos, sent.get("photo", ""))
            return self._page(request, shown, photos, photo, asked)
        # Of a photo that has gone meanwhile nothing is said, nor of another instead.
        photo = next((p for p in photos if str(p.pk) == sent.get("photo")), None)
        try:
            if sent.get("deed") == "undo":
                back, sentence = deeds.undo(request)
                messages.success(request, sentence)
                return redirect(self._address(back, asked))
            done = deeds.do(sent.get("deed", ""), shown, photo, _user(request), sent)
        except deeds.Unclear as unclear:
            return self._page(request, shown, photos, photo, asked, unclear=unclear)
        except Refusal as refusal:
            # As it is now: somebody may have changed it, or decided.
            shown = self.owner.get_queryset(request).get(pk=contribution_id)
            photos = self._photos(request, shown)
            photo = _chosen(photos, sent.get("photo", ""))
            return self._page(request, shown, photos, photo, asked, trouble=refusal)
        deeds.remember(request, done)
        messages.success(request, done.sentence)
        if not done.decided:
            return redirect(self._address(shown.pk, asked, photo))
        after = self._neighbour(request, shown, asked, 1)
        if after is None:
            return self.start_again(request, asked)
        return redirect(self._address(after.pk, asked))

    def start_again(self, request: HttpRequest, asked: QueryDict) -> HttpResponse:
        """At the end of the queue: what was passed over, or the empty list."""
        first = self._queue(request, asked).order_by(*queue.order(asked)).first()
        if first is None or not queue.is_waiting(asked):
            return redirect(self._list(asked))
        return redirect(self._address(first.pk, asked))

    # What the page shows

    def _page(
        self,
        request: HttpRequest,
        contribution: Contribution,
        photos: list[Photo],
        photo: Photo | None,
        asked: QueryDict,
        *,
        unclear: deeds.Unclear | None = None,
        trouble: Refusal | None = None,
    ) -> HttpResponse:
        before = self._neighbour(request, contribution, asked, -1)
        after = self._neighbour(request, contribution, asked, 1)
        waiting = self._queue(request, asked)[: queue.MOST_COUNTED + 1].count()
        history = told(HistoryEntry.objects.of_contribution(contribution))
        seeing.note(_user(request), [contribution.pk])
        State = Contribution.State
        judged = contribution.state in (State.SUBMITTED, State.ACCEPTED)
        context = {
            **self.owner.admin_site.each_context(request),
            "title": gettext("Contribution %(number)s") % {"number": contribution},
            "opts": self.owner.opts,
            "is_nav_sidebar_enabled": False,
            "contribution": contribution,
            "giver": person(contribution.given_by) if contribution.given_by else "",
            "photos": photos,
            "photo": photo,
            "places": _places(photos, photo),
            "marks": showing.marks(photo.flags.all()) if photo else "",
            "copies": self._copies(request, photo, asked) if photo else [],
            "suggestions": showing.suggestions([photo]).get(photo.pk, ())
            if photo
            else (),
            "similar_url": _similar(photo),
            "identifications": _identifications(photo) if photo else [],
            "determination": _determination(photo) if photo else "",
            **applying.context(
                contribution,
                request.POST if request.method == "POST" else request.GET,
            ),
            "changes": changes_since(contribution, _seen(request)),
            "history": history,
            "declines": declines(contribution, history),
            "may_reopen": contribution.state in (State.ACCEPTED, State.DECLINED),
            "may_take_down": contribution.state != State.WITHDRAWN,
            "decisions": deeds.DECISIONS if contribution.state == "submitted" else (),
            "verbs": deeds.PHOTO_VERBS if photo and judged else (),
            "all_verbs": (*deeds.DECISIONS, *deeds.PHOTO_VERBS),
            "reasons": reasons.REASONS,
            "reasons_to_take_down": reasons.TO_TAKE_DOWN,
            "last_deed": deeds.last(request),
            "waiting": waiting,
            "before_url": self._address(before.pk, asked) if before else "",
            "after_url": self._address(after.pk, asked) if after else "",
            "after_photo": _first_photo(after),
            "list_url": self._list(asked),
            "names_url": reverse("admin:motifs_contribution_names"),
            "queue": asked.urlencode(),
            "sent": request.POST,
            "unclear": unclear,
            "trouble": trouble,
        }
        return TemplateResponse(
            request,
            "admin/motifs/contribution/desk.html",
            context,
            status=422 if unclear or trouble else 200,
        )

    def _photos(self, request: HttpRequest, contribution: Contribution) -> list[Photo]:
        """Its photos, as long as they are given; flags come with them."""
        return [one for one in contribution.photos.all() if not one.is_withdrawn]

    def _copies(
        self, request: HttpRequest, photo: Photo, asked: QueryDict
    ) -> list[Copy]:
        """Both ways: what it copies, and what copies it."""
        found = (
            Flag.objects.filter(Q(photo=photo) | Q(other=photo), kind__in=queue.COPIES)
            .select_related("photo__contribution", "other__contribution")
            .order_by("kind", "pk")[:MOST_COPIES]
        )
        pairs = {
            other.pk: (other, str(Flag.Kind(flag.kind).label))
            for flag in found
            if (other := flag.other if flag.photo_id == photo.pk else flag.photo)
        }
        visible = set(
            Photo.objects.visible_to(_user(request))
            .filter(pk__in=pairs)
            .values_list("pk", flat=True)
        )
        return [
            Copy(
                photo=other,
                label=label,
                is_visible=other.pk in visible,
                desk_url=self._address(other.contribution_id, asked, other),
            )
            for other, label in pairs.values()
        ]

    # Where things are

    def _queue(self, request: HttpRequest, asked: QueryDict) -> QuerySet[Contribution]:
        """What the list shows for the same query, without what it shows beside it."""
        State = Contribution.State
        found: queue.Contributions = Contribution.objects.exclude(state=State.DRAFT)
        found = queue.narrowed(found, asked)
        if term := asked.get("q", ""):
            found, repeats = self.owner.get_search_results(request, found, term)
            if repeats:
                ids = found.values("pk")
                found = Contribution.objects.filter(pk__in=ids)
        return found

    def _neighbour(
        self,
        request: HttpRequest,
        contribution: Contribution,
        asked: QueryDict,
        step: int,
    ) -> Contribution | None:
        return queue.next_to(contribution, self._queue(request, asked), asked, step)

    def _address(
        self, contribution_id: int, asked: QueryDict, photo: Photo | None = None
    ) -> str:
        address = reverse("admin:motifs_contribution_desk", args=[contribution_id])
        query = {}
        if photo is not None and photo.contribution_id == contribution_id:
            query["photo"] = str(photo.pk)
        if asked:
            query["queue"] = asked.urlencode()
        return f"{address}?{urlencode(query)}" if query else address

    def _list(self, asked: QueryDict) -> str:
        address = reverse("admin:motifs_contribution_changelist")
        return f"{address}?{asked.urlencode()}" if asked else address

    def _check(self, request: HttpRequest) -> None:
        if not self.owner.has_moderate_permission(request):
            raise PermissionDenied


def _user(request: HttpRequest) -> AbstractUser:
    return cast("AbstractUser", request.user)


def _seen(request: HttpRequest) -> int:
    """What was shown last; the newest, where the page is opened afresh."""
    return deeds.seen(request.POST if request.method == "POST" else request.GET)


def _chosen(photos: list[Photo], asked: str) -> Photo | None:
    """The photo that is asked for by its id; else the first."""
    chosen = next((photo for photo in photos if str(photo.pk) == asked), None)
    return chosen or (photos[0] if photos else None)


def _places(photos: list[Photo], photo: Photo | None) -> dict[str, Any]:
    """Which photo it is, and the ones before and after it, round and round."""
    if photo is None:
        return {}
    at = next(n for n, one in enumerate(photos) if one.pk == photo.pk)
    many = len(photos) > 1
    return {
        "number": at + 1,
        "before": photos[at - 1] if many else None,
        "after": photos[(at + 1) % len(photos)] if many else None,
    }


def _first_photo(contribution: Contribution | None) -> Photo | None:
    """What the next page will show: the browser may fetch it meanwhile."""
    return contribution.photos.given().first() if contribution else None


def _similar(photo: Photo | None) -> str:
    """Where photos like this one are found; nowhere if no app finds them."""
    if photo is None:
        return ""
    try:
        return reverse("classifier:similar", args=[photo.pk])
    except NoReverseMatch:
        return ""


def _identifications(photo: Photo) -> list[tuple[Identification, str, str]]:
    """All that was said of it, withdrawn or not: the row, who, and what."""
    rows = list(
        photo.identifications.select_related("identified_by").order_by(
            "identified_at", "pk"
        )
    )
    names = names_of(
        pk for row in rows for pk in (row.motif_id, row.second_motif_id) if pk
    )
    return [
        (
            row,
            person(cast(Any, row.identified_by)),
            said(
                row.outcome,
                names.get(row.motif_id or 0, ""),
                names.get(row.second_motif_id or 0, ""),
            ),
        )
        for row in rows
    ]


def _determination(photo: Photo) -> str:
    ids = (photo.determined_motif_id or 0, photo.determined_second_motif_id or 0)
    names = names_of(filter(None, ids))
    return said(photo.determined_outcome, *(names.get(pk, "") for pk in ids))

"""A merged motif's addresses: each leads to the same page of what it became."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import TYPE_CHECKING

from django.core.validators import slug_re
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponsePermanentRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse

from motifs.models import Access, HistoryEntry, Motif

if TYPE_CHECKING:
    from motifs.models.motif import MotifQuerySet


@dataclass(frozen=True)
class Merge:
    """A motif that became part of another: its name, when and why."""

    name: str
    at: datetime
    why: str


View = Callable[..., HttpResponseBase]


def became(slug: str, visible: MotifQuerySet) -> Motif | None:
    """What a merged motif became, over any number of merges.

    None where it was not merged, and where the reader may not see what it became: a
    merge into a restricted motif leads nowhere.
    """
    merged = Motif.objects.filter(state=Motif.State.MERGED)
    motif = merged.filter(slug=slug).first()
    while motif is not None and motif.state == Motif.State.MERGED:
        motif = motif.merged_into
    return visible.filter(pk=motif.pk).first() if motif is not None else None


def follows_merges(view: View) -> View:
    """For a page whose address has a motif's slug."""

    @wraps(view)
    def follow(request: HttpRequest, slug: str) -> HttpResponseBase:
        try:
            return view(request, slug=slug)
        except Http404:
            into = became(slug, Motif.objects.visible_to(request.user))
            match = request.resolver_match
            if into is None or match is None:
                raise
            page = reverse(match.view_name, kwargs={"slug": into.slug})
            return moved(request, page, request.GET.urlencode())

    return follow


def moved_query(
    request: HttpRequest, visible: MotifQuerySet, name: str = "motif"
) -> HttpResponsePermanentRedirect | None:
    """For a page that is asked about a motif by its slug, as in ``?motif=``."""
    slug = request.GET.get(name, "")
    into = became(slug, visible) if slug_re.match(slug) else None
    if into is None:
        return None
    query = request.GET.copy()
    query[name] = into.slug
    return moved(request, request.path, query.urlencode())


def moved(request: HttpRequest, page: str, query: str) -> HttpResponsePermanentRedirect:
    """Lead there for good; what was posted is posted there."""
    address = f"{page}?{query}" if query else page
    posted = request.method not in ("GET", "HEAD")
    return HttpResponsePermanentRedirect(address, preserve_request=posted)


def merges_into(motif: Motif) -> list[Merge]:
    """What became part of this motif, also by way of another, the oldest first.

    A motif that was restricted is not named, whatever it became.
    """
    # The motifs first: an OR across a join would read the whole history.
    motifs = Motif.objects.filter(Q(pk=motif.pk) | Q(merged_into=motif))
    told = HistoryEntry.objects.filter(
        motif__in=motifs.values("pk"),
        verb=HistoryEntry.Verb.MERGED,
        data__has_key="from",
    )
    entries = list(told.order_by("at", "pk"))
    if not entries:
        return []
    secret = Motif.objects.filter(
        pk__in=[entry.data["from"] for entry in entries], access=Access.RESTRICTED
    )
    hidden = set(secret.values_list("pk", flat=True))
    return [
        Merge(entry.data.get("name") or entry.data["slug"], entry.at, entry.reason)
        for entry in entries
        if entry.data["from"] not in hidden
    ]

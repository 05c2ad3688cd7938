"""Newly accepted photos as an Atom feed, of the whole catalogue and of one motif."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import format_html
from django.utils.http import http_date, quote_etag
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from motifs import contributors, galleries
from motifs.captions import caption, rendered
from motifs.languages import reader_language
from motifs.licences import licence_url
from motifs.merged import follows_merges
from motifs.models import Motif

if TYPE_CHECKING:
    from motifs.captions import Caption

ENTRIES = 50
NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class PhotoFeed(Atom1Feed):
    """Atom with each photo's file and the address of its licence (RFC 4946)."""

    def latest_post_date(self) -> datetime:
        # Without an entry the stock feed says "now", and is new at each request.
        return super().latest_post_date() if self.items else NEVER

    def add_item_elements(self, handler: Any, item: dict[str, Any]) -> None:
        super().add_item_elements(handler, item)
        photo = {"rel": "enclosure", "href": item["photo_url"], "type": "image/jpeg"}
        handler.addQuickElement("link", "", photo)
        if item["licence_url"]:
            licence = {"rel": "license", "href": item["licence_url"]}
            handler.addQuickElement("link", "", licence)


@require_safe
def photos(request: HttpRequest) -> HttpResponseBase:
    """What was newly accepted, whatever it shows."""
    return _feed(
        request,
        title=_("Langgundi: new photos of Sasirangan cloth"),
        link=reverse("motifs:motif-list"),
        motif=None,
    )


@require_safe
@follows_merges
def motif_photos(request: HttpRequest, slug: str) -> HttpResponseBase:
    """What was newly accepted of one motif."""
    motifs = Motif.objects.published().with_labels(reader_language())
    motif = get_object_or_404(motifs, slug=slug)
    return _feed(
        request,
        title=_("Langgundi: new photos of %(name)s") % {"name": motif.preferred_name},
        link=motif.get_absolute_url(),
        motif=motif,
    )


def _feed(
    request: HttpRequest, *, title: str, link: str, motif: Motif | None
) -> HttpResponseBase:
    feed = PhotoFeed(
        title=title,
        link=request.build_absolute_uri(link),
        description=None,
        subtitle=_("Each with its licence, and how its giver wishes to be named."),
        language=reader_language(),
        feed_url=request.build_absolute_uri(request.path),
    )
    for one in caption(list(galleries.newly_accepted(motif)[:ENTRIES])):
        _add(feed, one, request)
    response = HttpResponse(
        feed.writeString("utf-8"), content_type="application/atom+xml; charset=utf-8"
    )
    # The digest alone says whether it is new: when a photo is withdrawn, the newest
    # date goes back, and a reader who asks by date would keep what must be gone.
    digest = hashlib.sha256(response.content).hexdigest()[:32]
    response["ETag"] = quote_etag(digest)
    response["Last-Modified"] = http_date(feed.latest_post_date().timestamp())
    response["Cache-Control"] = "no-cache"
    unchanged = get_conditional_response(
        request, etag=response["ETag"], response=response
    )
    return unchanged or response


def _add(feed: PhotoFeed, one: Caption, request: HttpRequest) -> None:
    photo, given = one.photo, one.photo.contribution
    page = request.build_absolute_uri(photo.get_absolute_url())
    credit = contributors.credit(given)
    width, height = rendered(photo, "480")
    lines = [
        f"{one.determination} {one.rule}".strip(),
        given.place,
        credit,
        one.licence,
    ]
    feed.add_item(
        title=one.title,
        link=page,
        unique_id=page,
        description=format_html(
            '<p><img src="{}" alt="{}" width="{}" height="{}"></p><p>{}</p>',
            request.build_absolute_uri(photo.thumbnail_url),
            one.alternative,
            width,
            height,
            " · ".join(line for line in lines if line),
        ),
        author_name=credit or _("A contributor"),
        pubdate=given.accepted_at,
        updateddate=max(
            at for at in (given.accepted_at, photo.determined_at) if at is not None
        ),
        categories=[motif.preferred_name for motif in one.motifs],
        item_copyright=f"{credit}. {one.licence}" if credit else one.licence,
        photo_url=request.build_absolute_uri(photo.display_url),
        licence_url=licence_url(given.licence),
    )

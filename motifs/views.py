"""Pages of the catalogue, and the one address that serves photos."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import TypedDict

from django.core.files.storage import default_storage
from django.core.paginator import InvalidPage, Page, Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.http import quote_etag
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from motifs import galleries, linked_data, pictures, presentation, renditions
from motifs.captions import caption
from motifs.languages import reader_language
from motifs.merged import follows_merges, merges_into
from motifs.models import Motif, Photo
from motifs.search import Found, clean, search

PAGE_SIZE = 12


class Filters(TypedDict):
    """What a list is asked for; a value that is not known counts as not given."""

    q: str
    family: str
    status: str


@require_safe
def motif_list(request: HttpRequest) -> HttpResponse:
    """All motifs, or those that a search and two filters leave."""
    filters: Filters = {
        "q": clean(request.GET.get("q", "")),
        "family": _known(request.GET.get("family"), Motif.Family.values),
        "status": _known(request.GET.get("status"), Motif.Status.values),
    }
    ids, found = find(filters)
    paginator = Paginator(ids, PAGE_SIZE)
    try:
        page = paginator.page(request.GET.get("page") or 1)
    except InvalidPage as error:
        raise Http404(_("There is no such page.")) from error
    context = {
        **filters,
        "page_obj": _filled(page, found),
        "families": Motif.Family.choices,
        "statuses": Motif.Status.choices,
        "total": paginator.count,
        "suggestion": found.suggestion,
    }
    is_partial = bool(getattr(request, "htmx", False))
    template = "_motif_results.html" if is_partial else "motif_list.html"
    response = render(request, f"motifs/{template}", context)
    # One address has two answers; a browser must not show the part as the page.
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_safe
@follows_merges
def motif_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """One motif, with what was merged into it and why."""
    language = reader_language()
    visible = Motif.objects.visible_to(request.user)
    motif = get_object_or_404(visible.with_labels(language), slug=slug)
    photos = galleries.first_of_motif(motif)
    captions = caption(photos)
    context = {
        "motif": motif,
        **presentation.record_of(motif, language),
        "merges": merges_into(motif),
        "photos": photos,
        "captions": captions,
        "counts": galleries.counts_of(motif),
        "linked_data": (
            linked_data.of_motif(motif, captions, request.build_absolute_uri)
            if motif.is_public
            else ""
        ),
    }
    return render(request, "motifs/motif_detail.html", context)


@require_safe
def photo_file(request: HttpRequest, photo_id: int, size: str) -> HttpResponseBase:
    """A photo as a file, for those who may see it; for others it does not exist.

    Renditions are fresh pixels without metadata, in the best format that the browser
    asks for. The file as given is for the person who gave it and for curators, to be
    saved and not shown as a page. ``?key=`` is a contribution's own key.
    """
    photos = Photo.objects.visible_to(request.user)
    if key := request.GET.get("key"):
        photos = Photo.objects.visible_with_key(key)
    elif size == pictures.ORIGINAL:
        photos = Photo.objects.originals_visible_to(request.user)
    photo = get_object_or_404(photos, pk=photo_id)
    return stored_photo(request, photo, size)


def stored_photo(request: HttpRequest, photo: Photo, size: str) -> HttpResponseBase:
    """The file of a photo that the reader may see; raises Http404 if it is lost."""
    response: HttpResponseBase | None
    try:
        if size == pictures.ORIGINAL:
            file, media_type = photo.image.open("rb"), photo.media_type
        else:
            name, media_type = renditions.best(photo, size, request.accepted_types)
            file = default_storage.open(name)
    except FileNotFoundError as error:
        raise Http404 from error
    # A stored name is written to once. It is hashed, for it is nobody's business.
    etag = quote_etag(hashlib.sha256(str(file.name).encode()).hexdigest()[:32])
    response = get_conditional_response(request, etag=etag)
    if response is None:
        response = FileResponse(file, content_type=media_type)
    else:
        file.close()
    response["ETag"] = etag
    # Consent can end at any moment: only the reader's own browser keeps a copy, and
    # asks each time whether it may still show it.
    response["Cache-Control"] = "private, no-cache"
    response["X-Content-Type-Options"] = "nosniff"
    if size == pictures.ORIGINAL:
        extension = Photo.EXTENSIONS[photo.media_type]
        named = f'attachment; filename="photo-{photo.pk}.{extension}"'
        response["Content-Disposition"] = named
    else:
        response["Content-Disposition"] = "inline"
        patch_vary_headers(response, ["Accept"])
    return response


def find(filters: Filters) -> tuple[list[int], Found]:
    """Ids of the published motifs that match, in order, and what the search said.

    By the search's ranking where there is a query, else in catalogue order. Three
    queries at most, however many motifs there are.
    """
    motifs = Motif.objects.published()
    if filters["family"]:
        motifs = motifs.filter(family=filters["family"])
    if filters["status"]:
        motifs = motifs.filter(status=filters["status"])
    if not filters["q"]:
        ordered = motifs.with_labels(reader_language()).in_catalogue_order()
        return list(ordered.values_list("pk", flat=True)), Found()
    found = search(filters["q"])
    ids = [hit.motif_id for hit in found.hits]
    left = set(motifs.filter(pk__in=ids).values_list("pk", flat=True))
    return [motif_id for motif_id in ids if motif_id in left], found


def labelled(ids: Iterable[int], found: Found, language: str) -> list[Motif]:
    """The motifs with these ids, in this order, with labels and matched names."""
    wanted = list(ids)
    motifs = Motif.objects.with_labels(language).in_bulk(wanted)
    matched = {hit.motif_id: hit.matched_name for hit in found.hits}
    for motif in motifs.values():
        name = matched.get(motif.pk, "")
        # A name that is shown anyway needs no explanation.
        if name not in (motif.preferred_name, motif.gloss):
            motif.matched_name = name
    return [motifs[motif_id] for motif_id in wanted if motif_id in motifs]


def _filled(page: Page[int], found: Found) -> Page[Motif]:
    motifs = labelled(page.object_list, found, reader_language())
    undrawn = [motif for motif in motifs if not motif.drawing_url]
    examples = presentation.accepted_photos(undrawn, 1) if undrawn else {}
    for motif in undrawn:
        motif.example = next(iter(examples.get(motif.pk, [])), None)
    return Page(motifs, page.number, page.paginator)  # type: ignore[arg-type]


def _known(value: str | None, allowed: list[str]) -> str:
    return value if value in allowed else ""

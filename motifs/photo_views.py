"""Pages of photos: one photo, all there are, all of a motif, all of a contributor."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from motifs import browsing, contributors, galleries, keyset, linked_data, seeing
from motifs.captions import Caption, caption
from motifs.languages import reader_language
from motifs.licences import licence_url
from motifs.merged import follows_merges, moved_query
from motifs.models import Motif, Photo
from motifs.photo_history import history_of

# Consent can end at any moment: what a browser keeps it must ask about each time.
asked_each_time = cache_control(private=True, no_cache=True)


@asked_each_time
@require_safe
def photo_detail(request: HttpRequest, photo_id: int) -> HttpResponse:
    """One photo, for those who may see it; for others it does not exist."""
    photos = Photo.objects.visible_to(request.user).select_related(
        "contribution__given_by"
    )
    photo = get_object_or_404(photos, pk=photo_id)
    is_public = Photo.objects.shown().filter(pk=photo.pk).exists()
    siblings = (
        Photo.objects.visible_to(request.user)
        .filter(contribution=photo.contribution_id)
        .exclude(pk=photo.pk)
        .select_related("contribution__given_by")
        .order_by("position")
    )
    # The photo and those beside it are captioned together: one query for all names.
    captioned, *others = caption([photo, *siblings])
    given = photo.contribution
    seeing.note(request.user, [given.pk])
    context = {
        "caption": captioned,
        "photo": photo,
        "given": given,
        "others": others,
        "protocol_notes": [one for one in captioned.motifs if one.protocol_note],
        "history": history_of(photo),
        "is_public": is_public,
        "credit": contributors.credit(given),
        "contributor": contributors.public_name(given.given_by),
        "contributor_url": contributors.address(given.given_by),
        "licence_url": licence_url(given.licence),
        "linked_data": (
            linked_data.of_photo(captioned, request.build_absolute_uri)
            if is_public
            else ""
        ),
    }
    response = render(request, "motifs/photo_detail.html", context)
    if not is_public:
        response["X-Robots-Tag"] = "noindex"
    return response


@asked_each_time
@require_safe
def photo_list(request: HttpRequest) -> HttpResponse:
    """All photos that everybody may see, the newest first, narrowed by what is asked.

    A value that is not known counts as not given.
    """
    if (there := moved_query(request, Motif.objects.published())) is not None:
        return there
    filters = browsing.filters(request.GET)
    photos = browsing.photos(filters)
    after = request.GET.get("after", "")
    try:
        found = browsing.page(photos, after)
    except keyset.NoSuchPage as error:
        raise Http404 from error
    context = {
        "filters": filters,
        "is_narrowed": any(one.chosen for one in filters),
        "captions": _captions(request, found.rows),
        "total": None if after else photos.count(),
        "more": browsing.query(filters, found.after) if found.after else "",
        # Each choice is an address, and none but the whole list is for search engines.
        "is_whole": not request.GET,
    }
    return render(request, "motifs/photo_all.html", context)


@asked_each_time
@require_safe
@follows_merges
def motif_photos(request: HttpRequest, slug: str) -> HttpResponse:
    """All photos of a motif, confirmed ones first."""
    motif = get_object_or_404(
        Motif.objects.visible_to(request.user).with_labels(reader_language()),
        slug=slug,
    )
    try:
        found = galleries.page_of_motif(motif, request.GET.get("after", ""))
    except keyset.NoSuchPage as error:
        raise Http404 from error
    context = {
        "motif": motif,
        "captions": _captions(request, found.rows),
        "after": found.after,
        "counts": galleries.counts_of(motif),
        "is_first": "after" not in request.GET,
    }
    return render(request, "motifs/photo_list.html", context)


@asked_each_time
@require_safe
def contributor_detail(request: HttpRequest, user_id: int) -> HttpResponse:
    """What somebody gave who chose a public name; others have no such page."""
    person = contributors.find(user_id)
    if person is None:
        raise Http404
    try:
        found = galleries.page_of_contributor(person, request.GET.get("after", ""))
    except keyset.NoSuchPage as error:
        raise Http404 from error
    context = {
        "name": contributors.public_name(person),
        "captions": _captions(request, found.rows),
        "after": found.after,
        "counts": galleries.counts_of_contributor(person),
        "is_first": "after" not in request.GET,
    }
    return render(request, "motifs/photo_contributor.html", context)


def _captions(request: HttpRequest, photos: list[Photo]) -> list[Caption]:
    """Caption a page of photos, and note of which of them it tells something."""
    captions = caption(photos)
    telling = [one.photo for one in captions if one.says_something]
    seeing.note(request.user, (photo.contribution_id for photo in telling))
    return captions

"""Pages of photos: one photo, all of a motif, all of a contributor."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from motifs import contributors, galleries, keyset, linked_data
from motifs.captions import caption
from motifs.languages import reader_language
from motifs.licences import licence_url
from motifs.merged import follows_merges
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
        "captions": caption(found.rows),
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
        "captions": caption(found.rows),
        "after": found.after,
        "counts": galleries.counts_of_contributor(person),
        "is_first": "after" not in request.GET,
    }
    return render(request, "motifs/photo_contributor.html", context)

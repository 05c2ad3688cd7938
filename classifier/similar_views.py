"""Photos like this one, as a part of other pages."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from classifier.similar import NotLookedAt, similar_photos
from motifs import seeing
from motifs.languages import reader_language
from motifs.models import Motif, Photo


@require_safe
def similar(request: HttpRequest, photo_id: int) -> HttpResponse:
    """Other cloths like a photo's; it does not exist for who may not see the photo.

    ``?bare=1`` leaves out the heading, for a page that has its own.
    """
    photo = get_object_or_404(Photo.objects.visible_to(request.user), pk=photo_id)
    context: dict[str, object] = {"photo": photo, "bare": request.GET.get("bare")}
    try:
        found = similar_photos(photo=photo, user=request.user)
    except NotLookedAt:
        context["not_looked_at"] = True
    else:
        determined = {near.photo.determined_motif_id for near in found} - {None}
        motifs = (
            Motif.objects.visible_to(request.user)
            .with_labels(reader_language())
            .in_bulk(list(determined))
        )
        named = [near.photo for near in found if near.photo.determined_motif_id]
        seeing.note(request.user, (one.contribution_id for one in named))
        context["similar"] = [
            {
                "photo": near.photo,
                "likeness": near.likeness,
                "motif": motifs.get(near.photo.determined_motif_id or 0),
            }
            for near in found
        ]
    response = render(request, "classifier/_similar.html", context)
    # What one person may see is nobody else's.
    response["Cache-Control"] = "private, no-store"
    return response

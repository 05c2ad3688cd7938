"""The recogniser's guess for experts who have judged, and what it did to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from classifier.anchoring import anchoring as measured
from classifier.models import Prediction
from motifs.expert_queue import judgeable_by, revealed_to
from motifs.languages import reader_language
from motifs.models import Motif
from motifs.permissions import is_curator, is_expert

if TYPE_CHECKING:
    from heritage.models import User

SHOWN = 3


@require_safe
@never_cache
@login_required
def guess(request: HttpRequest, photo_id: int) -> HttpResponse:
    """What the recogniser made of a photo; refused to who has not judged its cloth.

    ``?part=1`` leaves out the page around it.
    """
    user = cast("User", request.user)
    if not is_expert(user) and not is_curator(user):
        raise PermissionDenied
    photo = get_object_or_404(judgeable_by(user), pk=photo_id)
    if not revealed_to(user).filter(pk=photo.pk).exists():
        raise PermissionDenied(_("Judge the photos of this cloth first."))
    prediction = (
        Prediction.objects.filter(photo=photo)
        .select_related("model_version")
        .order_by("-made_at", "-pk")
        .first()
    )
    context: dict[str, Any] = {"photo": photo, "prediction": prediction}
    if prediction:
        context["rows"] = _rows(prediction)
        context["unknown_percent"] = round(100 * prediction.unknown_score)
    return _part_or_page(request, "guess", context)


@require_safe
@never_cache
@login_required
def anchoring(request: HttpRequest) -> HttpResponse:
    """How often a blind answer was changed to the guess; for who sees agreement."""
    if not request.user.has_perm("motifs.view_agreement"):
        raise PermissionDenied
    return _part_or_page(request, "anchoring", {"anchoring": measured()})


def _rows(prediction: Prediction) -> list[dict[str, Any]]:
    """The motifs with the best scores, best first, as far as they are public."""
    best = sorted(prediction.scores.items(), key=lambda row: -row[1])
    motifs = {
        motif.slug: motif
        for motif in Motif.objects.published()
        .filter(slug__in=prediction.scores)
        .with_labels(reader_language())
    }
    return [
        {"motif": motifs[slug], "score": score, "percent": round(100 * score)}
        for slug, score in best
        if slug in motifs
    ][:SHOWN]


def _part_or_page(
    request: HttpRequest, name: str, context: dict[str, Any]
) -> HttpResponse:
    is_part = "part" in request.GET
    template = f"classifier/{'_' if is_part else ''}{name}.html"
    return render(request, template, context)

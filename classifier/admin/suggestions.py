"""What the recogniser thinks of given photos, for the curators' queue and desk."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import OuterRef, Q, Subquery
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from classifier.models import Prediction
from classifier.predictor import describe
from motifs.admin import showing
from motifs.languages import Language
from motifs.models import MotifName, Photo


@showing.offer_suggestions
def suggestions(photos: Sequence[Photo]) -> dict[int, SafeString]:
    """Say of each photo which motif scored best, and how well; one query.

    The champion speaks; where it has not looked yet, the latest version that has.
    """
    champion = describe()
    names = MotifName.objects.preferred().filter(
        motif__slug=OuterRef("top_motif"), language=Language.BANJAR
    )
    found = Prediction.objects.filter(photo__in=[photo.pk for photo in photos])
    named = found.annotate(
        name=Subquery(names.values("name")[:1]),
        is_champions=Q(model_version__sha256=champion.sha256 if champion else ""),
    )
    # Of a photo's rows the last one stays.
    rows = named.order_by("is_champions", "made_at", "pk").values_list(
        "photo", "kind", "name", "top_motif", "top_score"
    )
    return {
        photo: _words(kind, name or slug, score)
        for photo, kind, name, slug, score in rows
    }


def _words(kind: str, name: str, score: float) -> SafeString:
    if kind == "unknown":
        return format_html("{}", gettext("Not known"))
    return format_html("{}{} {}", "" if kind == "motif" else "? ", name, f"{score:.2f}")

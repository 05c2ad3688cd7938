"""The label under which a photo is learned: its motif's slug, or why it has none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from motifs.models import MotifName, Outcome, Photo

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.utils.functional import _StrPromise

UNKNOWN: Mapping[str, str] = {
    Outcome.OTHER_MOTIF: "other-cloth",
    Outcome.NOT_CLOTH: "not-cloth",
}
"""Labels of what is no motif, as ``ml.dataset`` and the starter name them."""
UNKNOWN_LABELS = tuple(UNKNOWN.values())

_NAMES: Mapping[str, _StrPromise] = {
    "other-cloth": _("Cloth with another motif, not known which"),
    "not-cloth": _("Not a cloth"),
}


def label_of(photo: Photo) -> str:
    """Return a photo's label by what was determined; empty where that is none."""
    if photo.determined_outcome == Outcome.MOTIF and photo.determined_motif:
        return photo.determined_motif.slug
    return UNKNOWN.get(photo.determined_outcome, "")


def names(labels: Iterable[str]) -> dict[str, str]:
    """Return what people call each label: a motif's preferred name in Banjar."""
    wanted = list(labels)
    found = MotifName.objects.preferred().filter(motif__slug__in=wanted, language="bjn")
    of_motif = dict(found.values_list("motif__slug", "name"))
    return {
        label: str(_NAMES.get(label) or of_motif.get(label, label)) for label in wanted
    }

"""All photos that everybody may see, and what they can be narrowed to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from motifs import galleries, keyset
from motifs.languages import reader_language
from motifs.licences import short_name
from motifs.models import Contribution, Motif, Photo

MOST_PLACES = 100


@dataclass(frozen=True)
class Filter:
    """One question to the list, as a form offers it.

    Args:
        options: the values that may be chosen, and what they are called.
        chosen: one of them; empty where nothing was asked, or something unknown.
    """

    name: str
    label: str
    anything: str
    options: list[tuple[str, str]]
    chosen: str


def _is_named_by_nobody() -> Q:
    """Neither people who agree nor its giver name a motif."""
    return Q(determined_motif=None) & (
        ~Q(determined_outcome__in=galleries.SUGGESTION_STANDS)
        | Q(contribution__motif=None)
    )


STATES = {
    "determined": ~Q(determined_outcome=""),
    "open": Q(determined_outcome=""),
    "unknown": _is_named_by_nobody(),
}


def filters(asked: Mapping[str, str]) -> list[Filter]:
    """The questions with their choices, in two queries."""
    motifs = Motif.objects.published().with_labels(reader_language())
    named = motifs.order_by(Lower("preferred_name"), "slug")
    states = {
        "determined": _("Determined"),
        "open": _("Not yet determined"),
        "unknown": _("Motif not known"),
    }
    Technique = Contribution.Technique
    offered = [
        ("state", _("What is known"), _("Anything"), list(states.items())),
        (
            "motif",
            _("Motif"),
            _("Any motif"),
            [(motif.slug, motif.preferred_name) for motif in named],
        ),
        ("place", _("Place"), _("Any place"), _places()),
        (
            "technique",
            _("Technique"),
            _("Any technique"),
            [(one.value, str(one.label)) for one in Technique if one.value],
        ),
        (
            "licence",
            _("Licence"),
            _("Any licence"),
            [(one.value, short_name(one)) for one in Contribution.Licence],
        ),
    ]
    return [
        Filter(name, label, anything, options, _chosen(asked.get(name, ""), options))
        for name, label, anything, options in offered
    ]


def photos(chosen: list[Filter]) -> QuerySet[Photo]:
    """Public photos that answer to all questions; rendered cloth is no photo."""
    asked = {one.name: one.chosen for one in chosen if one.chosen}
    found = (
        Photo.objects.shown()
        .filter(contribution__is_demonstration=False)
        .select_related("contribution__given_by")
    )
    if state := asked.get("state"):
        found = found.filter(STATES[state])
    if slug := asked.get("motif"):
        found = found.filter(galleries.is_of(Motif.objects.get(slug=slug)))
    if place := asked.get("place"):
        found = found.filter(contribution__place__iexact=place)
    if technique := asked.get("technique"):
        found = found.filter(contribution__technique=technique)
    if licence := asked.get("licence"):
        found = found.filter(contribution__licence=licence)
    return found


def page(found: QuerySet[Photo], after: str) -> keyset.Slice[Photo]:
    """Return one page, the newest first. Raises keyset.NoSuchPage."""
    return keyset.page(found, galleries.NEWEST, after=after, size=galleries.A_PAGE)


def query(chosen: list[Filter], after: str = "") -> str:
    """Return the address's query for these choices."""
    asked = {one.name: one.chosen for one in chosen if one.chosen}
    return urlencode(asked | ({"after": after} if after else {}))


def _chosen(asked: str, options: list[tuple[str, str]]) -> str:
    return asked if asked in dict(options) else ""


def _places() -> list[tuple[str, str]]:
    """Where public photos are from, the places with most cloths; by name.

    Places are typed freely: spellings that differ in capitals only are one, under the
    commonest.
    """
    counted = (
        photos([])
        .exclude(contribution__place="")
        .order_by()
        .values_list("contribution__place")
        .annotate(cloths=Count("contribution", distinct=True))
        .order_by("-cloths", "contribution__place")[:MOST_PLACES]
    )
    spelled: dict[str, str] = {}
    for place, _cloths in counted:
        spelled.setdefault(place.casefold(), place)
    return [(place, place) for _folded, place in sorted(spelled.items())]

"""Which photos stand on which page, and in which order. Everybody sees the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Case, Count, Q, QuerySet, Value, When

from motifs import keyset
from motifs.models import Motif, Outcome, Photo

if TYPE_CHECKING:
    from heritage.models import User

ON_THE_MOTIFS_PAGE = 12
A_PAGE = 24
LEARNS_FROM = 3
"""Confirmed photos from which the recogniser can learn a motif by its prototype."""

SUGGESTION_STANDS = ("", Outcome.PRINTED)
"""Outcomes beside which the giver's suggestion stands: a print is still of a motif."""

# Together unique: a contribution has one photo at a position.
NEWEST = ("-contribution__accepted_at", "contribution_id", "position")
BEST = ("rank", "contribution__is_demonstration", "-is_good", *NEWEST)


@dataclass(frozen=True)
class Counts:
    """How many photos of a motif are shown, confirmed, and lacking to learn from."""

    shown: int
    confirmed: int
    lacking: int


def is_of(motif: Motif) -> Q:
    """Photos determined as this motif, and those that only their giver calls so."""
    return (
        Q(determined_motif=motif)
        | Q(determined_second_motif=motif)
        | Q(
            contribution__motif=motif,
            determined_motif=None,
            determined_outcome__in=SUGGESTION_STANDS,
        )
    )


def of_motif(motif: Motif) -> QuerySet[Photo]:
    """Shown photos of the motif, with their ``rank``: 0 if determined, 1 if not."""
    return (
        Photo.objects.shown()
        .filter(is_of(motif))
        .select_related("contribution__given_by")
        .annotate(
            rank=Case(
                When(determined_motif__isnull=False, then=Value(0)), default=Value(1)
            )
        )
    )


def first_of_motif(motif: Motif) -> list[Photo]:
    """Return the photos on the motif's own page: confirmed first, then suggested."""
    return list(of_motif(motif).order_by(*BEST)[:ON_THE_MOTIFS_PAGE])


def page_of_motif(motif: Motif, after: str) -> keyset.Slice[Photo]:
    """Return one page of all photos of a motif. Raises keyset.NoSuchPage."""
    return keyset.page(of_motif(motif), BEST, after=after, size=A_PAGE)


def counts_of(motif: Motif) -> Counts:
    """Count a motif's photos, in two queries."""
    found = of_motif(motif).aggregate(
        shown=Count("pk"), confirmed=Count("pk", filter=Q(rank=0))
    )
    learned_from = Photo.objects.trainable().filter(determined_motif=motif).count()
    lacking = max(0, LEARNS_FROM - learned_from)
    return Counts(found["shown"], found["confirmed"], lacking)


def of_contributor(user: User) -> QuerySet[Photo]:
    """Shown photos that this person gave; rendered demonstrations are not theirs."""
    return (
        Photo.objects.shown()
        .filter(contribution__given_by=user, contribution__is_demonstration=False)
        .select_related("contribution__given_by")
    )


def page_of_contributor(user: User, after: str) -> keyset.Slice[Photo]:
    """Return one page of a contributor's photos. Raises keyset.NoSuchPage."""
    return keyset.page(of_contributor(user), NEWEST, after=after, size=A_PAGE)


@dataclass(frozen=True)
class ContributorCounts:
    """What somebody gave and everybody may see."""

    photos: int
    cloths: int
    confirmed: int


def counts_of_contributor(user: User) -> ContributorCounts:
    """Count a contributor's photos, the cloths on them, and those confirmed."""
    found = of_contributor(user).aggregate(
        photos=Count("pk"),
        cloths=Count("contribution", distinct=True),
        confirmed=Count("pk", filter=Q(determined_motif__isnull=False)),
    )
    return ContributorCounts(**found)


def newly_accepted(motif: Motif | None = None) -> QuerySet[Photo]:
    """Shown photos, of one motif or of all, newest first; no demonstrations."""
    photos = Photo.objects.shown().filter(contribution__is_demonstration=False)
    if motif is not None:
        photos = photos.filter(is_of(motif))
    return photos.select_related("contribution__given_by").order_by(*NEWEST)

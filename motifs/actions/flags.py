"""Note what checks found. They flag; people decide."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.db.models import Count

from motifs.models import Contribution, Flag, Photo


@transaction.atomic
def flag_photo(
    *,
    photo: Photo,
    kind: str,
    other: Photo | None = None,
    measure: float | None = None,
) -> Flag | None:
    """Note a finding; noting it again is the same as once.

    Nobody is told of a photo that was withdrawn: None where ``other`` is one, even if
    that happened after the check had found it.

    Args:
        kind: one of ``Flag.Kind``.
        other: the photo that it copies, for the two kinds of copies.
        measure: what the check measured, in its own unit.
    """
    ids = {photo.contribution_id, (other or photo).contribution_id}
    locked = _locked(ids)
    contribution = locked[photo.contribution_id]
    if other is not None:
        # Both are held with their contributions: nobody takes one back meanwhile.
        named = Photo.objects.given().filter(pk=other.pk)
        if not named.exists():
            return None
    flag, _is_new = Flag.objects.update_or_create(
        photo=photo, kind=kind, other=other, defaults={"measure": measure}
    )
    reckon_attention(contribution)
    return flag


@transaction.atomic
def unflag_photo(*, photo: Photo, kinds: Iterable[str]) -> None:
    """Take back what a check noted and no longer finds."""
    contribution = _locked({photo.contribution_id})[photo.contribution_id]
    if Flag.objects.filter(photo=photo, kind__in=list(kinds)).delete()[0]:
        reckon_attention(contribution)


def lock_with_those_naming(photos: Iterable[Photo], contribution_id: int) -> None:
    """Hold a contribution and all whose flags name one of its photos.

    In one order, before anything else: two that name each other may be taken back at
    one moment.
    """
    naming = Flag.objects.filter(other__in=photos)
    _locked({contribution_id, *naming.values_list("photo__contribution", flat=True)})


def forget_copies_of(photos: Iterable[Photo]) -> None:
    """Delete the flags that name these photos, of contributions that are held.

    Must share the transaction that withdraws or deletes them: from then on nobody is
    told of them.
    """
    naming = Flag.objects.filter(other__in=photos)
    others = set(naming.values_list("photo__contribution", flat=True))
    naming.delete()
    for contribution in _locked(others).values():
        reckon_attention(contribution)


def _locked(ids: set[int]) -> dict[int, Contribution]:
    """The rows, held: flags come from several tasks, and a sum must count them all."""
    rows = Contribution.objects.select_for_update().filter(pk__in=ids).order_by("pk")
    return {row.pk: row for row in rows}


def reckon_attention(contribution: Contribution) -> None:
    """Add up what the checks noted of a locked contribution's photos."""
    counted = (
        Flag.objects.filter(photo__contribution=contribution, photo__withdrawn_at=None)
        .values_list("kind")
        .annotate(Count("pk"))
    )
    contribution.attention = sum(
        Flag.WEIGHTS[Flag.Kind(one)] * count for one, count in counted
    )
    contribution.save(update_fields=["attention"])

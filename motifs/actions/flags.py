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
) -> Flag:
    """Note a finding; noting it again is the same as once.

    Args:
        kind: one of ``Flag.Kind``.
        other: the photo that it copies, for the two kinds of copies.
        measure: what the check measured, in its own unit.
    """
    contribution = _locked(photo.contribution_id)
    flag, _is_new = Flag.objects.update_or_create(
        photo=photo, kind=kind, other=other, defaults={"measure": measure}
    )
    reckon_attention(contribution)
    return flag


@transaction.atomic
def unflag_photo(*, photo: Photo, kinds: Iterable[str]) -> None:
    """Take back what a check noted and no longer finds."""
    contribution = _locked(photo.contribution_id)
    if Flag.objects.filter(photo=photo, kind__in=list(kinds)).delete()[0]:
        reckon_attention(contribution)


def forget_copies_of(contribution: Contribution) -> None:
    """Delete the flags that name photos of a contribution which is being withdrawn.

    Must share the withdrawal's transaction: from then on nobody is told of its photos.
    """
    naming = Flag.objects.filter(other__contribution=contribution)
    others = list(naming.values_list("photo__contribution", flat=True))
    naming.delete()
    for pk in sorted(set(others)):
        reckon_attention(_locked(pk))


def _locked(contribution_id: int) -> Contribution:
    """The row, held: flags come from several tasks, and its sum must count them all."""
    return Contribution.objects.select_for_update().get(pk=contribution_id)


def reckon_attention(contribution: Contribution) -> None:
    """Add up what the checks noted of a locked contribution's photos."""
    counted = (
        Flag.objects.filter(photo__contribution=contribution)
        .values_list("kind")
        .annotate(Count("pk"))
    )
    contribution.attention = sum(
        Flag.WEIGHTS[Flag.Kind(one)] * count for one, count in counted
    )
    contribution.save(update_fields=["attention"])

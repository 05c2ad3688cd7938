"""Note what checks found. They flag; people decide."""

from __future__ import annotations

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
    # Flags of one contribution come from several tasks; its sum must count them all.
    contribution = Contribution.objects.select_for_update().get(
        pk=photo.contribution_id
    )
    flag, _is_new = Flag.objects.update_or_create(
        photo=photo, kind=kind, other=other, defaults={"measure": measure}
    )
    reckon_attention(contribution)
    return flag


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

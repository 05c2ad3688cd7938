"""The nine motifs that an expert reaches with one key."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, time
from typing import TYPE_CHECKING

from django.utils import timezone

from motifs.models import Identification, Motif

if TYPE_CHECKING:
    from heritage.models import User

KEYS = 9
REMEMBERED = 200
HALVES_AFTER = 30
"""A statement counts half as much as one made so many statements later."""


def keyed_motifs(user: User, motifs: Sequence[Motif]) -> list[Motif]:
    """Return the motifs of the number keys 1 to 9, in order.

    They are those that this person named most and latest before today, filled up from
    the catalogue. A key keeps its motif all day; what is named today for the first time
    takes the place of a filling, from 9 downwards. The recogniser has no say in it.

    Args:
        motifs: all that may be named, in the catalogue's order.
    """
    midnight = timezone.make_aware(datetime.combine(timezone.localdate(), time.min))
    named = (
        Identification.objects.filter(identified_by=user)
        .exclude(motif=None)
        .order_by("-identified_at", "-pk")
        .values_list("identified_at", "motif_id", "second_motif_id")[:REMEMBERED]
    )
    weights: dict[int, float] = defaultdict(float)
    today: list[int] = []
    earlier = 0
    for at, *ids in named:
        if at >= midnight:
            today += (pk for pk in reversed(ids) if pk)
            continue
        for pk in ids:
            if pk:
                weights[pk] += 0.5 ** (earlier / HALVES_AFTER)
        earlier += 1
    by_id = {motif.pk: motif for motif in motifs}
    ranked = sorted((pk for pk in weights if pk in by_id), key=lambda pk: -weights[pk])
    keyed = ranked[:KEYS]
    filling = [pk for pk in by_id if pk not in keyed][: KEYS - len(keyed)]
    fresh = [pk for pk in dict.fromkeys(reversed(today)) if pk in by_id]
    fresh = [pk for pk in fresh if pk not in keyed and pk not in filling]
    for place, pk in enumerate(fresh[: len(filling)], start=1):
        filling[-place] = pk
    return [by_id[pk] for pk in keyed + filling]

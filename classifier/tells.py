"""What tells the motifs of an answer apart."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

from django.db.models import Q
from django.utils.translation import get_language

from motifs.models import LookAlike, Motif


def tells(motifs: Sequence[Motif]) -> list[dict[str, Any]]:
    """Return what tells the motifs of an answer apart, pair by pair."""
    if len(motifs) < 2:
        return []
    by_id = {motif.pk: motif for motif in motifs}
    language = (get_language() or "").partition("-")[0]
    pairs = {
        (row.first_id, row.second_id): row
        for row in LookAlike.objects.filter(
            Q(first__in=by_id) & Q(second__in=by_id)
        ).order_by("pk")
    }
    found = []
    for one, other in combinations(by_id, 2):
        row = pairs.get((one, other)) or pairs.get((other, one))
        if row is None:
            continue
        text, text_language = row.tell(language)
        if text:
            found.append(
                {
                    "motifs": (by_id[one], by_id[other]),
                    "text": text,
                    "language": text_language,
                    "is_sourced": row.is_sourced,
                }
            )
    return found

"""Write the one history; every other action calls this within its transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from motifs.models import Contribution, HistoryEntry, Motif, Photo, Source
from motifs.notices import announce

if TYPE_CHECKING:
    from heritage.models import User


def record(
    verb: str,
    *,
    by: User | None,
    contribution: Contribution | None = None,
    photo: Photo | None = None,
    motif: Motif | None = None,
    source: Source | None = None,
    reason: str = "",
    data: dict[str, Any] | None = None,
) -> HistoryEntry:
    """Add what was done, to whom, by whom and why. Must share the deed's transaction.

    Args:
        verb: one of ``HistoryEntry.Verb``.
        by: nobody where a check did it, or somebody without an account.
        data: what was, and what became; JSON.
    """
    entry = HistoryEntry.objects.create(
        verb=verb,
        by=by,
        contribution=contribution,
        photo=photo,
        motif=motif,
        source=source,
        reason=reason,
        data=data or {},
    )
    announce(entry)
    return entry

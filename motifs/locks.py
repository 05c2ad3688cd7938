"""Locks of the whole catalogue, held until the transaction ends."""

from __future__ import annotations

from django.db import connection

# Any fixed number: it is the name of the lock.
_MERGING = 0x4D455247


def lock_motifs_for_merging() -> None:
    """Wait until nobody uses motifs, and let nobody use them but this transaction."""
    _take("pg_advisory_xact_lock")


def lock_motifs_against_merging() -> None:
    """Let no merge happen while what is said of a photo is written down.

    Row locks would not do: a merge takes motifs before photos, an identification a
    photo before its motifs, and each would wait for the other.
    """
    _take("pg_advisory_xact_lock_shared")


def _take(function: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [_MERGING])

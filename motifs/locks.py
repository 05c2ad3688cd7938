"""Locks of the whole catalogue, held for one transaction unless said otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

# Any fixed numbers: they are the names of the locks.
_MERGING = 0x4D455247
_ORIGINALS = 0x4F524947


def lock_motifs_for_merging() -> None:
    """Wait until nobody uses motifs, and let nobody use them but this transaction."""
    _take("pg_advisory_xact_lock", _MERGING)


def lock_motifs_against_merging() -> None:
    """Let no merge happen while what is said of a photo is written down.

    Row locks would not do: a merge takes motifs before photos, an identification a
    photo before its motifs, and each would wait for the other.
    """
    _take("pg_advisory_xact_lock_shared", _MERGING)


def lock_originals_for_replacing() -> None:
    """Wait until nobody copies originals, and let nobody begin before this is done.

    Whoever begins after that sees the new row, and needs the old file no more.
    """
    _take("pg_advisory_xact_lock", _ORIGINALS)


@contextmanager
def originals_kept() -> Iterator[None]:
    """Let no original be replaced by another file, over any number of transactions."""
    _take("pg_advisory_lock_shared", _ORIGINALS)
    try:
        yield
    finally:
        _take("pg_advisory_unlock_shared", _ORIGINALS)


def _take(function: str, lock: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [lock])

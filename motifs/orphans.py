"""Files of photos that no row names: what a rolled-back transaction left behind.

A file is written before its row is there for good, so that no row is without its file.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from datetime import timedelta

from django.core.files.storage import default_storage
from django.db.models import Min
from django.utils import timezone

from motifs.models import Photo

KEPT_FOR = timedelta(days=30)
"""Far longer than any transaction: a database that is put back to an earlier day does
not yet know the files of the days since."""
# Whatever else lies there is not ours to delete.
_ORIGINAL = re.compile(r"[0-9a-f]{32}(_\w+)?\.(jpg|png|webp)")
_RENDITION = re.compile(r"\.?([0-9a-f]{64})-\w+\.[\w.]+")


def sweep_files(shard: str = "") -> int:
    """Delete originals and renditions that no photo has; return how many.

    Args:
        shard: the folder, 00 to ff; one by chance if it is not said. There is a sweep
            every minute, which so comes to each of the 256 within a day.
    """
    shard = shard or f"{secrets.randbelow(256):02x}"
    return _delete(f"photos/{shard}", _unnamed_originals) + _delete(
        f"renditions/{shard}", _unnamed_renditions
    )


def _unnamed_originals(folder: str, names: list[str]) -> list[str]:
    ours = {f"{folder}/{name}" for name in names if _ORIGINAL.fullmatch(name)}
    named = Photo.objects.filter(image__in=ours).values_list("image", flat=True)
    return sorted(ours - set(named))


def _unnamed_renditions(folder: str, names: list[str]) -> list[str]:
    ours = [(m[1], name) for name in names if (m := _RENDITION.fullmatch(name))]
    digests = {digest for digest, _name in ours}
    named = set(
        Photo.objects.filter(sha256__in=digests).values_list("sha256", flat=True)
    )
    return [f"{folder}/{name}" for digest, name in ours if digest not in named]


def _delete(folder: str, unnamed: Callable[[str, list[str]], list[str]]) -> int:
    try:
        names = default_storage.listdir(folder)[1]
    except FileNotFoundError:
        return 0
    # What is older than the first photo is of another database: this one may be new,
    # with the old one's files still to be given back their rows.
    first = Photo.objects.aggregate(at=Min("added_at"))["at"] or timezone.now()
    # A file is written a little before its row.
    first -= timedelta(days=1)
    long_ago = timezone.now() - KEPT_FOR
    found = [
        name
        for name in unnamed(folder, names)
        if first < default_storage.get_modified_time(name) < long_ago
    ]
    for name in found:
        default_storage.delete(name)
    return len(found)

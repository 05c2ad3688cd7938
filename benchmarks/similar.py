"""How long photos like this one take among 100,000, beside the exact scan.

    make bench

Seeds a database with ``seed_scale`` and ``seed_embeddings``, builds the index, and
asks about the same photos by index and by exact scan, in turn, as a visitor and as a
curator.
Ends with 1 if the claims in docs/operating.md do not hold.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from collections.abc import Callable
from io import StringIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from motifs.models import Photo

MOST_P95_MS = 50.0
LEAST_RECALL = 0.9
AT = 10
WARM_UP = 5


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.similar")
    parser.add_argument("--photos", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--exact", type=int, default=40, help="of them, also by scan")
    options = parser.parse_args()
    prepare(options.photos)

    from django.contrib.auth.models import AnonymousUser

    from motifs.demonstration import demo_curator

    build()
    readers: dict[str, Any] = {
        "a visitor": AnonymousUser(),
        "a curator": demo_curator(),
    }
    print(f"\nTimes in milliseconds for {AT} photos like one, rows included.\n")
    good = True
    try:
        for who, reader in readers.items():
            good &= measure(who, reader, options.queries, options.exact)
    finally:
        use_index(True)
    print(
        f"\nClaimed: p95 under {MOST_P95_MS:.0f} ms by index, recall@{AT} of at least"
    )
    print(f"{LEAST_RECALL}. {'Both hold.' if good else 'That does NOT hold.'}")
    return 0 if good else 1


def prepare(photos: int) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "heritage.settings")
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0, interactive=False)
    call_command("import_catalogue", stdout=StringIO())
    call_command("seed_scale", photos=photos, pending=photos // 20)
    call_command("seed_embeddings", index=False)


def build() -> None:
    from django.db import connection

    from classifier.checking import champion_version
    from classifier.vectors import ensure_index, index_name

    version = champion_version()
    assert version is not None, "there is no model"  # noqa: S101
    start = time.perf_counter()
    is_new = ensure_index(version, at_once=True)
    took = time.perf_counter() - start
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_size_pretty(pg_relation_size(%s::regclass)), "
            "pg_size_pretty(pg_table_size('classifier_photoembedding'))",
            [index_name(version)],
        )
        index_size, table_size = cursor.fetchone()
    said = f"built in {took:.0f} s" if is_new else "was there already"
    print(f"The index {said}: {index_size} beside {table_size} of embeddings.")


def measure(who: str, reader: Any, queries: int, exact: int) -> bool:
    """Print one reader's times and recall; whether the claims hold."""
    from motifs.models import Photo

    ids = list(Photo.objects.visible_to(reader).values_list("pk", flat=True))
    asked = Photo.objects.in_bulk(
        random.Random(7).sample(ids, queries)  # noqa: S311 - a sample, no secret
    )
    photos = list(asked.values())
    for photo in photos[:WARM_UP]:
        ask(photo, reader, by_index=True)
    by_index, by_scan, recalls = [], [], []
    for number, photo in enumerate(photos):
        took, found = ask(photo, reader, by_index=True)
        by_index.append(took)
        if number < exact:
            took, truth = ask(photo, reader, by_index=False)
            by_scan.append(took)
            recalls.append(len(found & truth) / max(1, len(truth)))
    recall = sum(recalls) / len(recalls)
    print(f"{who}, who sees {len(ids)} photos")
    p95 = show("  by index", by_index)
    show("  by exact scan", by_scan)
    print(f"  recall@{AT} {recall:.3f} over {len(recalls)} photos")
    return p95 < MOST_P95_MS and recall >= LEAST_RECALL


def ask(photo: Photo, reader: Any, *, by_index: bool) -> tuple[float, set[int]]:
    """Time one question, in milliseconds; by scan as on a site with no index."""
    from classifier.similar import similar_photos

    use_index(by_index)
    took, found = timed(lambda: similar_photos(photo=photo, user=reader, limit=AT))
    return took, {near.photo.pk for near in found}


def use_index(yes: bool) -> None:
    from django.utils import timezone

    from classifier.models import ModelVersion

    ModelVersion.objects.update(indexed_at=timezone.now() if yes else None)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    result = work()
    return (time.perf_counter() - start) * 1000, result


def show(what: str, times: list[float]) -> float:
    """Print the median and the 95th percentile; return the latter."""
    ordered = sorted(times)
    p50 = ordered[len(ordered) // 2]
    p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    print(f"{what:<18} p50 {p50:7.1f}   p95 {p95:7.1f}   ({len(ordered)} questions)")
    return p95


if __name__ == "__main__":
    sys.exit(main())

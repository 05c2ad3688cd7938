"""How long the curators' queue takes with 100,000 photos and 5,000 waiting.

    make bench

In this process, through the whole of Django but without the network: each page in
turn, its queries counted, its time taken many times; beside it the time in which this
process was at work, which a busy machine does not lengthen. Ends with 1 if the queue
needs 12 queries or more, or half of its answers take longer than 150 ms.
"""

from __future__ import annotations

import argparse
import gc
import os
import secrets
import statistics
import sys
import time

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "heritage.settings")
os.environ.setdefault("LOG_LEVEL", "WARNING")
os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(50))
os.environ.setdefault(
    "STATICFILES_BACKEND", "django.contrib.staticfiles.storage.StaticFilesStorage"
)

import django

django.setup()

from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from motifs.demonstration import demo_curator
from motifs.models import Contribution, Photo

MOST_QUERIES, MOST_P50_MS = 12, 150.0
WARM_UP = 3


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.queue")
    parser.add_argument("--photos", type=int, default=100_000)
    parser.add_argument("--pending", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=30)
    asked = parser.parse_args()
    call_command("migrate", verbosity=0)
    call_command("import_catalogue", verbosity=0)
    call_command("seed_scale", photos=asked.photos, pending=asked.pending, verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    # As heritage.wsgi does: what seeding left behind is not looked through again.
    gc.collect()
    gc.freeze()
    client = Client(headers={"host": "localhost"})
    client.force_login(demo_curator())
    waiting = Contribution.objects.waiting().count()
    print(f"{Photo.objects.count()} photos, {waiting} contributions waiting")
    print(f"{'page':<34}{'queries':>8}{'p50 ms':>8}{'p95 ms':>8}{'CPU ms':>8}")
    kept = [_measure(client, name, path, asked.rounds) for name, path in _pages()]
    queries, p50 = kept[0]
    return int(queries >= MOST_QUERIES or p50 > MOST_P50_MS)


def _pages() -> list[tuple[str, str]]:
    listed = reverse("admin:motifs_contribution_changelist")
    waiting = Contribution.objects.waiting().order_by("-attention", "submitted_at")
    first = waiting[0]
    desk = reverse("admin:motifs_contribution_desk", args=[first.pk])
    return [
        ("queue", listed),
        ("queue, page 100", f"{listed}?p=100"),
        ("queue, copies only", f"{listed}?copies=yes"),
        ("queue, blurred", f"{listed}?flag=blurred"),
        ("queue, one motif", f"{listed}?motif=gigi-haruan"),
        ("queue, a search", f"{listed}?q=martapura"),
        ("all that was ever given", f"{listed}?state=all"),
        ("desk", desk),
        ("photos", reverse("admin:motifs_photo_changelist")),
        ("history", reverse("admin:motifs_historyentry_changelist")),
        ("what to add next", reverse("admin:motifs_motif_completeness")),
    ]


def _measure(client: Client, name: str, path: str, rounds: int) -> tuple[int, float]:
    """Print a page's queries and times; return its queries and its median in ms."""
    for _ in range(WARM_UP):
        response = client.get(path)
        if response.status_code != 200:
            raise SystemExit(f"{path} answered {response.status_code}")
    with CaptureQueriesContext(connection) as captured:
        client.get(path)
        queries = len(captured)
    times, busy = [], []
    for _ in range(rounds):
        start, began = time.perf_counter(), time.process_time()
        client.get(path)
        times.append((time.perf_counter() - start) * 1000)
        busy.append((time.process_time() - began) * 1000)
    p50, cpu = statistics.median(times), statistics.median(busy)
    p95 = statistics.quantiles(times, n=20)[-1]
    print(f"{name:<34}{queries:>8}{p50:>8.0f}{p95:>8.0f}{cpu:>8.0f}", flush=True)
    return queries, p50


if __name__ == "__main__":
    sys.exit(main())

"""Hostile files get an answer or a clear refusal, and cost little.

Each file is answered by a process of its own, see ``tests.classifier.hostile.run``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection

from tests.classifier.hostile import FILES, NAMES

# The fixture's database is made only for tests that ask for one.
pytestmark = pytest.mark.django_db
MOST_CPU_S = 2.0
MOST_EXTRA_MB = 300
REFUSALS = {
    400: {"no_image", "malformed"},
    413: {"too_large"},
    415: {"not_an_image"},
    422: {"unreadable", "too_small", "too_many_pixels"},
}
# Sound pictures, however odd, that must be answered.
ANSWERED = [
    "jpeg progressive",
    "jpeg of 48 megapixels",
    "jpeg mpo",
    "jpeg cmyk",
    "jpeg grey",
    *(f"jpeg orientation {n}" for n in (*range(10), 65535)),
    "jpeg exif that loops",
    "jpeg exif of noise",
    "jpeg colour profile of noise",
    "jpeg with a zip behind it",
    "png grey of 16 bits",
    "png colour of 16 bits",
    "png interlaced",
    "png palette with transparency",
    "png half see-through",
    "png animated",
    "tiff of 500 pages",
    "tiff grey of 16 bits",
    "tiff of floating numbers",
    "tiff in mode CMYK",
    "webp animated",
    "webp see-through",
    "heic sound",
    "heic of three pictures",
    *(f"a name {name}" for name in NAMES),
]


@pytest.fixture(scope="module")
def costs(django_db_setup, django_db_blocker) -> dict[str, dict[str, Any]]:
    """What every file got for an answer and what it cost."""
    with django_db_blocker.unblock():
        name = connection.settings_dict["NAME"]
    address = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}")
    done = subprocess.run(
        [sys.executable, "-m", "tests.classifier.hostile.run"],
        cwd=Path(settings.BASE_DIR),
        env=os.environ
        | {
            "DATABASE_URL": address.geturl(),
            "THROTTLE_IDENTIFY": "100000/min",
            "LOG_LEVEL": "CRITICAL",
        },
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return {row["name"]: row for row in rows}


def test_there_are_sixty_files_and_more():
    assert len(FILES) + len(NAMES) >= 60


@pytest.mark.parametrize("name", [*FILES, *(f"a name {name}" for name in NAMES)])
def test_a_hostile_file_is_answered_or_refused_within_its_means(costs, name):
    cost = costs[name]

    assert "died" not in cost, cost
    if cost["status"] != 200:
        assert cost["code"] in REFUSALS[cost["status"]], cost
        assert cost["type"].startswith("application/problem+json")
    assert cost["cpu_s"] <= MOST_CPU_S, cost
    assert cost["extra_mb"] <= MOST_EXTRA_MB, cost


@pytest.mark.parametrize("name", ANSWERED)
def test_a_sound_picture_however_odd_is_answered(costs, name):
    assert costs[name]["status"] == 200, costs[name]


@pytest.mark.parametrize("name", [n for n in FILES if n.startswith(("a ", "an "))])
def test_what_is_no_photo_is_not_taken_for_one(costs, name):
    if name not in ("a jpeg that starts as a png", "a png that starts as a jpeg"):
        assert costs[name]["status"] == 415, costs[name]

"""Processes of the site that work with the test's own rows, as in production."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection


def environment(var: Path, **changes: str) -> dict[str, str]:
    """Return the environment of a process that has the test database, and this folder.

    The test needs ``django_db(transaction=True)``: others see what is committed.
    """
    name = connection.settings_dict["NAME"]
    address = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
    own = {"DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "heritage.settings"}
    return os.environ | own | {"VAR_DIR": str(var)} | changes


@contextmanager
def started(
    command: list[str], var: Path, **changes: str
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process of the site, its output in ``var/process.log``, until the end."""
    with (var / "process.log").open("ab") as log:
        process = subprocess.Popen(
            command,
            cwd=settings.BASE_DIR,
            env=environment(var, **changes),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

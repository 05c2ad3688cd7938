"""Everything a site knows in one file, and back again.

A backup is a tar of the database (``pg_dump``'s own format), the photos, and a list of
all of it with digests. What can be made again is left out: renditions, static files,
photos that wait for an answer. The database is written first, and no original is
replaced while a backup is written, so every photo that the database names is in the
file; but not one that was lost before, nor one that its giver removes meanwhile.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection

from heritage.postgres import binaries
from motifs.locks import originals_kept
from motifs.models import Photo

FORMAT = 1
DUMP, MEDIA, LIST = "database.dump", "media", "backup.json"
LEFT_OUT = ("renditions", "private")
"""Folders of MEDIA_ROOT that are made again or are over within a day."""
_VARIABLES = {
    "dbname": "PGDATABASE",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "host": "PGHOST",
    "port": "PGPORT",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
}


class BackupError(Exception):
    """A backup could not be written or restored; the message says what to do."""


@dataclass(frozen=True)
class Backup:
    """A file with everything, and what is in it."""

    file: Path
    photos: int
    """Files of MEDIA_ROOT."""
    size: int
    """In bytes."""


def write(folder: Path) -> Backup:
    """Write a backup into ``folder`` and return it.

    The file has its name only when it is whole and on disk.

    Raises BackupError: no Postgres tools, the database does not answer, the disk is
    full, a photo's file vanishes.
    """
    at = datetime.now(UTC)
    file = folder / f"langgundi-{at:%Y%m%dT%H%M%SZ}.tar"
    partial = file.with_suffix(".partial")
    media = Path(settings.MEDIA_ROOT)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (
            originals_kept(),
            tempfile.TemporaryDirectory(dir=folder, prefix="dump-") as scratch,
        ):
            dump = Path(scratch) / DUMP
            _postgres("pg_dump", "--format=custom", f"--file={dump}")
            digests = {DUMP: _digest(dump)}
            with partial.open("wb") as out, tarfile.open(fileobj=out, mode="w") as tar:
                os.fchmod(out.fileno(), 0o600)
                tar.add(dump, DUMP)
                for path in _photos(media):
                    name = f"{MEDIA}/{path.relative_to(media).as_posix()}"
                    try:
                        digests[name] = _digest(path)
                        tar.add(path, name)
                    except FileNotFoundError:
                        # An upload may be over before its turn comes, a photo removed.
                        digests.pop(name, None)
                        stored = name.removeprefix(f"{MEDIA}/")
                        if Photo.objects.filter(image=stored).exists():
                            raise
                _add_list(tar, Path(scratch) / LIST, at, digests)
                out.flush()
                os.fsync(out.fileno())
        partial.rename(file)
    except (OSError, DatabaseError) as error:
        raise BackupError(f"The backup was not written: {error}") from error
    finally:
        with suppress(OSError):
            partial.unlink()
    return Backup(file, len(digests) - 1, file.stat().st_size)


def restore(file: Path) -> Backup:
    """Fill an empty database and an empty MEDIA_ROOT from a backup.

    All digests are checked before anything is touched; the database is filled in one
    transaction, after the photos are in place.

    Raises BackupError: the file is not a whole backup, or there is something already.
    """
    media = Path(settings.MEDIA_ROOT)
    if any(_photos(media)):
        raise BackupError(f"{media} has photos in it; restore into an empty VAR_DIR.")
    if connection.introspection.table_names():
        raise BackupError(
            "The database has tables in it; restore into an empty database."
        )
    # Nothing may hold a lock on what is about to be made.
    connection.close()
    media.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=media.parent, prefix="restore-") as scratch:
        folder = Path(scratch)
        _extract(file, folder)
        photos = _check(file, folder)
        restored = folder / MEDIA
        restored.mkdir(exist_ok=True)
        shutil.rmtree(media, ignore_errors=True)
        restored.rename(media)
        try:
            _postgres(
                *("pg_restore", "--no-owner", "--no-privileges", "--exit-on-error"),
                *("--single-transaction", f"--dbname={_name()}", str(folder / DUMP)),
            )
        except BackupError:
            media.rename(restored)  # all or nothing
            raise
    return Backup(file, photos, file.stat().st_size)


def keep(folder: Path, count: int) -> list[Path]:
    """Delete all but the newest ``count`` backups of a folder; return the deleted."""
    old = sorted(folder.glob("langgundi-*.tar"))[: -count or None]
    for file in old:
        file.unlink()
    return old


def _photos(media: Path) -> Iterator[Path]:
    for path in sorted(media.rglob("*")):
        if path.is_file() and path.relative_to(media).parts[0] not in LEFT_OUT:
            yield path


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _add_list(
    tar: tarfile.TarFile, path: Path, at: datetime, digests: dict[str, str]
) -> None:
    content = {"format": FORMAT, "written_at": at.isoformat(), "sha256": digests}
    path.write_text(json.dumps(content, indent=1))
    tar.add(path, LIST)


def _extract(file: Path, folder: Path) -> None:
    try:
        with tarfile.open(file) as tar:
            # The filter refuses links, devices and paths that lead outside.
            tar.extractall(folder, filter="data")
    except (OSError, tarfile.TarError) as error:
        raise BackupError(f"{file} is not a whole backup: {error}") from error


def _check(file: Path, folder: Path) -> int:
    """Return how many photos there are once every digest agrees."""
    try:
        said: dict[str, Any] = json.loads((folder / LIST).read_text())
    except (OSError, ValueError) as error:
        raise BackupError(f"{file} has no {LIST}; it is not a backup.") from error
    if said.get("format") != FORMAT:
        raise BackupError(f"{file} is of format {said.get('format')}, not {FORMAT}.")
    for name, digest in said["sha256"].items():
        path = folder / name
        if not path.is_file() or _digest(path) != digest:
            raise BackupError(f"{file} is damaged: {name} is not what was written.")
    return len(said["sha256"]) - 1


def _name() -> str:
    return str(connection.get_connection_params()["dbname"])


def _postgres(program: str, *arguments: str) -> None:
    """Run one of Postgres' programs on the site's database.

    The connection goes through the environment, so no password is in a process list.
    """
    how = connection.get_connection_params()
    given = {variable: how.get(name) for name, variable in _VARIABLES.items()}
    environment = os.environ | {k: str(v) for k, v in given.items() if v}
    try:
        found = subprocess.run(
            [str(binaries() / "bin" / program), *arguments],
            env=environment,
            capture_output=True,
            check=False,
        )
    except (RuntimeError, OSError) as error:
        raise BackupError(f"{program} cannot be run: {error}") from error
    if found.returncode:
        raise BackupError(f"{program} failed: {found.stderr.decode().strip()}")

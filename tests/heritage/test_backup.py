"""A backup brings everything back, or says that it cannot."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
import threading
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.db import connection

from heritage import backup
from motifs import actions
from motifs.models import Photo
from tests.factories import ContributionFactory, PhotoFactory, picture_bytes

pytestmark = pytest.mark.django_db(transaction=True)
EMPTY = "backup_test"


def server() -> dict[str, str]:
    how = connection.get_connection_params()
    return {name: how[name] for name in ("host", "user", "password") if how.get(name)}


@pytest.fixture
def empty_database():
    """A database without tables beside the test database, and its address."""

    def do(sql):
        with psycopg.connect(
            dbname="postgres", autocommit=True, **server()
        ) as maintenance:
            maintenance.execute(sql)

    name = f"{EMPTY}_{os.getpid()}"
    do(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    do(f"CREATE DATABASE {name}")
    how = server()
    yield f"postgresql://{how['user']}@/{name}?host={quote(how['host'])}"
    do(f"DROP DATABASE {name} WITH (FORCE)")


def manage(*arguments, database, var):
    environment = os.environ | {"DATABASE_URL": database, "VAR_DIR": str(var)}
    return subprocess.run(
        [sys.executable, "manage.py", *map(str, arguments)],
        cwd=django_settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_was_there_is_there_again(tmp_path, empty_database):
    photo = PhotoFactory(contribution__story="Kain nenek.")
    content = Path(photo.image.path).read_bytes()

    made = backup.write(tmp_path / "backups")
    done = manage("restore", made.file, database=empty_database, var=tmp_path / "new")

    assert done.returncode == 0, done.stderr
    with psycopg.connect(empty_database) as restored:
        row = restored.execute(
            "SELECT p.sha256, p.image, c.story FROM motifs_photo p"
            " JOIN motifs_contribution c ON c.id = p.contribution_id"
        ).fetchall()
        # Rules came along, not only rows.
        with pytest.raises(psycopg.errors.CheckViolation):
            restored.execute("UPDATE motifs_photo SET width = 0")
    assert row == [(photo.sha256, photo.image.name, "Kain nenek.")]
    assert (tmp_path / "new" / "media" / photo.image.name).read_bytes() == content


def test_what_can_be_made_again_is_left_out(tmp_path, settings):
    PhotoFactory()
    folder = settings.MEDIA_ROOT / "renditions"
    folder.mkdir(parents=True)
    (folder / "one.jpg").write_bytes(b"x")

    made = backup.write(tmp_path)

    with tarfile.open(made.file) as tar:
        names = tar.getnames()
    assert made.photos == 1
    assert not [name for name in names if "renditions" in name]


def test_only_the_owner_reads_a_backup(tmp_path):
    made = backup.write(tmp_path)

    assert made.file.stat().st_mode & 0o777 == 0o600


def test_a_site_that_has_something_is_not_written_over(tmp_path, settings):
    PhotoFactory()
    made = backup.write(tmp_path / "backups")

    with pytest.raises(backup.BackupError, match="has photos"):
        backup.restore(made.file)
    settings.MEDIA_ROOT = tmp_path / "nothing"
    with pytest.raises(backup.BackupError, match="has tables"):
        backup.restore(made.file)

    assert Photo.objects.count() == 1


@pytest.mark.parametrize("harm", ["cut", "changed", "missing", "not a tar"])
def test_a_damaged_backup_changes_nothing(tmp_path, empty_database, harm):
    PhotoFactory()
    made = backup.write(tmp_path / "backups")
    damaged = tmp_path / "damaged.tar"
    content = made.file.read_bytes()
    if harm == "cut":
        damaged.write_bytes(content[: len(content) // 2])
    elif harm == "changed":
        at = content.index(b"\xff\xd8\xff")
        damaged.write_bytes(content[: at + 3] + b"!" + content[at + 4 :])
    elif harm == "missing":
        with tarfile.open(made.file) as old, tarfile.open(damaged, "w") as new:
            for member in old.getmembers():
                if not member.name.startswith("media/"):
                    new.addfile(member, old.extractfile(member))
    else:
        damaged.write_bytes(b"hello")

    done = manage("restore", damaged, database=empty_database, var=tmp_path / "new")

    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "damaged" in done.stderr or "not a whole backup" in done.stderr
    assert not [p for p in (tmp_path / "new").rglob("*") if p.is_file()]
    with psycopg.connect(empty_database) as restored:
        tables = restored.execute(
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        ).fetchone()
    assert tables == (0,)


def test_a_path_that_leads_outside_is_refused(tmp_path, empty_database):
    evil = tmp_path / "evil.tar"
    with tarfile.open(evil, "w") as tar:
        member = tarfile.TarInfo("../../outside")
        member.size = 1
        tar.addfile(member, io.BytesIO(b"x"))

    done = manage("restore", evil, database=empty_database, var=tmp_path / "new")

    assert done.returncode == 1
    assert not (tmp_path / "outside").exists()


def test_old_backups_go(tmp_path):
    for day in (1, 2, 3):
        (tmp_path / f"langgundi-2026010{day}T000000Z.tar").touch()

    call_command("backup", tmp_path, keep=2, verbosity=0)

    left = sorted(path.name for path in tmp_path.glob("*.tar"))
    assert len(left) == 2
    assert left[0] == "langgundi-20260103T000000Z.tar"


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(CommandError, match="was not written"):
        call_command("backup", tmp_path / "file")


@pytest.fixture
def before_the_files(monkeypatch):
    """Give what is to happen once the database is written and before the photos are."""
    listed = backup._photos

    def set_up(happen):
        def photos(media):
            found = list(listed(media))
            happen()
            return iter(found)

        monkeypatch.setattr(backup, "_photos", photos)

    return set_up


def test_an_original_is_not_replaced_while_a_backup_needs_it(
    tmp_path, before_the_files
):
    photo = PhotoFactory(content=picture_bytes(format="PNG") + b"Siti")
    name, done = f"media/{photo.image.name}", threading.Event()

    def clean():
        try:
            actions.clean_photo(photo=Photo.objects.get(pk=photo.pk))
        finally:
            connection.close()
            done.set()

    thread = threading.Thread(target=clean)

    def begin():
        thread.start()
        assert not done.wait(1)

    before_the_files(begin)
    made = backup.write(tmp_path)
    thread.join()

    with tarfile.open(made.file) as tar:
        assert name in tar.getnames()
    photo.refresh_from_db()
    assert f"media/{photo.image.name}" != name


def test_a_file_that_vanishes_under_its_row_is_said(tmp_path, before_the_files):
    photo = PhotoFactory()
    before_the_files(Path(photo.image.path).unlink)

    with pytest.raises(backup.BackupError, match="was not written"):
        backup.write(tmp_path)

    assert not list(tmp_path.iterdir())


def test_its_giver_may_remove_a_photo_meanwhile(tmp_path, before_the_files):
    photo, other = (
        PhotoFactory(contribution=ContributionFactory(draft=True)),
        PhotoFactory(),
    )
    giver = photo.contribution.given_by
    before_the_files(lambda: actions.remove_photo(photo=photo, by=giver))

    made = backup.write(tmp_path)

    with tarfile.open(made.file) as tar:
        photos = [name for name in tar.getnames() if name.startswith("media/")]
    assert photos == [f"media/{other.image.name}"]

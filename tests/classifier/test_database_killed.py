"""A database that dies during a run leaves what is true, and the next run can begin."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
from django.conf import settings as site
from django.db import connection

from classifier import model_folders, training
from heritage.postgres import Postgres, binaries
from tests.heritage.test_embedded import _remove, children, wait_until_gone

pytestmark = pytest.mark.django_db(transaction=True)

# A child that takes as long as the test wants, and makes a sound model. What it does
# meanwhile has nothing to do with the database.
CHILD = """
import pathlib, shutil, sys, time
starter, out, finish = map(pathlib.Path, sys.argv[1:])
out.with_name("progress.json").write_text('{"what": "head", "done": 1, "total": 3}')
print("learning", flush=True)
while not finish.exists():
    time.sleep(0.05)
shutil.copytree(starter, out.with_name("model.partial"))
out.with_name("model.partial").rename(out)
"""


def work() -> None:
    """Ask for a run and do it; at the commit it waits until the test lets it."""
    wait_s = float(sys.argv[1])
    finish, gate = (Path(site.VAR_DIR) / name for name in ("finish", "gate"))
    training.BEAT_S, training.DATABASE_WAIT_S = 0.2, wait_s
    training.export = lambda dataset, folder: folder.mkdir()
    training.copy_drawings = lambda folder: 0
    training.command = lambda run, *, out, **_: [
        *(sys.executable, "-c", CHILD, str(site.MODEL_FOLDER), str(out), str(finish))
    ]
    verify = model_folders.verify

    def at_the_commit(folder: Path, sha256: str = "") -> model_folders.Sealed:
        found = verify(folder, sha256)
        # In its place already, and the row does not say so yet.
        if folder.parent == site.MODELS_FOLDER and not gate.exists():
            gate.with_name("at-the-commit").touch()
            while not gate.exists():
                time.sleep(0.05)
        return found

    model_folders.verify = at_the_commit
    training.run(ask())


def ask() -> int:
    """Ask for a run; nobody but this process takes it."""
    from classifier.models import DatasetVersion

    training.send = lambda run_id: False
    dataset, _ = DatasetVersion.objects.get_or_create(number=1, digest="0" * 64)
    return training.ask_for_run(by=None, dataset=dataset).pk


def go_on() -> None:
    """Sweep as the site does every minute, and ask for the next run."""
    lost = training.mark_lost()
    ask()
    sys.stdout.write(str(lost))


class Place:
    """A site's data, its own Postgres, and processes that work with both."""

    def __init__(self, var: Path) -> None:
        self.var = var
        # Not disposable: a commit that was told must outlive the kill.
        self.postgres = Postgres(var)
        self.url = self.postgres.start()
        self.workers: list[subprocess.Popen[bytes]] = []

    def kill(self) -> None:
        server = self.postgres.process
        everything = [server.pid, *children(server.pid)]
        for pid in everything:
            os.kill(pid, signal.SIGKILL)
        server.wait()
        wait_until_gone(everything)

    def start_again(self) -> None:
        """Start the server at its address; ``start`` would choose another."""
        deadline = time.monotonic() + 30
        self.postgres._launch()
        while not self.postgres._answers():
            assert time.monotonic() < deadline, self.postgres._log_tail()
            if self.postgres.process.poll() is not None:
                self.postgres._launch()
            time.sleep(0.1)

    def call(self, name: str, *arguments: object) -> subprocess.Popen[bytes]:
        """Start a function of this module in a process that has this database."""
        code = f"import django; django.setup(); from {__name__} import {name}; {name}()"
        with self.log.open("ab") as log:
            self.workers.append(
                subprocess.Popen(
                    [sys.executable, "-c", code, *map(str, arguments)],
                    cwd=site.BASE_DIR,
                    env=os.environ
                    | {
                        "DATABASE_URL": self.url,
                        "DJANGO_SETTINGS_MODULE": "heritage.settings",
                        "VAR_DIR": str(self.var),
                    },
                    stdout=subprocess.PIPE,
                    stderr=log,
                )
            )
        return self.workers[-1]

    def go_on(self) -> int:
        """Sweep and ask for the next run; how many were found lost."""
        process = self.call("go_on")
        out, _ = process.communicate(timeout=60)
        assert process.returncode == 0, self.log.read_text()
        return int(out)

    @property
    def log(self) -> Path:
        return self.var / "worker.log"

    def row(self) -> tuple[str, str, int | None]:
        """The only run's state, its problem, and the version that it made."""
        (found,) = self.query(
            "SELECT state, problem, makes_id FROM classifier_trainingrun"
        )
        return found

    def folder(self) -> Path:
        ((run,),) = self.query("SELECT id FROM classifier_trainingrun")
        return self.var / "runs" / str(run)

    def query(self, sql: str, *values: object) -> list[tuple]:
        with psycopg.connect(self.url) as asked:
            done = asked.execute(sql, values)
            return done.fetchall() if done.description else []

    def has(self, pattern: str) -> bool:
        return any(self.var.glob(pattern))

    def models(self) -> list[str]:
        folder = self.var / "models"
        return [path.name for path in folder.iterdir()] if folder.exists() else []

    def until(self, is_so, seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while not is_so():
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)

    def end(self) -> None:
        for worker in self.workers:
            if worker.poll() is None:
                worker.kill()
            worker.communicate()
        self.postgres.stop()


@pytest.fixture(scope="module")
def _place(tmp_path_factory, django_db_setup):
    place = Place(tmp_path_factory.mktemp("place"))
    try:
        copy_tables(place)
        yield place
    finally:
        place.end()
        _remove(place.var)


@pytest.fixture
def place(_place):
    """The same server for every test, with nothing in it."""
    yield _place
    _place.query("TRUNCATE classifier_trainingrun, classifier_modelversion CASCADE")
    for name in ("models", "runs"):
        shutil.rmtree(_place.var / name, ignore_errors=True)
    for name in ("finish", "gate", "at-the-commit", "worker.log"):
        (_place.var / name).unlink(missing_ok=True)


def copy_tables(place: Place) -> None:
    """Copy the test database's tables: quicker than to migrate from nothing."""
    how = connection.get_connection_params()
    names = {"dbname": "PGDATABASE", "user": "PGUSER", "password": "PGPASSWORD"}
    names |= {"host": "PGHOST", "port": "PGPORT"}
    there = {names[key]: str(how[key]) for key in names if how.get(key)}
    dump = place.var / "tables.dump"
    for command in (
        ["pg_dump", "--format=custom", "--schema-only", f"--file={dump}"],
        ["pg_restore", "--no-owner", f"--dbname={place.url}", str(dump)],
    ):
        program = binaries() / "bin" / command.pop(0)
        subprocess.run([program, *command], env=os.environ | there, check=True)


@pytest.mark.parametrize("when", ["it learns", "the model is registered"])
def test_a_run_outlives_a_database_that_is_killed_and_comes_back(place, when):
    worker = place.call("work", 30)
    place.until(lambda: place.has("runs/*/progress.json"))
    folder = place.folder()
    if when == "it learns":
        (place.var / "gate").touch()
        place.kill()
        place.until(lambda: "cannot beat" in place.log.read_text())
        place.start_again()
        (place.var / "finish").touch()
    else:
        (place.var / "finish").touch()
        place.until(lambda: place.has("at-the-commit"))
        place.kill()
        (place.var / "gate").touch()
        time.sleep(1.5)  # it finds that nobody answers
        place.start_again()

    assert worker.wait(60) == 0, place.log.read_text()
    ((pk, sha256, name),) = place.query(
        "SELECT id, sha256, folder FROM classifier_modelversion"
    )
    assert place.row() == ("done", "", pk)
    assert place.models() == [name]
    assert model_folders.verify(place.var / "models" / name, sha256)
    assert [one.name for one in folder.iterdir() if one.is_dir()] == []
    assert place.go_on() == 0


def test_a_run_whose_database_stays_away_is_found_lost_and_leaves_no_model(place):
    worker = place.call("work", 0.5)
    (place.var / "finish").touch()
    place.until(lambda: place.has("at-the-commit"))
    folder = place.folder()
    assert len(place.models()) == 1

    place.kill()
    (place.var / "gate").touch()
    assert worker.wait(60) != 0
    place.start_again()

    assert place.row() == ("running", "", None)
    place.query("UPDATE classifier_trainingrun SET beat_at = now() - interval '61 s'")
    assert place.go_on() == 1
    assert place.query(
        "SELECT state, problem, makes_id FROM classifier_trainingrun ORDER BY id"
    ) == [("failed", training.LOST, None), ("queued", "", None)]
    assert place.models() == []
    assert [one.name for one in folder.iterdir() if one.is_dir()] == []
    assert (folder / "log.txt").read_text() == "learning\n"

"""Start the whole site and keep it running: what ``make run`` calls.

    python -m heritage.embedded python -m heritage.serve [--port N]

Prepares database, catalogue and static files, starts gunicorn and two Celery workers,
says when the site answers, and starts either again when it dies.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

import django

from classifier.processes import die_with_parent
from heritage.processes import describe_exit, stop

HOST = "127.0.0.1"
ANSWER_WAIT_S = 60
SWEEP_EVERY_S = 60
RESTARTS, RESTARTS_WITHIN_S = 5, 60


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m heritage.serve")
    parser.add_argument("--port", type=int, default=8000)
    port = parser.parse_args().port
    # Started in the background by a shell, a process is born deaf to Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _raise_exit)
    signal.signal(signal.SIGHUP, _raise_exit)

    var = Path(os.environ["VAR_DIR"])
    with (var / "serve.lock").open("a+") as lock:
        if not _take(lock, port):
            return 1
        if not _is_free(port):
            say(f"Port {port} is in use. Choose another: make run PORT={port + 1}")
            return 1
        try:
            return _serve(var, port)
        except KeyboardInterrupt:
            say("Stopped.")
            return 0


def _raise_exit(signum: int, frame: object) -> None:
    raise SystemExit(0)


def say(line: str) -> None:
    print(line, flush=True)


def _take(lock: IO[str], port: int) -> bool:
    """Hold the lock that keeps two sites from sharing one folder of data."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        say(f"Langgundi is running already at {lock.read().strip()}")
        return False
    lock.truncate(0)
    lock.write(_address(port))
    lock.flush()
    return True


def _address(port: int) -> str:
    return f"http://{HOST}:{port}/"


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _serve(var: Path, port: int) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "heritage.settings")
    os.environ.setdefault("SITE_URL", _address(port))
    django.setup()
    password_file = var / "curator-password"
    step("Database", _migrate)
    step("Catalogue", _import_catalogue)
    step("Static files", lambda: _collect_static(var))
    step("Demonstration curator", lambda: _create_curator(password_file))
    # Counters of all web processes meet here; those of an earlier start are over.
    counters = var / "metrics"
    shutil.rmtree(counters, ignore_errors=True)
    counters.mkdir()
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(counters)
    log = var / "log"
    log.mkdir(parents=True, exist_ok=True)
    # Mails carry codes: nobody else on this machine may read them.
    (var / "mail").mkdir(mode=0o700, exist_ok=True)
    services = [
        Service("web", _gunicorn(port), log / "web.log"),
        Service("worker", _celery("celery", 2), log / "worker.log"),
        Service("trainer", _celery("training", 1), log / "trainer.log"),
    ]
    try:
        for service in services:
            service.start()
        step("First answer", lambda: _wait_for_answer(port, services))
        say(
            f"\nLanggundi is at {_address(port)}\n"
            f"Curators sign in at {_address(port)}id/admin/ as kurator; the password "
            f"is in {password_file}\n"
            f"Mails are {_mails(var)}; logs are in {log}. Ctrl-C stops everything."
        )
        sweep_at = time.monotonic() + SWEEP_EVERY_S
        while True:
            for service in services:
                if not service.keep_running():
                    return 1
            if time.monotonic() >= sweep_at:
                sweep_at = time.monotonic() + SWEEP_EVERY_S
                _sweep()
            time.sleep(0.5)
    finally:
        # A second Ctrl-C must not leave half of the site running.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        for service in services:
            service.stop()


def _mails(var: Path) -> str:
    from django.conf import settings

    if settings.EMAIL_BACKEND.endswith(".filebased.EmailBackend"):
        return f"files in {var / 'mail'}"
    return f"sent through {settings.EMAIL_HOST}"


def _sweep() -> None:
    """Ask the worker to catch what the queue lost and to delete what is old."""
    from heritage.tasks import sweep_task

    # With the broker down there is a next minute.
    with suppress(Exception):
        sweep_task.delay()


def step(name: str, work: Callable[[], str | None]) -> None:
    """Do one step of the start and show that it is under way and how long it took."""
    print(f"{name + ' ':.<26} ", end="", flush=True)
    start = time.monotonic()
    result = work() or "ready"
    say(f"{result} ({time.monotonic() - start:.1f} s)")


def _migrate() -> str | None:
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)
    return None


def _import_catalogue() -> str:
    return _said("import_catalogue")


def _create_curator(password_file: Path) -> str:
    return _said("create_demo_curator", password_file=str(password_file))


def _said(command: str, **options: str) -> str:
    """Run a management command and return its last line."""
    from io import StringIO

    from django.core.management import call_command

    out = StringIO()
    call_command(command, stdout=out, **options)
    lines = out.getvalue().strip().splitlines()
    return lines[-1] if lines else "ready"


def _collect_static(var: Path) -> str:
    """Collect, hash and compress; nothing to do if no file has changed."""
    from django.conf import settings
    from django.contrib.staticfiles.finders import get_finders
    from django.core.management import call_command

    digest = hashlib.sha256(str(settings.STATIC_ROOT).encode())
    for finder in get_finders():
        for name, storage in finder.list([]):
            changed = storage.get_modified_time(name).timestamp()
            digest.update(f"{name}:{storage.size(name)}:{changed};".encode())
    stamp = var / "static.sha256"
    root = Path(settings.STATIC_ROOT)
    if root.exists() and stamp.exists() and stamp.read_text() == digest.hexdigest():
        return "unchanged"
    stamp.unlink(missing_ok=True)
    call_command("collectstatic", verbosity=0, interactive=False, clear=True)
    stamp.write_text(digest.hexdigest())
    return "collected"


class Service:
    """A process of the site, started again when it dies."""

    def __init__(self, name: str, command: list[str], log: Path) -> None:
        self.name = name
        self.command = command
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None
        self._starts: deque[float] = deque(maxlen=RESTARTS)

    def start(self) -> None:
        self._starts.append(time.monotonic())
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Ctrl-C reaches this process alone, which then stops them in order.
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGTERM),
            )

    def keep_running(self) -> bool:
        """Start the process again if it has died; False when that is hopeless."""
        if self.process is None or (ended := self.process.poll()) is None:
            return True
        say(f"{self.name} {describe_exit(ended)}; starting it again.")
        if (
            len(self._starts) == RESTARTS
            and time.monotonic() - self._starts[0] < RESTARTS_WITHIN_S
        ):
            say(f"{self.name} keeps dying; see {self.log}. Stopping.")
            return False
        self.start()
        return True

    def stop(self) -> None:
        if self.process is not None:
            stop(self.process, signal.SIGTERM, wait_s=15)


def _gunicorn(port: int) -> list[str]:
    return [
        *(sys.executable, "-m", "gunicorn", "heritage.wsgi"),
        *("--bind", f"{HOST}:{port}"),
        *("--worker-class", "gthread", "--workers", "2", "--threads", "4"),
        # Decoding a hostile picture is bounded; anything longer is stuck.
        *("--timeout", "30", "--graceful-timeout", "10"),
        # Requests are logged by the site itself, without the keys in addresses.
        "--capture-output",
    ]


def _celery(queue: str, concurrency: int) -> list[str]:
    return [
        *(sys.executable, "-m", "celery", "--app", "heritage.celery", "worker"),
        # Threads: the network runs outside of Python's lock, and no forked child
        # can outlive its parent.
        *("--pool", "threads", "--concurrency", str(concurrency)),
        *("--queues", queue, "--hostname", f"{queue}@%h", "--loglevel", "INFO"),
        *("--without-mingle", "--without-gossip"),
    ]


def _wait_for_answer(port: int, services: list[Service]) -> None:
    deadline = time.monotonic() + ANSWER_WAIT_S
    while time.monotonic() < deadline:
        try:
            url = f"{_address(port)}health/ready"
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - our own address
                return
        except (urllib.error.URLError, OSError) as error:
            # An answer it is: ALLOWED_HOSTS need not name this machine's own address.
            if isinstance(error, urllib.error.HTTPError) and error.code < 500:
                return
            if not all(service.keep_running() for service in services):
                break
            time.sleep(0.2)
    raise SystemExit(f"The site does not answer; see {services[0].log}")


if __name__ == "__main__":
    sys.exit(main())

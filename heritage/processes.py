"""How child processes are stopped, and how they ended."""

from __future__ import annotations

import contextlib
import signal
import subprocess


def stop(
    process: subprocess.Popen[bytes], first: signal.Signals, wait_s: float
) -> None:
    """Ask a process to end with ``first``; after ``wait_s`` seconds, kill it."""
    if process.poll() is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(first)
    try:
        process.wait(wait_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def describe_exit(returncode: int) -> str:
    if returncode < 0:
        return f"was killed by {signal.Signals(-returncode).name}"
    return f"ended with code {returncode}"

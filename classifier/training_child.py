"""The child process of a training run: ``python -m ml train``, watched and stopped."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Self

from django.conf import settings as site
from django.utils.translation import gettext_noop

from classifier import everyday
from classifier.complaints import found_in
from classifier.models import TrainingRun
from classifier.processes import die_with_parent

OPTIONS = (
    *("epochs", "fine_tune_blocks", "learning_rate", "batch"),
    *("photos_per_epoch", "size", "alpha"),
)
"""Settings of a run: options of the command, with underscores for dashes."""
PROGRESS_FILE = "progress.json"
STOP_S = 5.0
"""How long a child that was asked to end may take."""
TAIL_BYTES = 8000

KILLED = gettext_noop(
    "The training process was killed, perhaps because memory ran out."
)
ENDED = gettext_noop("The training process broke off; its log says where.")


class BrokenOff(Exception):
    """A run cannot go on; ``complaints.in_words`` says the message to people."""


def render_command(drawings: Path, out: Path, *, seed: int) -> list[str]:
    """Return the command that renders cloth from drawings."""
    return [
        *(sys.executable, "-m", "ml", "synthesize", str(drawings), "--out", str(out)),
        *("--per-motif", str(site.TRAINING_RENDERED), "--seed", str(seed), "--quiet"),
    ]


def command(
    run: TrainingRun, *, photos: Path, rendered: Path, out: Path, weights: Path
) -> list[str]:
    """Return the command of a run.

    Rendered cloth, where there is any, stands in for the motifs that have too few
    photos, so that they stay known, and for cloth with none of the motifs. Everyday
    photos are joined where the site names a folder of them.

    Raises BrokenOff when the run has a setting that the command does not know.
    """
    arguments = [
        *(sys.executable, "-m", "ml", "train", str(photos), "--out", str(out)),
        *("--recipe", run.recipe, "--seed", str(run.seed)),
        *("--may-state", "earned"),
        *("--weights", str(weights)),
        *("--progress", str(out.with_name(PROGRESS_FILE))),
    ]
    if rendered.exists():
        other = rendered / "other-cloth"
        arguments += ["--fill", str(rendered / "motifs")]
        arguments += ["--unknown", f"other-cloth={other}"] if other.exists() else []
    arguments += everyday.options()
    for name, value in sorted(run.settings.items()):
        if name not in OPTIONS:
            raise BrokenOff(f"There is no setting {name}.")
        arguments += [f"--{name.replace('_', '-')}", str(value)]
    return arguments


class Child:
    """A started process; whatever ends the ``with`` block ends it and its group."""

    def __init__(self, arguments: list[str], out: Path, *, log: Path) -> None:
        """Start the process.

        Args:
            out: the model folder that it makes; ``out`` with ``.partial`` meanwhile.
            log: file for its standard output and standard error.
        """
        self._out, self._log = out, log
        with log.open("ab") as file:
            self._process = subprocess.Popen(
                arguments,
                cwd=site.BASE_DIR,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                start_new_session=True,
                preexec_fn=_in_child(),
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        return self._process.pid

    def is_running(self, *, wait_s: float) -> bool:
        """Wait for the end, ``wait_s`` seconds at most; whether it still runs."""
        try:
            self._process.wait(wait_s)
        except subprocess.TimeoutExpired:
            return True
        return False

    def stop(self) -> None:
        """End it: with SIGTERM, then with SIGKILL."""
        for signum in (signal.SIGTERM, signal.SIGKILL):
            if not self.is_running(wait_s=0):
                break
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signum)
            self.is_running(wait_s=STOP_S)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)  # what it left of its group

    def complain(self) -> None:
        """Raise BrokenOff unless it ended well: with its own complaint, if any."""
        code = self._process.returncode
        if code == 0:
            return
        said = found_in(tail(self._log))
        raise BrokenOff(said or (KILLED if code < 0 else ENDED))

    def progress(self, before: dict[str, Any]) -> dict[str, Any]:
        """Return how far it is.

        Returns:
            ``what`` is being done, how much is ``done`` of ``total``, ``since`` when
            in seconds of the epoch, and ``epochs``, the lines of its log that tell of
            one.
        """
        now = before | _read_json(self._out.with_name(PROGRESS_FILE))
        if now.get("what") != before.get("what") or "since" not in now:
            now["since"] = time.time()
        epochs = _epochs(self._out.with_name(self._out.name + ".partial"))
        return now | {
            "epochs": epochs or _epochs(self._out) or before.get("epochs", [])
        }


def tail(log: Path) -> str:
    """Return the last lines of a log; nothing while there is none."""
    try:
        with log.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - TAIL_BYTES))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    # A progress bar moves with carriage returns; its last state is enough.
    lines = [line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n")]
    return "\n".join(lines[1:] if size > TAIL_BYTES else lines).strip()


def _read_json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _epochs(folder: Path) -> list[dict[str, Any]]:
    try:
        lines = (folder / "log.jsonl").read_text("utf-8").splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        # The last line may be half written.
        with contextlib.suppress(ValueError):
            facts = json.loads(line)
            if "epoch" in facts:
                found.append(facts)
    return found


def _in_child() -> Callable[[], None]:
    return partial(_begin, die_with_parent(signal.SIGKILL))


def _begin(bind_to_parent: Callable[[], None]) -> None:
    """Let the site's work go first, and do not outlive it."""
    os.nice(10)
    bind_to_parent()

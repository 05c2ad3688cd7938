"""What the commands share: complaints, progress bars and printing."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from tqdm import tqdm

from ml import dataset
from ml.dataset import Dataset
from ml.everyday import load as load_everyday
from ml.recipe import RECIPES, Recipe

UNUSABLE = 2
"""Exit code when what was given cannot be used."""


class Complaint(Exception):
    """Something about what was given, to be said without a traceback."""


class Bars:
    """One progress bar per step, on standard error."""

    def __init__(self, *, is_quiet: bool):
        """Show nothing when quiet."""
        self.is_interrupted = False
        self._is_quiet = is_quiet
        self._what = ""
        self._bar: Any = None

    def interrupt(self, _signal: int, _frame: object) -> NoReturn:
        """Handle a signal that ends the command.

        Raises KeyboardInterrupt. A library that catches everything may swallow it, so
        the next step of any bar raises it again.
        """
        self.is_interrupted = True
        raise KeyboardInterrupt

    def __call__(self, what: str, done: int, total: int) -> None:
        """Move the bar of the step ``what``; a new step starts a new bar.

        Raises KeyboardInterrupt when one was swallowed since.
        """
        if self.is_interrupted:
            raise KeyboardInterrupt
        if self._is_quiet:
            return
        if what != self._what:
            self.close()
            # A log file gets a line now and then, a terminal a moving bar.
            pause = 0.1 if sys.stderr.isatty() else 10.0
            self._what = what
            self._bar = tqdm(total=total, desc=what, unit="", mininterval=pause)
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        """End the bar that is shown."""
        if self._bar is not None:
            self._bar.close()
        self._bar, self._what = None, ""


class Noted:
    """The progress shown as bars and kept in a file for another program."""

    PAUSE_S = 0.5

    def __init__(self, bars: Bars, file: Path):
        """Show it with ``bars`` and keep it in ``file``."""
        self._bars, self._file = bars, file
        self._what, self._noted = "", 0.0

    def __call__(self, what: str, done: int, total: int) -> None:
        """Note a step at its beginning, at its end and now and then between."""
        self._bars(what, done, total)
        now = time.monotonic()
        if what == self._what and done < total and now < self._noted + self.PAUSE_S:
            return
        self._what, self._noted = what, now
        partial = self._file.with_name(self._file.name + ".partial")
        partial.write_text(json.dumps({"what": what, "done": done, "total": total}))
        # Whoever reads meanwhile finds the old state or the new one, never a half.
        partial.replace(self._file)


def print_json(content: object) -> None:
    """Print an answer for another program."""
    print(json.dumps(content, ensure_ascii=False, indent=2))


def unknown(given: Sequence[str]) -> list[Dataset]:
    """Read folders given as DIR or LABEL=DIR."""
    found = []
    for one in given:
        label, equals, folder = one.partition("=")
        is_pair = bool(equals) and not Path(one).exists()
        path = Path(folder) if is_pair else Path(one)
        found.append(dataset.load_unknown(path, label if is_pair else None))
    return found


def everyday(folder: Path, beside: Dataset) -> list[Dataset]:
    """Read a folder of everyday photos; say what is used of it and what is not."""
    found, left_out = load_everyday(folder, beside)
    for complaint in left_out:
        print(f"left out: {complaint}", file=sys.stderr)
    if not found:
        print(f"everyday photos: none in {folder}", file=sys.stderr)
    for part in found:
        (sides,) = part.counts().values()
        told = ", ".join(f"{side} {sides.get(side, 0)}" for side in dataset.SPLITS)
        print(f"everyday photos: {part.labels[0]}: {told}", file=sys.stderr)
    return found


def recipe_of(name: str, **settings: Any) -> Recipe:
    """Return a recipe with these settings in place of its own; None leaves one.

    Raises Complaint when it is told how to train in epochs and takes none.
    """
    given = {key: value for key, value in settings.items() if value is not None}
    made = replace(RECIPES[name], **given)
    idle = [one for one in ("epochs", "learning_rate") if one in given]
    if idle and not made.has_epochs:
        raise Complaint(
            f"The recipe {name} takes no --{idle[0].replace('_', '-')}: its head is "
            f"solved in one step, and nothing else learns."
        )
    return made


def positive(text: str) -> int:
    """Read a whole number from 1 on, as an option's type."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number

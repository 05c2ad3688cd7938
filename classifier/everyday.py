"""Everyday photos, supplied by the operator: what is no motif, beside what was given.

``settings.TRAINING_UNKNOWN`` names a folder with ``not-cloth``, ``other-cloth`` or both
below it. ``ml.everyday`` puts each photo on the side that its content decides, so what
was learned from never tests.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from classifier.labels import UNKNOWN_LABELS

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

State = Literal["none", "missing", "empty", "used"]

SENTENCES: dict[str, _StrPromise] = {
    "missing": _(
        "The folder of everyday photos that TRAINING_UNKNOWN names is not there; "
        "none of it is learned or tested."
    ),
    "empty": _(
        "The folder of everyday photos that TRAINING_UNKNOWN names has no files below "
        "not-cloth or other-cloth; none is learned or tested."
    ),
    "used": _(
        "The everyday photos of the folder that TRAINING_UNKNOWN names are learned and "
        "tested; the log says how many."
    ),
}


def state() -> State:
    """Return whether there is a folder of everyday photos, and whether it is used."""
    folder = _folder()
    if folder is None:
        return "none"
    if not os.access(folder, os.R_OK | os.X_OK):
        return "missing"
    return "used" if any(_files(folder)) else "empty"


def note(log: Path) -> State:
    """Say in a run's log if the folder is of no use; return how it is."""
    found = state()
    if found in ("missing", "empty"):
        with override("en"), log.open("a") as file:
            file.write(f"warning: {SENTENCES[found]}\n")
    return found


def options() -> list[str]:
    """Return the options of ``python -m ml`` that join the photos; none without any."""
    return ["--everyday", str(_folder())] if state() == "used" else []


def digest() -> str:
    """Return the SHA-256 of every file's name and content."""
    total, folder = hashlib.sha256(), _folder()
    for path in sorted(_files(folder)) if folder else ():
        try:
            content = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError:
            content = "unreadable"
        total.update(f"{path}\t{content}\n".encode())
    return total.hexdigest()


def _folder() -> Path | None:
    name = settings.TRAINING_UNKNOWN
    return Path(name).resolve() if name else None


def _files(folder: Path) -> Iterator[Path]:
    for label in UNKNOWN_LABELS:
        for path in (folder / label).rglob("*"):
            if path.is_file() and not path.name.startswith("."):
                yield path

"""`python -m ml remember`: give a model that has none a memory of its photos."""

from __future__ import annotations

import argparse
from argparse import Namespace
from pathlib import Path
from typing import Any

from ml import dataset
from ml.commands.console import Bars, unknown


def add(commands: Any) -> argparse.ArgumentParser:
    """Add the command and its options; return its parser."""
    command: argparse.ArgumentParser = commands.add_parser(
        "remember",
        help="give a model without embeddings.npz one",
        description="Embed photos like those that a model learned from, and keep that "
        "beside it, so that new motifs can be recognised by prototypes. Its answers "
        "stay the same.",
    )
    option = command.add_argument
    option("model", type=Path, metavar="FOLDER")
    option("data", type=Path, metavar="DIR", help="<label>/<photos>")
    option(
        "--unknown",
        action="append",
        default=[],
        metavar="[LABEL=]DIR",
        help="photos of what is no motif",
    )
    return command


def run(given: Namespace, bars: Bars) -> int:
    """Run the command and return its exit code."""
    from ml.remember import remember

    data = dataset.join(dataset.load(given.data), unknown(given.unknown))
    found = remember(given.model, data, lambda at, of: bars("remember", at, of))
    bars.close()
    print(f"{given.model} remembers {len(found.labels)} photos")
    return 0

"""`python -m ml synthesize`: drawings -> pictures of rendered cloth."""

from __future__ import annotations

import argparse
import shutil
from argparse import Namespace
from pathlib import Path
from typing import Any

from ml.commands.console import Bars, Complaint, positive


def add(commands: Any) -> argparse.ArgumentParser:
    """Add the command and its options; return its parser."""
    command: argparse.ArgumentParser = commands.add_parser(
        "synthesize",
        help="render cloth from drawings",
        description="Render pictures of resist-dyed cloth from the drawings of motifs: "
        "a dataset to train on, or one picture to look at.",
    )
    option = command.add_argument
    option("drawings", type=Path, metavar="DRAWINGS", help="folder of <slug>.svg")
    option("--out", type=Path, metavar="DIR", help="dataset folder to write")
    option("--per-motif", type=positive, default=200, metavar="N")
    option("--size", type=positive, default=320, metavar="PIXELS")
    option("--seed", type=int, default=0, metavar="N")
    option(
        "--picture",
        nargs=2,
        metavar=("SLUG", "FILE"),
        help="write one calm picture of one motif instead of a dataset",
    )
    return command


def run(given: Namespace, bars: Bars) -> int:
    """Run the command and return its exit code."""
    from ml.synthetic import DrawingError, read_all, write_dataset

    try:
        if given.picture:
            slug, file = given.picture
            drawings = {drawing.slug: drawing for drawing in read_all(given.drawings)}
            if slug not in drawings:
                raise Complaint(f"{given.drawings} has no drawing of {slug}.")
            _write_picture(drawings[slug], Path(file), given.seed)
            return 0
        if given.out is None:
            raise Complaint("Say where to write with --out DIR, or give --picture.")
        if given.out.exists() and any(given.out.iterdir()):
            raise Complaint(f"{given.out} is not empty. Choose another --out folder.")
        # Without its groups.csv, written last, half a dataset would look whole.
        partial = given.out.with_name(given.out.name + ".partial")
        if partial.exists():
            shutil.rmtree(partial)
        count = write_dataset(
            given.drawings,
            partial,
            per_motif=given.per_motif,
            size=given.size,
            seed=given.seed,
            progress=lambda done, total: bars("render", done, total),
        )
        partial.replace(given.out)
    except DrawingError as error:
        raise Complaint(str(error)) from error
    bars.close()
    print(f"{given.out}: {count} pictures of rendered cloth")
    return 0


def _write_picture(drawing: Any, file: Path, seed: int) -> None:
    from PIL import Image

    from ml.synthetic import picture

    try:
        Image.fromarray(picture(drawing, seed=seed)).save(file, quality=80, method=6)
    except (OSError, ValueError) as error:
        raise Complaint(f"{file} cannot be written: {error}") from error
    print(file)

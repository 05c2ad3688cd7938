"""`python -m ml audit`: what is wrong with a dataset, before training on it."""

from __future__ import annotations

import argparse
from argparse import Namespace
from pathlib import Path
from typing import Any

from ml import dataset
from ml.commands.console import Bars, print_json, unknown

TO_MEND = 1
"""Exit code when the dataset cannot be used as it is."""
SHOWN = 20


def add(commands: Any) -> argparse.ArgumentParser:
    """Add the command and its options; return its parser."""
    command: argparse.ArgumentParser = commands.add_parser(
        "audit",
        help="find damaged photos, copies and contradictions in a dataset",
        description="List photos that cannot be read, near copies, photos under two "
        "labels or on two sides, and labels of too few cloths. The exit code is 1 "
        "when something must be mended.",
    )
    option = command.add_argument
    option("dataset", type=Path, metavar="DATASET")
    option("--unknown", action="extend", nargs="+", default=[], metavar="[LABEL=]DIR")
    option(
        "--model",
        type=Path,
        metavar="FOLDER",
        help="also find parts and mirror images of one cloth, by a model's embedding",
    )
    option(
        "--write-groups",
        type=Path,
        metavar="FILE",
        help="write the groups that were found, to become the dataset's groups.csv",
    )
    option("--json", action="store_true", help="print everything as JSON")
    return command


def run(given: Namespace, bars: Bars) -> int:
    """Run the command and return its exit code."""
    from ml.audit import audit, write_groups
    from ml.predict import Predictor

    data = dataset.join(dataset.load(given.dataset), unknown(given.unknown))
    predictor = Predictor(given.model) if given.model else None
    found = audit(data, predictor, bars)
    bars.close()
    content = found.as_dict()
    if given.write_groups:
        write_groups(found, given.write_groups)
    if given.json:
        print_json(content)
    else:
        _print(str(given.dataset), content)
    return TO_MEND if content["mend"] else 0


def _print(title: str, found: dict[str, Any]) -> None:
    print(f"{title}: {found['photos']} photos")
    for label, one in found["labels"].items():
        few = "  too few to test" if label in found["few_groups"] else ""
        print(f"  {one['photos']:>6} in {one['groups']:>5} groups  {label}{few}")
    _list("near copies, kept on one side", [", ".join(c) for c in found["copies"]])
    alike = [f"{a}, {b} ({cosine:.3f})" for a, b, cosine in found["alike"]]
    _list("perhaps of one cloth", alike)
    _list("to mend", found["mend"])


def _list(title: str, rows: list[str]) -> None:
    if rows:
        print(f"{title}: {len(rows)}")
    for row in rows[:SHOWN]:
        print(f"  {row}")
    if len(rows) > SHOWN:
        print(f"  and {len(rows) - SHOWN} more; --json lists all")

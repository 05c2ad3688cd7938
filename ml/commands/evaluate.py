"""`python -m ml evaluate`: a model and labelled photos -> how good it is."""

from __future__ import annotations

import argparse
import json
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

from ml import artifact, dataset, figures
from ml.commands.console import Bars, Complaint, everyday, positive, print_json, unknown


def add(commands: Any) -> argparse.ArgumentParser:
    """Add the command and its options; return its parser."""
    command: argparse.ArgumentParser = commands.add_parser(
        "evaluate",
        help="measure a model on photos whose motif is known",
        description="Ask a model about every photo of a dataset and report recall, "
        "precision, calibration and how well it rejects what it does not know.",
    )
    option = command.add_argument
    option("model", type=Path, metavar="FOLDER")
    option("dataset", type=Path, metavar="DATASET")
    option("--unknown", action="extend", nargs="+", default=[], metavar="[LABEL=]DIR")
    option(
        "--everyday",
        type=Path,
        metavar="DIR",
        help="everyday photos without a known motif, as `train` takes them",
    )
    option("--split", choices=dataset.SPLITS, help="only this side of the dataset")
    option("--record", metavar="NAME", help="add the figures to the model's card")
    option(
        "--earn",
        action="store_true",
        help="with --record: let the model state alone what it earned here",
    )
    option(
        "--robustness",
        action="store_true",
        help="also turn, blur, compress, cut and darken the photos; ten times as long",
    )
    option("--limit", type=positive, metavar="N", help="distort at most so many photos")
    option(
        "--report",
        type=Path,
        metavar="FOLDER",
        help="write report.html, metrics.json and MODEL_CARD.md",
    )
    option("--replace", action="store_true", help="in the place of an old report")
    option(
        "--crossvalidation",
        type=Path,
        metavar="FILE",
        help="with --report: the crossvalidation.json to show in it",
    )
    option(
        "--no-gallery",
        action="store_true",
        help="with --report: no photo is copied into it",
    )
    option("--json", action="store_true", help="print all figures as JSON")
    option(
        "--each",
        action="store_true",
        help="with --json: also what was said of each photo",
    )
    return command


def run(given: Namespace, bars: Bars) -> int:
    """Run the command and return its exit code."""
    from ml.evaluate import each, evaluate
    from ml.predict import Predictor

    compared = _compared(given.crossvalidation)
    predictor = Predictor(given.model)
    known, strangers = dataset.load(given.dataset), unknown(given.unknown)
    if given.everyday:
        strangers += everyday(given.everyday, known)
    found, asked = evaluate(
        predictor,
        known,
        strangers,
        split=given.split,
        is_distorted_too=given.robustness,
        limit=given.limit,
        progress=bars,
    )
    bars.close()
    for complaint in asked.unreadable:
        print(f"left out: {complaint}", file=sys.stderr)
    if given.record:
        single = found["earned"] if given.earn else None
        artifact.record(given.model, given.record, found, single=single)
    if given.report:
        from ml import report

        report.write(
            given.report,
            predictor,
            given.record or given.dataset.resolve().name,
            found,
            asked,
            compared=compared,
            has_gallery=not given.no_gallery,
            replace_out=given.replace,
        )
    if given.json:
        of_each = (
            {"each": each(asked, (known, *strangers), predictor)} if given.each else {}
        )
        print_json({"model": predictor.manifest.version, **found, **of_each})
    else:
        print_figures(str(given.dataset), found)
    if given.report:
        print(f"{given.report}: report.html", file=sys.stderr)
    return 0


def _compared(file: Path | None) -> dict[str, Any] | None:
    if file is None:
        return None
    try:
        content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Complaint(f"{file} cannot be read: {error}") from error
    if "recipes" not in content:
        raise Complaint(f"{file} is not what `python -m ml crossvalidate` writes.")
    return content


def print_figures(title: str, found: dict[str, Any]) -> None:
    """Print the figures of ``ml.evaluate`` as a table."""
    print(title)
    rows = figures.chief(found)
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        print(f"  {name:<{width}}  {value}")
    for row in figures.rejection(found):
        print("  reject " + ", ".join(row))
    for row in figures.robustness(found):
        print("  " + ", ".join(part for part in row if part))
    for label, both in found["labels"].items():
        recall = both["recall"]
        if recall["value"] is not None:
            print(f"  {recall['value']:7.2f}  {label} ({recall['of']} photos)")

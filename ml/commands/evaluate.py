"""`python -m ml evaluate`: a model and labelled photos -> how good it is."""

from __future__ import annotations

import argparse
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

from ml import artifact, dataset
from ml.commands.console import Bars, print_json, unknown


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
    option("--split", choices=dataset.SPLITS, help="only this side of the dataset")
    option("--record", metavar="NAME", help="add the figures to the model's card")
    option(
        "--earn",
        action="store_true",
        help="with --record: let the model state alone what it earned here",
    )
    option("--json", action="store_true", help="print all figures as JSON")
    return command


def run(given: Namespace, bars: Bars) -> int:
    """Run the command and return its exit code."""
    from ml.evaluate import evaluate
    from ml.predict import Predictor

    predictor = Predictor(given.model)
    figures, asked = evaluate(
        predictor,
        dataset.load(given.dataset),
        unknown(given.unknown),
        split=given.split,
        progress=bars,
    )
    bars.close()
    for complaint in asked.unreadable:
        print(f"left out: {complaint}", file=sys.stderr)
    if given.record:
        single = figures["earned"] if given.earn else None
        artifact.record(given.model, given.record, figures, single=single)
    if given.json:
        print_json({"model": predictor.manifest.version, **figures})
    else:
        print_figures(str(given.dataset), figures)
    return 0


def print_figures(title: str, figures: dict[str, Any]) -> None:
    """Print the figures of ``ml.evaluate`` as a table."""
    print(f"{title}: {figures['photos']} photos")
    rows = [("macro-F1", f"{figures['macro_f1']:.3f}")]
    if figures["photos_of_motifs"]:
        for name, key in (("first right", "top_1"), ("in first 3", "top_3")):
            one = figures[key]
            value = f"{one['value']:.3f}  ({one['low']:.3f} to {one['high']:.3f})"
            rows.append((name, value))
    rows.append(("ECE", f"{figures['calibration_error']:.3f}"))
    if "unknown" in figures:
        unknown = figures["unknown"]
        rows.append(("AUROC", f"{unknown['auroc']:.3f}"))
        rows.append(("FPR at 95 %", f"{unknown['false_positive_rate_at_95']:.3f}"))
    for whose, answers in figures["answers"].items():
        said = ", ".join(f"{k.replace('_', ' ')} {v}" for k, v in answers.items())
        if said:
            rows.append((whose.replace("_", " "), said))
    if "milliseconds" in figures:
        rows.append(("ms a photo", f"{figures['milliseconds']['p50']}"))
    for name, value in rows:
        print(f"  {name:<14}{value}")
    for label, both in figures["labels"].items():
        recall = both["recall"]
        if recall["value"] is not None:
            print(f"  {recall['value']:7.2f}  {label} ({recall['of']} photos)")

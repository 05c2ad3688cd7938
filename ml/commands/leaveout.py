"""`python -m ml leaveout`: how well motifs that were never learned are turned away."""

from __future__ import annotations

import argparse
from argparse import Namespace
from pathlib import Path
from typing import Any

from ml import dataset
from ml.commands.console import Bars, Complaint, print_json, unknown
from ml.duplicates import with_clusters
from ml.recipe import RECIPES


def add(commands: Any) -> argparse.ArgumentParser:
    """Add the command and its options; return its parser."""
    command: argparse.ArgumentParser = commands.add_parser(
        "leaveout",
        help="measure rejection on motifs left out of training, each in turn",
        description="Train once per motif without it, then tell its photos from those "
        "of the motifs that were learned. An interrupted run goes on where it was.",
    )
    option = command.add_argument
    option("dataset", type=Path, metavar="DATASET")
    option("--out", type=Path, required=True, metavar="FOLDER")
    option("--recipe", choices=sorted(RECIPES), default="default")
    option("--labels", nargs="+", default=[], metavar="LABEL", help="default: all")
    option("--weights", default="imagenet", metavar="imagenet|PATH|FOLDER")
    option("--unknown", action="extend", nargs="+", default=[], metavar="[LABEL=]DIR")
    option("--seed", type=int, default=1, metavar="N")
    option("--skip-unreadable", action="store_true")
    option("--json", action="store_true", help="print all figures as JSON")
    return command


def run(given: Namespace, bars: Bars) -> int:
    """Run the command and return its exit code."""
    data = with_clusters(
        dataset.join(dataset.load(given.dataset), unknown(given.unknown))
    )
    from ml import network
    from ml.leaveout import leave_out

    try:
        found = leave_out(
            data,
            given.out,
            recipe=RECIPES[given.recipe],
            labels=given.labels,
            weights=given.weights,
            seed=given.seed,
            skip_unreadable=given.skip_unreadable,
            progress=bars,
        )
    except network.WeightsError as error:
        raise Complaint(str(error)) from error
    bars.close()
    if given.json:
        print_json(found)
        return 0
    print("AUROC / false positives at 95 %: own score; best motif's score")
    for label, one in [*found["labels"].items(), ("mean", found["mean"])]:
        cells = "   ".join(
            f"{one[kind]['auroc']:.3f} / {one[kind]['false_positive_rate_at_95']:.3f}"
            for kind in ("model", "max_softmax")
            if kind in one
        )
        print(f"  {cells}   {label}")
    return 0

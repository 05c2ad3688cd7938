"""`python -m ml crossvalidate`: recipes compared on the same folds of a dataset."""

from __future__ import annotations

import argparse
from argparse import Namespace
from pathlib import Path
from typing import Any

from ml import dataset
from ml.commands.console import (
    Bars,
    Complaint,
    positive,
    print_json,
    recipe_of,
    unknown,
)
from ml.duplicates import with_clusters
from ml.folds import folds
from ml.recipe import RECIPES

COLUMNS = {
    "accuracy": "accuracy",
    "macro_f1": "macro-F1",
    "top_3": "in first 3",
    "calibration_error": "ECE",
    "auroc": "AUROC",
}


def add(commands: Any) -> argparse.ArgumentParser:
    """Add the command and its options; return its parser."""
    command: argparse.ArgumentParser = commands.add_parser(
        "crossvalidate",
        help="compare recipes by k-fold cross-validation",
        description="Train each recipe on the same folds of a dataset and test it on "
        "the photos left out. Photos of one group are always in one fold. An "
        "interrupted run, started again, goes on after its last finished fold.",
    )
    option = command.add_argument
    option("dataset", type=Path, metavar="DATASET")
    option(
        "--out", type=Path, required=True, metavar="FOLDER", help="folder of the result"
    )
    option(
        "--recipe",
        action="append",
        choices=sorted(RECIPES),
        help="once for each recipe to compare; by default the default one",
    )
    option("--folds", type=positive, default=5, metavar="N")
    option("--unknown", action="extend", nargs="+", default=[], metavar="[LABEL=]DIR")
    option("--weights", default="imagenet", metavar="imagenet|PATH|FOLDER")
    option("--epochs", type=positive, metavar="N")
    option("--seed", type=int, default=1, metavar="N")
    option(
        "--leaky",
        action="store_true",
        help="also test on random folds that ignore groups, to show what that flatters",
    )
    option(
        "--robustness",
        action="store_true",
        help="also turn, blur, compress, cut and darken the photos left out",
    )
    option(
        "--skip-unreadable",
        action="store_true",
        help="leave damaged photos out instead of refusing the dataset",
    )
    option("--json", action="store_true", help="print the result as JSON")
    return command


def run(given: Namespace, bars: Bars) -> int:
    """Run the command and return its exit code."""
    names = list(dict.fromkeys(given.recipe or ["default"]))
    # The epochs are for those that take any; there must be one.
    takers = [name for name in names if RECIPES[name].has_epochs] or names
    recipes = [
        recipe_of(name, epochs=given.epochs if name in takers else None)
        for name in names
    ]
    data = with_clusters(
        dataset.join(dataset.load(given.dataset), unknown(given.unknown))
    )
    # What can be refused is refused before the ten seconds that TensorFlow takes.
    for _ in folds(data, given.folds, seed=given.seed):
        pass
    from ml import network
    from ml.crossvalidate import crossvalidate

    try:
        result = crossvalidate(
            data,
            given.out,
            recipes=recipes,
            count=given.folds,
            weights=given.weights,
            seed=given.seed,
            is_leaky_too=given.leaky,
            distorts=given.robustness,
            skip_unreadable=given.skip_unreadable,
            progress=bars,
        )
    except network.WeightsError as error:
        raise Complaint(str(error)) from error
    bars.close()
    if given.json:
        print_json(result)
    else:
        print_table(result)
    return 0


def print_table(result: dict[str, Any]) -> None:
    """Print mean and standard deviation over the folds, and the pooled figure."""
    print(f"{result['folds']} folds: mean ± standard deviation (pooled)")
    for name, ways in result["recipes"].items():
        for way, figures in ways.items():
            print(f"{name}, {way} folds")
            for key, title in COLUMNS.items():
                if key in figures["mean"]:
                    print(
                        f"  {title:<12}{figures['mean'][key]:.3f}"
                        f" ± {figures['spread'][key]:.3f}"
                        f"  ({figures['pooled'][key]:.3f})"
                    )
            for row in figures.get("robustness", {}).get("rows", ()):
                print(
                    f"  {row['name']}: {row['points_lost']:.1f} points lost"
                    f" ({row['least']:.1f} to {row['most']:.1f})"
                )

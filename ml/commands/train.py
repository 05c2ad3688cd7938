"""`python -m ml train`: a folder of photos -> a model folder."""

from __future__ import annotations

import argparse
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

from ml import dataset
from ml.commands.console import (
    Bars,
    Complaint,
    Noted,
    everyday,
    positive,
    print_json,
    recipe_of,
    unknown,
)
from ml.commands.evaluate import print_figures
from ml.duplicates import with_clusters
from ml.everyday import learnable
from ml.recipe import RECIPES


def add(commands: Any) -> argparse.ArgumentParser:
    """Add the command and its options; return its parser."""
    command: argparse.ArgumentParser = commands.add_parser(
        "train",
        help="train a network on a folder of photos",
        description="Train a network and write it as a model folder. A dataset is "
        "DIR/<label>/*.jpg or DIR/{train,val,test}/<label>/*, with an optional "
        "groups.csv (path,group): photos of one group stay on one side of the split.",
    )
    option = command.add_argument
    option("dataset", type=Path, metavar="DATASET")
    option(
        "--out", type=Path, required=True, metavar="FOLDER", help="model folder to make"
    )
    option("--recipe", choices=sorted(RECIPES), default="default")
    option(
        "--weights",
        default="imagenet",
        metavar="imagenet|PATH|FOLDER",
        help="start from Keras' ImageNet weights (downloaded), from a file of backbone "
        "weights, or from another model folder",
    )
    option(
        "--unknown",
        action="extend",
        nargs="+",
        default=[],
        metavar="[LABEL=]DIR",
        help="photos without a known motif: one more label for each folder, named "
        "after it",
    )
    option(
        "--everyday",
        type=Path,
        metavar="DIR",
        help="photos without a known motif, DIR/not-cloth/* and DIR/other-cloth/*, "
        "each on the side that its content decides",
    )
    option(
        "--fill",
        type=Path,
        metavar="DIR",
        help="another dataset, for the motifs that DATASET lacks: rendered cloth",
    )
    option("--epochs", type=positive, metavar="N")
    option("--seed", type=int, default=1, metavar="N")
    option(
        "--fine-tune-blocks",
        type=int,
        choices=range(18),
        metavar="0..17",
        help="how many of the backbone's blocks learn, from the last",
    )
    option("--learning-rate", type=float, metavar="RATE", help="of fine-tuning")
    option("--batch", type=positive, metavar="N")
    option(
        "--photos-per-epoch", type=positive, metavar="N", help="default: all of them"
    )
    option(
        "--size", type=positive, metavar="PIXELS", help="side of the network's input"
    )
    option("--alpha", type=float, metavar="WIDTH", help="width of the backbone")
    option(
        "--may-state",
        type=lambda text: [one for one in text.split(",") if one],
        default=[],
        metavar="LABELS",
        help="motifs the model may state alone, separated by commas, or 'earned'; "
        "by default none",
    )
    option(
        "--about",
        type=Path,
        metavar="FILE",
        help="words for the card: what the photos are and whose",
    )
    option(
        "--progress",
        type=Path,
        metavar="FILE",
        help="keep in this file, as JSON, what is being done and how far it is",
    )
    option("--replace", action="store_true", help="put the model in an old one's place")
    option(
        "--skip-unreadable",
        action="store_true",
        help="leave damaged photos out instead of refusing the dataset",
    )
    option("--json", action="store_true", help="print the manifest as JSON")
    return command


def run(given: Namespace, bars: Bars) -> int:
    """Run the command and return its exit code."""
    recipe = recipe_of(
        given.recipe,
        epochs=given.epochs,
        fine_tune_blocks=given.fine_tune_blocks,
        learning_rate=given.learning_rate,
        batch=given.batch,
        photos_per_epoch=given.photos_per_epoch,
        size=given.size,
        alpha=given.alpha,
    )
    strangers = unknown(given.unknown)
    # What can be refused is refused before the ten seconds that TensorFlow takes.
    known = dataset.load_filled(given.dataset, given.fill)
    if given.everyday:
        found = everyday(given.everyday, dataset.load(given.dataset))
        found, complaints = learnable(found, [known, *strangers])
        for complaint in complaints:
            print(f"not learned: {complaint}", file=sys.stderr)
        strangers += found
    data = dataset.join(known, strangers)
    dataset.split(with_clusters(data), seed=given.seed)
    from ml import network
    from ml.train import train

    try:
        made = train(
            given.dataset,
            given.out,
            recipe=recipe,
            weights=given.weights,
            unknown=strangers,
            filled=given.fill,
            seed=given.seed,
            may_state=given.may_state,
            about=_words(given.about),
            replace_out=given.replace,
            skip_unreadable=given.skip_unreadable,
            progress=Noted(bars, given.progress) if given.progress else bars,
        )
    except network.WeightsError as error:
        raise Complaint(str(error)) from error
    bars.close()
    test = made.metrics()["evaluations"].get("test")
    if given.json:
        print_json({"folder": str(made.folder), **made.manifest.as_dict()})
    else:
        print(f"{made.folder}: model {made.manifest.version}")
        if test:
            print_figures("test photos", test)
    return 0


def _words(file: Path | None) -> str:
    try:
        return file.read_text(encoding="utf-8") if file else ""
    except (OSError, UnicodeDecodeError) as error:
        raise Complaint(f"{file} cannot be read: {error}") from error

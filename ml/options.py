"""The options of `python -m ml`, and what `--help` says of them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ml import dataset
from ml.recipe import RECIPES


def parser() -> argparse.ArgumentParser:
    """Return the parser; ``command`` of what it parsed names the command."""
    whole = argparse.ArgumentParser(
        prog="python -m ml",
        description="Train, evaluate and ask recognisers of Sasirangan motifs.",
    )
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for add in (_add_train, _add_evaluate, _add_predict, _add_synthesize):
        command = add(commands)
        command.add_argument("--quiet", action="store_true", help="no progress bars")
    return whole


def _add_train(commands: Any) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(
        "train",
        help="train a network on a folder of photos",
        description="Train a network and write it as a model folder. A dataset is "
        "DIR/<label>/*.jpg or DIR/{train,val,test}/<label>/*, with an optional "
        "groups.csv (path,group): photos of one group stay on one side of the split.",
    )
    add = command.add_argument
    add("dataset", type=Path, metavar="DATASET")
    add(
        "--out", type=Path, required=True, metavar="FOLDER", help="model folder to make"
    )
    add("--recipe", choices=sorted(RECIPES), default="default")
    add(
        "--weights",
        default="imagenet",
        metavar="imagenet|PATH|FOLDER",
        help="start from Keras' ImageNet weights (downloaded), from a file of backbone "
        "weights, or from another model folder",
    )
    add(
        "--unknown",
        action="extend",
        nargs="+",
        default=[],
        metavar="[LABEL=]DIR",
        help="photos without a known motif: one more label for each folder, named "
        "after it",
    )
    add("--epochs", type=_positive, metavar="N")
    add("--seed", type=int, default=1, metavar="N")
    add(
        "--fine-tune-blocks",
        type=int,
        choices=range(18),
        metavar="0..17",
        help="how many of the backbone's blocks learn, from the last",
    )
    add("--learning-rate", type=float, metavar="RATE", help="of fine-tuning")
    add("--batch", type=_positive, metavar="N")
    add("--photos-per-epoch", type=_positive, metavar="N", help="default: all of them")
    add("--size", type=_positive, metavar="PIXELS", help="side of the network's input")
    add("--alpha", type=float, metavar="WIDTH", help="width of the backbone")
    add(
        "--may-state",
        type=lambda text: [one for one in text.split(",") if one],
        default=[],
        metavar="LABELS",
        help="motifs the model may state alone, separated by commas, or 'earned'; "
        "by default none",
    )
    add(
        "--about",
        type=Path,
        metavar="FILE",
        help="words for the card: what the photos are and whose",
    )
    add("--replace", action="store_true", help="put the model in an old one's place")
    add(
        "--skip-unreadable",
        action="store_true",
        help="leave damaged photos out instead of refusing the dataset",
    )
    add("--json", action="store_true", help="print the manifest as JSON")
    return command


def _add_evaluate(commands: Any) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(
        "evaluate",
        help="measure a model on photos whose motif is known",
        description="Ask a model about every photo of a dataset and report recall, "
        "precision, calibration and how well it rejects what it does not know.",
    )
    add = command.add_argument
    add("model", type=Path, metavar="FOLDER")
    add("dataset", type=Path, metavar="DATASET")
    add("--unknown", action="extend", nargs="+", default=[], metavar="[LABEL=]DIR")
    add("--split", choices=dataset.SPLITS, help="only this side of the dataset")
    add("--record", metavar="NAME", help="add the figures to the model's card")
    add(
        "--earn",
        action="store_true",
        help="with --record: let the model state alone what it earned here",
    )
    add("--json", action="store_true", help="print all figures as JSON")
    return command


def _add_predict(commands: Any) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(
        "predict",
        help="ask a model about photos",
        description="Ask a model which motif each photo shows.",
    )
    add = command.add_argument
    add("model", type=Path, metavar="FOLDER")
    add("image", type=Path, nargs="+", metavar="IMAGE")
    add("--one-cloth", action="store_true", help="all photos are of one cloth")
    add("--json", action="store_true", help="print the answers as JSON")
    return command


def _add_synthesize(commands: Any) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(
        "synthesize",
        help="render cloth from drawings",
        description="Render pictures of resist-dyed cloth from the drawings of motifs: "
        "a dataset to train on, or one picture to look at.",
    )
    add = command.add_argument
    add("drawings", type=Path, metavar="DRAWINGS", help="folder of <slug>.svg")
    add("--out", type=Path, metavar="DIR", help="dataset folder to write")
    add("--per-motif", type=_positive, default=200, metavar="N")
    add("--size", type=_positive, default=320, metavar="PIXELS")
    add("--seed", type=int, default=0, metavar="N")
    add(
        "--picture",
        nargs=2,
        metavar=("SLUG", "FILE"),
        help="write one calm picture of one motif instead of a dataset",
    )
    return command


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number

"""`python -m ml fewshot`: how well a new motif is recognised from few photos."""

from __future__ import annotations

import argparse
from argparse import Namespace
from pathlib import Path
from typing import Any

from ml import dataset
from ml.commands.console import Bars, positive, print_json
from ml.duplicates import with_clusters


def add(commands: Any) -> argparse.ArgumentParser:
    """Add the command and its options; return its parser."""
    command: argparse.ArgumentParser = commands.add_parser(
        "fewshot",
        help="measure how new motifs are recognised from few photos",
        description="Recognise motifs that the model was not trained on from a few "
        "photos each, by prototype and by a linear head on its embeddings.",
    )
    option = command.add_argument
    option("model", type=Path, metavar="FOLDER")
    option("dataset", type=Path, metavar="DATASET")
    option("--shots", type=positive, nargs="+", default=[1, 3, 5, 10, 20], metavar="N")
    option("--repeats", type=positive, default=10, metavar="N")
    option("--seed", type=int, default=1)
    option(
        "--known-too",
        action="store_true",
        help="also take labels that the model was trained on (honest only where its "
        "backbone did not learn from them)",
    )
    option("--json", action="store_true", help="print all figures as JSON")
    return command


def run(given: Namespace, bars: Bars) -> int:
    """Run the command and return its exit code."""
    from ml import fewshot
    from ml.predict import Predictor

    figures = fewshot.curve(
        Predictor(given.model),
        with_clusters(dataset.load(given.dataset)),
        shots=given.shots,
        repeats=given.repeats,
        seed=given.seed,
        known_too=given.known_too,
        progress=bars,
    )
    bars.close()
    if given.json:
        print_json(figures)
        return 0
    print(
        f"{given.dataset}: {figures['photos']} photos, "
        f"{len(figures['labels'])} motifs, mean recall over {figures['repeats']} draws"
    )
    if figures["unreadable"]:
        print(f"  {figures['unreadable']} photos cannot be read and were left out")
    print("  photos     prototype       linear head")
    for count, one in figures["shots"].items():
        cells = "   ".join(
            f"{one[how]['mean']:.3f} ± {one[how]['spread']:.3f}"
            for how in ("prototype", "linear")
        )
        short = f"   (fewest: {one['fewest']})" if one["fewest"] < int(count) else ""
        print(f"  {count:>6}   {cells}{short}")
    return 0

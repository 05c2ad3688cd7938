"""`python -m ml predict`: a model and photos -> answers."""

from __future__ import annotations

import argparse
import sys
from argparse import Namespace
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ml.commands.console import UNUSABLE, Bars, print_json
from ml.images import ImageError, open_image


def add(commands: Any) -> argparse.ArgumentParser:
    """Add the command and its options; return its parser."""
    command: argparse.ArgumentParser = commands.add_parser(
        "predict",
        help="ask a model about photos",
        description="Ask a model which motif each photo shows.",
    )
    option = command.add_argument
    option("model", type=Path, metavar="FOLDER")
    option("image", type=Path, nargs="+", metavar="IMAGE")
    option("--one-cloth", action="store_true", help="all photos are of one cloth")
    option("--json", action="store_true", help="print the answers as JSON")
    return command


def run(given: Namespace, bars: Bars) -> int:
    """Run the command and return its exit code."""
    from ml.predict import Predictor

    predictor = Predictor(given.model)
    images, refused = [], []
    for path in given.image:
        try:
            images.append((path, open_image(path)))
        except (ImageError, OSError) as error:
            refused.append({"image": str(path), "error": str(error)})
            print(f"error: {path}: {error}", file=sys.stderr)
    is_one = given.one_cloth and images
    groups = [images] if is_one else [[one] for one in images]
    answers = []
    for group in groups:
        said = predictor.predict([image for _, image in group])
        answers.append(
            {
                "images": [str(path) for path, _ in group],
                "answer": asdict(said.answer),
                "suggestions": [
                    one._asdict() | {"score": round(one.score, 4)}
                    for one in said.suggestions
                ],
                "unknown_score": round(said.unknown_score, 4),
                "scores": {k: round(v, 4) for k, v in said.scores.items()},
                "quality": asdict(said.quality),
                "region": asdict(said.region),
                "colours": [asdict(dye) for dye in said.colours],
            }
        )
    if given.json:
        model = {
            "version": predictor.manifest.version,
            "sha256": predictor.artifact.sha256,
        }
        print_json({"model": model, "predictions": answers, "refused": refused})
    else:
        for one in answers:
            _print_answer(one)
    return UNUSABLE if refused else 0


def _print_answer(one: dict[str, Any]) -> None:
    print(", ".join(one["images"]))
    said = one["answer"]
    labels = f": {', '.join(said['labels'])}" if said["labels"] else ""
    print(f"  {said['kind']}{labels} ({said['reason']})")
    for suggestion in one["suggestions"]:
        mark = " (provisional)" if suggestion["provisional"] else ""
        print(f"  {suggestion['score']:7.1%}  {suggestion['label']}{mark}")
    print(f"  {one['unknown_score']:7.1%}  (unknown)")

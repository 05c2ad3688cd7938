"""`python -m ml train | evaluate | predict | synthesize`.

Answers go to standard output, progress and complaints to standard error. The exit code
is 0 when all went well, 2 when what was given cannot be used, 130 when interrupted.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from tqdm import tqdm

from ml import artifact, dataset
from ml.artifact import ArtifactError
from ml.dataset import Dataset, DatasetError
from ml.images import ImageError, open_image
from ml.recipe import RECIPES, Recipe

UNUSABLE = 2
INTERRUPTED = 130


class Complaint(Exception):
    """Something about what was given, to be said without a traceback."""


class Bars:
    """One progress bar per step, on standard error."""

    def __init__(self, *, is_quiet: bool):
        """Show nothing when quiet."""
        self._is_quiet = is_quiet
        self._what = ""
        self._bar: Any = None

    def __call__(self, what: str, done: int, total: int) -> None:
        """Move the bar of the step ``what``; a new step starts a new bar."""
        if self._is_quiet:
            return
        if what != self._what:
            self.close()
            # A log file gets a line now and then, a terminal a moving bar.
            pause = 0.1 if sys.stderr.isatty() else 10.0
            self._what = what
            self._bar = tqdm(total=total, desc=what, unit="", mininterval=pause)
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        """End the bar that is shown."""
        if self._bar is not None:
            self._bar.close()
        self._bar, self._what = None, ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    given = _parser().parse_args(arguments)
    bars = Bars(is_quiet=given.quiet)
    # A queue stops its children with SIGTERM; they end as with Ctrl-C.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        code: int = given.run(given, bars)
    except (ArtifactError, DatasetError, Complaint) as error:
        bars.close()
        print(f"error: {error}", file=sys.stderr)
        return UNUSABLE
    except KeyboardInterrupt:
        bars.close()
        print("interrupted: no model was written", file=sys.stderr)
        return INTERRUPTED
    finally:
        bars.close()
        signal.signal(signal.SIGTERM, before)
    return code


def _train(given: argparse.Namespace, bars: Bars) -> int:
    unknown = _unknown(given.unknown)
    # What can be refused is refused before the ten seconds that TensorFlow takes.
    dataset.split(dataset.join(dataset.load(given.dataset), unknown), seed=given.seed)
    from ml import network
    from ml.train import train

    try:
        made = train(
            given.dataset,
            given.out,
            recipe=_recipe(given),
            weights=given.weights,
            unknown=unknown,
            seed=given.seed,
            may_state=given.may_state,
            replace_out=given.replace,
            skip_unreadable=given.skip_unreadable,
            progress=bars,
        )
    except network.WeightsError as error:
        raise Complaint(str(error)) from error
    bars.close()
    test = made.metrics()["evaluations"].get("test")
    if given.json:
        _print_json({"folder": str(made.folder), **made.manifest.as_dict()})
    else:
        print(f"{made.folder}: model {made.manifest.version}")
        if test:
            _print_figures("test photos", test)
    return 0


def _recipe(given: argparse.Namespace) -> Recipe:
    recipe = RECIPES[given.recipe]
    settings = {
        "epochs": given.epochs,
        "fine_tune_blocks": given.fine_tune_blocks,
        "learning_rate": given.learning_rate,
        "batch": given.batch,
        "photos_per_epoch": given.photos_per_epoch,
        "size": given.size,
        "alpha": given.alpha,
    }
    return replace(recipe, **{k: v for k, v in settings.items() if v is not None})


def _evaluate(given: argparse.Namespace, bars: Bars) -> int:
    from ml.evaluate import evaluate
    from ml.predict import Predictor

    predictor = Predictor(given.model)
    figures, asked = evaluate(
        predictor,
        dataset.load(given.dataset),
        _unknown(given.unknown),
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
        _print_json({"model": predictor.manifest.version, **figures})
    else:
        _print_figures(str(given.dataset), figures)
    return 0


def _predict(given: argparse.Namespace, bars: Bars) -> int:
    from ml.predict import Predictor

    predictor = Predictor(given.model)
    images, refused = [], []
    for path in given.image:
        try:
            images.append((path, open_image(path)))
        except (ImageError, OSError) as error:
            refused.append({"image": str(path), "error": str(error)})
            print(f"error: {path}: {error}", file=sys.stderr)
    if given.one_cloth and images:
        groups = [images]
    else:
        groups = [[one] for one in images]
    answers = []
    for group in groups:
        said = predictor.predict([image for _, image in group])
        answers.append(
            {
                "images": [str(path) for path, _ in group],
                "answer": asdict(said.answer),
                "suggestions": [
                    {"label": label, "score": round(score, 4)}
                    for label, score in said.suggestions
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
        _print_json({"model": model, "predictions": answers, "refused": refused})
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
        print(f"  {suggestion['score']:7.1%}  {suggestion['label']}")
    print(f"  {one['unknown_score']:7.1%}  (unknown)")


def _print_figures(title: str, figures: dict[str, Any]) -> None:
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


def _print_json(content: object) -> None:
    print(json.dumps(content, ensure_ascii=False, indent=2))


def _synthesize(given: argparse.Namespace, bars: Bars) -> int:
    raise Complaint("not yet")


def _unknown(given: Sequence[str]) -> list[Dataset]:
    """Read folders given as DIR or LABEL=DIR."""
    found = []
    for one in given:
        label, equals, folder = one.partition("=")
        is_pair = bool(equals) and not Path(one).exists()
        path = Path(folder) if is_pair else Path(one)
        found.append(dataset.load_unknown(path, label if is_pair else None))
    return found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ml",
        description="Train, evaluate and ask recognisers of Sasirangan motifs.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for add in (_add_train, _add_evaluate, _add_predict, _add_synthesize):
        command = add(commands)
        command.add_argument("--quiet", action="store_true", help="no progress bars")
    return parser


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
        action="append",
        default=[],
        metavar="[LABEL=]DIR",
        help="photos without a known motif: one more label, named after the folder; "
        "may be repeated",
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
    add("--replace", action="store_true", help="put the model in an old one's place")
    add(
        "--skip-unreadable",
        action="store_true",
        help="leave damaged photos out instead of refusing the dataset",
    )
    add("--json", action="store_true", help="print the manifest as JSON")
    command.set_defaults(run=_train)
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
    add("--unknown", action="append", default=[], metavar="[LABEL=]DIR")
    add("--split", choices=dataset.SPLITS, help="only this side of the dataset")
    add("--record", metavar="NAME", help="add the figures to the model's card")
    add(
        "--earn",
        action="store_true",
        help="with --record: let the model state alone what it earned here",
    )
    add("--json", action="store_true", help="print all figures as JSON")
    command.set_defaults(run=_evaluate)
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
    command.set_defaults(run=_predict)
    return command


def _add_synthesize(commands: Any) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(
        "synthesize", help="render cloth from drawings"
    )
    command.set_defaults(run=_synthesize)
    return command


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


if __name__ == "__main__":
    sys.exit(main())

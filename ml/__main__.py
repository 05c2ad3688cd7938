"""`python -m ml train | evaluate | predict | synthesize`.

Answers go to standard output, progress and complaints to standard error. The exit code
is 0 when all went well, 2 when what was given cannot be used, 130 when interrupted.
"""

from __future__ import annotations

import json
import shutil
import signal
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from tqdm import tqdm

from ml import artifact, dataset, options
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
    given = options.parser().parse_args(arguments)
    bars = Bars(is_quiet=given.quiet)
    # A queue stops its children with SIGTERM; they end as with Ctrl-C.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        code = COMMANDS[given.command](given, bars)
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


def _train(given: Namespace, bars: Bars) -> int:
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
            about=_words(given.about),
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


def _words(file: Path | None) -> str:
    try:
        return file.read_text(encoding="utf-8") if file else ""
    except (OSError, UnicodeDecodeError) as error:
        raise Complaint(f"{file} cannot be read: {error}") from error


def _recipe(given: Namespace) -> Recipe:
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


def _evaluate(given: Namespace, bars: Bars) -> int:
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


def _predict(given: Namespace, bars: Bars) -> int:
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


def _synthesize(given: Namespace, bars: Bars) -> int:
    from ml.synthetic import DrawingError, read_all, write_dataset

    try:
        if given.picture:
            slug, file = given.picture
            drawings = {drawing.slug: drawing for drawing in read_all(given.drawings)}
            if slug not in drawings:
                raise Complaint(f"{given.drawings} has no drawing of {slug}.")
            _write_picture(drawings[slug], Path(file), given.seed)
            return 0
        if given.out is None:
            raise Complaint("Say where to write with --out DIR, or give --picture.")
        if given.out.exists() and any(given.out.iterdir()):
            raise Complaint(f"{given.out} is not empty. Choose another --out folder.")
        # Without its groups.csv, written last, half a dataset would look whole.
        partial = given.out.with_name(given.out.name + ".partial")
        if partial.exists():
            shutil.rmtree(partial)
        count = write_dataset(
            given.drawings,
            partial,
            per_motif=given.per_motif,
            size=given.size,
            seed=given.seed,
            progress=lambda done, total: bars("render", done, total),
        )
        partial.replace(given.out)
    except DrawingError as error:
        raise Complaint(str(error)) from error
    bars.close()
    print(f"{given.out}: {count} pictures of rendered cloth")
    return 0


def _write_picture(drawing: Any, file: Path, seed: int) -> None:
    from PIL import Image

    from ml.synthetic import picture

    try:
        Image.fromarray(picture(drawing, seed=seed)).save(file, quality=80, method=6)
    except (OSError, ValueError) as error:
        raise Complaint(f"{file} cannot be written: {error}") from error
    print(file)


def _unknown(given: Sequence[str]) -> list[Dataset]:
    """Read folders given as DIR or LABEL=DIR."""
    found = []
    for one in given:
        label, equals, folder = one.partition("=")
        is_pair = bool(equals) and not Path(one).exists()
        path = Path(folder) if is_pair else Path(one)
        found.append(dataset.load_unknown(path, label if is_pair else None))
    return found


COMMANDS: dict[str, Callable[[Namespace, Bars], int]] = {
    "train": _train,
    "evaluate": _evaluate,
    "predict": _predict,
    "synthesize": _synthesize,
}


if __name__ == "__main__":
    sys.exit(main())

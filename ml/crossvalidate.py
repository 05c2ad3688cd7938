"""Cross-validation: recipes compared on the same folds of one dataset.

Every photo is tested once, by a network that learned from other groups. What a fold
said is kept beside its model, so that an interrupted run goes on where it was.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ml import artifact, metrics, robustness
from ml.dataset import Dataset
from ml.evaluate import evaluate
from ml.folds import folds
from ml.job import Progress
from ml.predict import Predictor
from ml.recipe import Recipe
from ml.train import train_dataset

if TYPE_CHECKING:
    from numpy.typing import NDArray

RESULT = "crossvalidation.json"


def crossvalidate(
    data: Dataset,
    out: Path,
    *,
    recipes: Sequence[Recipe],
    count: int = 5,
    weights: str | Path = "imagenet",
    seed: int = 1,
    is_leaky_too: bool = False,
    distorts: bool = False,
    skip_unreadable: bool = False,
    progress: Progress = lambda _what, _done, _total: None,
) -> dict[str, Any]:
    """Train every recipe on the same folds and write ``out/crossvalidation.json``.

    Args:
        data: as ``load`` or ``join`` gives it.
        out: folder of the result, of each fold's model and of what it said.
        recipes: what to compare.
        count: how many folds.
        weights: as in ``ml.train.train``.
        seed: of the folds, the weights, the order and the variations.
        is_leaky_too: also train on random folds that ignore groups.
        distorts: also ask about every test photo turned, blurred, compressed and so on.
        skip_unreadable: leave damaged photos out.
        progress: told what is being done, how much is done and how much there is.

    Returns:
        Per recipe, under ``grouped`` and ``random``: the figures of every fold, their
        mean and standard deviation, those of all folds' answers pooled and, if asked
        for, ``robustness``: what ``ml.robustness`` measures, over all folds, and the
        ``least`` and ``most`` points that a fold lost.

    Raises:
        DatasetError, ArtifactError, network.WeightsError: as in ``ml.train.train``;
            folds that were finished stay.
    """
    ways = {"grouped": False} | ({"random": True} if is_leaky_too else {})
    divided = {
        way: tuple(folds(data, count, seed=seed, is_leaky=is_leaky))
        for way, is_leaky in ways.items()
    }
    run = {
        "dataset": data.digest(),
        "folds": count,
        "seed": seed,
        "weights": identity(weights),
        "skip_unreadable": skip_unreadable,
    }
    compared: dict[str, dict[str, Any]] = {}
    for recipe in recipes:
        for way, parts in divided.items():
            said = []
            for number, part in enumerate(parts, start=1):
                file = out / recipe.name / f"{way}-{number}.json"
                digest = key(run, recipe, way, number)
                one = finished(file, digest)
                if one is None:
                    trained = train_dataset(
                        part,
                        file.with_suffix(""),
                        recipe=recipe,
                        weights=weights,
                        seed=seed,
                        replace_out=True,
                        skip_unreadable=skip_unreadable,
                        progress=progress,
                    )
                    one = {"key": digest, **_test(trained.folder, part, progress)}
                    artifact.write_json(file, one)
                if distorts and "robustness" not in one:
                    asked = Predictor(file.with_suffix("")), part.of("test")
                    one["robustness"] = robustness.measure(*asked, progress=progress)
                    artifact.write_json(file, one)
                said.append(one)
            compared.setdefault(recipe.name, {})[way] = _summary(said, data)
    result = {**run, "labels": list(data.labels), "recipes": compared}
    artifact.write_json(out / RESULT, result)
    return result


def _test(folder: Path, part: Dataset, progress: Progress) -> dict[str, Any]:
    """Return what the fold's model said of the fold's test photos."""
    _, asked = evaluate(Predictor(folder), part, split="test", progress=progress)
    return {"scores": asked.scores.round(6).tolist(), "truth": asked.truth.tolist()}


def _summary(said: Sequence[dict[str, Any]], data: Dataset) -> dict[str, Any]:
    """Return the figures of every fold, their mean and spread, and the pooled ones."""
    scores = [np.array(one["scores"], np.float64) for one in said]
    truth = [np.array(one["truth"], np.int64) for one in said]
    each = [_figures(s, t, data) for s, t in zip(scores, truth, strict=True)]
    pooled = metrics.summary(
        np.concatenate(scores), np.concatenate(truth), data.labels, data.unknown
    )
    names = [name for name in each[0] if all(name in one for one in each)]
    column = {name: [one[name] for one in each] for name in names}
    return {
        "folds": each,
        "mean": {n: round(float(np.mean(column[n])), 4) for n in names},
        "spread": {n: round(float(np.std(column[n], ddof=1)), 4) for n in names},
        "pooled": _figures(np.concatenate(scores), np.concatenate(truth), data)
        | {"confusion": pooled["confusion"], "labels": pooled["labels"]},
    } | _robustness([one["robustness"] for one in said if "robustness" in one])


def _robustness(each: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return what all folds lost together, and the least and the most of any."""
    if not each:
        return {}
    rows = list(zip(*(one["rows"] for one in each), strict=True))
    whole = robustness.table(
        sum(one["clean"]["hits"] for one in each),
        {row[0]["name"]: sum(one["accuracy"]["hits"] for one in row) for row in rows},
        sum(one["clean"]["of"] for one in each),
    )
    for row, of_folds in zip(whole["rows"], rows, strict=True):
        lost = [one["points_lost"] for one in of_folds]
        row |= {"least": min(lost), "most": max(lost)}
    return {"robustness": whole}


def _figures(
    scores: NDArray[np.float64], truth: NDArray[np.int64], data: Dataset
) -> dict[str, float]:
    """Return accuracy over all labels, and the chief figures of ``ml.metrics``."""
    whole = metrics.summary(scores, truth, data.labels, data.unknown)
    figures = {
        "photos": len(truth),
        "accuracy": round(float((scores.argmax(axis=1) == truth).mean()), 4),
        "macro_f1": whole["macro_f1"],
        "top_1": whole["top_1"]["value"],
        "top_3": whole["top_3"]["value"],
        "calibration_error": whole["calibration_error"],
    }
    if "unknown" in whole:
        figures["auroc"] = whole["unknown"]["auroc"]
    return figures


def finished(file: Path, digest: str) -> dict[str, Any] | None:
    """Return what an earlier run with the same settings wrote; None if it did not."""
    if not file.is_file():
        return None
    try:
        kept: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        return None
    return kept if kept.get("key") == digest else None


def key(run: dict[str, Any], recipe: Recipe, way: str, part: int | str) -> str:
    """Return a digest of everything that decides what a network says of a part."""
    facts = [run, recipe.as_dict(), way, part]
    text = json.dumps(facts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def identity(weights: str | Path) -> str:
    """Return what tells one start of training from another."""
    if Path(weights).is_dir():
        return artifact.read(Path(weights)).sha256
    if Path(weights).is_file():
        return artifact.digest_of(Path(weights))
    return str(weights)

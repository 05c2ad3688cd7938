"""How well a model turns away kinds of photo that it never saw: motifs left out.

Each motif in turn is left out of training; its photos are then to be told from those
of the motifs that were learned. What a turn said is kept, so that an interrupted run
goes on where it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ml import artifact, dataset, evaluate, metrics
from ml.crossvalidate import finished, identity, key
from ml.dataset import Dataset, DatasetError
from ml.job import Progress
from ml.predict import Predictor
from ml.recipe import Recipe
from ml.train import train_dataset

RESULT = "leaveout.json"
LEAST = 3
"""Motifs that a dataset needs: two to learn, one to leave out."""


def leave_out(
    data: Dataset,
    out: Path,
    *,
    recipe: Recipe,
    labels: Sequence[str] = (),
    weights: str | Path = "imagenet",
    seed: int = 1,
    skip_unreadable: bool = False,
    progress: Progress = lambda _what, _done, _total: None,
) -> dict[str, Any]:
    """Train once per motif, without it, and write ``out/leaveout.json``.

    Args:
        data: as ``load`` or ``join`` gives it; unknown labels are learned each time.
        out: folder of the result, and of each turn's model.
        recipe: how to train.
        labels: the motifs to leave out; all by default.
        weights: as in ``ml.train.train``.
        seed: of the splits and of training.
        skip_unreadable: leave damaged photos out.
        progress: told what is being done, how much is done and how much there is.

    Returns:
        Per motif left out, and their mean: ``auroc`` and ``false_positive_rate_at_95``
        of the model's own rejection score (``model``) and of the best motif's score
        (``max_softmax``), the left-out photos against test photos of known motifs.

    Raises:
        DatasetError: fewer than three motifs, or one that the dataset has not.
    """
    if len(data.motifs) < LEAST:
        raise DatasetError(f"{data.root} has fewer than {LEAST} motifs.")
    if strangers := sorted(set(labels) - set(data.motifs)):
        raise DatasetError(f"{data.root} has no motif {strangers[0]}.")
    run = {
        "dataset": data.digest(),
        "seed": seed,
        "weights": identity(weights),
        "skip_unreadable": skip_unreadable,
    }
    turns = {}
    for label in labels or data.motifs:
        file = out / f"{label}.json"
        digest = key(run, recipe, "leave out", label)
        one = finished(file, digest)
        if one is None:
            rest = dataset.split(_without(data, label), seed=seed)
            made = train_dataset(
                rest,
                file.with_suffix(""),
                recipe=recipe,
                weights=weights,
                seed=seed,
                replace_out=True,
                skip_unreadable=skip_unreadable,
                progress=progress,
            )
            left = tuple(s for s in data.samples if s.label == label)
            one = {"key": digest, **_ask(made.folder, rest, left, progress)}
            artifact.write_json(file, one)
        turns[label] = {kind: one[kind] for kind in one if kind != "key"}
    result = {**run, "recipe": recipe.name, "labels": turns, "mean": _mean(turns)}
    artifact.write_json(out / RESULT, result)
    return result


def _without(data: Dataset, label: str) -> Dataset:
    return replace(
        data,
        labels=tuple(one for one in data.labels if one != label),
        samples=tuple(s for s in data.samples if s.label != label),
    )


def _ask(
    folder: Path,
    rest: Dataset,
    left: Sequence[dataset.Sample],
    progress: Progress,
) -> dict[str, Any]:
    predictor = Predictor(folder)
    motifs = [s for s in rest.of("test") if s.label in rest.motifs]
    known = evaluate.ask(predictor, motifs, progress)
    strange = evaluate.ask(predictor, left, progress)
    both = [
        evaluate.rejection_scores(one, predictor.manifest) for one in (known, strange)
    ]
    return {
        kind: {
            "auroc": round(metrics.auroc(both[0][kind], both[1][kind]), 4),
            "false_positive_rate_at_95": round(
                metrics.false_positives(both[0][kind], both[1][kind]), 4
            ),
        }
        for kind in both[0]
    } | {"photos": len(strange.truth), "known_photos": len(known.truth)}


def _mean(turns: dict[str, Any]) -> dict[str, Any]:
    kinds = [k for k in ("model", "max_softmax") if all(k in t for t in turns.values())]
    return {
        kind: {
            name: round(float(np.mean([t[kind][name] for t in turns.values()])), 4)
            for name in ("auroc", "false_positive_rate_at_95")
        }
        for kind in kinds
    }

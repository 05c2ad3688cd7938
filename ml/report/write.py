"""Write the report of an evaluation: report.html, metrics.json and MODEL_CARD.md."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ml import artifact, card
from ml.report import page
from ml.report.page import Mistake

if TYPE_CHECKING:
    from ml.evaluate import Asked
    from ml.predict import Predictor

PAGE = "report.html"


def write(
    out: Path,
    predictor: Predictor,
    title: str,
    figures: dict[str, Any],
    asked: Asked,
    *,
    compared: Mapping[str, Any] | None = None,
    has_gallery: bool = True,
    replace_out: bool = False,
) -> None:
    """Write a folder with the page, the figures and the card; the same numbers in each.

    Args:
        out: the folder to make; it appears whole or not at all.
        predictor: the model that was evaluated.
        title: what it was evaluated on.
        figures: as ``ml.evaluate.evaluate`` gives them,
        asked: and what it says of each photo.
        compared: the content of a crossvalidation.json, to show beside.
        has_gallery: whether the page may show the photos that were answered wrongly.
        replace_out: put it in the place of an earlier report.

    Raises:
        ArtifactError: ``out`` exists, or somebody else is writing it.
    """
    manifest = predictor.manifest
    content = {
        "model": manifest.version,
        "sha256": predictor.artifact.sha256,
        "evaluations": {title: figures},
    }
    facts = [
        ("Model", manifest.version),
        ("SHA-256", predictor.artifact.sha256),
        ("Recipe", f"{manifest.recipe}, seed {manifest.seed}"),
        ("Made", manifest.created_at),
        ("Photos", title),
    ]
    text = page.text(
        f"Evaluation of model {manifest.version}",
        facts,
        figures,
        stages=stages(predictor.artifact.folder / artifact.LOG),
        mistakes=mistakes(predictor, asked),
        compared=compared,
        has_gallery=has_gallery,
    )
    with artifact.writing(out, replace_out=replace_out, mark=PAGE) as partial:
        artifact.write_json(partial / artifact.METRICS, content)
        words = card.text(manifest, content)
        (partial / artifact.CARD).write_text(words, encoding="utf-8")
        (partial / PAGE).write_text(text, encoding="utf-8")


def stages(log: Path) -> dict[str, list[dict[str, Any]]]:
    """Return per stage of training its log lines; none without a log.

    A line is of an epoch, or of what the stage as a whole came to.
    """
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    if log.is_file():
        for line in log.read_text(encoding="utf-8").splitlines():
            facts = json.loads(line)
            if "val_loss" in facts:
                found[facts["stage"]].append(facts)
    return dict(found)


def mistakes(predictor: Predictor, asked: Asked) -> list[Mistake]:
    """Return the photos whose best score is another label's, the surest first.

    A photo of no label of the model counts when a motif was said of it.
    """
    labels = predictor.manifest.labels
    found = []
    for at, sample in enumerate(asked.samples):
        best = int(asked.scores[at].argmax())
        is_stranger = asked.truth[at] < 0
        if is_stranger and asked.answers[at].kind == "unknown":
            continue
        if best == asked.truth[at]:
            continue
        near = predictor.nearest(asked.embeddings[at], 1)
        found.append(
            Mistake(
                sample.path,
                sample.label,
                labels[best],
                float(asked.scores[at][best]),
                near[0].name if near else "",
            )
        )
    return sorted(found, key=lambda one: -one.score)

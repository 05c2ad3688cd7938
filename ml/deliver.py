"""From a trained network to a model folder: calibrate, export, measure, write."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from ml import artifact, calibrate, embeddings, evaluate, network, rejection
from ml.artifact import Artifact, Manifest
from ml.dataset import Dataset
from ml.embeddings import Embeddings
from ml.evaluate import Asked
from ml.images import open_image
from ml.job import Job
from ml.predict import Predictor, look

if TYPE_CHECKING:
    from numpy.typing import NDArray

LIBRARIES = (
    "ai-edge-litert",
    "keras",
    "numpy",
    "opencv-python-headless",
    "pillow",
    "tensorflow-cpu",
    "tensorflow",
)


def deliver(
    job: Job, model: keras.Model, may_state: Sequence[str], about: str = ""
) -> None:
    """Calibrate, export, measure and write everything that makes a model folder."""
    # What is calibrated, kept and exported is one and the same network.
    network.round_weights(model)
    warmth = calibrate.temperature(*_val_scores(job, model))
    network.soften(model, warmth)
    network.round_weights(model)
    job.progress("export", 0, 1)
    network.save_network(model, job.partial / artifact.WEIGHTS)
    settings = job.network_settings()
    (job.partial / artifact.MODEL).write_bytes(network.to_litert(model, **settings))
    job.progress("export", 1, 1)
    digest = artifact.digest_of(job.partial / artifact.MODEL)
    made = datetime.now(UTC).replace(microsecond=0)
    manifest = replace(
        job.draft(),
        version=f"{made:%Y%m%d}-{digest[:8]}",
        created_at=made.isoformat(),
        single=tuple(x for x in may_state if x != "earned"),
        dataset={
            "digest": job.data.digest(),
            "counts": job.data.counts(),
            "about": about,
        },
        settings=job.recipe.as_dict(),
        libraries=dict(_libraries()),
        files={artifact.MODEL: digest},
    )
    _remember(job, Predictor(Artifact(job.partial, manifest)))
    manifest.files[embeddings.FILE] = artifact.digest_of(job.partial / embeddings.FILE)
    # How many features of the embedding come from each layer, in order.
    layers = tuple(int(one.shape[-1]) for one in model.get_layer("backbone").outputs)
    manifest, metrics = _measure(job, manifest, layers, earn="earned" in may_state)
    metrics["temperature"] = round(warmth, 4)
    artifact.seal(job.partial, manifest, metrics)


def _remember(job: Job, predictor: Predictor) -> None:
    """Write the training photos' embeddings, as serving sees them."""
    learned = job.data.of("train")
    labels = [sample.label for sample in learned]
    kept = [learned[i] for i in embeddings.remembered(labels, job.data.unknown)]
    vectors = []
    for at, sample in enumerate(kept, start=1):
        vectors.append(predictor.embed(open_image(sample.path)))
        job.progress("remember", at, len(kept))
    names = tuple(f"{sample.label}/{sample.path.name}" for sample in kept)
    kinds = tuple(sample.label for sample in kept)
    embeddings.write(job.partial, Embeddings(np.stack(vectors), kinds, names))


def _measure(
    job: Job, manifest: Manifest, layers: tuple[int, ...], *, earn: bool
) -> tuple[Manifest, dict[str, Any]]:
    """Set the thresholds on validation photos; measure on them and on test photos.

    Everything goes through LiteRT and the whole of ``ml.predict``: what is reported is
    what visitors get.
    """
    labels, unknown = manifest.labels, manifest.unknown_labels
    predictor = Predictor(Artifact(job.partial, manifest))
    checked = evaluate.ask(predictor, job.data.of("val"), job.progress)
    limits = calibrate.thresholds(checked.scores, checked.truth, labels, unknown)
    manifest = replace(manifest, thresholds=limits)
    rule, chosen = _rejection(predictor, checked, layers)
    if rule is not None:
        manifest = replace(manifest, rejection=rule.as_dict())
    # From here on the answers are those of the model that is delivered.
    predictor = Predictor(Artifact(job.partial, manifest))
    checked = evaluate.ask(predictor, job.data.of("val"), job.progress)
    tested = evaluate.ask(predictor, job.data.of("test"), job.progress)
    if earn:
        manifest = replace(manifest, single=earned(tested, manifest, job.data))
    evaluations = {}
    for name, asked in (("test", tested), ("validation", checked)):
        if len(asked.truth):
            evaluations[name] = evaluate.report(asked, manifest)
    return manifest, {"evaluations": evaluations, "rejection": chosen}


def earned(tested: Asked, manifest: Manifest, data: Dataset) -> tuple[str, ...]:
    """Return the motifs that the test photos prove may be stated alone.

    Pictures that stand in for a motif's photos prove nothing about photos.
    """
    found = calibrate.earned(
        tested.scores,
        tested.truth,
        manifest.labels,
        manifest.unknown_labels,
        manifest.thresholds.single,
    )
    return tuple(label for label in found if label not in data.filled)


def _rejection(
    predictor: Predictor, checked: Asked, layers: tuple[int, ...]
) -> tuple[rejection.Rule | None, dict[str, Any]]:
    """Choose the rejection rule on validation photos; none where no motif is shown."""
    manifest, memory = predictor.manifest, predictor.memory
    labels = [manifest.labels[i] for i in checked.truth.tolist()]
    shows = np.isin(labels, manifest.motifs)
    if memory is None or not shows.any():
        return None, {}
    is_motif = np.isin(manifest.labels, manifest.motifs)
    doubt = 1 - checked.scores[:, is_motif].max(axis=1)
    given = (memory, checked.embeddings, labels, doubt, manifest.motifs, layers)
    rule, score, figures = rejection.choose(*given)
    limit = calibrate.false_accepts(score[shows], score[~shows])
    figures["kept"] = round(float((score[shows] < limit).mean()), 4)
    if not shows.all():
        figures["false_accepts"] = round(float((score[~shows] < limit).mean()), 4)
    return replace(rule, threshold=limit), figures


def _val_scores(
    job: Job, model: keras.Model
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the logs of the validation photos' scores, (photos, views, labels)."""
    checked, manifest = job.data.of("val"), job.draft()
    learner = network.trained_part(model)
    logs = []
    for at, sample in enumerate(checked, start=1):
        pixels = look(open_image(sample.path), manifest).pixels
        logs.append(np.log(network.predict(learner, pixels) + 1e-9))
        job.progress("calibrate", at, len(checked))
    return np.array(logs, np.float64), job.index(checked)


def _libraries() -> Iterator[tuple[str, str]]:
    for name in LIBRARIES:
        with suppress(PackageNotFoundError):
            yield name, version(name)


def commit() -> str:
    """Return the commit of this code, or "" where it is not a git checkout."""
    git = shutil.which("git")
    here = Path(__file__).resolve().parent
    if git is None:
        return ""
    asked = [git, "-C", str(here), "describe", "--always", "--abbrev=40", "--dirty"]
    found = subprocess.run(asked, capture_output=True, text=True, check=False)
    return found.stdout.strip()

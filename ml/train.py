"""Train a network on a dataset folder and write it as a model folder."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

# Before TensorFlow is imported: its start-up chatter would bury the progress bars.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from ml import artifact, calibrate, dataset, evaluate, network
from ml.artifact import Artifact, Manifest
from ml.dataset import Dataset, DatasetError, Sample
from ml.feed import Feed, Progress, Store
from ml.images import open_image
from ml.metrics import confusion, macro_f1
from ml.predict import Predictor, look
from ml.recipe import DEFAULT, Recipe

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

FEATURE_PHOTOS = 6000
"""How many varied photos the head's warm-up is computed on, about."""
WARM_UP = 1_000_000
"""Numbers of the warm-up's epochs, apart from those of fine-tuning."""
LIBRARIES = (
    "ai-edge-litert",
    "keras",
    "numpy",
    "opencv-python-headless",
    "pillow",
    "tensorflow-cpu",
    "tensorflow",
)


@dataclass
class _Job:
    """One training run: what is known to all of its steps."""

    recipe: Recipe
    data: Dataset
    unknown: tuple[str, ...]
    seed: int
    partial: Path
    progress: Progress
    started: float

    @property
    def labels(self) -> tuple[str, ...]:
        return self.data.labels

    def index(self, samples: Sequence[Sample]) -> NDArray[np.int64]:
        return np.array([self.labels.index(s.label) for s in samples], np.int64)

    def log(self, **facts: Any) -> None:
        """Add a line to the log; it is on disk at once, for whoever watches."""
        facts["elapsed_s"] = round(time.monotonic() - self.started, 1)
        with (self.partial / artifact.LOG).open("a", encoding="utf-8") as file:
            file.write(json.dumps(facts) + "\n")


def train(
    folder: Path,
    out: Path,
    *,
    recipe: Recipe = DEFAULT,
    weights: str | Path = "imagenet",
    unknown: Sequence[Dataset] = (),
    seed: int = 1,
    may_state: Sequence[str] = (),
    replace_out: bool = False,
    skip_unreadable: bool = False,
    progress: Progress = lambda _what, _done, _total: None,
) -> Artifact:
    """Train a network and write its model folder.

    Args:
        folder: a dataset folder, see ``ml.dataset``.
        out: the model folder to be made.
        recipe: how to train.
        weights: "imagenet", the path of backbone weights, or a model folder whose
            network is trained further (its head too, where labels match).
        unknown: photos without a known motif, each a label of its own.
        seed: of the split, the weights, the order and the variations.
        may_state: motifs that the model may state alone; ``["earned"]`` for those
            that earn it on the test photos.
        replace_out: put the model in the place of the one in ``out``.
        skip_unreadable: leave damaged photos out (the log names them) instead of
            refusing the dataset.
        progress: told what is being done, how much is done and how much there is.

    Raises:
        DatasetError, ArtifactError, network.WeightsError: before anything is
            written; an interruption leaves no model behind.
    """
    data = dataset.join(dataset.load(folder), unknown)
    data = dataset.split(data, seed=seed)
    motifs = [x for x in data.labels if x not in {u.labels[0] for u in unknown}]
    if len(motifs) < 2:
        raise DatasetError(f"{folder} has one label; there is nothing to tell apart.")
    strangers = sorted({*may_state} - {*motifs, "earned"})
    if strangers:
        raise DatasetError(f"{strangers[0]} may not be stated: it is not in {folder}.")
    with artifact.writing(out, replace_out=replace_out) as partial:
        keras.utils.set_random_seed(seed)
        job = _Job(
            recipe=recipe,
            data=data,
            unknown=tuple(x for part in unknown for x in part.labels),
            seed=seed,
            partial=partial,
            progress=progress,
            started=time.monotonic(),
        )
        model = _start(job, weights)
        photos = partial / "photos.bin"
        store = Store(photos, data.samples, progress, skip_unreadable=skip_unreadable)
        job.data = replace(data, samples=store.samples)
        for complaint in store.unreadable:
            job.log(stage="decode", left_out=complaint)
        model = _start(job, weights)
        _learn(job, model, store)
        photos.unlink()
        _finish(job, model, may_state)
    return artifact.read(out)


def _start(job: _Job, weights: str | Path) -> keras.Model:
    """Return the network to train, with what it knows already."""
    model = network.build(**_network_settings(job))
    if weights != "imagenet" and Path(weights).is_dir():
        earlier = artifact.read(Path(weights))
        source = network.build(**earlier.manifest.network)
        network.load_network(source, earlier.folder / artifact.WEIGHTS)
        if earlier.manifest.network["alpha"] != job.recipe.alpha:
            raise network.WeightsError(f"{weights} is a network of another width.")
        model.get_layer("backbone").set_weights(
            source.get_layer("backbone").get_weights()
        )
        network.adopt_head(model, job.labels, source, earlier.manifest.labels)
    else:
        network.load_backbone(model, weights)
    return model


def _learn(job: _Job, model: keras.Model, store: Store) -> None:
    recipe = job.recipe
    train_labels = job.index(job.data.of("train"))
    feed = Feed(
        store,
        job.labels,
        augmentation=recipe.augmentation,
        size=recipe.size,
        batch=recipe.batch,
        seed=job.seed,
        weights=dataset.class_weights(
            [int(i) for i in train_labels], len(job.labels), recipe.class_weight_power
        ),
        photos_per_epoch=recipe.photos_per_epoch,
    )
    checked = job.data.of("val")
    squares, truth = _val_squares(job, checked), job.index(checked)
    epochs = recipe.head_epochs if recipe.is_fine_tuned else recipe.epochs
    if epochs:
        _train_head(job, model, feed, squares, truth, epochs)
    if recipe.is_fine_tuned:
        _fine_tune(job, model, feed, squares, truth)


def _val_squares(job: _Job, samples: Sequence[Sample]) -> Pixels:
    """Return the first view of every validation photo, as serving sees it."""
    manifest = _draft(job)
    squares = np.empty((len(samples), job.recipe.size, job.recipe.size, 3), np.uint8)
    for at, sample in enumerate(samples):
        squares[at] = look(open_image(sample.path), manifest).pixels[0]
        job.progress("look", at + 1, len(samples))
    return squares


def _train_head(
    job: _Job,
    model: keras.Model,
    feed: Feed,
    squares: Pixels,
    truth: NDArray[np.int64],
    epochs: int,
) -> None:
    """Train the head alone, on the frozen backbone's pooled features.

    The backbone does not change, so its features are computed once per variation; that
    is the same training as through the whole network, and far quicker.
    """
    recipe = job.recipe
    pooled = network.pooled_part(model)
    copies = 1
    if not recipe.is_augmented_once:
        copies = max(1, min(8, FEATURE_PHOTOS // feed.photos))
    features, targets, weights = [], [], []
    done, total = 0, copies * len(feed)
    for copy in range(copies):
        for batch in feed.epoch(WARM_UP + copy):
            features.append(np.asarray(pooled.predict_on_batch(batch.pixels)))
            targets.append(batch.targets)
            weights.append(batch.weights)
            done += 1
            job.progress("features", done, total)
    val_features = network.predict(pooled, squares)
    head = network.build_head(features[0].shape[1], len(job.labels))
    network.copy_head(model, head)
    head.compile(
        keras.optimizers.Adam(recipe.head_rate),
        keras.losses.CategoricalCrossentropy(label_smoothing=recipe.label_smoothing),
        weighted_metrics=[],
    )
    one_hot = np.eye(len(job.labels), dtype=np.float32)[truth]
    head.fit(
        np.concatenate(features),
        np.concatenate(targets),
        sample_weight=np.concatenate(weights),
        validation_data=(val_features, one_hot),
        epochs=epochs,
        batch_size=32,
        verbose=0,
        callbacks=[
            keras.callbacks.EarlyStopping(
                patience=recipe.patience, restore_best_weights=True
            ),
            keras.callbacks.ReduceLROnPlateau(
                factor=0.3, patience=max(1, recipe.patience // 2)
            ),
            keras.callbacks.LambdaCallback(
                on_epoch_end=lambda epoch, logs: _head_epoch(job, epoch, epochs, logs)
            ),
        ],
    )
    network.copy_head(head, model)
    scores = np.asarray(head.predict_on_batch(val_features))
    job.log(stage="head", **_judge(scores, truth, len(job.labels)))


def _head_epoch(job: _Job, epoch: int, epochs: int, logs: dict[str, Any]) -> None:
    job.progress("head", epoch + 1, epochs)
    job.log(
        stage="head",
        epoch=epoch + 1,
        of=epochs,
        loss=round(float(logs["loss"]), 4),
        val_loss=round(float(logs["val_loss"]), 4),
    )


def _fine_tune(
    job: _Job,
    model: keras.Model,
    feed: Feed,
    squares: Pixels,
    truth: NDArray[np.int64],
) -> None:
    """Train the whole network at a small learning rate; keep its best epoch."""
    recipe = job.recipe
    network.unfreeze(model, recipe.fine_tune_blocks)
    learner = network.trained_part(model)
    learner.compile(
        keras.optimizers.Adam(recipe.learning_rate, global_clipnorm=1.0),
        keras.losses.CategoricalCrossentropy(label_smoothing=recipe.label_smoothing),
        weighted_metrics=[],
    )
    checkpoint = job.partial / "best.weights.h5"
    best, waited, step = math.inf, 0, 0
    steps = recipe.epochs * len(feed)
    for epoch in range(recipe.epochs):
        started, losses = time.monotonic(), []
        for at, batch in enumerate(feed.epoch(epoch)):
            learner.optimizer.learning_rate = recipe.learning_rate * _pace(step, steps)
            loss = learner.train_on_batch(
                batch.pixels, batch.targets, sample_weight=batch.weights
            )
            losses.append(float(loss))
            step += 1
            job.progress(f"epoch {epoch + 1}/{recipe.epochs}", at + 1, len(feed))
        rate = feed.photos / (time.monotonic() - started)
        judged = _judge(network.predict(learner, squares), truth, len(job.labels))
        job.log(
            stage="fine-tune",
            epoch=epoch + 1,
            of=recipe.epochs,
            loss=round(float(np.mean(losses)), 4),
            photos_per_s=round(rate, 1),
            **judged,
        )
        if judged["val_loss"] < best:
            best, waited = judged["val_loss"], 0
            network.save_network(model, checkpoint)
        else:
            waited += 1
        if waited > recipe.patience:
            break
    network.load_network(model, checkpoint)
    checkpoint.unlink()


def _pace(step: int, steps: int) -> float:
    """Return the share of the learning rate at a step: a short rise, then a cosine."""
    rise = max(1, min(steps // 10, 200))
    if step < rise:
        return (step + 1) / rise
    return 0.02 + 0.98 * (1 + math.cos(math.pi * (step - rise) / (steps - rise))) / 2


def _finish(job: _Job, model: keras.Model, may_state: Sequence[str]) -> None:
    """Calibrate, export, measure and write everything that makes a model folder."""
    warmth = calibrate.temperature(*_val_scores(job, model))
    network.soften(model, warmth)
    job.progress("export", 0, 1)
    network.save_network(model, job.partial / artifact.WEIGHTS)
    settings = _network_settings(job)
    (job.partial / artifact.MODEL).write_bytes(network.to_litert(model, **settings))
    job.progress("export", 1, 1)
    digest = artifact.digest_of(job.partial / artifact.MODEL)
    made = datetime.now(UTC).replace(microsecond=0)
    manifest = replace(
        _draft(job),
        version=f"{made:%Y%m%d}-{digest[:8]}",
        created_at=made.isoformat(),
        single=tuple(x for x in may_state if x != "earned"),
        dataset={"digest": job.data.digest(), "counts": job.data.counts()},
        settings=job.recipe.as_dict(),
        commit=_commit(),
        libraries=dict(_libraries()),
        files={artifact.MODEL: digest},
    )
    manifest, metrics = _measure(job, manifest, earn="earned" in may_state)
    metrics["temperature"] = round(warmth, 4)
    artifact.seal(job.partial, manifest, metrics)


def _measure(
    job: _Job, manifest: Manifest, *, earn: bool
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
    tested = evaluate.ask(predictor, job.data.of("test"), job.progress)
    if earn:
        single = calibrate.earned(
            tested.scores, tested.truth, labels, unknown, limits.single
        )
        manifest = replace(manifest, single=tuple(single))
    evaluations = {}
    for name, asked in (("test", tested), ("validation", checked)):
        if len(asked.truth):
            evaluations[name] = evaluate.report(asked, manifest)
    return manifest, {"evaluations": evaluations}


def _val_scores(
    job: _Job, model: keras.Model
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the logs of the validation photos' scores, (photos, views, labels)."""
    checked, manifest = job.data.of("val"), _draft(job)
    learner = network.trained_part(model)
    logs = []
    for at, sample in enumerate(checked, start=1):
        pixels = look(open_image(sample.path), manifest).pixels
        logs.append(np.log(network.predict(learner, pixels) + 1e-9))
        job.progress("calibrate", at, len(checked))
    return np.array(logs, np.float64), job.index(checked)


def _draft(job: _Job) -> Manifest:
    """Return what is known of the manifest before training."""
    return Manifest(
        version="",
        created_at="",
        labels=job.labels,
        unknown_labels=job.unknown,
        size=job.recipe.size,
        views=job.recipe.views,
        uses_region=job.recipe.uses_region,
        network=_network_settings(job),
        recipe=job.recipe.name,
        seed=job.seed,
    )


def _network_settings(job: _Job) -> dict[str, Any]:
    return {
        "labels": len(job.labels),
        "size": job.recipe.size,
        "alpha": job.recipe.alpha,
        "scaling": job.recipe.scaling,
    }


def _libraries() -> Iterator[tuple[str, str]]:
    for name in LIBRARIES:
        with suppress(PackageNotFoundError):
            yield name, version(name)


def _commit() -> str:
    """Return the commit of this code, or "" where it is not a git checkout."""
    git = shutil.which("git")
    here = Path(__file__).resolve().parent
    if git is None:
        return ""
    asked = [git, "-C", str(here), "describe", "--always", "--abbrev=40", "--dirty"]
    found = subprocess.run(asked, capture_output=True, text=True, check=False)
    return found.stdout.strip()


def _judge(
    scores: NDArray[np.float32], truth: NDArray[np.int64], labels: int
) -> dict[str, float]:
    """Return the validation figures of an epoch; every label's loss counts the same."""
    losses = -np.log(scores[np.arange(len(truth)), truth] + 1e-7)
    per_label = [losses[truth == label].mean() for label in np.unique(truth)]
    matrix = confusion(truth, scores.argmax(axis=1), labels)
    return {
        "val_loss": round(float(np.mean(per_label)), 4),
        "val_macro_f1": round(macro_f1(matrix), 4),
        "val_top_1": round(float(np.diag(matrix).sum() / len(truth)), 4),
    }

"""Train a network on a dataset folder and write it as a model folder."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

# Before TensorFlow is imported: its start-up chatter would bury the progress bars.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from ml import artifact, balance, calibrate, dataset, features, network, ridge
from ml.artifact import Artifact
from ml.dataset import Dataset, DatasetError
from ml.deliver import commit, deliver
from ml.duplicates import with_clusters
from ml.features import Features
from ml.feed import Feed, Store
from ml.images import open_image
from ml.job import Job, Progress
from ml.metrics import confusion, macro_f1
from ml.predict import look
from ml.recipe import DEFAULT, Recipe

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

SURE = 12.0
"""The logit of a label that claims a photo wholly, before a temperature fits it."""


def train(
    folder: Path,
    out: Path,
    *,
    recipe: Recipe = DEFAULT,
    weights: str | Path = "imagenet",
    unknown: Sequence[Dataset] = (),
    filled: Path | None = None,
    seed: int = 1,
    may_state: Sequence[str] = (),
    about: str = "",
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
            network is trained further (its head too where that is trained, not
            solved, for the labels that match).
        unknown: photos without a known motif, each a label of its own.
        filled: another dataset folder, for the motifs that ``folder`` lacks.
        seed: of the split, the weights, the order and the variations.
        may_state: motifs that the model may state alone; ``["earned"]`` for those
            that earn it on the test photos.
        about: what the photos are and whose, for the card.
        replace_out: put the model in the place of the one in ``out``.
        skip_unreadable: leave damaged photos out (the log names them) instead of
            refusing the dataset.
        progress: told what is being done, how much is done and how much there is.

    Raises:
        DatasetError, ArtifactError, network.WeightsError: before anything is
            written; an interruption leaves no model behind.
    """
    data = with_clusters(dataset.join(dataset.load_filled(folder, filled), unknown))
    return train_dataset(
        dataset.split(data, seed=seed),
        out,
        recipe=recipe,
        weights=weights,
        seed=seed,
        may_state=may_state,
        about=about,
        replace_out=replace_out,
        skip_unreadable=skip_unreadable,
        progress=progress,
    )


def train_dataset(
    data: Dataset,
    out: Path,
    *,
    recipe: Recipe = DEFAULT,
    weights: str | Path = "imagenet",
    seed: int = 1,
    may_state: Sequence[str] = (),
    about: str = "",
    replace_out: bool = False,
    skip_unreadable: bool = False,
    progress: Progress = lambda _what, _done, _total: None,
) -> Artifact:
    """Train a network on a dataset that is split already; else as ``train``."""
    if len(data.motifs) < 2:
        raise DatasetError(
            f"{data.root} has one motif; there is nothing to tell apart."
        )
    strangers = sorted({*may_state} - {*data.motifs, "earned"})
    if strangers:
        raise DatasetError(
            f"{strangers[0]} may not be stated: it is not in {data.root}."
        )
    with artifact.writing(out, replace_out=replace_out) as partial:
        keras.utils.set_random_seed(seed)
        job = Job(
            recipe=recipe,
            data=data,
            seed=seed,
            partial=partial,
            progress=progress,
            started=time.monotonic(),
            commit=commit(),
        )
        model = start(job, weights)
        photos = partial / "photos.bin"
        try:
            store = Store(
                photos, data.samples, progress, skip_unreadable=skip_unreadable
            )
            job.data = replace(data, samples=store.samples)
            for complaint in store.unreadable:
                job.log(stage="decode", left_out=complaint)
            dataset.refuse_gaps(job.data)
            learn(job, model, store)
        finally:
            photos.unlink(missing_ok=True)
        deliver(job, model, may_state, about)
    return artifact.read(out)


def start(job: Job, weights: str | Path) -> keras.Model:
    """Return the network to train, with what it knows already.

    Raises ArtifactError or WeightsError when the weights are missing or do not fit.
    """
    model = network.build(**job.network_settings())
    if weights != "imagenet" and Path(weights).is_dir():
        earlier = artifact.read(Path(weights))
        source = network.build(**earlier.manifest.network)
        network.load_network(source, earlier.folder / artifact.WEIGHTS)
        if earlier.manifest.network["alpha"] != job.recipe.alpha:
            raise network.WeightsError(f"{weights} is a network of another width.")
        model.get_layer("backbone").set_weights(
            source.get_layer("backbone").get_weights()
        )
        if job.recipe.head != "linear":
            network.adopt_head(model, job.labels, source, earlier.manifest.labels)
    else:
        network.load_backbone(model, weights)
    return model


def learn(job: Job, model: keras.Model, store: Store) -> None:
    """Train the network as the recipe says: its head, then all of it."""
    recipe = job.recipe
    feed = Feed(
        store,
        job.labels,
        augmentation=recipe.augmentation,
        size=recipe.size,
        batch=recipe.batch,
        seed=job.seed,
        weights=balance.weights(
            job.data.of("train"),
            power=recipe.class_weight_power,
            group_cap=recipe.group_cap,
        ),
        photos_per_epoch=recipe.photos_per_epoch,
    )
    epochs = recipe.head_epochs if recipe.is_fine_tuned else recipe.epochs
    if recipe.head == "linear":
        _solve_head(job, model, feed)
    elif epochs:
        _train_head(job, model, feed, epochs)
    if recipe.is_fine_tuned:
        _fine_tune(job, model, feed)


def _val_squares(job: Job) -> tuple[Pixels, NDArray[np.int64]]:
    """Return the first view of every validation photo, as serving sees it."""
    samples, manifest = job.data.of("val"), job.draft()
    squares = np.empty((len(samples), job.recipe.size, job.recipe.size, 3), np.uint8)
    for at, sample in enumerate(samples):
        squares[at] = look(open_image(sample.path), manifest).pixels[0]
        job.progress("look", at + 1, len(samples))
    return squares, job.index(samples)


class HeadFeatures(NamedTuple):
    """What a head on a backbone that does not change is made from."""

    learned: Features
    changes: NDArray[np.float32]
    """(rows, features), by which bad compression changes what is learned."""
    checked: Features


def _head_features(job: Job, model: keras.Model, feed: Feed) -> HeadFeatures:
    """Return what a head learns from, and what it is checked on.

    The backbone does not change, so its features are computed once per variation; the
    head becomes what it would through the whole network, and far quicker.
    """
    with features.Reader(network.pooled_part(model)) as read:
        parts = [features.varied(job, read, feed)]
        changes = parts[0].values[:0]
        if job.recipe.learns_views:
            # What serving will look at, beside the variations that make it general.
            given = (job, read, job.data.of("train"), feed.weights)
            sound, worn = features.served(*given), features.worn(*given)
            changes = features.changed(sound, worn)
            parts += [sound, *worn]
        checked = features.served(job, read, job.data.of("val"))
    return HeadFeatures(features.join(*parts), changes, checked)


def _solve_head(job: Job, model: keras.Model, feed: Feed) -> None:
    """Give the network the linear head that a ridge regression finds.

    It was more often right than the same head trained by cross-entropy, and needs no
    epochs (``docs/recogniser.md``).
    """
    learned, changes, checked = _head_features(job, model, feed)
    job.progress("head", 0, 1)
    mean = learned.values.mean(axis=0)
    spread = learned.values.std(axis=0) + 1e-3
    rows = learned.values
    rows -= mean  # in place: they may be a gigabyte
    rows /= spread
    changes *= math.sqrt(job.recipe.steadiness) / spread
    found = ridge.learn(
        rows, learned.targets, learned.weights, job.recipe.decay, changes
    )
    truth = checked.targets.argmax(axis=1)
    # Claims lie around 0 and 1, which a softmax takes for doubt.
    kernel = SURE * found.slopes / spread[:, None]
    bias = SURE * found.offsets - mean @ kernel
    warmth = calibrate.temperature(checked.values @ kernel + bias, truth)
    kernel, bias = kernel / warmth, bias / warmth
    model.get_layer("logits").set_weights([kernel, bias])
    job.progress("head", 1, 1)
    scores = calibrate.softmax(checked.values @ kernel + bias)
    job.log(stage="head", **_judge(scores, truth, len(job.labels)))


def _train_head(job: Job, model: keras.Model, feed: Feed, epochs: int) -> None:
    """Train the paper's head alone, on the frozen backbone's pooled features."""
    recipe = job.recipe
    learned, _changes, checked = _head_features(job, model, feed)
    head = network.build_head(learned.values.shape[1], len(job.labels))
    network.copy_head(model, head)
    head.compile(
        keras.optimizers.Adam(recipe.head_rate),
        keras.losses.CategoricalCrossentropy(label_smoothing=recipe.label_smoothing),
        weighted_metrics=[],
    )
    head.fit(
        learned.values,
        learned.targets,
        sample_weight=learned.weights,
        validation_data=(checked.values, checked.targets),
        epochs=epochs,
        batch_size=recipe.batch,
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
    scores = np.asarray(head.predict_on_batch(checked.values))
    network.copy_head(head, model)
    truth = checked.targets.argmax(axis=1)
    job.log(stage="head", **_judge(scores, truth, len(job.labels)))


def _head_epoch(job: Job, epoch: int, epochs: int, logs: dict[str, Any]) -> None:
    job.progress("head", epoch + 1, epochs)
    job.log(
        stage="head",
        epoch=epoch + 1,
        of=epochs,
        loss=round(float(logs["loss"]), 4),
        val_loss=round(float(logs["val_loss"]), 4),
        learning_rate=round(float(logs["learning_rate"]), 8),
    )


def _fine_tune(
    job: Job,
    model: keras.Model,
    feed: Feed,
) -> None:
    """Train the whole network at a small learning rate; keep its best epoch."""
    recipe = job.recipe
    squares, truth = _val_squares(job)
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


def _judge(
    scores: NDArray[Any], truth: NDArray[np.int64], labels: int
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

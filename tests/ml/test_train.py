"""Training: a folder of photos becomes a model folder, or nothing at all."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from ml import artifact, calibrate, dataset, embeddings, features, network, ridge
from ml.artifact import ArtifactError
from ml.augment import Augmentation
from ml.dataset import DatasetError
from ml.feed import Feed, Store
from ml.job import Job
from ml.recipe import DEFAULT, FULL, PAPER
from ml.train import SURE, learn, start, train
from tests.ml.conftest import SIZE, tiny, write_photos


def lines(folder: Path) -> list[dict]:
    log = (folder / artifact.LOG).read_text().splitlines()
    return [json.loads(line) for line in log]


def test_every_epoch_is_in_the_log(model: Path):
    tuned = [line for line in lines(model) if line["stage"] == "fine-tune"]

    assert [line["epoch"] for line in tuned] == [1, 2]
    keys = {"loss", "val_loss", "val_macro_f1", "photos_per_s", "elapsed_s"}
    assert all(keys <= line.keys() for line in tuned)


def test_the_backbone_learns_end_to_end_and_batch_norm_does_not(
    model: Path, backbone: Path
):
    settings = artifact.read(model).manifest.network
    before, after = network.build(**settings), network.build(**settings)
    network.load_backbone(before, backbone)
    network.load_network(after, model / artifact.WEIGHTS)
    network.round_weights(before)

    for old, new in zip(
        before.get_layer("backbone").layers,
        after.get_layer("backbone").layers,
        strict=True,
    ):
        if not old.weights:
            continue
        same = all(
            (a == b).all()
            for a, b in zip(old.get_weights(), new.get_weights(), strict=True)
        )
        assert same == ("batch" in type(old).__name__.lower()), old.name


def test_nothing_but_the_model_is_left(model: Path):
    names = {path.name for path in model.iterdir()}

    kept = {artifact.MANIFEST, artifact.LOG, embeddings.FILE}
    assert names == {*artifact.REQUIRED, *kept}
    assert [path.name for path in model.parent.iterdir()] == [model.name]


@pytest.fixture
def job(photos: Path, strangers: Path, tmp_path: Path) -> Job:
    """Return a run that has not begun."""
    unknown = [dataset.load_unknown(strangers)]
    return Job(
        recipe=tiny(),
        data=dataset.split(dataset.join(dataset.load(photos), unknown), seed=3),
        seed=3,
        partial=tmp_path,
        progress=lambda _what, _done, _total: None,
        started=time.monotonic(),
    )


def test_the_papers_recipe_keeps_its_two_slips_and_trains_the_head_alone(
    job: Job, backbone: Path
):
    job.recipe = tiny(PAPER)
    model = start(job, backbone)
    rescale = next(x for x in model.layers if isinstance(x, keras.layers.Rescaling))
    body, head = model.get_layer("backbone"), model.get_layer("hidden")
    given, untaught = body.get_weights(), head.get_weights()[0]

    learn(job, model, Store(job.partial / "store", job.data.samples, job.progress))

    assert rescale.scale == pytest.approx(1 / 255, rel=1e-4)
    same = zip(given, body.get_weights(), strict=True)
    assert all((a == b).all() for a, b in same)
    assert (head.get_weights()[0] != untaught).any()
    assert {line["stage"] for line in lines(job.partial)} == {"head"}
    assert not job.draft().uses_region


def test_a_model_is_trained_further_from_where_it_was(job: Job, model: Path):
    earlier = artifact.read(model)
    old = network.build(**earlier.manifest.network)
    network.load_network(old, model / artifact.WEIGHTS)

    new = start(job, model)

    pairs = zip(old.get_weights(), new.get_weights(), strict=True)
    assert all((a == b).all() for a, b in pairs)


def test_a_model_of_another_width_cannot_be_trained_further(job: Job, model: Path):
    job.recipe = replace(job.recipe, alpha=0.5)

    with pytest.raises(network.WeightsError, match="another width"):
        start(job, model)


def test_an_interruption_half_way_leaves_no_model(
    photos: Path, backbone: Path, tmp_path: Path
):
    def stop(what: str, done: int, total: int) -> None:
        if what == "head":
            raise KeyboardInterrupt

    out = tmp_path / "never"
    with pytest.raises(KeyboardInterrupt):
        train(photos, out, recipe=tiny(), weights=backbone, progress=stop)

    assert not out.exists()
    with pytest.raises(ArtifactError):
        artifact.read(tmp_path / "never.partial")
    assert [p.name for p in (tmp_path / "never.partial").iterdir()] == []


@pytest.mark.parametrize("weights", ["nowhere.h5", "imagenet-but-not.h5"])
def test_weights_that_are_not_there_are_named(
    photos: Path, weights: str, tmp_path: Path
):
    with pytest.raises(network.WeightsError, match=weights):
        train(photos, tmp_path / "x", recipe=tiny(), weights=tmp_path / weights)

    assert not (tmp_path / "x").exists()


def test_a_damaged_photo_is_named_or_left_out(tmp_path: Path):
    write_photos(tmp_path / "photos" / "dots", "dots", 4, 1)
    (tmp_path / "photos" / "dots" / "01.jpg").write_bytes(b"\xff\xd8\xffbroken")
    samples = dataset.load(tmp_path / "photos").samples

    def quiet(_what: str, _done: int, _total: int) -> None:
        return

    with pytest.raises(DatasetError, match=r"01\.jpg"):
        Store(tmp_path / "store", samples, quiet)
    store = Store(tmp_path / "store", samples, quiet, skip_unreadable=True)

    assert [s.path.name for s in store.samples] == ["00.jpg", "02.jpg", "03.jpg"]
    assert len(store) == 3
    assert store[2].shape == (96, 96, 3)


def test_a_motif_that_may_be_stated_must_exist(photos: Path, tmp_path: Path):
    with pytest.raises(DatasetError, match="unicorn"):
        train(photos, tmp_path / "x", may_state=["unicorn"])


def test_one_motif_is_nothing_to_tell_apart(tmp_path: Path):
    write_photos(tmp_path / "photos" / "dots", "dots", 4, 1)

    with pytest.raises(DatasetError, match="one motif"):
        train(tmp_path / "photos", tmp_path / "x")


@pytest.fixture(scope="module")
def feed(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Feed:
    data = dataset.split(dataset.load(photos), seed=1)
    file = tmp_path_factory.mktemp("store") / "photos"
    return Feed(
        Store(file, data.samples, lambda _what, _done, _total: None),
        data.labels,
        augmentation=Augmentation(),
        size=SIZE,
        batch=5,
        seed=2,
        weights=np.repeat([1.0, 2.0, 3.0], 8),
    )


def test_an_epoch_shows_every_training_photo_once(feed: Feed):
    batches = list(feed.epoch(0))

    targets = np.concatenate([b.targets for b in batches])
    weights = np.concatenate([b.weights for b in batches])
    assert targets.sum(axis=0).tolist() == [8, 8, 8]
    assert len(batches) == len(feed) == 5
    assert (weights == targets @ [1, 2, 3]).all()


def test_every_epoch_is_new_and_the_same_epoch_is_the_same(feed: Feed):
    first, again, second = (
        np.concatenate([b.pixels for b in feed.epoch(n)]) for n in (0, 0, 1)
    )

    assert (first == again).all()
    assert (first != second).mean() > 0.5


def test_the_recipes_are_what_they_are_called():
    assert PAPER.scaling == "unit"
    assert PAPER.is_augmented_once
    assert PAPER.epochs == 20
    assert not PAPER.is_fine_tuned
    assert DEFAULT.scaling == "signed"
    assert not DEFAULT.is_augmented_once
    assert DEFAULT.head == "linear"
    assert not DEFAULT.is_fine_tuned
    assert FULL.fine_tune_blocks == network.BLOCKS
    json.dumps(DEFAULT.as_dict())


def test_the_default_recipe_solves_a_linear_head_on_frozen_features(
    photos: Path, backbone: Path, tmp_path: Path
):
    made = train(photos, tmp_path / "linear", recipe=tiny(DEFAULT), weights=backbone)

    model = network.build(**made.manifest.network)
    network.load_network(model, made.folder / artifact.WEIGHTS)
    fresh = network.build(**made.manifest.network)
    network.load_backbone(fresh, backbone)
    network.round_weights(fresh)
    body, given = model.get_layer("backbone"), fresh.get_layer("backbone")
    same = zip(body.get_weights(), given.get_weights(), strict=True)
    assert made.manifest.network["head"] == "linear"
    assert all((a == b).all() for a, b in same)
    assert made.metrics()["evaluations"]["test"]["photos"]
    logged = lines(made.folder)
    assert [x["stage"] for x in logged] == ["head"]
    assert "epoch" not in logged[0]
    assert logged[0]["val_loss"] > 0


def test_the_solved_head_says_of_plain_features_what_the_regression_does(
    job: Job, backbone: Path, monkeypatch
):
    job.recipe = tiny(DEFAULT)
    model = start(job, backbone)
    solved, learn_lines = [], ridge.learn
    monkeypatch.setattr(
        ridge, "learn", lambda *given: solved.append(given) or learn_lines(*given)
    )

    monkeypatch.setattr(calibrate, "temperature", lambda *_: 1.0)

    learn(job, model, Store(job.partial / "store", job.data.samples, job.progress))

    ((rows, targets, weights, decay, changes),) = solved
    assert rows.mean(axis=0) == pytest.approx(0, abs=1e-3)
    assert rows.std(axis=0).max() == pytest.approx(1, abs=0.05)
    # Two compressed copies of each training photo in two views, in the rows' units.
    photos = 2 * len(job.data.of("train"))
    sound, first = rows[-4 * photos : -3 * photos], rows[-3 * photos : -2 * photos]
    counted = job.recipe.steadiness * weights[-4 * photos : -3 * photos, None]
    assert len(changes) == 2 * photos
    assert changes[:photos] == pytest.approx(
        (first - sound) * np.sqrt(counted), abs=1e-3
    )
    claims = learn_lines(rows, targets, weights, decay, changes)(rows)
    with features.Reader(network.pooled_part(model)) as read:
        plain = features.served(job, read, job.data.of("train")).values
    kernel, bias = model.get_layer("logits").get_weights()
    logits = plain @ kernel + bias
    # Those of the served squares stand somewhere among the rows that were learned.
    for one in logits[:5]:
        assert np.abs(SURE * claims - one).max(axis=1).min() < 1e-2

"""A few-shot curve learns from few photos and asks about others, of other groups."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ml import dataset, fewshot, predict, whitening
from ml.__main__ import main
from ml.dataset import DatasetError, Sample
from ml.embeddings import unit
from tests.ml.conftest import write_photos


@pytest.fixture(scope="module")
def unseen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a dataset of two motifs that the model was not trained on."""
    root = tmp_path_factory.mktemp("unseen")
    write_photos(root / "grain", "grain", 8, 20)
    write_photos(root / "bands", "stripes", 8, 21)
    return root


def test_clouds_that_lie_apart_are_told_apart():
    rng = np.random.default_rng(3)
    middles = rng.normal(0, 1, (4, 30))

    def photos(count: int):
        truth = np.repeat(np.arange(4), count)
        cloud = middles[truth] + rng.normal(0, 0.3, (len(truth), 30))
        return unit(cloud), truth

    seen, truth = photos(3)
    asked, right = photos(20)

    whitened = whitening.learn(unit(rng.normal(0, 1, (50, 30))))

    by_prototype = fewshot.by_prototype(seen, truth, asked, whitened)
    by_head = fewshot.linear_head(whitened(seen), truth, whitened(asked), 4)

    assert (by_prototype == right).mean() > 0.95
    assert (by_head == right).mean() > 0.95


def test_a_cloth_gives_its_second_photo_after_every_cloth_gave_one():
    samples = [
        Sample(Path(f"{group}{n}"), "a", group) for group in "xyz" for n in range(3)
    ]

    (order,) = fewshot._deal(samples, np.arange(9), np.random.default_rng(1))

    groups = [samples[i].group for i in order]
    assert [sorted(groups[i : i + 3]) for i in (0, 3, 6)] == [["x", "y", "z"]] * 3
    assert sorted(order.tolist()) == list(range(9))


def test_the_curve_repeats_and_says_where_photos_ran_out(model: Path, unseen: Path):
    predictor, data = predict.load(model), dataset.load(unseen)

    first, second = (
        fewshot.curve(predictor, data, shots=[1, 20], repeats=2, seed=5)
        for _ in range(2)
    )

    assert first == second
    assert first["labels"] == ["bands", "grain"]
    assert first["known_labels"] == []
    assert first["shots"]["1"]["fewest"] == 1
    assert first["shots"]["20"]["fewest"] < 20
    for one in first["shots"].values():
        assert 0 <= one["prototype"]["mean"] <= 1
        assert 0 <= one["linear"]["mean"] <= 1


def test_labels_that_the_model_knows_are_left_out(model: Path, photos: Path):
    predictor, data = predict.load(model), dataset.load(photos)

    with pytest.raises(DatasetError, match="0 motifs that the model was not trained"):
        fewshot.curve(predictor, data)

    figures = fewshot.curve(predictor, data, shots=[3], repeats=1, known_too=True)
    assert figures["known_labels"] == ["checks", "dots", "stripes"]


def test_what_varies_is_not_learned_from_the_motifs_asked_about(model: Path):
    predictor = predict.load(model)
    memory = predictor.memory
    assert memory is not None

    whitened = fewshot._of_others(predictor, ["checks", "dots"])
    rest = memory.of(["stripes", "not-cloth"])

    assert whitened is not None
    assert np.allclose(whitened.middle, whitening.root(rest.vectors).mean(axis=0))
    assert fewshot._of_others(predictor, predictor.manifest.labels) is None


def test_the_command_prints_the_curve(model: Path, unseen: Path, capsys):
    given = ["fewshot", str(model), str(unseen), "--repeats", "1", "--shots", "1", "3"]

    assert main([*given, "--quiet"]) == 0
    table = capsys.readouterr().out
    assert main([*given, "--quiet", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)

    mean = figures["shots"]["3"]["prototype"]["mean"]
    assert f"{mean:.3f}" in table


def test_a_photo_that_cannot_be_read_is_counted(model: Path, tmp_path: Path):
    write_photos(tmp_path / "grain", "grain", 4, 20)
    write_photos(tmp_path / "bands", "stripes", 4, 21)
    (tmp_path / "bands" / "zz.jpg").write_bytes(b"no photo")

    figures = fewshot.curve(
        predict.load(model), dataset.load(tmp_path), shots=[1], repeats=1
    )

    assert (figures["photos"], figures["unreadable"]) == (8, 1)

"""Cross-validation: one network per fold, pooled figures, finished folds kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ml import dataset, robustness
from ml.commands.crossvalidate import print_table
from ml.crossvalidate import RESULT, crossvalidate
from ml.dataset import Dataset
from ml.recipe import DEFAULT
from ml.robustness import DISTORTIONS
from tests.ml.conftest import tiny

RECIPE = tiny(DEFAULT)


@pytest.fixture(scope="module")
def data(photos: Path) -> Dataset:
    return dataset.load(photos)


@pytest.fixture(scope="module")
def out(
    data: Dataset, backbone: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = tmp_path_factory.mktemp("folds") / "cross"
    crossvalidate(data, folder, recipes=[RECIPE], count=2, weights=backbone)
    return folder


def test_every_photo_counts_once_in_the_pooled_figures(out: Path, data: Dataset):
    grouped = json.loads((out / RESULT).read_text())["recipes"]["default"]["grouped"]

    folds, pooled = grouped["folds"], grouped["pooled"]
    assert pooled["photos"] == len(data.samples) == sum(f["photos"] for f in folds)
    right = sum(f["accuracy"] * f["photos"] for f in folds)
    assert pooled["accuracy"] == pytest.approx(right / len(data.samples), abs=1e-3)
    mean = sum(f["accuracy"] for f in folds) / 2
    assert grouped["mean"]["accuracy"] == pytest.approx(mean, abs=1e-3)
    apart = abs(folds[0]["accuracy"] - folds[1]["accuracy"])
    assert grouped["spread"]["accuracy"] == pytest.approx(apart / 2**0.5, abs=1e-3)


def test_a_second_run_trains_only_what_is_missing(
    out: Path, data: Dataset, backbone: Path
):
    folder = out / "default"
    (folder / "grouped-2.json").unlink()
    before = {n: (folder / f"grouped-{n}").stat().st_ino for n in (1, 2)}

    crossvalidate(data, out, recipes=[RECIPE], count=2, weights=backbone)

    after = {n: (folder / f"grouped-{n}").stat().st_ino for n in (1, 2)}
    assert after[1] == before[1]
    assert after[2] != before[2]
    assert (folder / "grouped-2.json").is_file()


def test_what_distortions_cost_is_pooled_and_measured_once(
    out: Path, data: Dataset, backbone: Path, monkeypatch, capsys
):
    asked = {"recipes": [RECIPE], "count": 2, "weights": backbone, "distorts": True}
    folder = out / "default"
    before = {n: (folder / f"grouped-{n}").stat().st_ino for n in (1, 2)}

    found = crossvalidate(data, out, **asked)["recipes"]["default"]["grouped"]

    robust, folds = found["robustness"], found["folds"]
    assert robust["clean"]["of"] == len(data.samples)
    right = sum(round(fold["accuracy"] * fold["photos"]) for fold in folds)
    assert robust["clean"]["hits"] == right
    assert [row["name"] for row in robust["rows"]] == list(DISTORTIONS)
    for row in robust["rows"]:
        lost = right - row["accuracy"]["hits"]
        assert row["points_lost"] == pytest.approx(
            100 * lost / len(data.samples), abs=0.01
        )
        assert row["least"] <= row["points_lost"] <= row["most"]
    assert before == {n: (folder / f"grouped-{n}").stat().st_ino for n in (1, 2)}
    monkeypatch.setattr(robustness, "measure", None)
    again = crossvalidate(data, out, **asked)
    assert again["recipes"]["default"]["grouped"]["robustness"] == robust
    print_table(again)
    assert "JPEG quality 20: " in capsys.readouterr().out

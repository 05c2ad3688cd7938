"""Motifs left out: each is unknown to the network that is asked about it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ml import artifact, dataset
from ml.__main__ import main
from ml.dataset import DatasetError
from ml.leaveout import RESULT, leave_out
from ml.recipe import DEFAULT
from tests.ml.conftest import tiny

RECIPE = tiny(DEFAULT)


def test_every_motif_is_once_unknown_and_a_finished_turn_is_kept(
    photos: Path, backbone: Path, tmp_path: Path
):
    data, out = dataset.load(photos), tmp_path / "left"
    given = {"recipe": RECIPE, "weights": backbone, "labels": ["dots"]}

    found = leave_out(data, out, **given)
    before = (out / "dots").stat().st_ino
    again = leave_out(data, out, **given)

    assert (out / "dots").stat().st_ino == before
    assert found == again == json.loads((out / RESULT).read_text())
    assert artifact.read(out / "dots").manifest.labels == ("checks", "stripes")
    assert found["labels"]["dots"]["photos"] == 12
    assert 0 <= found["mean"]["model"]["auroc"] <= 1
    assert found["mean"]["model"] == found["labels"]["dots"]["model"]


def test_a_motif_that_is_not_there_is_named(photos: Path, tmp_path: Path, capsys):
    with pytest.raises(DatasetError, match="no motif unicorn"):
        leave_out(dataset.load(photos), tmp_path, recipe=RECIPE, labels=["unicorn"])

    given = ["leaveout", str(photos), "--out", str(tmp_path), "--labels", "unicorn"]
    assert main([*given, "--quiet"]) == 2
    assert "unicorn" in capsys.readouterr().err

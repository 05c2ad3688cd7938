"""A model that was made without a memory gets one, and answers as before."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from ml import artifact, embeddings
from ml.__main__ import main
from ml.commands.console import UNUSABLE
from ml.images import open_image
from ml.predict import Predictor
from tests.ml.conftest import write_photos


@pytest.fixture
def forgetful(model: Path, tmp_path: Path) -> Path:
    """A copy of the model as it would be from before there were memories."""
    copy = tmp_path / "forgetful"
    shutil.copytree(model, copy)
    (copy / embeddings.FILE).unlink()
    manifest = json.loads((copy / artifact.MANIFEST).read_text())
    del manifest["files"][embeddings.FILE]
    manifest["answer"]["rejection"] = None
    (copy / artifact.MANIFEST).write_text(json.dumps(manifest))
    return copy


def test_it_remembers_and_answers_as_before(forgetful: Path, photos: Path, capsys):
    photo = open_image(photos / "dots" / "00.jpg")
    before = Predictor(forgetful).predict([photo])

    assert main(["remember", str(forgetful), str(photos), "--quiet"]) == 0

    after = Predictor(forgetful)
    assert after.predict([photo]).scores == before.scores
    assert (after.manifest.version, after.artifact.sha256) == (
        before.model_version,
        before.sha256,
    )
    assert after.memory is not None
    (nearest,) = after.nearest(before.embedding, 1)
    assert nearest.name == "dots/00.jpg"
    assert f"remembers {len(after.memory.labels)} photos" in capsys.readouterr().out


def test_a_model_that_remembers_is_left_alone(model: Path, photos: Path, capsys):
    assert main(["remember", str(model), str(photos), "--quiet"]) == UNUSABLE
    assert "already" in capsys.readouterr().err


def test_photos_of_what_it_did_not_learn_are_refused(
    forgetful: Path, tmp_path: Path, capsys
):
    write_photos(tmp_path / "data" / "stars", "stars", 2, seed=1)

    assert main(["remember", str(forgetful), str(tmp_path / "data"), "--quiet"]) == (
        UNUSABLE
    )
    assert "stars" in capsys.readouterr().err
    assert not (forgetful / embeddings.FILE).exists()

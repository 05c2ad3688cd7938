"""A model remembers its training photos, and finds those that a photo resembles."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ml import artifact, embeddings, predict, region
from ml.artifact import Artifact, ArtifactError
from ml.embeddings import Embeddings
from ml.images import open_image, small_copy, views
from ml.predict import Predictor
from tests.ml.conftest import MOTIFS

KEPT = Embeddings(
    np.array([[1, 0], [0, 1], [0.6, 0.8]], np.float32),
    ("a", "b", "b"),
    ("a/1.jpg", "b/1.jpg", "b/2.jpg"),
)


def held(folder: Path, given: Embeddings = KEPT) -> Artifact:
    embeddings.write(folder, given)
    digest = artifact.digest_of(folder / embeddings.FILE)
    manifest = artifact.Manifest("1", "", ("a", "b"), ())
    return Artifact(folder, replace(manifest, files={embeddings.FILE: digest}))


@pytest.fixture(scope="module")
def predictor(model: Path) -> Predictor:
    return predict.load(model)


def test_what_was_written_is_read(tmp_path: Path):
    found = embeddings.read(held(tmp_path))

    assert found is not None
    assert (found.labels, found.names) == (KEPT.labels, KEPT.names)
    assert np.allclose(found.vectors, KEPT.vectors, atol=1e-3)


def test_the_nearest_photos_come_nearest_first():
    found = KEPT.nearest(np.array([0, 3], np.float32), 2)

    assert [one.name for one in found] == ["b/1.jpg", "b/2.jpg"]
    assert [one.similarity for one in found] == pytest.approx([1, 0.8])
    assert [one.label for one in found] == ["b", "b"]


def test_more_than_there_are_gives_all():
    assert len(KEPT.nearest(np.array([1, 1], np.float32), 10)) == 3


def test_altered_embeddings_are_refused(tmp_path: Path):
    given = held(tmp_path)
    embeddings.write(tmp_path, KEPT.of(["b"]))

    with pytest.raises(ArtifactError, match="not the file that was trained"):
        embeddings.read(given)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 and no more", b"[1, 2]"])
def test_a_file_that_holds_no_embeddings_is_refused(tmp_path: Path, content: bytes):
    given = held(tmp_path)
    (tmp_path / embeddings.FILE).write_bytes(content)
    digest = artifact.digest_of(tmp_path / embeddings.FILE)
    files = {embeddings.FILE: digest}

    with pytest.raises(ArtifactError, match="cannot be read"):
        embeddings.read(replace(given, manifest=replace(given.manifest, files=files)))


def test_a_label_for_every_embedding_or_none_is_taken(tmp_path: Path):
    given = held(tmp_path, replace(KEPT, labels=("a", "b")))

    with pytest.raises(ArtifactError, match="a label and a name per embedding"):
        embeddings.read(given)


def test_a_trained_model_remembers_what_it_learned_from(
    predictor: Predictor, photos: Path
):
    memory = predictor.memory

    assert memory is not None
    counts = predictor.manifest.dataset["counts"]
    for label in predictor.manifest.labels:
        assert memory.labels.count(label) == counts[label]["train"]
    for label, name in zip(memory.labels, memory.names, strict=True):
        assert name.startswith(f"{label}/")
        assert label not in MOTIFS or (photos / name).is_file()


def test_a_training_photo_is_nearest_to_itself(predictor: Predictor, photos: Path):
    assert predictor.memory is not None
    name = predictor.memory.names[0]

    said = predictor.predict([open_image(photos / name)])
    found = predictor.nearest(said.embedding, 3)

    assert found[0].name == name
    assert found[0].similarity == pytest.approx(1, abs=1e-2)
    assert found[0].similarity >= found[1].similarity >= found[2].similarity


def test_the_embedding_alone_is_that_of_the_prediction(
    predictor: Predictor, photos: Path
):
    image = open_image(photos / "dots" / "03.jpg")

    alone = predictor.embed(image)

    assert np.allclose(alone, predictor.predict([image]).embedding, atol=1e-5)


def test_a_close_embedding_is_that_of_corners_and_mirrored_views_too(
    predictor: Predictor, photos: Path
):
    image = open_image(photos / "dots" / "03.jpg")
    found, manifest = region.find(image, small_copy(image)), predictor.manifest
    usual, _ = views(image, found, manifest.views, manifest.size)
    corners, _ = views(image, found, predict.CORNERS, manifest.size)
    squares = [*usual, *usual[:, :, ::-1], *corners]
    runs = [predictor.run(one)["embedding"] for one in squares]

    closely = predictor.embed(image, closely=True)

    assert len(squares) == 2 * len(manifest.views) + 4 == 8
    assert np.allclose(closely, embeddings.unit(np.mean(runs, axis=0)), atol=1e-5)


def test_more_photos_of_an_unknown_label_are_remembered():
    labels = ["a"] * 5 + ["other"] * 5

    assert embeddings.remembered(labels, ["other"], most=2) == [0, 2, 5, 6, 7, 8, 9]


def test_a_model_without_embeddings_answers_all_the_same(model: Path, tmp_path: Path):
    copy = Path(shutil.copytree(model, tmp_path / "copy"))
    (copy / embeddings.FILE).unlink()
    manifest = artifact.read(model).manifest.as_dict()
    del manifest["files"][embeddings.FILE]
    del manifest["answer"]["rejection"]  # that rule came with the embeddings
    artifact.write_json(copy / artifact.MANIFEST, manifest)

    old = predict.load(copy)

    assert old.memory is None
    assert old.nearest(np.ones(8, np.float32)) == []

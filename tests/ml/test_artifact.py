"""A model folder is whole, unaltered and what its manifest says, or it is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from ml import artifact
from ml.artifact import ArtifactError, Manifest


@pytest.fixture
def copy(model: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(model, tmp_path / "copy"))


def manifest_of(folder: Path) -> dict:
    return json.loads((folder / artifact.MANIFEST).read_text())


def change(folder: Path, **facts: object) -> None:
    artifact.write_json(folder / artifact.MANIFEST, manifest_of(folder) | facts)


def test_a_sound_model_is_read(model: Path):
    found = artifact.read(model)

    assert found.manifest.labels[-1] == "not-cloth"
    assert found.manifest.motifs == ("checks", "dots", "stripes")
    assert found.sha256 == artifact.digest_of(model / artifact.MODEL)
    assert Manifest.from_dict(found.manifest.as_dict()) == found.manifest


def test_the_manifest_says_where_the_model_comes_from(model: Path):
    found = manifest_of(model)

    assert found["format"] == artifact.FORMAT
    assert found["seed"] == 3
    assert found["recipe"] == "full"
    assert len(found["dataset"]["digest"]) == 64
    assert found["dataset"]["counts"]["checks"]["train"] == 8
    assert {"keras", "numpy", "ai-edge-litert"} <= found["libraries"].keys()
    assert found["settings"]["augmentation"]["rotation"] > 0
    assert set(found["files"]) == {p.name for p in model.iterdir()} - {"manifest.json"}


@pytest.mark.parametrize(
    "name", [artifact.MODEL, artifact.WEIGHTS, artifact.METRICS, artifact.CARD]
)
def test_a_missing_or_altered_file_is_refused(copy: Path, name: str):
    content = (copy / name).read_bytes()
    (copy / name).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(ArtifactError, match="not the file that was trained"):
        artifact.read(copy)

    (copy / name).unlink()
    with pytest.raises(ArtifactError, match=f"has no {name}"):
        artifact.read(copy)


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({"format": 99}, "format 99"),
        ({"labels": ["a", "a"]}, "repeat"),
        ({"labels": ["not-cloth"]}, "empty or repeat"),
        ({"unknown_labels": ["elsewhere"]}, "does not list"),
        ({"input": {"size": "wide"}}, "incomplete"),
        ({"files": {"../secret": "0"}}, "does not list model"),
    ],
)
def test_a_manifest_that_contradicts_itself_is_refused(copy: Path, facts, says: str):
    change(copy, **facts)

    with pytest.raises(ArtifactError, match=says):
        artifact.read(copy)


def test_a_manifest_may_not_name_files_elsewhere(copy: Path):
    files = manifest_of(copy)["files"]
    change(copy, files=files | {"../secret": "0" * 64})

    with pytest.raises(ArtifactError, match="a file elsewhere"):
        artifact.read(copy)


def test_an_unknown_label_cannot_be_stated(copy: Path):
    rules = manifest_of(copy)["answer"]
    change(copy, answer=rules | {"single": ["not-cloth"]})

    with pytest.raises(ArtifactError, match="cannot be stated"):
        artifact.read(copy)


@pytest.mark.parametrize("content", ["", "[]", "{", '{"format": 1}'])
def test_a_broken_manifest_is_refused(copy: Path, content: str):
    (copy / artifact.MANIFEST).write_text(content)

    with pytest.raises(ArtifactError):
        artifact.read(copy)


def test_a_folder_that_is_no_model_is_named(tmp_path: Path):
    with pytest.raises(ArtifactError, match="There is no model folder"):
        artifact.read(tmp_path / "nowhere")
    with pytest.raises(ArtifactError, match="is not a model"):
        artifact.read(tmp_path)


def write(partial: Path, model: Path) -> None:
    """Fill a folder as training does."""
    for name in (artifact.MODEL, artifact.WEIGHTS):
        shutil.copy(model / name, partial / name)
    found = artifact.read(model)
    artifact.seal(partial, found.manifest, found.metrics())


def test_a_model_appears_only_when_all_went_well(model: Path, tmp_path: Path):
    out = tmp_path / "deep" / "new"

    with artifact.writing(out) as partial:
        write(partial, model)
        assert not out.exists()

    assert artifact.read(out).manifest.labels == artifact.read(model).manifest.labels
    assert [p.name for p in out.parent.iterdir()] == ["new"]


def test_an_interruption_leaves_nothing_that_loads(model: Path, tmp_path: Path):
    out = tmp_path / "new"

    def interrupted() -> None:
        with artifact.writing(out) as partial:
            write(partial, model)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()

    assert not out.exists()
    with pytest.raises(ArtifactError):
        artifact.read(tmp_path / "new.partial")
    with artifact.writing(out) as partial:
        assert list(partial.iterdir()) == []
        write(partial, model)
    assert artifact.read(out)


def test_an_existing_folder_is_left_alone(model: Path, tmp_path: Path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")

    with pytest.raises(ArtifactError, match="already exists"), artifact.writing(model):
        pass
    with (
        pytest.raises(ArtifactError, match="without a manifest"),
        artifact.writing(tmp_path / "mine", replace_out=True),
    ):
        pass

    assert (tmp_path / "mine" / "letter.txt").exists()


def test_two_runs_cannot_write_one_model(tmp_path: Path):
    out = tmp_path / "new"

    with (
        artifact.writing(out) as partial,
        pytest.raises(ArtifactError, match="Another run"),
        artifact.writing(out),
    ):
        pass  # pragma: no cover - never reached

    assert not partial.exists() or not (partial / artifact.MANIFEST).exists()


def test_an_evaluation_is_recorded_in_metrics_and_card(copy: Path):
    figures = artifact.read(copy).metrics()["evaluations"]["test"]
    before = artifact.read(copy)

    after = artifact.record(copy, "real photos", figures, single=["dots"])

    assert after.metrics()["evaluations"]["real photos"] == figures
    assert "Measured on: real photos" in (copy / artifact.CARD).read_text()
    assert after.manifest.single == ("dots",)
    assert after.sha256 == before.sha256
    assert {p.name for p in copy.parent.iterdir()} == {"copy"}


def test_the_card_gives_the_metrics_own_figures_and_its_limits(model: Path):
    card = (model / artifact.CARD).read_text()
    test = artifact.read(model).metrics()["evaluations"]["test"]

    assert f"macro-F1 | {test['macro_f1']:.3f}" in card
    assert f"{test['photos']} photos" in card
    assert "What it cannot do" in card
    assert "never states a motif alone" in card
    for label in artifact.read(model).manifest.labels:
        assert f"| {label} |" in card


def test_a_row_of_numbers_is_one_line_of_json(tmp_path: Path):
    content = {"rows": [[1, 2], [-3, 4.5]], "names": ["a [1]", "b"], "none": []}

    artifact.write_json(tmp_path / "x.json", content)

    text = (tmp_path / "x.json").read_text()
    assert "[ 1, 2 ]" in text
    assert json.loads(text) == content

"""What goes wrong in a run or an evaluation is said in the reader's language."""

from __future__ import annotations

import shutil

import pytest
from django.conf import settings as site
from django.utils import translation

from classifier import complaints, predictor, training
from classifier.complaints import found_in, in_words
from ml import artifact, dataset
from ml.__main__ import main
from ml.artifact import ArtifactError
from ml.dataset import DatasetError
from tests.ml.conftest import write_photos


@pytest.fixture
def folder(tmp_path):
    """Two motifs, two photos of each cloth, as a run is given them."""
    root = tmp_path / "photos"
    for seed, label in enumerate(("dots", "stripes")):
        write_photos(root / label, label, 6, seed)
    return root


def one_photo(folder):
    for photo in sorted((folder / "dots").iterdir())[1:]:
        photo.unlink()


def no_photo(folder):
    shutil.rmtree(folder / "dots")
    (folder / "dots").mkdir()


def one_cloth(folder):
    rows = [f"dots/{photo.name},cloth" for photo in (folder / "dots").iterdir()]
    (folder / "groups.csv").write_text("\n".join(["path,group", *rows]))


def nothing(folder):
    shutil.rmtree(folder)
    folder.mkdir()


@pytest.mark.parametrize(
    ("harm", "sentence"),
    [
        (no_photo, "The motif dots has no photo in this dataset."),
        (one_photo, "The motif dots has only one photo."),
        (one_cloth, "All 6 photos of the motif dots are of one cloth."),
        (nothing, "No photo of this dataset may be used any more."),
    ],
)
def test_a_bad_dataset_is_told_in_the_sites_words(folder, harm, sentence, capsys):
    harm(folder)

    assert main(["train", str(folder), "--out", str(folder.with_name("m"))]) == 2

    complaint = found_in(capsys.readouterr().err)
    with translation.override("en"):
        assert in_words(complaint).startswith(sentence)


def test_photos_that_cannot_be_read_are_named_by_their_numbers(folder, tmp_path):
    from ml.feed import Store

    for name in ("417.jpg", "9.jpg"):
        (folder / "dots" / name).write_bytes(b"\xff\xd8\xffbroken")
    data = dataset.load(folder)

    with pytest.raises(DatasetError) as caught:
        Store(tmp_path / "pixels", data.samples, lambda *_: None)

    said = f"decode: 9%\nerror: {caught.value}\nand more"
    with translation.override("en"):
        assert in_words(found_in(said)).startswith(
            "These photos cannot be read: 417, 9. Take them out"
        )


def test_a_full_disk_says_what_to_do():
    with translation.override("en"):
        for line in (
            str(OSError(28, "No space left on device")),
            "[Errno 28] No space left on device: '/x'; nothing was made",
        ):
            assert in_words(line) == "The disk is full. Make room and try again."


@pytest.mark.parametrize("harm", ["gone", "empty", "altered", "not described"])
def test_a_model_that_cannot_be_read_is_one_sentence(tmp_path, harm):
    model = tmp_path / "model"
    shutil.copytree(site.MODEL_FOLDER, model)
    if harm == "gone":
        shutil.rmtree(model)
    elif harm == "empty":
        (model / artifact.MANIFEST).unlink()
    elif harm == "altered":
        (model / artifact.WEIGHTS).write_bytes(b"")
    else:
        (model / artifact.MANIFEST).write_text("{}")

    with pytest.raises(ArtifactError) as caught:
        predictor.read(model)

    with translation.override("en"):
        assert in_words(str(caught.value)) == complaints.MODEL


def test_the_last_complaint_counts_with_the_lines_that_belong_to_it():
    said = "error: one\n  a\nhead: 1\nerror: two\n  b\n  c\nbye\n  d"

    assert found_in(said) == "two\n  b\n  c"
    assert found_in("head: 1\nno error: here") == ""


def test_what_is_not_known_is_said_as_it_was():
    assert in_words("Something 100% else.") == "Something 100% else."
    assert in_words("") == ""


def test_the_codes_own_sentences_are_translated(monkeypatch):
    monkeypatch.setattr(complaints, "gettext", lambda text: f"<{text}>")

    assert in_words(training.LOST) == f"<{training.LOST}>"
    assert in_words("The file of photo 7 is missing.") == (
        "<The file of photo 7 is missing.>"
    )

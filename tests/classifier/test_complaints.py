"""What goes wrong in a run or an evaluation is said in the reader's language."""

from __future__ import annotations

import ast
import shutil
from importlib import import_module
from pathlib import Path

import pytest
from django.conf import settings as site
from django.utils import translation

import ml
from classifier import complaints, predictor, training
from classifier.complaints import found_in, in_words
from classifier.labels import UNKNOWN_LABELS
from ml import artifact, dataset
from ml.__main__ import main
from ml.artifact import ArtifactError
from ml.dataset import Dataset, DatasetError, Sample
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


@pytest.mark.parametrize("label", UNKNOWN_LABELS)
@pytest.mark.parametrize(
    ("harm", "sentence"),
    [
        (no_photo, "The label %s, for what is no motif, has no photo in this dataset."),
        (one_photo, "The label %s, for what is no motif, has only one photo."),
        (one_cloth, "All 6 photos of the label %s, for what is no motif, are of one g"),
    ],
)
def test_what_is_no_motif_is_called_none(folder, harm, sentence, label, capsys):
    harm(folder)
    (folder / "dots").rename(folder / label)
    if (groups := folder / "groups.csv").exists():
        groups.write_text(groups.read_text().replace("dots/", f"{label}/"))

    assert main(["train", str(folder), "--out", str(folder.with_name("m"))]) == 2

    complaint = found_in(capsys.readouterr().err)
    with translation.override("en"):
        assert in_words(complaint).startswith(sentence % label)


@pytest.mark.parametrize("side", ["train", "val"])
def test_a_side_that_lacks_a_label_is_told_of_a_motif_or_of_what_is_none(side):
    def told(label):
        sides = [one for one in ("train", "val") if one != side]
        photos = [Sample(Path("a"), label, "a", one) for one in sides]
        with pytest.raises(DatasetError) as caught:
            dataset.refuse_gaps(Dataset(Path(), (label,), tuple(photos)))
        with translation.override("en"):
            return in_words(str(caught.value))

    lacks = "learn from" if side == "train" else "check with"
    assert told("dots") == f"The motif dots has no photo to {lacks}."
    assert told("not-cloth") == (
        f"The label not-cloth, for what is no motif, has no photo to {lacks}."
    )


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


def example(node, module):
    """Return what a message in the code may look like, with words where values go."""
    match node:
        case ast.Constant(value=value):
            return str(value)
        case ast.JoinedStr(values=parts):
            return "".join(example(part, module) for part in parts)
        case ast.FormattedValue(value=value):
            return example(value, module)
        case ast.BinOp(op=ast.Div(), right=right):
            return f"/models/7/{example(right, module)}"
        case ast.Attribute(value=ast.Name(id=owner), attr=name):
            return example(ast.Name(name), getattr(module, owner, None))
        case ast.Name(id=name):
            value = getattr(module, name, None)
            return value if isinstance(value, str) else name
    return "this"


def messages(name):
    """Return an example of each message of an exception that ``ml`` raises."""
    root = Path(ml.__path__[0])
    for file in sorted(root.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            match node:
                case ast.Raise(exc=ast.Call(func=func, args=[said])) if (
                    getattr(func, "id", getattr(func, "attr", "")) == name
                ):
                    parts = file.relative_to(root.parent).with_suffix("").parts
                    yield example(said, import_module(".".join(parts)))


NEVER_OF_A_SITE = (
    # A run's folder is named by its number, so that it is never taken.
    " already exists. Choose",
    " exists without a ",
    # The site does not call `python -m ml remember`.
    " has its embeddings.npz already",
    " has no label ",
)


def test_whatever_can_be_wrong_with_a_model_is_one_sentence():
    said = [
        one
        for one in messages("ArtifactError")
        if not any(part in one for part in NEVER_OF_A_SITE)
    ]

    assert len(said) > 20
    with translation.override("en"):
        assert [one for one in said if in_words(one) != complaints.MODEL] == []


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

"""Near duplicates: known again after re-encoding, kept together, told apart."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PIL import Image, ImageEnhance

from ml import dataset
from ml.dataset import DatasetError
from ml.duplicates import clusters, exact, with_clusters
from tests.ml.conftest import write_photos


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for seed, label in enumerate(("dots", "stripes")):
        write_photos(tmp_path / label, label, 4, seed)
    return tmp_path


def split_given(folder: Path) -> None:
    dataset.split(with_clusters(dataset.load(folder / "given")), seed=1)


def copied(photo: Path, to: Path) -> None:
    """Write what a messenger makes of a photo: smaller, brighter, more compressed."""
    with Image.open(photo) as image:
        small = ImageEnhance.Brightness(image).enhance(1.04)
        small.resize((80, 80)).save(to, quality=60)


def test_a_photo_that_was_sent_around_is_known_again(folder: Path):
    copied(folder / "dots" / "00.jpg", folder / "dots" / "copy.jpg")

    found = clusters(dataset.load(folder).samples)

    assert [[s.path.name for s in one] for one in found] == [["00.jpg", "copy.jpg"]]
    assert exact(found[0]) == []


def test_photos_of_one_motif_are_no_duplicates(folder: Path):
    assert clusters(dataset.load(folder).samples) == []


def test_near_duplicates_share_a_group_and_bring_theirs(folder: Path):
    copied(folder / "dots" / "00.jpg", folder / "dots" / "copy.jpg")
    (folder / "groups.csv").write_text("path,group\ndots/00.jpg,a\ndots/01.jpg,a\n")

    samples = with_clusters(dataset.load(folder)).samples
    groups = {s.path.name: s.group for s in samples if s.label == "dots"}

    assert groups["copy.jpg"] == groups["00.jpg"] == groups["01.jpg"]
    assert groups["02.jpg"] != groups["00.jpg"]


def test_one_photo_under_two_labels_is_refused(folder: Path):
    shutil.copy(folder / "dots" / "00.jpg", folder / "stripes" / "copy.jpg")

    with pytest.raises(DatasetError, match="same photo under two labels"):
        with_clusters(dataset.load(folder))


def test_near_duplicates_on_two_given_sides_are_refused(folder: Path):
    for side, numbers in (("train", (0, 1)), ("test", (2, 3))):
        for label in ("dots", "stripes"):
            (folder / "given" / side / label).mkdir(parents=True)
            for n in numbers:
                name = f"{n:02d}.jpg"
                shutil.copy(folder / label / name, folder / "given" / side / label)
    split_given(folder)
    copied(folder / "dots" / "00.jpg", folder / "given" / "test" / "dots" / "copy.jpg")

    with pytest.raises(DatasetError, match=r"copy\.jpg"):
        split_given(folder)


def test_a_damaged_photo_is_nobodys_duplicate(folder: Path):
    for name in ("x.jpg", "y.jpg"):
        (folder / "dots" / name).write_bytes(b"no photo")

    assert clusters(dataset.load(folder).samples) == []

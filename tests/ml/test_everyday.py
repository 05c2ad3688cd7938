"""Everyday photos: each on a side for good, copies and damaged ones left out."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from ml import dataset, everyday
from ml.__main__ import main
from ml.dataset import Dataset
from ml.duplicates import with_clusters
from tests.ml.conftest import write_photos

NONE = Dataset(Path("none"), (), ())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Everyday photos of both kinds, not all in the first subfolder."""
    write_photos(tmp_path / "everyday" / "not-cloth", "noise", 20, 3)
    write_photos(tmp_path / "everyday" / "not-cloth" / "train", "noise", 20, 4)
    write_photos(tmp_path / "everyday" / "other-cloth", "checks", 4, 5)
    return tmp_path / "everyday"


def sides(parts: list[Dataset]) -> dict[str, str | None]:
    return {s.path.name: s.split for part in parts for s in part.samples}


def save_as(photo: Path, side: str, near: Path) -> Path:
    """Save a photo again until its content decides for a side."""
    with Image.open(photo) as image:
        for quality in range(50, 96):
            image.save(near, quality=quality)
            if everyday.side_of(hashlib.sha256(near.read_bytes()).hexdigest()) == side:
                return near
    raise AssertionError(side)


def test_the_content_of_a_photo_decides_its_side_for_good(folder: Path):
    before, left_out = everyday.load(folder, NONE)
    for at, path in enumerate(sorted((folder / "not-cloth").glob("*.jpg"))):
        path.rename(path.with_name(f"renamed-{at}.jpg"))
    write_photos(folder / "not-cloth" / "more", "noise", 20, 6)

    after, _ = everyday.load(folder, NONE)

    of = {s.group: s.split for part in after for s in part.samples}
    assert {s.group: s.split for part in before for s in part.samples}.items() <= (
        of.items()
    )
    assert [part.labels for part in before] == [("not-cloth",), ("other-cloth",)]
    assert len(before[0].samples) == 40
    assert left_out == []
    assert set(Counter(of.values())) == {"train", "val", "test"}


def test_of_near_copies_the_one_that_is_learned_stays(folder: Path):
    here = folder / "not-cloth"
    original = here / "00.jpg"
    tested = save_as(original, "test", here / "tested.jpg")
    learned = save_as(original, "train", here / "learned.jpg")
    original.unlink()

    (found, _), left_out = everyday.load(folder, NONE)

    assert sides([found])["learned.jpg"] == "train"
    assert "tested.jpg" not in sides([found])
    assert left_out == [f"{tested} is a near copy of {learned}."]


def test_what_the_dataset_holds_is_left_out(folder: Path, tmp_path: Path):
    write_photos(tmp_path / "set" / "dots", "dots", 4, 1)
    shutil.copy(folder / "not-cloth" / "00.jpg", tmp_path / "set" / "dots" / "x.jpg")

    found, (told,) = everyday.load(folder, dataset.load(tmp_path / "set"))

    assert sum(len(part.samples) for part in found) == 43
    assert "00.jpg is a near copy of" in told


def test_damaged_photos_and_those_that_are_there_twice_are_left_out(folder: Path):
    (folder / "not-cloth" / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    shutil.copy(folder / "not-cloth" / "00.jpg", folder / "other-cloth" / "zz.jpg")

    found, left_out = everyday.load(folder, NONE)

    assert sum(len(part.samples) for part in found) == 44
    assert [" cannot be read." in left_out[0], " again." in left_out[1]] == [True] * 2


def test_other_folders_and_none_at_all_are_nothing(folder: Path, tmp_path: Path):
    shutil.rmtree(folder / "not-cloth")
    (folder / "other-cloth").rename(folder / "gigi-haruan")

    assert everyday.load(folder, NONE) == ([], [])
    assert everyday.load(tmp_path / "missing", NONE) == ([], [])


def test_too_few_are_not_learned_but_for_a_label_that_has_others(folder: Path):
    parts, _ = everyday.load(folder, NONE)
    few = [
        Dataset(p.root, p.labels, tuple(s for s in p.samples if s.split == "train"))
        for p in parts
    ]

    alone, told = everyday.learnable(few, [NONE])
    joined, none = everyday.learnable(few, [NONE, few[0]])

    assert (alone, len(told)) == ([], 2)
    assert [part.labels for part in joined] == [("not-cloth",)]
    assert len(none) == 1
    assert everyday.learnable(parts[:1], [NONE]) == (parts[:1], [])


def test_everyday_photos_stay_where_they_are_when_a_run_divides_its_dataset(
    folder: Path, tmp_path: Path
):
    write_photos(tmp_path / "rendered", "noise", 6, 8)
    write_photos(tmp_path / "set" / "dots", "dots", 6, 1)
    parts, _ = everyday.load(folder, NONE)
    learned = [
        replace(p, samples=tuple(s for s in p.samples if s.split == "train"))
        for p in parts
    ]
    rendered = dataset.load_unknown(tmp_path / "rendered", "other-cloth")
    data = dataset.join(dataset.load(tmp_path / "set"), [rendered, *learned])

    divided = dataset.split(with_clusters(data), seed=1)

    own = {s.path for part in learned for s in part.samples}
    assert {s.split for s in divided.samples if s.path in own} == {"train"}
    assert divided.counts()["other-cloth"].keys() == {"train", "val", "test"}


TESTED = ["--split", "test", "--json", "--each", "--quiet"]


def test_evaluate_asks_about_those_that_test(
    model: Path, folder: Path, tmp_path: Path, capsys
):
    for seed, side in enumerate(("train", "test")):
        write_photos(tmp_path / "set" / side / "dots", "dots", 2, seed)
    command = ["evaluate", str(model), str(tmp_path / "set"), "--everyday", str(folder)]

    assert main([*command, *TESTED]) == 0

    said = capsys.readouterr()
    rows = json.loads(said.out)["each"]["photos"]
    parts, _ = everyday.load(folder, NONE)
    expected = {
        f"{s.label}/{at}:{s.path.relative_to(part.root).as_posix()}"
        for at, part in enumerate(parts)
        for s in part.samples
        if s.split == "test"
    }
    assert "not-cloth" in {row["label"] for row in rows}
    assert {row["photo"] for row in rows} == expected | {
        f"test/dots/{n:02d}.jpg" for n in range(2)
    }
    assert "everyday photos: not-cloth: train " in said.err


def test_everyday_photos_are_no_test_of_motifs(
    model: Path, folder: Path, tmp_path: Path, capsys
):
    write_photos(tmp_path / "set" / "train" / "dots", "dots", 2, 1)
    write_photos(tmp_path / "set" / "test" / "not-cloth", "noise", 2, 7)
    command = ["evaluate", str(model), str(tmp_path / "set"), "--everyday", str(folder)]

    assert main([*command, *TESTED]) == 2

    assert "has no photos of motifs in its test split" in capsys.readouterr().err

"""Dataset folders: what is accepted, and that groups never straddle a split."""

from __future__ import annotations

from pathlib import Path

import pytest

from ml import dataset
from ml.dataset import Dataset, DatasetError, Sample


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode())


def test_labels_are_folders_and_samples_come_in_order(tmp_path: Path):
    touch(tmp_path, "b/2.JPG", "b/1.jpg", "a/x.png", "a/notes.txt", "a/.hidden.jpg")

    found = dataset.load(tmp_path)

    assert found.labels == ("a", "b")
    assert [s.path.name for s in found.samples] == ["x.png", "1.jpg", "2.JPG"]
    assert found.counts() == {"a": {"all": 1}, "b": {"all": 2}}


def test_labels_that_are_no_motif_come_last(tmp_path: Path):
    touch(tmp_path, "not-cloth/1.jpg", "zebra/1.jpg", "other-cloth/1.jpg")

    found = dataset.load(tmp_path)

    assert found.labels == ("zebra", "not-cloth", "other-cloth")
    assert found.motifs == ("zebra",)


def test_given_splits_are_kept(tmp_path: Path):
    touch(tmp_path, "train/a/1.jpg", "val/a/2.jpg", "test/a/3.jpg")

    found = dataset.split(dataset.load(tmp_path), seed=1)

    sides = {s.path.name: s.split for s in found.samples}
    assert sides == {"1.jpg": "train", "2.jpg": "val", "3.jpg": "test"}


def test_final_sides_are_not_added_to(tmp_path: Path):
    touch(tmp_path, *(f"train/a/{n}.jpg" for n in range(6)), "val/a/v.jpg")
    dealt = dataset.split(dataset.load(tmp_path), seed=1)
    touch(tmp_path, dataset.SIDES_FILE)

    final = dataset.split(dataset.load(tmp_path), seed=1)

    assert dealt.counts()["a"]["test"] > 0
    assert final.counts() == {"a": {"train": 6, "val": 1}}


def fixed(label: str, **photos: int) -> list[Sample]:
    return [
        Sample(Path(f"{label}-{side}-{n}"), label, f"{side}-{n}", side, is_fixed=True)
        for side, count in photos.items()
        for n in range(count)
    ]


@pytest.mark.parametrize("seed", range(3))
def test_fixed_photos_change_no_side_and_others_of_their_label_do(seed: int):
    alone = of(cloths("a", 9, 1), fixed("not-cloth", train=9, val=1))
    beside = of(cloths("other", 9, 1), fixed("other", train=9))
    lone = of(cloths("other", 1, 1), fixed("other", train=9))

    assert dataset.split(alone, seed=seed).counts()["not-cloth"] == {
        "train": 9,
        "val": 1,
    }
    joined = dataset.split(beside, seed=seed)
    assert {s.split for s in joined.samples if s.is_fixed} == {"train"}
    assert joined.counts()["other"].keys() == {"train", "val", "test"}
    # Others may all leave: what is fixed is there to learn from.
    assert dataset.split(lone, seed=seed).counts()["other"] == {"train": 9, "val": 1}


def test_final_sides_need_sides(tmp_path: Path):
    touch(tmp_path, "a/1.jpg", dataset.SIDES_FILE)

    with pytest.raises(DatasetError, match="no train, val and test folders"):
        dataset.load(tmp_path)


def test_what_a_dataset_lacks_is_filled_from_another(tmp_path: Path):
    touch(tmp_path / "real", "train/a/1.jpg", "val/a/2.jpg", dataset.SIDES_FILE)
    names = [f"{label}/{n}.jpg" for label in "ab" for n in range(8)]
    touch(tmp_path / "drawn", *names)

    found = dataset.load_filled(tmp_path / "real", tmp_path / "drawn")
    joined = dataset.join(found, [])
    sides = dataset.split(found, seed=1).counts()

    assert found.labels == ("a", "b")
    assert joined.filled == found.filled == ("b",)
    assert sides["a"] == {"train": 1, "val": 1}
    assert sides["b"].keys() == {"train", "val", "test"}
    assert not {s.group for s in found.samples if s.label == "a"} & {
        s.group for s in found.samples if s.label == "b"
    }


@pytest.mark.parametrize(
    ("names", "says"),
    [
        ([], "no labels"),
        (["a/notes.txt"], "a is empty"),
        (["a/1.jpg", "b/notes.txt"], "b is empty"),
        (["A b/1.jpg"], "not a slug"),
        (["train/a/1.jpg", "other/2.jpg"], "other"),
    ],
)
def test_a_faulty_folder_is_named(tmp_path: Path, names: list[str], says: str):
    touch(tmp_path, *names)

    with pytest.raises(DatasetError, match=says):
        dataset.load(tmp_path)


def test_a_missing_folder_is_named(tmp_path: Path):
    with pytest.raises(DatasetError, match="nowhere is not a folder"):
        dataset.load(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ("path,group\na/1.jpg,\n", "line 2"),
        ("file,cloth\na/1.jpg,x\n", "path,group"),
        ("path,group\na/9.jpg,x\n", "there is no a/9.jpg"),
        ("path,group\na/1.jpg,x\na/1.jpg,y\n", "two groups"),
    ],
)
def test_a_faulty_groups_file_is_named(tmp_path: Path, lines: str, says: str):
    touch(tmp_path, "a/1.jpg")
    (tmp_path / "groups.csv").write_text(lines)

    with pytest.raises(DatasetError, match=says):
        dataset.load(tmp_path)


def test_a_group_on_two_given_sides_is_a_leak(tmp_path: Path):
    touch(tmp_path, "train/a/1.jpg", "val/a/2.jpg")
    rows = "path,group\ntrain/a/1.jpg,one\nval/a/2.jpg,one\n"
    (tmp_path / "groups.csv").write_text(rows)

    with pytest.raises(DatasetError, match="must stay on one side"):
        dataset.load(tmp_path)


def cloths(label: str, groups: int, photos: int) -> list[Sample]:
    return [
        Sample(Path(f"{label}-{g}-{p}.jpg"), label, f"{label}-{g}")
        for g in range(groups)
        for p in range(photos)
    ]


def of(*samples: list[Sample]) -> Dataset:
    every = tuple(s for part in samples for s in part)
    return Dataset(Path(), tuple(sorted({s.label for s in every})), every)


@pytest.mark.parametrize("seed", range(5))
def test_photos_of_one_group_stay_on_one_side(seed: int):
    shared = [Sample(Path(f"{x}.jpg"), x, "shared") for x in ("a", "b")]
    data = of(cloths("a", 9, 3), cloths("b", 5, 7), shared)

    found = dataset.split(data, seed=seed)

    sides = {}
    for sample in found.samples:
        sides.setdefault(sample.group, set()).add(sample.split)
    assert all(len(side) == 1 for side in sides.values())


def test_the_shares_are_near_to_what_is_asked_in_every_label():
    data = of(cloths("common", 100, 3), cloths("rare", 20, 1))

    counts = dataset.split(data, seed=1).counts()

    assert counts["common"] == {"test": 45, "train": 210, "val": 45}
    assert counts["rare"] == {"test": 3, "train": 14, "val": 3}


def test_the_seed_decides_the_split():
    data = of(cloths("a", 30, 1))

    first, again, other = (dataset.split(data, seed=s) for s in (1, 1, 2))

    assert first == again
    assert first != other


def test_two_groups_are_enough_to_learn_and_check():
    found = dataset.split(of(cloths("a", 2, 4), cloths("b", 2, 1)), seed=1)

    assert {s.split for s in found.samples} == {"train", "val"}


@pytest.mark.parametrize(("groups", "photos"), [(1, 1), (1, 5)])
def test_a_label_of_one_photo_or_cloth_is_refused(groups: int, photos: int):
    with pytest.raises(DatasetError, match=r"one photo|of one group"):
        dataset.split(of(cloths("a", groups, photos), cloths("b", 9, 1)), seed=1)


def test_unknown_photos_may_lie_in_any_subfolder(tmp_path: Path):
    touch(tmp_path, "not-cloth/birds/1.jpg", "not-cloth/2.png", "not-cloth/licence.txt")

    found = dataset.load_unknown(tmp_path / "not-cloth")

    assert found.labels == ("not-cloth",)
    assert len(found.samples) == 2


def test_unknown_folders_of_one_label_are_joined_and_a_motif_is_refused(tmp_path: Path):
    touch(tmp_path, "motifs/a/1.jpg", "x/1.jpg", "y/1.jpg")
    motifs = dataset.load(tmp_path / "motifs")
    x, y = (dataset.load_unknown(tmp_path / n, "not-cloth") for n in "xy")

    joined = dataset.join(motifs, [x, y])

    assert joined.labels == ("a", "not-cloth")
    assert len({s.group for s in joined.samples}) == 3
    with pytest.raises(DatasetError, match="a motif"):
        dataset.join(motifs, [dataset.load_unknown(tmp_path / "x", "a")])


def test_the_digest_changes_with_a_photo_a_label_or_a_side(tmp_path: Path):
    touch(tmp_path, "train/a/1.jpg", "val/a/2.jpg")
    before = dataset.load(tmp_path).digest()

    touch(tmp_path, "val/a/3.jpg")
    more = dataset.load(tmp_path).digest()
    (tmp_path / "val/a/3.jpg").unlink()
    same = dataset.load(tmp_path).digest()
    (tmp_path / "val/a/2.jpg").write_bytes(b"other")
    other = dataset.load(tmp_path).digest()

    assert before == same
    assert len({before, more, other}) == 3

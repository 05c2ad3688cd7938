"""An audit names everything that is wrong with a dataset, at once."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ml import dataset
from ml.__main__ import main
from ml.audit import audit
from ml.commands.audit import TO_MEND
from ml.commands.console import UNUSABLE
from ml.predict import Predictor
from tests.ml.conftest import write_photos


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "photos"
    for seed, label in enumerate(("dots", "stripes")):
        write_photos(root / label, label, 4, seed)
    return root


def said(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, dict]:
    code = main(["audit", *arguments, "--json", "--quiet"])
    return code, json.loads(capsys.readouterr().out)


def test_a_sound_dataset_needs_no_mending(folder: Path, capsys):
    code, found = said([str(folder)], capsys)

    assert code == 0
    assert found["photos"] == 8
    assert found["labels"]["dots"] == {"photos": 4, "groups": 4, "largest_group": 1}
    assert found["mend"] == found["copies"] == found["few_groups"] == []


def test_everything_wrong_is_named_at_once(folder: Path, capsys):
    (folder / "dots" / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    shutil.copy(folder / "dots" / "00.jpg", folder / "stripes" / "same.jpg")
    shutil.copy(folder / "dots" / "01.jpg", folder / "dots" / "twice.jpg")
    write_photos(folder / "waves", "waves", 1, 3)

    code, found = said([str(folder)], capsys)

    assert code == TO_MEND
    assert found["unreadable"][0][0] == "dots/broken.jpg"
    assert found["conflicts"] == [["dots/00.jpg", "stripes/same.jpg"]]
    assert ["dots/01.jpg", "dots/twice.jpg"] in found["copies"]
    assert found["few_groups"] == ["waves"]
    assert len(found["mend"]) == 2
    assert main(["audit", str(folder), "--quiet"]) == TO_MEND
    words = capsys.readouterr().out
    assert "same file under several labels" in words
    assert "too few to test" in words


def test_copies_on_two_sides_are_a_leak(folder: Path, tmp_path: Path, capsys):
    for side in ("train", "test"):
        shutil.copytree(folder, tmp_path / "divided" / side)

    code, found = said([str(tmp_path / "divided")], capsys)

    assert code == TO_MEND
    assert len(found["leaks"]) == 8
    assert any("on several sides" in one for one in found["mend"])


def test_a_model_finds_another_part_of_a_cloth_and_the_groups_are_written(
    folder: Path, model: Path, tmp_path: Path, capsys, monkeypatch
):
    with Image.open(folder / "stripes" / "00.jpg") as image:
        # Half a stripe further: no pixel is the same, and all of them are there.
        moved = Image.fromarray(np.roll(np.asarray(image), 8, axis=0))
        moved.save(folder / "stripes" / "moved.jpg", quality=95)
    shutil.copy(folder / "dots" / "01.jpg", folder / "dots" / "twice.jpg")
    file = tmp_path / "groups.csv"
    # The tests' network is hardly trained, so its embeddings say less.
    monkeypatch.setattr("ml.audit.ALIKE", 0.5)
    arguments = [str(folder), "--model", str(model), "--write-groups", str(file)]

    _, found = said(arguments, capsys)

    pairs = [{a, b} for a, b, _ in found["alike"]]
    assert {"stripes/00.jpg", "stripes/moved.jpg"} in pairs
    with file.open(newline="") as lines:
        group = {row["path"]: row["group"] for row in csv.DictReader(lines)}
    assert group["stripes/00.jpg"] == group["stripes/moved.jpg"]
    assert group["dots/01.jpg"] == group["dots/twice.jpg"]
    shutil.copy(file, folder / "groups.csv")
    dataset.load(folder)  # what is written can be read
    assert main(["audit", *arguments, "--quiet"]) == UNUSABLE
    assert "exists" in capsys.readouterr().err


def test_an_audit_without_a_model_opens_no_network(folder: Path):
    found = audit(dataset.load(folder))

    assert found.alike == ()
    assert found.groups() == []


def test_given_groups_are_kept_and_joined(folder: Path, model: Path):
    shutil.copy(folder / "dots" / "01.jpg", folder / "dots" / "twice.jpg")
    rows = "path,group\ndots/00.jpg,a\ndots/01.jpg,a\n"
    (folder / "groups.csv").write_text(rows)

    found = dict(audit(dataset.load(folder), Predictor(model)).groups())

    names = ("dots/00.jpg", "dots/01.jpg", "dots/twice.jpg")
    assert len({found[name] for name in names}) == 1

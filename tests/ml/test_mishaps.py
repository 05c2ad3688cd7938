"""Training meets what goes wrong in real life: a clear sentence or a right result."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ml import artifact, balance, dataset
from ml.__main__ import main
from ml.artifact import ArtifactError
from ml.commands.console import UNUSABLE
from ml.dataset import DatasetError, Sample
from tests.ml.conftest import write_photos

ROOT = Path(__file__).parents[2]
QUICK = ["--size", "64", "--alpha", "0.35", "--quiet"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "photos"
    for seed, label in enumerate(("dots", "stripes")):
        write_photos(root / label, label, 6, seed)
    return root


def trained(folder: Path, backbone: Path, *further: str) -> tuple[int, Path]:
    out = folder.parent / "out"
    options = ["--weights", str(backbone), *QUICK, *further]
    return main(["train", str(folder), "--out", str(out), *options]), out


def begun(folder: Path, backbone: Path, out: Path, **more) -> subprocess.Popen[str]:
    options = ["--weights", str(backbone), *QUICK]
    return subprocess.Popen(
        [sys.executable, "-m", "ml", "train", str(folder), "--out", str(out), *options],
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        **more,
    )


def test_a_damaged_file_is_named_or_left_out(folder: Path, backbone: Path, capsys):
    (folder / "dots" / "02.jpg").write_bytes(b"\xff\xd8\xffbroken")

    code, out = trained(folder, backbone)
    complaint = capsys.readouterr().err
    assert (code, out.exists()) == (UNUSABLE, False)
    assert "02.jpg" in complaint
    assert "--skip-unreadable" in complaint

    code, out = trained(folder, backbone, "--skip-unreadable")
    assert code == 0
    assert artifact.read(out).manifest.dataset["counts"]["dots"]["train"] >= 1


def test_a_label_whose_photos_were_all_left_out_is_named(
    folder: Path, backbone: Path, capsys
):
    for photo in (folder / "dots").iterdir():
        photo.write_bytes(b"\xff\xd8\xffbroken")

    code, out = trained(folder, backbone, "--skip-unreadable")

    assert (code, out.exists()) == (UNUSABLE, False)
    assert "dots has no readable photo" in capsys.readouterr().err


def test_one_photo_under_two_labels_is_refused(folder: Path, backbone: Path, capsys):
    shutil.copy(folder / "dots" / "02.jpg", folder / "stripes" / "copy.jpg")

    code, out = trained(folder, backbone)

    assert (code, out.exists()) == (UNUSABLE, False)
    assert "same photo under two labels" in capsys.readouterr().err


# The photos' pixels are written first, then the weights: each does not fit in turn.
@pytest.mark.parametrize("room", [100_000, 1_000_000])
def test_a_full_disk_ends_training_without_a_model(
    folder: Path, backbone: Path, tmp_path: Path, room: int
):
    out = tmp_path / "out"

    def narrow() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

    with begun(folder, backbone, out, preexec_fn=narrow) as child:
        _, complaint = child.communicate(timeout=180)

    assert child.returncode == UNUSABLE, complaint
    assert "error:" in complaint
    assert "Traceback" not in complaint
    assert not out.exists()
    with pytest.raises(ArtifactError):
        artifact.read(tmp_path / "out.partial")


def test_a_killed_run_leaves_no_model_and_can_be_repeated(
    folder: Path, backbone: Path, tmp_path: Path
):
    out = tmp_path / "out"
    with begun(folder, backbone, out) as child:
        limit = time.monotonic() + 180
        while not (tmp_path / "out.partial" / artifact.LOG).exists():
            assert child.poll() is None
            assert time.monotonic() < limit
            time.sleep(0.05)
        os.kill(child.pid, signal.SIGKILL)
        child.communicate(timeout=180)

    assert not out.exists()
    with pytest.raises(ArtifactError):
        artifact.read(tmp_path / "out.partial")
    code, out = trained(folder, backbone)
    assert code == 0
    artifact.read(out)
    assert not (tmp_path / "out.partial").exists()


def test_a_label_without_a_side_is_refused():
    def photos(label: str, *sides: str) -> list[Sample]:
        return [Sample(Path(f"{label}/{s}.jpg"), label, s, s) for s in sides]

    samples = (*photos("a", "train", "val"), *photos("b", "train", "test"))
    data = dataset.Dataset(Path(), ("a", "b"), samples)

    with pytest.raises(DatasetError, match="b has no readable photo to check with"):
        dataset.refuse_gaps(data)


def test_many_photos_of_one_cloth_count_as_a_few():
    many = [Sample(Path(f"{n}.jpg"), "a", "one cloth") for n in range(20)]
    others = [Sample(Path(f"x{n}.jpg"), "a", f"cloth {n}") for n in range(5)]

    capped = balance.weights([*many, *others], group_cap=5)

    assert sum(capped[:20]) == pytest.approx(sum(capped[20:]))
    assert sum(capped) == pytest.approx(25)
    assert balance.weights([*many, *others]) == pytest.approx([1.0] * 25)

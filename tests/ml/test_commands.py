"""`python -m ml`: what it answers, what it says of bad input, how it ends."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ml import artifact
from ml.__main__ import INTERRUPTED, main
from ml.commands import COMMANDS
from ml.commands.console import UNUSABLE
from ml.evaluate import evaluate
from ml.predict import Predictor
from tests.ml.conftest import write_photos

ROOT = Path(__file__).parents[2]
DRAWINGS = ROOT / "motifs" / "data" / "drawings"


def said(capsys: pytest.CaptureFixture[str]) -> dict:
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    "command", ["train", "evaluate", "predict", "remember", "synthesize"]
)
def test_every_command_explains_itself(command: str, capsys):
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])

    assert ended.value.code == 0
    assert command in capsys.readouterr().out


def test_predict_answers_in_words_and_in_json(model: Path, photos: Path, capsys):
    photo = str(photos / "dots" / "00.jpg")

    assert main(["predict", str(model), photo, "--quiet"]) == 0
    words = capsys.readouterr().out
    assert main(["predict", str(model), photo, photo, "--json", "--quiet"]) == 0
    found = said(capsys)

    assert photo in words
    assert found["model"]["sha256"] == artifact.read(model).sha256
    assert [one["images"] for one in found["predictions"]] == [[photo], [photo]]
    one = found["predictions"][0]
    assert one["answer"]["kind"] in {"either", "unknown"}
    assert set(one["scores"]) == set(artifact.read(model).manifest.labels)


def test_photos_of_one_cloth_get_one_answer(model: Path, photos: Path, capsys):
    both = [str(photos / "dots" / name) for name in ("00.jpg", "01.jpg")]

    main(["predict", str(model), *both, "--one-cloth", "--json", "--quiet"])

    assert [one["images"] for one in said(capsys)["predictions"]] == [both]


def test_a_photo_that_cannot_be_read_does_not_spoil_the_others(
    model: Path, photos: Path, tmp_path: Path, capsys
):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff")
    missing = tmp_path / "missing.jpg"
    good = photos / "dots" / "00.jpg"

    code = main(["predict", str(model), *map(str, (broken, missing, good)), "--json"])

    printed = capsys.readouterr()
    assert code == UNUSABLE
    assert "broken.jpg" in printed.err
    assert "missing.jpg" in printed.err
    assert len(json.loads(printed.out)["predictions"]) == 1
    assert len(json.loads(printed.out)["refused"]) == 2


def test_evaluate_reports_what_the_library_measures(
    model: Path, photos: Path, strangers: Path, capsys
):
    command = ["evaluate", str(model), str(photos), "--unknown", str(strangers)]

    assert main([*command, "--json", "--quiet"]) == 0
    found = said(capsys)
    assert main([*command, "--quiet"]) == 0
    words = capsys.readouterr().out

    assert found["photos"] == 48
    assert found["photos_of_motifs"] == 36
    assert 0 <= found["unknown"]["auroc"] <= 1
    assert found["not_in_model"] == []
    answers = found["answers"]
    assert sum(answers["of_motifs"].values()) == 36
    assert sum(answers["of_others"].values()) == 12
    assert f"{found['macro_f1']:.3f}" in words


def test_evaluate_says_on_demand_what_it_said_of_each_photo(
    model: Path, photos: Path, strangers: Path, capsys
):
    command = ["evaluate", str(model), str(photos), "--unknown", str(strangers)]

    main([*command, "--json", "--quiet"])
    assert "each" not in said(capsys)
    main([*command, "--json", "--each", "--quiet"])
    found = said(capsys)

    rows = {row["photo"]: row for row in found["each"]["photos"]}
    dots = [row for row in rows.values() if row["label"] == "dots"]
    right = sum(row["said"] == "dots" for row in dots)
    assert rows["dots/00.jpg"]["label"] == "dots"
    assert len(rows) == found["photos"]
    assert right == found["labels"]["dots"]["recall"]["hits"]
    assert found["each"]["motifs"] == ["checks", "dots", "stripes"]
    assert found["each"]["bytes"] == (model / artifact.MODEL).stat().st_size


def test_motifs_that_the_model_does_not_know_count_as_unknown(
    model: Path, photos: Path, tmp_path: Path
):
    from ml import dataset

    shutil.copytree(photos / "dots", tmp_path / "set" / "dots")
    shutil.copytree(photos / "checks", tmp_path / "set" / "naga-balimbur")

    figures, asked = evaluate(Predictor(model), dataset.load(tmp_path / "set"))

    assert figures["not_in_model"] == ["naga-balimbur"]
    assert figures["photos_of_motifs"] == 12
    assert (asked.truth == -1).sum() == 12
    assert figures["unknown"]["photos"] == 12


def test_an_evaluation_can_be_recorded(
    model: Path, photos: Path, tmp_path: Path, capsys
):
    copy = Path(shutil.copytree(model, tmp_path / "copy"))

    main(["evaluate", str(copy), str(photos), "--record", "here", "--earn", "--json"])

    found = artifact.read(copy)
    assert found.metrics()["evaluations"]["here"]["photos"] == 36
    assert list(found.manifest.single) == said(capsys)["earned"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["predict", "{tmp}/none", "x.jpg"], "no model folder"),
        (["predict", "{photos}", "x.jpg"], "is not a model"),
        (["evaluate", "{model}", "{tmp}/none"], "is not a folder"),
        (["evaluate", "{model}", "{alien}"], "knows none of the motifs"),
        (["evaluate", "{model}", "{photos}", "--split", "test"], "photos of motifs in"),
        (["train", "{empty}", "--out", "{tmp}/out"], "dots is empty"),
        (["train", "{lonely}", "--out", "{tmp}/out"], "one photo"),
        (["train", "{photos}", "--out", "{tmp}/o", "--unknown", "{tmp}/no"], "folder"),
        (["train", "{photos}", "--out", "{tmp}/o", "--epochs", "5"], "in one step"),
        (
            ["crossvalidate", "{photos}", "--out", "{tmp}/o", "--epochs", "5"],
            "takes no --epochs",
        ),
        (["synthesize", "{tmp}", "--out", "{tmp}/out"], "no drawings"),
        (["synthesize", "{drawings}"], "--out"),
        (["synthesize", "{drawings}", "--out", "{photos}"], "not empty"),
        (["synthesize", "{drawings}", "--picture", "unicorn", "x.webp"], "unicorn"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_sentence(
    arguments, says, model: Path, photos: Path, tmp_path: Path, capsys
):
    (tmp_path / "empty" / "dots").mkdir(parents=True)
    write_photos(tmp_path / "alien" / "kawung", "dots", 2, 1)
    write_photos(tmp_path / "lonely" / "dots", "dots", 1, 1)
    write_photos(tmp_path / "lonely" / "checks", "checks", 6, 1)
    places = {
        "tmp": tmp_path,
        "model": model,
        "photos": photos,
        "drawings": DRAWINGS,
        **{name: tmp_path / name for name in ("empty", "alien", "lonely")},
    }

    code = main([one.format(**places) for one in arguments] + ["--quiet"])

    printed = capsys.readouterr()
    assert code == UNUSABLE
    assert says in printed.err
    assert "Traceback" not in printed.err
    assert printed.out == ""


@pytest.mark.parametrize(
    "arguments",
    [[], ["dream"], ["train"], ["train", "x", "--out", "y", "--epochs", "0"]],
)
def test_wrong_usage_ends_with_2(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)

    assert ended.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_synthesize_writes_a_dataset_or_a_picture(tmp_path: Path, capsys):
    one = tmp_path / "drawings"
    one.mkdir()
    for slug in ("gigi-haruan", "hiris-pudak"):
        shutil.copy(DRAWINGS / f"{slug}.svg", one)
    out, picture = tmp_path / "out", tmp_path / "picture.webp"

    made = ["--out", str(out), "--per-motif", "1", "--size", "64", "--quiet"]
    assert main(["synthesize", str(one), *made]) == 0
    drawn = ["--picture", "hiris-pudak", str(picture), "--quiet"]
    assert main(["synthesize", str(one), *drawn]) == 0

    assert picture.stat().st_size > 1000
    assert list(out.rglob("*.jpg"))
    assert not out.with_name("out.partial").exists()
    assert str(out) in capsys.readouterr().out


def test_sigterm_ends_training_without_a_model(
    photos: Path, backbone: Path, tmp_path: Path
):
    out = tmp_path / "out"
    command = [sys.executable, "-m", "ml", "train", str(photos), "--out", str(out)]
    options = ["--weights", str(backbone), "--size", "64", "--alpha", "0.35"]
    with subprocess.Popen(
        [*command, *options], stderr=subprocess.PIPE, text=True, cwd=ROOT
    ) as child:
        limit = time.monotonic() + 180
        while not out.with_name("out.partial").exists():
            assert time.monotonic() < limit
            time.sleep(0.05)
        os.kill(child.pid, signal.SIGTERM)
        _, complaint = child.communicate(timeout=180)

    assert child.returncode == INTERRUPTED
    assert "no model was written" in complaint
    assert "Traceback" not in complaint
    assert not out.exists()


@pytest.mark.parametrize("is_stopped_by", ["the error", "the next step"])
def test_an_interruption_that_a_library_swallows_still_ends_a_command(
    is_stopped_by: str, monkeypatch: pytest.MonkeyPatch, capsys
):
    def run(_given, bars) -> int:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        except BaseException as error:
            if is_stopped_by == "the error":
                raise TypeError("no maximum of this type") from error
        bars("train", 1, 2)
        return 0

    monkeypatch.setattr(COMMANDS["remember"], "run", run)
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)

    assert main(["remember", "model", "photos", "--quiet"]) == INTERRUPTED

    assert "interrupted" in capsys.readouterr().err
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


def test_an_interruption_that_no_signal_made_ends_a_command_too(
    monkeypatch: pytest.MonkeyPatch, capsys
):
    def run(_given, _bars) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(COMMANDS["remember"], "run", run)

    assert main(["remember", "model", "photos", "--quiet"]) == INTERRUPTED
    assert "interrupted" in capsys.readouterr().err


def test_what_is_to_be_ignored_stays_ignored(monkeypatch: pytest.MonkeyPatch):
    def run(_given, _bars) -> int:
        os.kill(os.getpid(), signal.SIGINT)
        return 0

    monkeypatch.setattr(COMMANDS["remember"], "run", run)
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert main(["remember", "model", "photos", "--quiet"]) == 0
    finally:
        signal.signal(signal.SIGINT, before)

"""A report: one page that needs no other file, with the numbers of JSON and card."""

from __future__ import annotations

import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest

from ml import artifact, dataset, figures, report
from ml.__main__ import main
from ml.evaluate import evaluate
from ml.predict import Predictor
from ml.report import page
from ml.report.write import PAGE, stages
from tests.ml.conftest import write_photos

COMPARED = {
    "folds": 5,
    "seed": 1,
    "recipes": {
        "default": {
            way: {
                "mean": {"accuracy": a, "macro_f1": 0.911, "top_3": 0.987},
                "spread": {"accuracy": 0.021, "macro_f1": 0.03, "top_3": 0.004},
                "pooled": {"calibration_error": 0.022},
            }
            for way, a in (("grouped", 0.941), ("random", 0.957))
        }
    },
}


@pytest.fixture(scope="module")
def folder(
    model: Path, photos: Path, strangers: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    root = tmp_path_factory.mktemp("report")
    compared = root / "crossvalidation.json"
    compared.write_text(json.dumps(COMPARED))
    options = ["--robustness", "--limit", "3", "--crossvalidation", str(compared)]
    given = ["evaluate", str(model), str(photos), "--unknown", str(strangers), *options]
    assert main([*given, "--report", str(root / "report"), "--quiet"]) == 0
    return root / "report"


class Page(HTMLParser):
    """What a page refers to, shows and says."""

    def __init__(self, file: Path):
        super().__init__()
        self.references: list[str] = []
        self.ids: list[str] = []
        self.images = 0
        self.words = ""
        self.feed(file.read_text())

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name in {"src", "href", "xlink:href", "srcset"}:
                self.references.append(value)
            if name == "id":
                self.ids.append(value)
        self.images += tag == "img"

    def handle_data(self, data):
        self.words += data + "\n"


def test_page_card_and_json_hold_the_same_numbers(folder: Path, photos: Path):
    content = json.loads((folder / artifact.METRICS).read_text())
    (found,) = content["evaluations"].values()
    words = Page(folder / PAGE).words
    card = (folder / artifact.CARD).read_text()

    tables = (
        figures.chief(found),
        figures.labels(found),
        figures.rejection(found),
        figures.robustness(found),
        figures.confused(found),
    )
    for row in (row for table in tables for row in table):
        for cell in filter(None, row):
            assert cell in words
            assert cell in card
    assert len(figures.robustness(found)) == 10
    assert content["model"] in words
    assert found["macro_f1_interval"]["low"] <= found["macro_f1"]
    # A model so small rejects by rule; its own score is shown beside the plain one.
    assert {row[2] for row in figures.rejection(found)} >= {"best motif's score"}


def test_honest_and_leaky_scores_stand_side_by_side(folder: Path):
    words = Page(folder / PAGE).words

    assert "honest (by group)" in words
    assert "0.941 ± 0.021" in words
    assert "leaky (random)" in words
    assert "0.957 ± 0.021" in words


def test_the_page_needs_no_other_file(folder: Path):
    found = Page(folder / PAGE)
    text = (folder / PAGE).read_text()

    for reference in found.references:
        assert reference.startswith(("#", "data:image/jpeg;base64,")), reference
    assert not re.search(r"@import|<script|<link|<iframe", text)
    assert all(one.startswith("#") for one in re.findall(r"url\(([^)]*)\)", text))
    assert len(found.ids) == len(set(found.ids))
    for reference in found.references:
        if reference.startswith("#"):
            assert reference[1:] in found.ids


def test_plots_take_the_pages_colours(folder: Path):
    text = (folder / PAGE).read_text()

    assert text.count("<svg role=") >= 5
    assert "var(--first)" in text
    assert not re.search(r"#0[1-5]0[1-5]0[1-5]", text)


def test_a_report_may_show_no_photo(
    model: Path, photos: Path, strangers: Path, tmp_path: Path
):
    # Stripes that are said to be dots: mistakes for sure.
    shutil.copytree(photos / "stripes", tmp_path / "wrong" / "dots")
    shutil.copytree(photos / "checks", tmp_path / "wrong" / "checks")
    given = ["evaluate", str(model), str(tmp_path / "wrong"), "--quiet", "--report"]

    assert main([*given, str(tmp_path / "with")]) == 0
    assert main([*given, str(tmp_path / "without"), "--no-gallery"]) == 0

    with_photos, without = (
        Page(tmp_path / name / PAGE) for name in ("with", "without")
    )
    assert 0 < with_photos.images <= page.GALLERY
    assert without.images == 0
    assert "data:image" not in (tmp_path / "without" / PAGE).read_text()
    assert "Photos are left out" in without.words


def test_an_existing_report_is_replaced_only_on_request(
    model: Path, photos: Path, tmp_path: Path, capsys
):
    out = tmp_path / "report"
    out.mkdir()
    (out / "thesis.txt").write_text("mine")
    given = ["evaluate", str(model), str(photos), "--report", str(out), "--quiet"]

    assert main(given) == 2
    assert main([*given, "--replace"]) == 2
    assert "left alone" in capsys.readouterr().err
    assert (out / "thesis.txt").read_text() == "mine"
    (out / PAGE).write_text("an old report")
    assert main([*given, "--replace"]) == 0
    assert not (out / "thesis.txt").exists()


def test_names_from_outside_cannot_become_markup(
    model: Path, photos: Path, tmp_path: Path
):
    evil = "<img src=x onerror=alert(1)>"
    shutil.copytree(photos / "stripes", tmp_path / "set" / "dots")
    for at, file in enumerate(sorted((tmp_path / "set" / "dots").iterdir())):
        file.rename(file.with_name(f"<b>{at}.jpg"))
    data = dataset.load(tmp_path / "set")
    predictor = Predictor(model)
    found, asked = evaluate(predictor, data)

    report.write(tmp_path / "out", predictor, evil, found, asked)

    text = (tmp_path / "out" / PAGE).read_text()
    assert evil not in text
    assert "&lt;img src=x" in text
    assert "<b>" not in text


def test_what_was_decided_in_training_is_told():
    lines = [
        {"epoch": n, "of": 9, "loss": 1 / n, "val_loss": v, "learning_rate": rate}
        for n, v, rate in (
            (1, 0.9, 1e-2),
            (2, 0.5, 1e-2),
            (3, 0.6, 1e-2),
            (4, 0.6, 3e-3),
        )
    ]

    told = list(page.events(lines, kept=2))

    assert told[0].startswith("Epoch 2 was kept")
    assert told[1] == "Epoch 4: learning rate lowered from 0.01 to 0.003."
    assert told[2].startswith("Stopped after epoch 4 of 9")


def test_the_log_is_read_by_stage(model: Path, tmp_path: Path):
    found = stages(model / artifact.LOG)

    # The head's epochs, and what they came to.
    assert [len(found[stage]) for stage in ("head", "fine-tune")] == [4, 2]
    assert stages(tmp_path / "none.jsonl") == {}


def test_a_head_that_was_solved_at_once_has_no_curve_but_its_figures():
    line = {"val_loss": 0.41234, "val_macro_f1": 0.9, "val_top_1": 0.93}

    body = page._training({"head": [line]}).body

    assert "without epochs" in body
    assert "loss 0.412, accuracy 0.930, macro-F1 0.900" in body
    assert "<img" not in body
    assert "<svg" not in body


def test_a_file_that_is_no_crossvalidation_is_refused(
    model: Path, photos: Path, tmp_path: Path, capsys
):
    write_photos(tmp_path / "x", "dots", 1, 1)
    other = tmp_path / "other.json"
    for content in ("{}", "no json"):
        other.write_text(content)
        given = ["evaluate", str(model), str(photos), "--crossvalidation", str(other)]
        assert main([*given, "--quiet"]) == 2
        assert str(other) in capsys.readouterr().err

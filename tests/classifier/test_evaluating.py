"""Versions are evaluated by a child process on a dataset's test photos, once."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
from django.conf import settings as site
from django.utils import translation

from classifier import dataset_files, datasets, evaluating, predictor
from classifier.evaluating import CannotEvaluate, evaluate
from classifier.models import DatasetVersion, Evaluation, FailedEvaluation, ModelVersion
from classifier.promoting import champion_row, compare
from classifier.tasks import compare_models_task
from tests.classifier.pictures import cloth
from tests.classifier.rows_of_models import register
from tests.classifier.test_datasets import cloths
from tests.factories import MotifFactory
from tests.ml.conftest import write_photos

pytestmark = pytest.mark.django_db
LABELS = ("gigi-haruan", "hiris-pudak")


@pytest.fixture
def exported(settings, tmp_path, monkeypatch):
    """What was exported: every label has photos to test with and to learn from."""
    settings.MODELS_FOLDER = tmp_path / "models"
    settings.MODELS_FOLDER.mkdir()
    written = []

    def export(dataset, folder):
        written.append(dataset.number)
        for place, label in enumerate(LABELS):
            for side, count in (("train", 1), ("test", 2)):
                here = folder / side / label
                here.mkdir(parents=True)
                for n in range(count):
                    seed = 10 * place + n + 100 * (side == "train")
                    cloth(seed=seed).save(here / f"{n}.jpg")

    monkeypatch.setattr(dataset_files, "export", export)
    predictor.forget()
    return written


@pytest.fixture
def dataset():
    return DatasetVersion.objects.create(number=3, digest="a" * 64)


def test_champion_and_challenger_are_asked_about_the_same_test_photos(
    exported, dataset, settings, tmp_path
):
    settings.TRAINING_UNKNOWN = str(tmp_path / "everyday")
    write_photos(tmp_path / "everyday" / "not-cloth", "noise", 30, 5)
    shutil.copytree(site.MODEL_FOLDER, settings.MODELS_FOLDER / "same")
    own = champion_row()
    version = register("same")
    version.sha256 = own.sha256
    version.save()

    found = compare(version=version, dataset=dataset)

    each = found.challenger.metrics["each"]["photos"]
    own = {f"test/{label}/{n}.jpg" for label in LABELS for n in range(2)}
    everyday = {row["photo"] for row in each if row["label"] == "not-cloth"}
    assert {row["photo"] for row in each} == own | everyday
    assert 0 < len(everyday) < 30
    assert found.verdict.passed
    rules = {one.code: one.holds for one in found.verdict.rules}
    assert rules["auroc"] is rules["false_positives"] is True
    assert exported == [3, 3]

    again = compare(version=version, dataset=dataset)

    assert again.challenger == found.challenger
    assert exported == [3, 3]
    assert Evaluation.objects.count() == 2

    (tmp_path / "everyday" / "not-cloth" / "00.jpg").unlink()
    evaluate(version=version, dataset=dataset)

    assert exported == [3, 3, 3]
    assert Evaluation.objects.count() == 2


def test_what_was_measured_counts_as_long_as_the_photos_are_the_same(
    exported, settings, tmp_path, monkeypatch
):
    given = cloths(MotifFactory(), 4)
    dataset = datasets.build(None)
    monkeypatch.setattr(evaluating, "_ask", lambda *_: {"number": len(exported)})

    def measured():
        return evaluate(version=champion_row(), dataset=dataset).metrics["number"]

    assert [measured(), measured()] == [1, 1]

    given[0][0].contribution.consent_to_train = False
    given[0][0].contribution.save()
    assert [measured(), measured()] == [2, 2]

    settings.TRAINING_UNKNOWN = str(tmp_path)
    (tmp_path / "not-cloth").mkdir()
    (tmp_path / "not-cloth" / "photo.jpg").write_bytes(b"x")
    assert [measured(), measured()] == [3, 3]


def test_the_report_lies_in_a_folder_of_its_own(exported, dataset, settings):
    pytest.importorskip("matplotlib")

    made = evaluate(version=champion_row(), dataset=dataset)

    there = settings.MODELS_FOLDER / made.folder
    assert (there / evaluating.REPORT).is_file()
    assert not list(there.glob("**/*.jpg"))


def test_a_damaged_model_is_not_evaluated(exported, dataset, settings):
    folder = Path(shutil.copytree(site.MODEL_FOLDER, settings.MODELS_FOLDER / "b"))
    (folder / "model.tflite").write_bytes(b"")

    with pytest.raises(CannotEvaluate):
        evaluate(version=register("b"), dataset=dataset)

    assert Evaluation.objects.count() == 0


def test_photos_that_cannot_be_evaluated_are_refused_with_the_reason(
    exported, dataset, monkeypatch
):
    monkeypatch.setattr(dataset_files, "export", lambda dataset, folder: folder.mkdir())

    with pytest.raises(CannotEvaluate, match="holds no labels"):
        evaluate(version=champion_row(), dataset=dataset)

    assert Evaluation.objects.count() == 0


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        ("echo everyday photos: none >&2; kill -KILL $$", evaluating.KILLED),
        ("kill -KILL $$", evaluating.KILLED),
        ("echo error: No. >&2; echo bye >&2; kill -KILL $$", "No."),
        ("echo Traceback >&2; echo KeyError: 1 >&2; exit 1", "KeyError: 1"),
    ],
)
def test_why_the_process_ended_is_what_it_complained_of_or_how(
    tmp_path, monkeypatch, script, problem
):
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))

    with pytest.raises(CannotEvaluate) as caught:
        evaluating._ask(tmp_path, tmp_path, [])

    assert str(caught.value) == problem


# What failed is kept for the version's page


@pytest.fixture
def version(exported, settings):
    """A version whose network is the champion's, so that it can be evaluated."""
    shutil.copytree(site.MODEL_FOLDER, settings.MODELS_FOLDER / "same")
    made, own = register("same"), champion_row()
    ModelVersion.objects.filter(pk=made.pk).update(sha256=own.sha256)
    return made


@pytest.fixture
def task(monkeypatch):
    """The task as a worker calls it; ``queued`` has put a stand-in in its place."""
    return compare_models_task.run


def full(dataset, folder):
    raise OSError(28, "No space left on device")


def missing(dataset, folder):
    raise dataset_files.ExportError("The file of photo 7 is missing.")


@pytest.mark.parametrize(
    ("export", "problem"),
    [
        (full, "[Errno 28] No space left on device"),
        (missing, "The file of photo 7 is missing."),
    ],
)
def test_why_an_evaluation_failed_is_kept_in_english(
    version, dataset, task, monkeypatch, export, problem
):
    monkeypatch.setattr(dataset_files, "export", export)

    with translation.override("id"):
        task(version.pk, dataset.pk)
        task(version.pk, dataset.pk)

    kept = FailedEvaluation.objects.get()
    assert (kept.model_version, kept.dataset, kept.problem) == (
        version,
        dataset,
        problem,
    )


def test_a_refusal_is_kept_in_english_and_told_in_the_readers_language(
    version, dataset, task
):
    own = champion_row()
    ModelVersion.objects.filter(pk=own.pk).update(sha256="0" * 64)

    with translation.override("id"):
        task(version.pk, dataset.pk)
        kept = FailedEvaluation.objects.get()
        assert kept.words == _said_in_indonesian(own.version)

    assert kept.problem == (
        f"Another network is registered under the name {own.version}."
    )


def _said_in_indonesian(version):
    return translation.gettext(
        "Another network is registered under the name %(version)s."
    ) % {"version": version}


def test_a_mistake_of_the_program_is_kept_and_stays_in_the_workers_log(
    version, dataset, task, monkeypatch
):
    def mistake(dataset, folder):
        raise ZeroDivisionError

    monkeypatch.setattr(dataset_files, "export", mistake)

    with pytest.raises(ZeroDivisionError):
        task(version.pk, dataset.pk)

    assert FailedEvaluation.objects.get().problem == evaluating.UNEXPECTED


def test_a_failure_is_over_when_it_goes_well(version, dataset, task):
    other = DatasetVersion.objects.create(number=4, digest="b" * 64)
    for one in (dataset, other):
        evaluating.note_failure(version=version, dataset=one, problem="No.")

    task(version.pk, dataset.pk)

    assert FailedEvaluation.objects.get().dataset == other
    assert version.evaluations.count() == 1

"""Training runs: asked for, executed in a child, and truthful however they end."""

from __future__ import annotations

import os
import signal
import time
from datetime import timedelta
from pathlib import Path
from threading import Thread

import pytest
from django.db import connection
from django.utils import timezone, translation

from classifier import predictor, training, training_child, training_triggers
from classifier.complaints import in_words
from classifier.models import DatasetVersion, ModelVersion, TrainingRun
from classifier.training_child import ENDED, KILLED
from tests.at_once import at_once
from tests.factories import MotifFactory
from tests.ml.conftest import write_photos

QUICK = {"size": 64}
# An hour of epochs: it is still at work when somebody wants it to end.
LONG = {"epochs": 100_000, "fine_tune_blocks": 1, "size": 64}


@pytest.fixture
def dataset(db):
    return DatasetVersion.objects.create(number=1, digest="0" * 64)


@pytest.fixture
def places(settings, tmp_path, monkeypatch):
    """Folders of the test's own; the queue is down, so nobody else takes a run."""
    settings.MODELS_FOLDER, settings.RUNS_FOLDER = tmp_path / "m", tmp_path / "r"
    settings.TRAINING_RENDERED = 0
    monkeypatch.setattr(training, "BEAT_S", 0.3)
    monkeypatch.setattr(training, "send", lambda run_id: False)
    predictor.forget()
    return tmp_path


def write_dataset(dataset, folder: Path) -> None:
    """Photos of two motifs, two of each cloth."""
    rows = ["path,group"]
    for seed, label in enumerate(("dots", "stripes")):
        write_photos(folder / label, label, 12, seed)
        rows += [f"{label}/{n:02d}.jpg,{label}-{n // 2}" for n in range(12)]
    (folder / "groups.csv").write_text("\n".join(rows) + "\n")


@pytest.fixture
def photos(places, monkeypatch):
    monkeypatch.setattr(training, "export", write_dataset)


def ask(dataset, **how):
    return training.ask_for_run(by=None, dataset=dataset, **how)


def over(run) -> TrainingRun:
    training.run(run.pk)
    run.refresh_from_db()
    return run


def models(places) -> list[str]:
    folder = places / "m"
    return [path.name for path in folder.iterdir()] if folder.exists() else []


def wait_for(true, seconds=180):
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def is_alive(pid: int) -> bool:
    try:
        return (
            Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        )
    except FileNotFoundError:
        return False


def children_that_train(folder: Path) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            line = (entry / "cmdline").read_text()
        except OSError:
            continue
        if f"{folder}/" in line and "\0train\0" in line:
            found.append(int(entry.name))
    return [pid for pid in found if is_alive(pid)]


def test_a_second_run_is_refused_while_one_is_open(dataset, places):
    first = ask(dataset)

    with pytest.raises(training.AlreadyRunning):
        ask(dataset)
    training.cancel(first)

    assert ask(dataset).state == "queued"


@pytest.mark.django_db(transaction=True)
def test_of_two_asked_for_at_once_one_is_made(dataset, places):
    raised = at_once(lambda: ask(dataset), lambda: ask(dataset))

    assert sorted(type(one).__name__ for one in raised) == [
        "AlreadyRunning",
        "NoneType",
    ]
    assert TrainingRun.objects.count() == 1


def test_a_motif_may_be_stated_by_what_the_test_photos_prove(dataset, places):
    asked = training_child.command(
        ask(dataset),
        photos=places,
        rendered=places / "none",
        out=places / "model",
        weights=places,
    )

    assert asked[asked.index("--may-state") + 1] == "earned"


def test_a_run_that_waits_is_cancelled_at_once_and_never_taken(dataset, photos):
    run = ask(dataset)

    training.cancel(run)

    assert over(run).state == "cancelled"
    assert run.started_at is None


def test_a_repeat_has_the_same_dataset_settings_seed_and_start(dataset, places):
    start = ModelVersion.objects.create(
        version="1", sha256="0" * 64, labels=["a"], embedding_size=8
    )
    first = ask(dataset, recipe="full", settings=QUICK, seed=7)
    training.cancel(first)
    TrainingRun.objects.filter(pk=first.pk).update(starts_from=start)
    first.refresh_from_db()

    again = training.repeat(first, by=None)

    assert again.repeats == first
    for name in ("dataset", "recipe", "settings", "seed", "starts_from"):
        assert getattr(again, name) == getattr(first, name)


def test_a_run_without_a_beat_is_lost_and_one_that_beats_is_not(dataset, places):
    run, now = ask(dataset), timezone.now()
    rows = TrainingRun.objects.filter(pk=run.pk)
    photos, model = run.folder / "photos", places / "m" / "20260101-half"
    for folder in (photos, model):
        folder.mkdir(parents=True)
    (run.folder / "log.txt").write_text("so far")
    rows.update(
        state="running",
        started_at=now,
        beat_at=now,
        progress={"model": "20260101-half"},
    )
    assert training.mark_lost() == 0

    rows.update(beat_at=now - timedelta(seconds=61))

    assert training.mark_lost() == 1
    run.refresh_from_db()
    assert (run.state, run.problem) == ("failed", training.LOST)
    assert not photos.exists()
    assert not model.exists()
    assert (run.folder / "log.txt").read_text() == "so far"
    assert training.mark_lost() == 0


def test_a_run_that_waits_for_long_is_sent_again(dataset, places, monkeypatch):
    sent = []
    monkeypatch.setattr(training, "send", lambda pk: not sent.append(pk))
    run = ask(dataset)
    assert training.send_again() == 0

    TrainingRun.objects.update(asked_at=timezone.now() - timedelta(seconds=61))

    assert training.send_again() == 1
    assert sent == [run.pk]


@pytest.mark.django_db(transaction=True)
def test_motifs_without_photos_stay_known_by_rendered_cloth(
    dataset, photos, places, settings
):
    settings.TRAINING_RENDERED = 16
    settings.TRAINING_UNKNOWN = str(places / "everyday")
    write_photos(places / "everyday" / "not-cloth", "noise", 40, 5)
    MotifFactory(slug="gigi-haruan")
    MotifFactory(slug="bayam-raja", access="restricted")
    MotifFactory(slug="naga-balimbur", draft=True)

    run = over(ask(dataset, settings=QUICK))

    log = (run.folder / "log.txt").read_text()
    assert (run.state, run.problem) == ("done", ""), log
    motifs = ["dots", "stripes", "gigi-haruan"]
    assert run.makes.labels == [*motifs, "other-cloth", "not-cloth"]
    assert "everyday photos: not-cloth: train " in log
    assert run.progress["everyday"] == "used"
    assert sorted(path.name for path in run.folder.iterdir() if path.is_dir()) == []


@pytest.mark.django_db(transaction=True)
def test_the_complaint_about_a_bad_dataset_is_the_problem(dataset, places, monkeypatch):
    def one_motif(dataset, folder):
        write_photos(folder / "dots", "dots", 6, 1)

    monkeypatch.setattr(training, "export", one_motif)

    run = over(ask(dataset, settings=QUICK))

    assert run.state == "failed"
    assert run.problem.startswith(str(run.folder / "photos"))
    assert f"error: {run.problem}" in (run.folder / "log.txt").read_text()
    assert models(places) == []


@pytest.mark.django_db(transaction=True)
def test_without_tensorflow_the_problem_says_how_to_install_it(
    dataset, photos, places, monkeypatch
):
    fake = places / "without"
    fake.mkdir()
    (fake / "keras.py").write_text("raise ModuleNotFoundError(name='keras')\n")
    monkeypatch.setenv("PYTHONPATH", str(fake))

    run = over(ask(dataset, settings=QUICK))

    assert run.state == "failed"
    assert "needs TensorFlow" in run.problem
    with translation.override("en"):
        assert in_words(run.problem).startswith("TensorFlow is not installed where")


@pytest.mark.django_db(transaction=True)
def test_a_full_disk_fails_the_run_with_a_sentence(dataset, places, monkeypatch):
    def full(dataset, folder):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(training, "export", full)

    run = over(ask(dataset, settings=QUICK))

    assert run.state == "failed"
    assert "No space left on device" in run.problem


@pytest.mark.django_db(transaction=True)
def test_a_setting_that_the_command_does_not_know_is_refused(dataset, photos):
    run = over(ask(dataset, settings={"out": "elsewhere"}))

    assert (run.state, run.problem) == ("failed", "There is no setting out.")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("how", ["cancel", "kill", "end", "limit", "ended elsewhere"])
def test_a_run_that_is_stopped_leaves_no_process_and_no_model(
    dataset, photos, places, how, settings
):
    run = ask(dataset, settings=LONG)
    if how == "limit":
        settings.TRAINING_LIMIT_S = 1
    worker = Thread(target=lambda: (training.run(run.pk), connection.close()))
    worker.start()
    try:
        wait_for(lambda: how == "limit" or (run.folder / "progress.json").exists())
        for pid in children_that_train(places):
            if how == "kill":
                os.kill(pid, signal.SIGKILL)
            elif how == "end":
                os.kill(pid, signal.SIGTERM)
        if how == "cancel":
            run.refresh_from_db()
            training.cancel(run)
        elif how == "ended elsewhere":
            TrainingRun.objects.update(beat_at=timezone.now() - timedelta(hours=1))
            TrainingRun.objects.update(
                state="failed", ended_at=timezone.now(), problem="Lost."
            )
    finally:
        worker.join(180)

    assert not worker.is_alive()
    run.refresh_from_db()
    assert (run.state, run.problem) == {
        "cancel": ("cancelled", ""),
        "kill": ("failed", KILLED),
        "end": ("failed", ENDED),
        "limit": ("failed", training.TOO_LONG),
        "ended elsewhere": ("failed", "Lost."),
    }[how]
    assert children_that_train(places) == []
    assert models(places) == []
    assert not (run.folder / "photos").exists()


class Planned:
    """What ``datasets`` would say, with a count of the test's choice."""

    def __init__(self, monkeypatch, dataset, new):
        from classifier import datasets

        self.dataset, self.new_count, self.asked = dataset, new, 0
        monkeypatch.setattr(datasets, "plan", self.plan)
        monkeypatch.setattr(datasets, "build", lambda by, note: dataset)

    def plan(self):
        self.asked += 1
        return self


def test_by_default_the_site_trains_only_by_hand(dataset, places, monkeypatch):
    planned = Planned(monkeypatch, dataset, new=10_000)

    assert training_triggers.ask_when_due() == 0
    assert planned.asked == 0


@pytest.mark.parametrize(("new", "runs"), [(19, 0), (20, 1)])
def test_enough_new_photos_start_a_run(
    dataset, places, monkeypatch, settings, new, runs
):
    settings.RETRAIN_AFTER_NEW_PHOTOS = 20
    Planned(monkeypatch, dataset, new)

    assert training_triggers.ask_when_due() == runs
    assert training_triggers.ask_when_due() == 0
    triggers = list(TrainingRun.objects.values_list("trigger", flat=True))
    assert triggers == ["count"] * runs


def test_photos_that_were_learned_from_already_start_no_run(
    dataset, places, monkeypatch, settings
):
    settings.RETRAIN_AFTER_NEW_PHOTOS = 20
    Planned(monkeypatch, dataset, new=20)
    ask(dataset)
    TrainingRun.objects.update(
        state="failed", started_at=timezone.now(), ended_at=timezone.now()
    )

    assert training_triggers.ask_when_due() == 0


@pytest.mark.parametrize(("new", "days", "runs"), [(1, 6, 0), (1, 8, 1), (0, 8, 0)])
def test_the_schedule_starts_a_run_when_there_is_something_new(
    dataset, places, monkeypatch, settings, new, days, runs
):
    settings.RETRAIN_EVERY_DAYS = 7
    Planned(monkeypatch, dataset, new)
    training.cancel(ask(dataset))
    TrainingRun.objects.update(asked_at=timezone.now() - timedelta(days=days))

    assert training_triggers.ask_when_due() == runs
    assert TrainingRun.objects.filter(trigger="schedule").count() == runs

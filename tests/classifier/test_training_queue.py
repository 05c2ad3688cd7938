"""Runs through the real queue: asked for in the admin, done by the trainer's worker."""

from __future__ import annotations

import signal
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse
from django.utils import timezone

from classifier import datasets, model_folders, training
from classifier.groups import MODEL_KEEPER_GROUP
from classifier.models import PhotoCheck, TrainingRun
from heritage.serve import _celery
from motifs.actions import identify_photo
from tests.classifier.test_training import LONG, children_that_train, wait_for
from tests.factories import (
    LONG_AGO,
    ContributionFactory,
    MotifFactory,
    PhotoFactory,
    UserFactory,
)
from tests.ml.conftest import write_photos
from tests.motifs.judging import expert
from tests.processes import started

pytestmark = pytest.mark.django_db(transaction=True)
CLOTHS = 8
PATTERNS = {"gigi-haruan": "dots", "hiris-pudak": "stripes"}


@pytest.fixture
def var(settings, tmp_path):
    """The folder of a site's data, which test and worker share."""
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.MODELS_FOLDER, settings.RUNS_FOLDER = (
        tmp_path / "models",
        tmp_path / "runs",
    )
    return tmp_path


@pytest.fixture
def keeper(client, transactional_db):
    person = UserFactory()
    person.groups.add(Group.objects.get(name=MODEL_KEEPER_GROUP))
    client.force_login(person)
    return person


@pytest.fixture
def dataset(var, keeper):
    """Photos that an expert confirmed, frozen as they are for every run."""
    by = [expert(), expert()]
    for seed, (slug, pattern) in enumerate(PATTERNS.items()):
        motif = MotifFactory(slug=slug)
        write_photos(var / slug, pattern, 2 * CLOTHS, seed)
        for at, file in enumerate(sorted((var / slug).glob("*.jpg"))):
            if at % 2 == 0:
                cloth = ContributionFactory(accepted=True, consent_to_train=True)
            photo = PhotoFactory(contribution=cloth, content=file.read_bytes())
            PhotoCheck.objects.create(photo=photo, checked_at=LONG_AGO)
            for person in by:
                identify_photo(
                    photo=photo, outcome="motif", motif=motif, by=person, is_blind=True
                )
    return datasets.build(keeper, "")


@pytest.fixture
def worker(var, dataset):
    command = _celery("training", 1)
    nowhere = str(var / "nowhere")
    with started(
        command, var, TRAINING_RENDERED="0", TRAINING_UNKNOWN=nowhere
    ) as process:
        yield process


def press_start(client, dataset, settings, monkeypatch) -> TrainingRun:
    """Ask for a run as a keeper does, at a size that takes seconds."""
    ask = training._ask
    monkeypatch.setattr(training, "_ask", lambda **f: ask(**f | {"settings": settings}))
    form = {"dataset": dataset.pk, "recipe": "default", "seed": 1}
    client.post(reverse("admin:classifier_trainingrun_start"), form)
    return TrainingRun.objects.get()


def page(client, run) -> str:
    address = reverse("admin:classifier_trainingrun_change", args=[run.pk])
    return client.get(address).content.decode()


def test_a_run_asked_for_in_the_admin_makes_a_model_from_the_starter(
    client, dataset, worker, var, monkeypatch
):
    settings = LONG | {"epochs": 2}
    run = press_start(client, dataset, settings, monkeypatch)

    wait_for(lambda: not TrainingRun.objects.open().exists(), 240)

    run.refresh_from_db()
    log = (run.folder / "log.txt").read_text()
    assert (run.state, run.problem) == ("done", ""), log
    made = run.makes
    found = model_folders.verify(var / "models" / made.folder)
    assert (made.version, made.sha256) == (found.version, found.sha256)
    assert made.labels == list(PATTERNS)
    assert made.embedding_size == 2432
    assert [one["epoch"] for one in run.progress["epochs"]] == [1, 2]
    assert log.startswith("warning: The folder of everyday photos")
    assert run.progress["everyday"] == "missing"
    assert [one.name for one in run.folder.iterdir() if one.is_dir()] == []
    assert made.version in page(client, run)
    ended_at = run.ended_at
    training.run(run.pk)
    run.refresh_from_db()
    assert run.ended_at == ended_at


def test_a_killed_worker_takes_its_child_along_and_the_run_is_found_lost(
    client, dataset, worker, var, monkeypatch
):
    run = press_start(client, dataset, LONG, monkeypatch)
    wait_for((run.folder / "progress.json").exists)
    assert children_that_train(var) != []

    worker.send_signal(signal.SIGKILL)
    worker.wait()

    wait_for(lambda: not children_that_train(var), 10)
    run.refresh_from_db()
    assert run.state == "running"
    TrainingRun.objects.update(beat_at=timezone.now() - timedelta(seconds=61))
    assert training.mark_lost() == 1
    training.run(run.pk)  # what the queue hands over again
    run.refresh_from_db()
    assert (run.state, run.problem) == ("failed", training.LOST)
    assert (run.folder / "log.txt").exists()
    assert [one.name for one in run.folder.iterdir() if one.is_dir()] == []
    assert not (var / "models").exists()
    assert 'id="run-problem" class="errornote">' in page(client, run)
    assert training.repeat(run, by=None).state == "queued"

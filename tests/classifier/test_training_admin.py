"""The runs' pages in the admin."""

from __future__ import annotations

import time

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse
from django.utils import timezone, translation

from classifier import everyday, training
from classifier.groups import MODEL_KEEPER_GROUP
from classifier.models import DatasetPhoto, DatasetVersion, TrainingRun
from tests.factories import PhotoFactory, UserFactory

EPOCHS = [
    {"epoch": 1, "of": 3, "loss": 1.5, "val_loss": 1.25},
    {"epoch": 2, "of": 3, "loss": 0.5, "val_loss": 0.75, "val_top_1": 0.875},
]


@pytest.fixture
def keeper(db, client, settings, tmp_path, monkeypatch):
    settings.RUNS_FOLDER = tmp_path
    monkeypatch.setattr(training, "send", lambda run_id: False)
    person = UserFactory()
    person.groups.add(Group.objects.get(name=MODEL_KEEPER_GROUP))
    client.force_login(person)
    return person


@pytest.fixture
def dataset(keeper):
    return DatasetVersion.objects.create(number=1, digest="0" * 64)


def url(name, *arguments):
    return reverse(f"admin:classifier_trainingrun_{name}", args=arguments)


def in_english(name, *arguments):
    with translation.override("en"):
        return url(name, *arguments)


@pytest.fixture
def going(dataset):
    """A run half-way through a step that began a minute and a half ago."""
    now = timezone.now()
    run = TrainingRun.objects.create(
        dataset=dataset,
        state="running",
        started_at=now,
        beat_at=now,
        progress={
            "what": "head",
            "done": 1,
            "total": 3,
            "since": time.time() - 90,
            "epochs": EPOCHS,
        },
    )
    run.folder.mkdir()
    (run.folder / "log.txt").write_text("head: 1%\rhead: 33%\rhead: 66%\n<b>oh</b>\n")
    return run


def test_a_keeper_starts_a_run_and_lands_on_its_page(client, keeper, dataset):
    form = {"dataset": dataset.pk, "recipe": "full", "seed": 5}

    response = client.post(url("start"), form)

    run = TrainingRun.objects.get()
    assert response.url == url("change", run.pk)
    assert (run.recipe, run.seed, run.asked_by) == ("full", 5, keeper)
    assert client.get(response.url).status_code == 200
    assert client.post(url("start"), form).status_code == 422
    assert TrainingRun.objects.count() == 1


@pytest.mark.parametrize(
    "wrong", [{"dataset": 0}, {"recipe": "secret"}, {"seed": -1}, {"seed": 2**31}]
)
def test_a_run_that_cannot_be_is_refused(client, dataset, wrong):
    form = {"dataset": dataset.pk, "recipe": "default", "seed": 1}

    assert client.post(url("start"), form | wrong).status_code == 422
    assert not TrainingRun.objects.exists()


def test_the_state_is_told_as_json(client, going):
    live = client.get(url("live", going.pk)).json()

    assert (live["state"], live["is_open"], live["can_cancel"]) == (
        "running",
        True,
        True,
    )
    assert live["count"] == "1 / 3"
    assert "3" in live["left"]
    assert live["epochs"] == EPOCHS
    assert live["log"] == "head: 66%\n<b>oh</b>"


def test_without_javascript_the_page_shows_the_state(client, going):
    page = client.get(url("change", going.pk)).content.decode()

    assert "1 / 3" in page
    assert "<td>0.875</td>" in page
    assert "&lt;b&gt;oh&lt;/b&gt;" in page
    assert f'data-live="{url("live", going.pk)}"' in page


def test_that_nothing_shows_what_is_no_motif_is_told(client, going):
    page = client.get(in_english("change", going.pk)).content.decode()

    assert "Everyday photos are neither learned nor tested" in page


def test_how_many_photos_show_what_is_no_motif_is_told(client, going):
    for at, split in enumerate(("train", "val", "test", "train")):
        DatasetPhoto.objects.create(
            dataset=going.dataset,
            photo=PhotoFactory(),
            sha256="0" * 64,
            label="not-cloth" if at < 3 else "gigi-haruan",
            split=split,
            group=split,
            reason="determined",
        )

    page = client.get(in_english("change", going.pk)).content.decode()

    assert "2 to learn from and check with, 1 to test with" in page
    assert "neither learned nor tested" not in page


@pytest.mark.parametrize("state", ["missing", "empty", "used"])
def test_how_the_folder_of_everyday_photos_was_is_told(client, going, state):
    going.progress["everyday"] = state
    going.save()

    page = client.get(in_english("change", going.pk)).content.decode()

    with translation.override("en"):
        assert str(everyday.SENTENCES[state]) in page
    assert "neither learned nor tested" not in page


def test_a_run_that_waits_tells_how_the_folder_is_now(client, dataset, settings):
    run = training.ask_for_run(by=None, dataset=dataset)
    settings.TRAINING_UNKNOWN = str(settings.RUNS_FOLDER / "nowhere")

    assert "is not there" in client.get(in_english("change", run.pk)).content.decode()
    training.cancel(run)
    assert (
        "is not there" not in client.get(in_english("change", run.pk)).content.decode()
    )


def test_a_run_is_cancelled_and_repeated_by_buttons(client, keeper, dataset):
    run = training.ask_for_run(by=None, dataset=dataset, seed=9)

    client.post(url("repeat", run.pk))
    assert TrainingRun.objects.count() == 1
    client.post(url("cancel", run.pk))
    client.post(url("repeat", run.pk))

    run.refresh_from_db()
    assert run.state == "cancelled"
    again = TrainingRun.objects.get(repeats=run)
    assert (again.seed, again.asked_by) == (9, keeper)
    assert client.get(url("cancel", run.pk)).status_code == 405


def test_the_problem_of_a_failed_run_is_shown(client, going):
    TrainingRun.objects.update(
        state="failed", ended_at=timezone.now(), problem="error <x>"
    )

    page = client.get(url("change", going.pk)).content.decode()

    assert "error &lt;x&gt;" in page
    assert "data-live" not in page


def test_a_known_complaint_is_shown_in_the_readers_words(client, going):
    TrainingRun.objects.update(
        state="failed",
        ended_at=timezone.now(),
        problem="The label dots has one photo; it needs at least two, one to learn …",
    )

    with translation.override("en"):
        page = client.get(url("change", going.pk)).content.decode()

    assert "The motif dots has only one photo. It needs" in page
    assert "The label dots" not in page


def test_the_list_asks_no_more_for_more_runs(
    client, dataset, django_assert_max_num_queries
):
    for _ in range(8):
        TrainingRun.objects.create(
            dataset=dataset, state="cancelled", ended_at=timezone.now()
        )

    with django_assert_max_num_queries(10):
        assert client.get(url("changelist")).status_code == 200

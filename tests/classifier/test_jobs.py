"""Photos through the queue: same answer, never lost, nothing left behind."""

from __future__ import annotations

import os
import shutil
import threading
import time
import uuid
from datetime import timedelta
from io import StringIO

import pytest
from celery.contrib.testing.worker import start_worker
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone, translation
from kombu import pools

from classifier import actions, predictor
from classifier.models import KEPT, PATIENCE, IdentifyJob, queue_folder
from classifier.tasks import answer_job_task
from heritage.celery import app
from tests.classifier.fakes import FakePredictor
from tests.classifier.pictures import encoded, photo
from tests.classifier.rows import catalogue

URL = "/api/v1/identify"
ENGLISH = {"accept-language": "en"}


@pytest.fixture
def sent(monkeypatch) -> list[str]:
    """The queue takes tasks and does nothing with them."""
    tasks: list[str] = []
    monkeypatch.setattr(answer_job_task, "delay", tasks.append)
    return tasks


@pytest.fixture
def dead_broker():
    """No broker listens where the settings say."""
    old = app.conf.broker_url
    _move_broker("redis://127.0.0.1:1/0")
    yield
    _move_broker(old)


def _move_broker(url: str) -> None:
    pools.reset()
    app.conf.update(broker_url=url, broker_read_url=url, broker_write_url=url)
    app.amqp._producer_pool = None
    app._pool = None


def post(client, *files, headers=ENGLISH):
    return client.post(f"{URL}?async=1", {"image": list(files)}, headers=headers)


def files_left() -> list[str]:
    folder = queue_folder()
    return [p.name for p in folder.rglob("*")] if folder.exists() else []


def queued(*contents: bytes, **fields) -> IdentifyJob:
    """A job whose photos wait, as if the queue had its task."""
    job = IdentifyJob.objects.create(language="en", **fields)
    job.folder.mkdir(parents=True)
    for position, content in enumerate(contents or [encoded()]):
        (job.folder / str(position)).write_bytes(content)
    return job


def without_time(body: dict) -> dict:
    return {key: value for key, value in body.items() if key != "elapsed_ms"}


@pytest.mark.django_db(transaction=True)
def test_a_queued_photo_gets_the_same_answer_from_a_worker(client, fake):
    catalogue()
    at_once = client.post(URL, {"image": photo()}, headers=ENGLISH).json()

    with start_worker(app, pool="solo", perform_ping_check=False, loglevel="ERROR"):
        accepted = post(client, photo())
        done = wait_for(client, accepted["Location"])

    assert accepted.status_code == 202
    assert done["state"] == "done"
    assert without_time(done["answer"]) == without_time(at_once)
    assert files_left() == []


def wait_for(client, address: str) -> dict:
    for _ in range(1200):
        body = client.get(address, headers=ENGLISH).json()
        if body["state"] != "queued":
            return body
        threading.Event().wait(0.05)
    raise AssertionError("no answer within 60 s")


@pytest.mark.django_db(transaction=True)
def test_a_queued_refusal_is_the_same_problem(client, fake, sent):
    bad = photo(encoded()[:300])
    at_once = client.post(URL, {"image": bad}, headers=ENGLISH).json()
    bad.seek(0)

    address = post(client, bad)["Location"]
    answer_job_task(sent[0])

    body = client.get(address, headers=ENGLISH).json()
    assert body["state"] == "failed"
    assert body["problem"] == at_once
    assert files_left() == []


@pytest.mark.django_db(transaction=True)
def test_a_job_waits_with_its_photos_as_they_were_given(client, fake, sent):
    content = encoded()

    response = post(client, photo(content), photo(content))

    job = IdentifyJob.objects.get()
    body = response.json()
    assert response.status_code == 202
    assert response["Location"] == f"{URL}/{job.pk}"
    assert (body["state"], body["answer"], body["problem"]) == ("queued", None, None)
    assert sent == [str(job.pk)]
    assert [(job.folder / name).read_bytes() for name in "01"] == [content, content]
    assert (job.folder / "0").stat().st_mode & 0o077 == 0 or (
        job.folder.stat().st_mode & 0o077 == 0
    )


@pytest.mark.django_db(transaction=True)
def test_a_waiting_job_says_when_to_ask_again(client, fake, sent):
    address = post(client, photo())["Location"]

    response = client.get(address)

    assert response.json()["state"] == "queued"
    assert response["Cache-Control"] == "no-store"
    assert response["Retry-After"] == "1"


@pytest.mark.django_db
@pytest.mark.parametrize("slash", ["", "/"])
def test_an_unknown_job_does_not_exist(client, slash):
    response = client.get(f"{URL}/{uuid.uuid4()}{slash}")

    assert response.status_code == 404
    assert response["Content-Type"].startswith("application/problem+json")
    assert response.json()["code"] == "not_found"


@pytest.mark.django_db
def test_a_job_can_only_be_read(client, fake):
    assert client.post(f"{URL}/{queued().pk}").status_code == 405


@pytest.mark.django_db(transaction=True)
def test_with_the_broker_down_the_photo_is_answered_at_once(client, fake, dead_broker):
    catalogue()

    response = post(client, photo())

    body = response.json()
    assert response.status_code == 202
    assert body["state"] == "done"
    assert body["answer"]["answer"]["kind"] == "either"
    assert client.get(response["Location"]).json()["state"] == "done"
    assert files_left() == []


@pytest.mark.django_db(transaction=True)
def test_with_the_broker_down_and_no_turn_the_job_stays_queued(
    client, fake, dead_broker, monkeypatch
):
    def busy(photos):
        raise predictor.Busy

    monkeypatch.setattr(predictor, "predict", busy)

    response = post(client, photo())

    assert response.json()["state"] == "queued"
    assert len(files_left()) == 2


@pytest.mark.django_db(transaction=True)
def test_twice_is_the_same_as_once(fake):
    job = queued()

    answer_job_task(str(job.pk))
    first = IdentifyJob.objects.values().get()
    answer_job_task(str(job.pk))

    assert IdentifyJob.objects.values().get() == first
    assert fake.photos_seen == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_with_one_task_look_once(fake):
    job = queued()

    def work():
        try:
            answer_job_task(str(job.pk))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert fake.photos_seen == 1
    assert IdentifyJob.objects.get().state == "done"


@pytest.mark.django_db(transaction=True)
def test_a_missing_row_is_no_error(fake):
    answer_job_task(str(uuid.uuid4()))

    assert fake.photos_seen == 0


@pytest.mark.django_db(transaction=True)
def test_photos_that_are_gone_fail_the_job(fake):
    job = queued()
    shutil.rmtree(job.folder)

    answer_job_task(str(job.pk))

    job.refresh_from_db()
    assert (job.state, job.problem["code"]) == ("failed", "photos_gone")


@pytest.mark.django_db(transaction=True)
def test_a_defect_fails_the_job_and_deletes_its_photos(use_predictor, caplog):
    class Broken(FakePredictor):
        def predict(self, images):
            raise RuntimeError("the interpreter fell over")

    use_predictor(Broken())
    job = queued()

    answer_job_task(str(job.pk))

    job.refresh_from_db()
    assert (job.state, job.problem["code"]) == ("failed", "failed")
    assert "fell over" in caplog.text
    assert "fell over" not in str(job.problem)
    assert files_left() == []


@pytest.mark.django_db(transaction=True)
def test_without_a_model_the_job_says_so(no_model):
    job = queued()

    answer_job_task(str(job.pk))

    job.refresh_from_db()
    assert (job.state, job.problem["code"]) == ("failed", "no_model")


@pytest.mark.django_db(transaction=True)
def test_a_job_is_answered_in_the_language_it_was_asked_in(client, fake, sent):
    post(client, photo(), headers={"accept-language": "en"})

    with translation.override("id"):
        answer_job_task(sent[0])

    message = IdentifyJob.objects.get().answer["message"]
    assert "not published in the catalogue" in message


@pytest.mark.django_db(transaction=True)
def test_a_photo_that_cannot_be_stored_leaves_nothing(client, fake, sent, settings):
    class Broken:
        def chunks(self):
            yield b"abc"
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="disk is full"):
        actions.queue_photos([Broken()])

    assert files_left() == []
    assert not IdentifyJob.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "fields",
    [
        {"state": "done"},
        {"state": "done", "answer": {}, "problem": {}, "answered_at": timezone.now()},
        {"state": "failed", "answered_at": timezone.now()},
        {"state": "queued", "answer": {}},
        {"state": "queued", "answered_at": timezone.now()},
        {"state": "lost"},
    ],
    ids=lambda fields: " ".join([fields["state"], *fields]),
)
def test_a_row_has_what_its_state_says(fields):
    with pytest.raises(IntegrityError), transaction.atomic():
        IdentifyJob.objects.create(language="en", **fields)


@pytest.mark.django_db(transaction=True)
def test_the_sweep_hands_over_what_the_queue_lost(fake, sent):
    lost = queued(created_at=timezone.now() - PATIENCE * 2)
    young = queued()
    for folder in (lost.folder, young.folder):
        age(folder)

    out = StringIO()
    call_command("sweep", stdout=out)

    assert sent == [str(lost.pk)]
    assert "identify jobs, handed_over: 1" in out.getvalue()
    assert lost.folder.exists()
    assert young.folder.exists()


@pytest.mark.django_db(transaction=True)
def test_the_sweep_deletes_what_is_older_than_a_day(fake, sent):
    old = timezone.now() - KEPT - timedelta(minutes=1)
    waiting = queued(created_at=old)
    done = IdentifyJob.objects.create(
        language="en", state="done", answer={}, answered_at=old, created_at=old
    )
    fresh = IdentifyJob.objects.create(
        language="en", state="done", answer={}, answered_at=timezone.now()
    )
    age(waiting.folder)

    actions.sweep_jobs()

    assert list(IdentifyJob.objects.all()) == [fresh]
    assert not IdentifyJob.objects.filter(pk=done.pk).exists()
    assert files_left() == []
    assert sent == []


@pytest.mark.django_db(transaction=True)
def test_the_sweep_deletes_photos_that_no_waiting_job_claims(fake, sent):
    answered = queued(created_at=timezone.now() - PATIENCE * 2)
    actions.answer_job(answered.pk)
    answered.folder.mkdir()
    orphan = queue_folder() / str(uuid.uuid4())
    orphan.mkdir()
    for folder in (answered.folder, orphan):
        age(folder)
    being_written = queue_folder() / str(uuid.uuid4())
    being_written.mkdir()

    done = actions.sweep_jobs()

    assert done["folders_deleted"] == 2
    assert files_left() == [being_written.name]


def age(folder) -> None:

    long_ago = time.time() - 10 * PATIENCE.total_seconds()
    os.utime(folder, (long_ago, long_ago))


@pytest.mark.django_db
def test_the_sweep_of_nothing_is_no_error():
    assert actions.sweep_jobs() == {
        "handed_over": 0,
        "deleted": 0,
        "folders_deleted": 0,
    }

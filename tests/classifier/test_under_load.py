"""A new champion under load: gunicorn as in production, and two real networks."""

from __future__ import annotations

import hashlib
import http.client
import json
import shutil
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from io import BytesIO
from itertools import count
from pathlib import Path

import pytest
from ai_edge_litert.interpreter import Interpreter
from django.conf import settings as site
from django.contrib.auth.models import Group
from django.db import connection
from PIL import Image

from classifier import model_folders, predictor
from classifier.groups import MODEL_KEEPER_GROUP
from classifier.models import ModelVersion
from classifier.promoting import promote, roll_back
from heritage.serve import _gunicorn
from tests.classifier.pictures import cloth, encoded
from tests.factories import MotifFactory, UserFactory
from tests.heritage.test_serve import free_port
from tests.processes import started

pytestmark = pytest.mark.django_db(transaction=True)

EVERY_S = 1 / 20
LIMIT_S = 40.0
"""Reached only where a process does not change over; else it takes two seconds."""
UNDERWAY_S = 2.0
"""Requests that were asked for in turn are answered in turn but for so much."""
FIRST = 20
"""So many requests are answered before anything changes."""
BOUNDARY = "edge"


def other_network(folder: Path) -> None:
    """Write the starter with the rows of its last layer moved on by one.

    A network like any other, with other bytes, that gives each score to the next label.
    """
    shutil.copytree(site.MODEL_FOLDER, folder)
    file, manifest = folder / "model.tflite", folder / "manifest.json"
    facts, content = json.loads(manifest.read_text()), file.read_bytes()
    before = facts["files"][file.name]
    network = Interpreter(str(file))
    for tensor in network.get_tensor_details():
        is_stored = tensor["dtype"].__name__ == "float16"
        if is_stored and list(tensor["shape"][:1]) == [len(facts["labels"])]:
            rows = network.get_tensor(tensor["index"]).tobytes()
            assert content.count(rows) == 1
            row = len(rows) // len(facts["labels"])
            content = content.replace(rows, rows[-row:] + rows[:-row])
    file.write_bytes(content)
    after = hashlib.sha256(content).hexdigest()
    assert after != before
    text = manifest.read_text().replace(before, after)
    manifest.write_text(text.replace(facts["version"], "20260101-moved"))


@pytest.fixture
def challenger(settings, tmp_path):
    settings.MODELS_FOLDER = tmp_path / "models"
    folder = settings.MODELS_FOLDER / "moved"
    other_network(folder)
    found = model_folders.verify(folder)
    return ModelVersion.objects.create(
        version=found.version,
        sha256=found.sha256,
        labels=list(found.labels),
        embedding_size=found.embedding_size,
        folder=folder.name,
    )


@pytest.fixture
def keeper(transactional_db):
    person = UserFactory()
    person.groups.add(Group.objects.get(name=MODEL_KEEPER_GROUP))
    return person


@pytest.fixture
def port(transactional_db, tmp_path):
    """The site as `make run` starts it; the log says which process gave an answer."""
    chosen = free_port()
    command = [
        *_gunicorn(chosen),
        *("--access-logfile", str(tmp_path / "access.log")),
        *("--access-logformat", "%({x-request-id}o)s %(p)s"),
    ]
    with started(command, tmp_path, THROTTLE_IDENTIFY="1000000/min"):
        # Each process has its model before anything changes.
        deadline = time.monotonic() + 60
        while len(set(answered_by(tmp_path).values())) < 2:
            with suppress(OSError):
                identify(chosen, encoded())
            assert time.monotonic() < deadline, "gunicorn does not answer"
            time.sleep(0.1)
        yield chosen


def answered_by(folder) -> dict[str, str]:
    """Which process gave an answer, by the request's id."""
    with suppress(FileNotFoundError):
        lines = (folder / "access.log").read_text().splitlines()
        return dict(line.split() for line in lines)
    return {}


def ask(port, method, address, body=None):
    """Status, request's id and content, over a connection of its own."""
    asked = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"} if body else {}
    asked.request(method, address, body, kind)
    answer = asked.getresponse()
    content = answer.read()
    asked.close()
    return answer.status, answer.headers["X-Request-ID"], content


def identify(port, photo):
    """When it was asked, the status, the request's id, and what was said."""
    at = time.monotonic()
    head = (
        f"--{BOUNDARY}\r\nContent-Disposition: form-data; name=image; filename=a.jpg"
        "\r\nContent-Type: image/jpeg\r\n\r\n"
    )
    body = head.encode() + photo + f"\r\n--{BOUNDARY}--\r\n".encode()
    status, number, content = ask(port, "POST", "/api/v1/identify", body)
    said = json.loads(content)
    said.pop("elapsed_ms", None)
    return at, status, number, said


def alone(folder, photo) -> dict:
    """What a model says by itself, as far as the answer must repeat it."""
    said = predictor.load(folder).predict([Image.open(BytesIO(photo))])
    return {
        "model": {"version": said.model_version, "sha256": said.sha256},
        "unknown_score": round(said.unknown_score, 4),
        "scores": [round(one.score, 4) for one in said.suggestions],
        "slugs": [one.label for one in said.suggestions],
    }


def as_alone(said) -> dict:
    return {
        "model": said["model"],
        "unknown_score": said["unknown_score"],
        "scores": [one["score"] for one in said["suggestions"]],
        "slugs": [one["slug"] for one in said["suggestions"]],
    }


def done_at(act) -> float:
    """Change the ledger, in a thread of its own; when that was committed."""
    try:
        act()
        return time.monotonic()
    finally:
        connection.close()


def is_past(change, asked, folder, sha256) -> bool:
    """Whether every process has changed over, or had more than its time to."""
    if not change.done():
        return False
    processes, latest = answered_by(folder), {}
    for one in asked:
        if one.done() and one.result()[2] in processes:
            _at, _status, number, said = one.result()
            latest[processes[number]] = said["model"]["sha256"]
    has_changed = len(latest) == 2 and set(latest.values()) == {sha256}
    return has_changed or time.monotonic() > change.result() + LIMIT_S


def test_a_promotion_and_a_step_back_under_load_fail_and_mix_no_answer(
    challenger, keeper, port, tmp_path
):
    own = predictor.read(site.MODEL_FOLDER).manifest
    for label in own.motifs:
        MotifFactory(slug=label)
    photo = encoded(cloth(), quality=95)
    folders = (site.MODEL_FOLDER, site.MODELS_FOLDER / challenger.folder)
    models = [alone(folder, photo) for folder in folders]
    assert models[0]["slugs"] != models[1]["slugs"]
    shas = [one["model"]["sha256"] for one in models]

    reason, asked = "A test.", []
    forth = back = None
    start = time.monotonic()
    with ThreadPoolExecutor(9) as people:
        for number in count():
            time.sleep(max(0.0, start + number * EVERY_S - time.monotonic()))
            asked.append(people.submit(identify, port, photo))
            if number == FIRST:
                act = partial(promote, version=challenger, by=keeper, reason=reason)
                forth = people.submit(done_at, act)
            elif forth and not back and is_past(forth, asked, tmp_path, shas[1]):
                back = people.submit(done_at, partial(roll_back, by=keeper))
            elif back and is_past(back, asked, tmp_path, shas[0]):
                break
        took = time.monotonic() - start
    there, again = forth.result(), back.result()

    answers = [one.result() for one in asked]
    assert {status for _at, status, _number, _said in answers} == {200}
    assert len(answers) / took > 19
    # Of each model one answer, byte for byte, that repeats what it says by itself.
    whole = {json.dumps(said): said for _at, _status, _number, said in answers}
    assert sorted(map(repr, map(as_alone, whole.values()))) == sorted(map(repr, models))
    processes = answered_by(tmp_path)
    of_process = defaultdict(lambda: ([], []))
    for at, _status, number, said in answers:
        of_process[processes[number]][models.index(as_alone(said))].append(at)
    assert len(of_process) == 2
    for own, new in of_process.values():
        # It changes over once each way, some time after the ledger's line.
        assert there < min(new) + UNDERWAY_S
        assert [at for at in own if min(new) + UNDERWAY_S < at < again] == []
        changed_back = min(at for at in own if at > again)
        assert [at for at in new if at > changed_back + UNDERWAY_S] == []

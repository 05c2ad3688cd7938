"""A new champion is picked up by running processes, with no request that fails."""

from __future__ import annotations

import hashlib
import shutil
import threading
import time
from pathlib import Path

import pytest
from django.db import Error, IntegrityError, transaction
from django.urls import reverse

from classifier import ledger, predictor
from classifier.models import Promotion
from ml.artifact import ArtifactError
from tests.classifier.pictures import photo
from tests.classifier.rows_of_models import line, model, register
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def version_now():
    return predictor.champion().manifest.version


def until(version, seconds=60.0):
    """Wait for a version to answer; loading is another thread's."""
    end = time.monotonic() + seconds
    while version_now() != version:
        assert time.monotonic() < end, f"{version_now()} answers, not {version}"
        time.sleep(0.01)


def test_without_a_line_the_sites_own_model_answers(models):
    assert version_now() == "own"


def test_the_last_line_says_which_model_answers(models):
    models |= {"b": model("b"), "c": model("c")}
    line(register("c"), UserFactory())
    line(register("b"), UserFactory())

    assert version_now() == "b"


def test_a_running_process_picks_up_a_new_champion_and_goes_back(models):
    models["b"] = model("b")
    assert version_now() == "own"

    line(register("b"), UserFactory())
    until("b")

    line(register("own", folder=""), UserFactory(), is_rollback=True)
    until("own")


def test_the_ledger_is_asked_once_a_second_at_most(
    models, monkeypatch, django_assert_num_queries
):
    version_now()
    monkeypatch.setattr(ledger, "CHECK_S", 1000.0)

    with django_assert_num_queries(0):
        version_now()


def test_to_ask_the_ledger_is_one_query(models, django_assert_num_queries):
    models["b"] = model("b")
    line(register("b"), UserFactory())

    with django_assert_num_queries(1):
        version_now()


def test_while_a_new_champion_loads_the_earlier_one_answers(models, monkeypatch):
    version_now()
    may_load, load = threading.Event(), predictor.load

    def slow(folder):
        assert may_load.wait(60)
        return load(folder)

    monkeypatch.setattr(predictor, "load", slow)
    models["b"] = model("b")
    line(register("b"), UserFactory())

    assert [version_now() for _ in range(5)] == ["own"] * 5
    may_load.set()
    until("b")


@pytest.mark.parametrize(
    "wrong",
    [
        ArtifactError("It was altered."),
        OSError("No such file."),
        ValueError("Surprise."),
        model("other"),
    ],
    ids=lambda wrong: type(wrong).__name__,
)
def test_a_damaged_new_champion_leaves_the_earlier_one_and_is_logged(
    models, caplog, wrong
):
    version_now()
    models["b"] = wrong
    line(register("b"), UserFactory())

    end = time.monotonic() + 60
    while "new champion cannot be loaded" not in caplog.text:
        assert version_now() == "own"
        assert time.monotonic() < end
        time.sleep(0.01)

    assert version_now() == "own"


def test_a_process_that_starts_with_a_damaged_champion_answers_with_its_own(
    models, caplog
):
    models["b"] = ArtifactError("It was altered.")
    line(register("b"), UserFactory())

    assert version_now() == "own"
    assert "champion cannot be loaded" in caplog.text


def test_with_the_database_down_the_last_known_champion_stays(models, monkeypatch):
    models["b"] = model("b")
    line(register("b"), UserFactory())
    assert version_now() == "b"

    def down():
        raise Error("no route")

    monkeypatch.setattr(ledger, "wanted", down)

    assert version_now() == "b"


def test_what_happens_in_one_request_is_said_by_one_model(models):
    models["b"] = model("b")
    with predictor.one_model():
        version_now()
        line(register("b"), UserFactory())
        end = time.monotonic() + 0.3
        while time.monotonic() < end:
            assert version_now() == "own"
            with predictor.one_model():
                assert predictor.describe().version == "own"

    until("b")


def test_a_page_and_its_answer_are_of_one_model(models, client, monkeypatch):
    models |= {"b": model("b", "naga-balimbur")}
    b, by = register("b"), UserFactory()
    look = models["own"].predict

    def promoted_meanwhile(images):
        line(b, by)
        said = look(images)
        predictor.forget()
        return said

    monkeypatch.setattr(models["own"], "predict", promoted_meanwhile)

    page = client.post(reverse("classifier:identify"), {"image": photo()})

    assert page.context["answer"]["model"]["version"] == "own"
    assert page.context["model"].version == "own"
    until("b")


def test_an_earlier_champions_file_is_served_and_a_challengers_is_not(
    models, client, tmp_path, settings
):
    for name in ("earlier", "challenger"):
        shutil.copytree(Path(__file__).parents[2] / "ml" / "starter", tmp_path / name)
    shas = {}
    for name in ("earlier", "challenger"):
        file = tmp_path / name / "model.tflite"
        if name == "challenger":
            file.write_bytes(file.read_bytes() + b"\0")
            manifest = tmp_path / name / "manifest.json"
            old = shas["earlier"]
            shas[name] = hashlib.sha256(file.read_bytes()).hexdigest()
            manifest.write_text(manifest.read_text().replace(old, shas[name]))
        else:
            shas[name] = hashlib.sha256(file.read_bytes()).hexdigest()
    rows = {name: register(name) for name in shas}
    for name, row in rows.items():
        row.sha256 = shas[name]
        row.save()
    models["b"] = model("b")
    line(rows["earlier"], UserFactory())
    line(register("b"), UserFactory(), before=rows["earlier"])

    earlier = client.get(reverse("model-file", args=[shas["earlier"]]))
    other = client.get(reverse("model-file", args=[shas["challenger"]]))
    assert earlier.status_code == 200
    file = tmp_path / "earlier" / "model.tflite"
    assert b"".join(earlier.streaming_content) == file.read_bytes()
    assert other.status_code == 404


def test_lines_of_the_ledger_are_neither_changed_nor_deleted():
    made = line(register("b"), UserFactory())

    for act in (
        lambda: Promotion.objects.filter(pk=made.pk).update(reason="Another."),
        lambda: Promotion.objects.filter(pk=made.pk).delete(),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            act()

    assert Promotion.objects.get().reason == ""

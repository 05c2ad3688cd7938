"""Keepers see the gate and change the champion; everybody reads the ledger."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation
from django.utils.html import escape

from classifier import predictor
from classifier.evaluating import note_failure
from classifier.groups import MODEL_KEEPER_GROUP
from classifier.model_views import on_day
from classifier.models import (
    DatasetVersion,
    Evaluation,
    FailedEvaluation,
    Promotion,
    SharedAnswer,
)
from classifier.promoting import champion_row
from classifier.tasks import compare_models_task
from tests.classifier.pictures import photo
from tests.classifier.rows_of_models import digest, line, model, register
from tests.classifier.test_gate import evaluated, some, truth
from tests.factories import MotifFactory, UserFactory

pytestmark = pytest.mark.django_db
ADMIN = "admin:classifier_modelversion_"


@pytest.fixture
def keeper(client):
    person = UserFactory(is_staff=True)
    person.groups.add(Group.objects.get(name=MODEL_KEEPER_GROUP))
    client.force_login(person)
    return person


@pytest.fixture
def challenger(models):
    """A version that the gate refuses: it lost a motif."""
    models["b"] = model("b")
    dataset = DatasetVersion.objects.create(number=4, digest="a" * 64)
    version = register("b")
    for one, wrong in ((champion_row(), ()), (version, some("hiris-pudak", 20))):
        Evaluation.objects.create(
            model_version=one, dataset=dataset, metrics=evaluated(truth(), wrong)
        )
    return version


def at(*when):
    return datetime(*when, tzinfo=ZoneInfo("Asia/Makassar"))


@pytest.fixture
def lines(models):
    """Own until 3 March 10:00, then c; d from 5 March 09:00, c again from 17:00."""
    models |= {"c": model("c"), "d": model("d")}
    own, c, d, by = champion_row(), register("c"), register("d"), UserFactory()
    line(c, by, own, promoted_at=at(2026, 3, 3, 10))
    line(d, by, c, promoted_at=at(2026, 3, 5, 9))
    line(c, by, d, promoted_at=at(2026, 3, 5, 17), is_rollback=True, reason="Lambat.")
    return {"own": own, "c": c, "d": d}


# For keepers


def test_a_versions_page_has_the_gates_sentences_and_each_motifs_change(
    client, keeper, challenger
):
    with translation.override("en"):
        page = client.get(reverse(ADMIN + "change", args=[challenger.pk]))
    text = page.content.decode()

    assert "The gate does not let it pass." in text
    assert "Not recognised once any more: hiris-pudak." in text
    assert "dataset version 4" in text
    row = next(one for one in page.context["changes"] if one["motif"] == "hiris-pudak")
    assert (row["was"], row["now"], row["is_worse"]) == (1.0, 0.0, True)


def test_overruling_takes_a_reason(client, keeper, challenger):
    address = reverse(ADMIN + "promote", args=[challenger.pk])

    client.post(address)
    assert Promotion.objects.count() == 0
    client.post(address, {"reason": "Fotonya salah label."})

    made = Promotion.objects.get()
    assert (made.to_version, made.promoted_by) == (challenger, keeper)
    assert made.reason == "Fotonya salah label."


def test_a_step_back_says_what_it_will_do_and_does_it_on_a_press(client, keeper, lines):
    with translation.override("en"):
        address = reverse(ADMIN + "rollback")
    text = client.get(address).content.decode()

    assert "c answers now. After this own answers again" in text
    assert Promotion.objects.count() == 3

    client.post(address)

    assert Promotion.objects.order_by("pk").last().to_version == lines["own"]


def test_a_comparison_goes_into_the_queue(client, keeper, challenger, queued):
    dataset = DatasetVersion.objects.get()

    client.post(
        reverse(ADMIN + "evaluate", args=[challenger.pk]), {"dataset": dataset.pk}
    )

    assert queued == [("compare", challenger.pk, dataset.pk)]


def test_a_failed_comparison_is_shown_with_its_reason_and_asked_for_again(
    client, keeper, challenger, queued
):
    dataset = DatasetVersion.objects.get()
    line = "error: [Errno 28] No space left on device: '/tmp/x'"
    note_failure(version=challenger, dataset=dataset, problem=line)
    with translation.override("en"):
        address = reverse(ADMIN + "change", args=[challenger.pk])
        text = client.get(address).content.decode()

    assert "dataset version 4 failed" in text
    assert "The disk is full. Make room and try again." in text
    assert escape(line) in text
    assert "Ask again" in text

    client.post(
        reverse(ADMIN + "evaluate", args=[challenger.pk]), {"dataset": dataset.pk}
    )

    assert queued == [("compare", challenger.pk, dataset.pk)]
    assert "Ask again" not in client.get(address).content.decode()


def test_a_failure_stays_when_the_queue_does_not_take_the_comparison(
    client, keeper, challenger, monkeypatch
):
    dataset = DatasetVersion.objects.get()
    note_failure(version=challenger, dataset=dataset, problem="No.")
    address = reverse(ADMIN + "evaluate", args=[challenger.pk])

    def down(version_id, dataset_id):
        raise ConnectionError

    monkeypatch.setattr(compare_models_task, "delay", down)
    client.post(address, {"dataset": dataset.pk})
    assert FailedEvaluation.objects.get().problem == "No."

    def fails_at_once(version_id, dataset_id):
        note_failure(version=challenger, dataset=dataset, problem="Again.")

    monkeypatch.setattr(compare_models_task, "delay", fails_at_once)
    client.post(address, {"dataset": dataset.pk})
    assert FailedEvaluation.objects.get().problem == "Again."


def test_a_report_is_framed_by_its_page_and_can_run_nothing(
    client, keeper, challenger, settings
):
    evaluation = challenger.evaluations.get()
    evaluation.folder = "reports/x"
    evaluation.save()
    there = settings.MODELS_FOLDER / "reports/x"
    there.mkdir(parents=True)
    (there / "report.html").write_text("<style>p{}</style><p>Report")

    page = client.get(reverse(ADMIN + "change", args=[challenger.pk]))
    report = client.get(reverse(ADMIN + "report", args=[challenger.pk, evaluation.pk]))

    assert b"<iframe sandbox" in page.content
    assert b"".join(report.streaming_content).endswith(b"<p>Report")
    policy = report["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert policy.endswith("; sandbox")
    assert report["X-Frame-Options"] == "SAMEORIGIN"


def test_the_list_marks_the_champion_and_asks_no_more_for_more_rows(
    client, keeper, lines
):
    def ask():
        with CaptureQueriesContext(
            connection,
        ) as asked:
            page = client.get(reverse(ADMIN + "changelist"))
        return page, len(asked)

    ask()
    page, before = ask()
    for number in range(5):
        register(f"x{number}")
    _page, after = ask()

    rows = page.context["cl"].result_list
    assert [row.version for row in rows if row.live == row.pk] == ["c"]
    assert after == before


# For everybody


@pytest.mark.parametrize(
    ("day", "versions"),
    [
        (date(2026, 3, 1), ["own"]),
        (date(2026, 3, 3), ["own", "c"]),
        (date(2026, 3, 4), ["c"]),
        (date(2026, 3, 5), ["c", "d", "c"]),
        (date(2026, 3, 6), ["c"]),
    ],
)
def test_the_ledger_says_which_models_answered_on_a_day(lines, day, versions):
    assert [one["version"].version for one in on_day(day)] == versions


def test_before_any_line_the_sites_own_model_answered_on_every_day(models):
    assert on_day(date(2026, 3, 1)) == [{"version": None, "since": None}]


def test_everybody_reads_which_model_answers_and_which_did(client, lines):
    with translation.override("en"):
        address = reverse("models:model")
    text = client.get(address, {"on": "2026-03-05"}).content.decode()

    assert digest("c") in text
    assert "Lambat." in text
    assert text.count("A step back.") == 1
    assert "March 5, 2026" in text


def test_nobodys_name_is_on_the_public_page(client, lines):
    by = Promotion.objects.first().promoted_by

    assert by.username not in client.get(reverse("models:model")).content.decode()


@pytest.mark.parametrize("asked", ["2026-02-30", "kemarin", "2026"])
def test_a_day_that_is_none_is_a_422_on_the_page_and_a_400_in_the_api(client, asked):
    assert client.get(reverse("models:model"), {"on": asked}).status_code == 422
    said = client.get(reverse("api-model-ledger"), {"on": asked})
    assert (said.status_code, said.json()["code"]) == (400, "bad_day")


def test_a_site_without_a_model_has_the_page_all_the_same(client, no_model):
    assert client.get(reverse("models:model")).status_code == 200


def test_the_page_asks_no_more_for_a_longer_ledger(client, lines):
    def count():
        with CaptureQueriesContext(connection) as asked:
            client.get(reverse("models:model"))
        return len(asked)

    count()
    before = count()
    for number in range(5):
        line(register(f"x{number}"), UserFactory())

    assert count() <= before


def test_what_was_promoted_and_does_not_answer_yet_lends_the_other_no_figures(
    client, lines
):
    told = client.get(reverse("models:model"))
    line(register("away"), UserFactory())

    context = client.get(reverse("models:model")).context

    assert told.context["since"] is not None
    assert context["since"] is None
    assert context["evaluation"] is None


def test_programs_read_the_ledger_and_ask_for_a_day(client, lines):
    address = reverse("api-model-ledger")

    every = client.get(address).json()["models"]
    day = client.get(address, {"on": "2026-03-04"}).json()["models"]

    assert [one["version"] for one in every] == ["c", "d", "c"]
    assert [(one["version"], one["sha256"]) for one in day] == [("c", digest("c"))]
    assert day[0]["since"].startswith("2026-03-03T10:00:00")


def test_a_shared_answer_stays_and_todays_model_speaks_beside_it(client, models):
    MotifFactory(slug="gigi-haruan", name="Gigi Haruan")
    MotifFactory(slug="hiris-pudak", name="Hiris Pudak")
    models["b"] = model("b", "hiris-pudak")
    for with_photo in ("yes", "no"):
        sent = {"image": photo(), "with_photo": with_photo}
        assert client.post(reverse("classifier:share"), sent).status_code == 201
    kept, without = SharedAnswer.objects.order_by("photo").reverse()
    assert client.get(kept.get_absolute_url()).context["today"] is None

    line(register("b"), UserFactory())
    predictor.forget()
    page = client.get(kept.get_absolute_url())

    assert page.context["answer"]["model"]["version"] == "own"
    assert page.context["answer"]["suggestions"][0]["slug"] == "gigi-haruan"
    assert page.context["today"]["model"]["version"] == "b"
    assert page.context["today"]["suggestions"][0]["slug"] == "hiris-pudak"
    assert client.get(without.get_absolute_url()).context["today"] is None
    seen = models["b"].photos_seen
    client.get(kept.get_absolute_url())
    assert models["b"].photos_seen == seen == 1

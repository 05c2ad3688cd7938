"""Who reports a problem and leaves an address is answered, once, and then forgotten."""

from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone, translation

from motifs import actions, notices, refusals, sweeping, tasks
from motifs.models import Notice, ProblemReport
from tests.factories import CuratorFactory, MotifFactory, PhotoFactory, UserFactory

pytestmark = pytest.mark.django_db
ADDRESS = "galuh@example.id"


@pytest.fixture(autouse=True)
def queue(monkeypatch):
    """What would be handed to the queue."""
    handed = []
    monkeypatch.setattr(tasks.send_notice_task, "delay", handed.append)
    monkeypatch.setattr(notices, "_queue_down_until", 0.0)
    return handed


def reported(language="en", **fields):
    with translation.override(language):
        return actions.report_problem(
            **{"kind": "wrong", "text": "Salah.", "by": None, "contact": ADDRESS}
            | ({} if "photo" in fields else {"motif": MotifFactory()})
            | fields
        )


def resolve(problem, **said):
    return actions.resolve_problem(
        problem=problem, by=CuratorFactory(), resolution="Diperbaiki.", **said
    )


class TestAnswer:
    def test_it_is_mailed_once_and_names_no_curator(
        self, settings, queue, django_capture_on_commit_callbacks
    ):
        settings.SITE_URL = "https://langgundi.example"
        photo = PhotoFactory()
        problem = reported(photo=photo)

        with django_capture_on_commit_callbacks(execute=True):
            resolve(problem, answer=" Thank you, it is mended. ")
        assert queue == [Notice.objects.get().pk]
        assert notices.send_notice(queue[0])
        assert not notices.send_notice(queue[0])
        assert notices.sweep_notices() == 0

        (sent,) = mail.outbox
        assert sent.to == [ADDRESS]
        assert "Thank you, it is mended." in sent.body
        assert f"https://langgundi.example/en/photos/{photo.pk}/" in sent.body
        assert problem.resolved_by.username not in sent.message().as_string()
        # What was done is for the history, and says more than is the reporter's.
        assert "Diperbaiki." not in sent.body

    def test_the_sweep_sends_what_the_queue_lost(self):
        resolve(reported(), answer="Mended.")

        assert sweeping.sweep_contributions()["mails_sent"] == 1

    @pytest.mark.parametrize("language", ["id", "en"])
    def test_in_the_language_of_the_report(self, language):
        problem = reported(language)

        with translation.override("en" if language == "id" else "id"):
            resolve(problem, answer="Sudah.")
            notices.sweep_notices()

        assert f"/{language}/motifs/" in mail.outbox[0].body

    def test_with_an_account_in_the_language_of_its_mails(self):
        problem = reported("id", by=UserFactory(mail_language="en"))

        resolve(problem, answer="Mended.")
        notices.sweep_notices()

        assert "/en/motifs/" in mail.outbox[0].body

    @pytest.mark.parametrize(
        "said", [{}, {"answer": "  "}, {"answer": "Ya.", "is_unanswered": True}]
    )
    def test_whoever_left_an_address_is_answered_or_said_not_to_be(self, said):
        problem = reported()

        with pytest.raises(refusals.NoAnswer):
            resolve(problem, **said)

        problem.refresh_from_db()
        assert problem.resolved_at is None

    def test_no_answer_is_no_mail(self):
        problem = resolve(reported(), is_unanswered=True)

        assert (problem.answer, problem.resolution) == ("", "Diperbaiki.")
        assert not Notice.objects.exists()

    def test_without_an_address_there_is_nobody_to_answer(self):
        resolve(reported(contact=""))

        assert not Notice.objects.exists()

    def test_an_address_that_was_deleted_meanwhile_gets_nothing(self):
        problem = resolve(reported(), answer="Mended.")
        ProblemReport.objects.update(contact="")

        assert notices.sweep_notices() == 0
        assert Notice.objects.get().is_needless
        assert problem.answer == "Mended."


class TestPage:
    def page(self, problem):
        return reverse("admin:motifs_problemreport_resolve", args=[problem.pk])

    def test_it_asks_for_an_answer_and_says_where_it_goes(self, client):
        client.force_login(CuratorFactory())
        problem = reported()

        with translation.override("en"):
            asked = client.get(self.page(problem)).content.decode()
            done = {"resolution": "Diperbaiki."}
            silent = client.post(self.page(problem), done)
            answered = client.post(self.page(problem), {**done, "answer": "Mended."})

        assert f"Goes to {ADDRESS}, once." in asked
        assert "English" in asked
        assert silent.status_code == 422
        assert "Write an answer, or say that there is none." in silent.content.decode()
        assert answered.status_code == 302
        problem.refresh_from_db()
        assert problem.answer == "Mended."

    def test_where_nobody_is_to_be_answered_it_does_not_ask(self, client):
        client.force_login(CuratorFactory())
        problem = reported(contact="")

        asked = client.get(self.page(problem)).content.decode()
        done = client.post(self.page(problem), {"resolution": "Diperbaiki."})

        assert 'name="answer"' not in asked
        assert done.status_code == 302

    def test_the_form_says_how_long_the_address_is_kept(self, client):
        page = client.get(f"/en/photos/{PhotoFactory().pk}/report/").content.decode()

        assert "30 days after the answer" in page


class TestForgetting:
    def aged(self, days, **fields):
        problem = resolve(reported(), is_unanswered=True)
        then = timezone.now() - timedelta(days=days)
        ProblemReport.objects.filter(pk=problem.pk).update(resolved_at=then)
        return problem

    def test_the_address_goes_a_month_after_the_answer_and_the_rest_stays(self):
        old, young, waiting = self.aged(31), self.aged(29), reported()

        assert sweeping.sweep_contributions()["contacts_deleted"] == 1
        assert sweeping.sweep_contributions()["contacts_deleted"] == 0

        kept = dict(ProblemReport.objects.values_list("pk", "contact"))
        assert kept == {old.pk: "", young.pk: ADDRESS, waiting.pk: ADDRESS}
        old.refresh_from_db()
        assert old.resolution == "Diperbaiki."

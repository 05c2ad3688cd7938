"""Givers are written to: once, in their language, whatever queue and mail do."""

import threading
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.core import mail
from django.db import connection
from django.utils import timezone, translation

from motifs import actions, notices, sweeping, tasks
from motifs.models import HistoryEntry, Notice, Outcome
from motifs.permissions import EXPERT_GROUP
from tests.factories import (
    ContributionFactory,
    CuratorFactory,
    MotifFactory,
    PhotoFactory,
    SourceFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def queue(monkeypatch):
    """What would be handed to the queue."""
    handed = []
    monkeypatch.setattr(tasks.send_notice_task, "delay", handed.append)
    monkeypatch.setattr(notices, "_queue_down_until", 0.0)
    return handed


def given(**fields):
    giver = UserFactory(email="siti@example.id", first_name="Siti", mail_language="en")
    return ContributionFactory(given_by=giver, **fields)


def accept(contribution):
    return actions.accept_contribution(contribution=contribution, by=CuratorFactory())


def decline(contribution, reason="Too blurred."):
    return actions.decline_contribution(
        contribution=contribution, by=CuratorFactory(), reason=reason
    )


def take_down(contribution, **why):
    return actions.take_down_contribution(
        contribution=contribution, by=CuratorFactory(), **(why or {"code": "protocol"})
    )


def determined(photo, motif):
    for _ in range(2):
        expert = UserFactory()
        expert.groups.add(Group.objects.get(name=EXPERT_GROUP))
        actions.identify_photo(
            photo=photo, outcome=Outcome.MOTIF, motif=motif, by=expert
        )


def due_now():
    Notice.objects.update(try_at=timezone.now())


class TestText:
    def test_accepted(self, settings):
        settings.SITE_URL = "https://langgundi.example"
        contribution = given()
        curator = CuratorFactory(username="kurator-rahasia", email="k@example.id")

        actions.accept_contribution(contribution=contribution, by=curator)
        due_now()
        assert notices.send_notice(Notice.objects.get().pk)

        (sent,) = mail.outbox
        assert sent.to == ["siti@example.id"]
        assert "were accepted" in sent.subject
        assert f"https://langgundi.example/en/contributions/{contribution.key}/" in (
            sent.body
        )
        # Who decided is nobody's business.
        assert "rahasia" not in sent.message().as_string()

    def test_declined_with_its_reason(self):
        decline(given(), "Too blurred.\nTry in daylight.")
        due_now()

        notices.send_notice(Notice.objects.get().pk)

        assert "Too blurred.\nTry in daylight." in mail.outbox[0].body

    @pytest.mark.parametrize("language", ["id", "en"])
    def test_in_the_language_that_the_giver_chose_for_mails(self, language):
        """Neither the curator's, nor that of the page on which it was given."""
        other = "en" if language == "id" else "id"
        contribution = given(language=other)
        contribution.given_by.mail_language = language
        contribution.given_by.save()
        with translation.override(other):
            accept(contribution)
            due_now()
            notices.send_notice(Notice.objects.get().pk)

        assert f"/{language}/contributions/" in mail.outbox[0].body

    def test_the_reason_too(self):
        contribution = given(language="id")

        actions.decline_contribution(
            contribution=contribution, by=CuratorFactory(), code="blurred"
        )
        due_now()
        notices.send_notice(Notice.objects.get().pk)

        assert "The photo is blurred" in mail.outbox[0].body

    @pytest.mark.parametrize(
        ("language", "found"), [("en", "en"), ("id", "id"), ("", "id"), ("bjn", "id")]
    )
    def test_without_an_account_it_is_the_language_of_the_gift(self, language, found):
        keyed = ContributionFactory(keyed=True, language=language)

        assert keyed.mail_language == found

    def test_a_suggestion_is_no_photo(self):
        edit = given(kind="edit", suggested_text="Ganti.")
        wording = actions.Wording(
            "Ganti.", "low", kind="use", language="id", source=SourceFactory()
        )
        actions.apply_edit(contribution=edit, wording=wording, by=CuratorFactory())
        due_now()

        notices.send_notice(Notice.objects.get().pk)

        assert "suggestion" in mail.outbox[0].subject

    def test_determined_photos_of_a_cloth_are_one_mail_after_a_while(self):
        contribution = given(accepted=True)
        motif = MotifFactory(name="Hiris Pudak")
        photos = [PhotoFactory(contribution=contribution) for _ in range(3)]
        for photo in photos:
            determined(photo, motif)
        assert notices.sweep_notices() == 0

        due_now()
        assert notices.sweep_notices() == 1

        (sent,) = mail.outbox
        assert sent.body.count("it shows Hiris Pudak") == 3
        assert not Notice.objects.waiting().exists()

    def test_what_was_lifted_since_is_not_told(self):
        photo = PhotoFactory(contribution=given(accepted=True))
        determined(photo, MotifFactory())
        said = photo.identifications.first()
        actions.withdraw_identification(identification=said, by=said.identified_by)
        due_now()

        assert notices.sweep_notices() == 0
        assert Notice.objects.get().is_needless

    def test_a_motif_that_is_not_public_is_not_named(self):
        motif = MotifFactory(name="Rahasia")
        photo = PhotoFactory(contribution=given(accepted=True))
        determined(photo, motif)
        motif.access = "restricted"
        motif.save()
        due_now()

        notices.sweep_notices()

        assert "Rahasia" not in mail.outbox[0].body
        assert "does not make public" in mail.outbox[0].body


class TestWhatStands:
    def undo(self, contribution):
        actions.reopen_contribution(contribution=contribution, by=CuratorFactory())

    def test_nothing_is_written_while_it_may_still_be_undone(self):
        accept(given())

        tasks.send_notice_task(Notice.objects.get().pk)
        assert notices.sweep_notices() == 0
        assert mail.outbox == []
        due_now()
        assert notices.sweep_notices() == 1

    def test_an_undone_decision_is_not_written_about(self):
        contribution = given()
        decline(contribution)
        self.undo(contribution)
        due_now()

        assert notices.sweep_notices() == 0
        assert Notice.objects.get().is_needless

    @pytest.mark.parametrize("first", [accept, decline])
    def test_of_several_decisions_the_last_is_written_about(self, first):
        contribution = given()
        first(contribution)
        self.undo(contribution)
        accept(contribution)
        due_now()

        assert notices.sweep_notices() == 1
        assert "were accepted" in mail.outbox[0].subject

    def test_what_was_mended_and_sent_again_was_declined_no_longer(self):
        contribution = PhotoFactory(contribution=given()).contribution
        decline(contribution)
        actions.submit_contribution(contribution=contribution, by=contribution.given_by)
        due_now()

        assert notices.sweep_notices() == 0

    @pytest.mark.parametrize("then", ["reopened", "declined"])
    def test_what_experts_said_of_what_is_accepted_no_longer_is_not_told(self, then):
        contribution = given(accepted=True)
        determined(PhotoFactory(contribution=contribution), MotifFactory())
        Notice.objects.exclude(entry__verb="determined").delete()
        self.undo(contribution)
        if then == "declined":
            decline(contribution)
            Notice.objects.exclude(entry__verb="determined").delete()
        due_now()

        assert notices.sweep_notices() == 0
        assert Notice.objects.get().is_needless

    def test_what_can_be_mended_is_said(self):
        decline(given())
        actions.decline_contribution(
            contribution=given(), by=CuratorFactory(), code="rights"
        )
        due_now()

        notices.sweep_notices()

        mended, other = sorted(mail.outbox, key=lambda sent: "mend it" not in sent.body)
        assert "send it again" in mended.body
        assert "send it again" not in other.body


class TestTakenDown:
    def test_its_giver_is_told_why_in_their_language(self):
        contribution = given(accepted=True, language="en")
        contribution.given_by.mail_language = "id"
        contribution.given_by.save()
        with translation.override("en"):
            take_down(contribution)

        notices.sweep_notices()

        (sent,) = mail.outbox
        assert HistoryEntry.objects.get(verb="taken_down").reason in sent.body
        assert "/id/contributions/" in sent.body

    def test_own_words_and_how_to_read_it(self):
        take_down(given(accepted=True), reason="The weaver asked us.")

        notices.sweep_notices()

        (sent,) = mail.outbox
        assert "The weaver asked us." in sent.body
        assert "take it back" not in sent.body

    def test_of_an_edit_no_more_is_promised_than_is_so(self):
        edit = given(kind="edit", motif=MotifFactory(), suggested_text="Baru.")
        take_down(edit, reason="The weaver asked us.")

        notices.sweep_notices()

        assert "unless others have rewritten it since" in mail.outbox[0].body
        assert "Nobody sees it" not in " ".join(mail.outbox[0].body.split())

    def test_that_it_was_accepted_is_told_no_longer(self):
        contribution = given()
        accept(contribution)
        take_down(contribution)
        due_now()

        assert notices.sweep_notices() == 1
        assert "taken down" in mail.outbox[0].subject


class TestOnce:
    def test_the_task_twice_is_one_mail(self):
        accept(given())
        due_now()
        pk = Notice.objects.get().pk

        tasks.send_notice_task(pk)
        tasks.send_notice_task(pk)

        assert len(mail.outbox) == 1
        assert Notice.objects.get().sent_at is not None

    def test_a_notice_that_is_gone_is_no_trouble(self):
        tasks.send_notice_task(10**9)

        assert mail.outbox == []

    def test_a_refused_decision_is_not_written_about(self):
        contribution = given(withdrawn=True)

        with pytest.raises(Exception, match=r"."):
            accept(contribution)

        assert not Notice.objects.exists()

    @pytest.mark.django_db(transaction=True)
    def test_four_workers_at_once_send_one(self):
        accept(given())
        due_now()
        pk = Notice.objects.get().pk
        start = threading.Barrier(4)

        def send():
            start.wait()
            try:
                notices.send_notice(pk)
            finally:
                connection.close()

        threads = [threading.Thread(target=send) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(mail.outbox) == 1


class TestNobody:
    @pytest.mark.parametrize("email", ["", None])
    def test_nobody_is_written_to_without_an_address(self, email):
        contribution = given()
        if email is None:
            contribution.given_by.is_active = False
        else:
            contribution.given_by.email = ""
        contribution.given_by.save()
        accept(contribution)
        due_now()

        assert notices.sweep_notices() == 0
        assert Notice.objects.get().is_needless

    def test_without_an_account_there_is_no_notice(self):
        accept(ContributionFactory(given_by=None))

        assert not Notice.objects.exists()

    def test_who_took_it_back_is_left_in_peace(self):
        contribution = given()
        accept(contribution)
        actions.withdraw_contribution(
            contribution=contribution, by=contribution.given_by
        )
        due_now()

        assert notices.sweep_notices() == 0
        assert Notice.objects.get().is_needless

    @pytest.mark.parametrize("verb", ["submitted", "edited", "withdrawn", "flagged"])
    def test_other_entries_are_not_written_about(self, verb):
        actions.record(verb, by=None, contribution=given())

        assert not Notice.objects.exists()


class TestTrouble:
    def test_what_must_not_wait_is_handed_over_after_the_deed(
        self, queue, django_capture_on_commit_callbacks
    ):
        with django_capture_on_commit_callbacks(execute=True):
            take_down(given(accepted=True))
            assert queue == []

        assert queue == [Notice.objects.get().pk]

    def test_with_the_queue_down_the_decision_stands_and_the_sweep_writes(
        self, monkeypatch, django_capture_on_commit_callbacks
    ):
        asked = []

        def down(pk):
            asked.append(pk)
            raise ConnectionError("no broker")

        monkeypatch.setattr(tasks.send_notice_task, "delay", down)
        contributions = [given(accepted=True), given(accepted=True)]

        for contribution in contributions:
            with django_capture_on_commit_callbacks(execute=True):
                take_down(contribution)

        assert {one.state for one in contributions} == {"withdrawn"}
        # The second did not wait for the broker again.
        assert len(asked) == 1
        assert sweeping.sweep_contributions()["mails_sent"] == 2
        assert len(mail.outbox) == 2

    def test_mail_that_fails_is_tried_again_later_and_given_up_after_a_week(
        self, monkeypatch
    ):
        accept(given())
        due_now()

        def fail(self, *args, **kwargs):
            raise OSError("no mail server")

        with monkeypatch.context() as patch:
            patch.setattr("django.core.mail.EmailMessage.send", fail)
            assert notices.sweep_notices() == 0
        notice = Notice.objects.get()
        assert notice.tries == 1
        assert notice.try_at > timezone.now()

        due_now()
        Notice.objects.update(created_at=timezone.now() - timedelta(days=8))
        assert notices.sweep_notices() == 0
        Notice.objects.update(created_at=timezone.now() - timedelta(days=6))
        assert notices.sweep_notices() == 1

    def test_the_pause_grows_to_six_hours_and_no_more(self):
        accept(given())
        notice = Notice.objects.get()

        for _ in range(30):
            notices._put_off(notice)

        left = notice.try_at - timezone.now()
        assert timedelta(hours=5, minutes=59) < left <= timedelta(hours=6)


def test_the_notice_is_of_the_entry_it_tells_of():
    accept(given())

    assert Notice.objects.get().entry == HistoryEntry.objects.get(verb="accepted")

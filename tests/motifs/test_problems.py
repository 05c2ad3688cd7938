"""Somebody says that something is wrong."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client

from motifs import refusals
from motifs.actions import report_problem
from motifs.models import Access, HistoryEntry, Photo, ProblemReport
from tests.factories import MotifFactory, PhotoFactory, UserFactory

pytestmark = pytest.mark.django_db

SAID = {"kind": "wrong", "text": "Itu bukan Gigi Haruan."}


def address(photo):
    return f"/en/photos/{photo.pk}/report/"


class TestAction:
    def test_it_is_kept_with_its_place_in_the_history(self):
        photo, person = PhotoFactory(), UserFactory()

        report = report_problem(
            photo=photo, kind="rights", text=" Itu foto saya. ", by=person
        )

        assert (report.photo, report.motif, report.text) == (
            photo,
            None,
            "Itu foto saya.",
        )
        entry = HistoryEntry.objects.get()
        assert (entry.verb, entry.photo, entry.by) == ("reported", photo, person)
        assert entry.data == {"report": report.pk, "kind": "rights"}
        assert "foto saya" not in f"{entry.reason}{entry.data}"

    @pytest.mark.parametrize("kind", ProblemReport.Kind.values)
    def test_it_hides_nothing(self, kind):
        photo = PhotoFactory()

        report_problem(photo=photo, kind=kind, text="Salah.", by=None)

        assert Photo.objects.shown().get() == photo

    def test_it_needs_words(self):
        with pytest.raises(refusals.NoText):
            report_problem(photo=PhotoFactory(), kind="wrong", text=" \n ", by=None)
        assert not HistoryEntry.objects.exists()

    @pytest.mark.parametrize("both", [True, False])
    def test_it_is_of_one_thing(self, both):
        things = {"photo": PhotoFactory(), "motif": MotifFactory()} if both else {}

        with pytest.raises(IntegrityError), transaction.atomic():
            report_problem(kind="wrong", text="Salah.", by=None, **things)

    def test_whose_rights_are_touched_comes_first_then_who_waits_longest(self):
        photo = PhotoFactory()
        kinds = ["wrong", "rights", "other", "community", "person"]
        reports = [
            report_problem(photo=photo, kind=kind, text="Salah.", by=None)
            for kind in kinds
        ]
        done = report_problem(photo=photo, kind="rights", text="Salah.", by=None)
        done.resolved_at, done.resolved_by = done.reported_at, UserFactory()
        done.save()

        found = list(ProblemReport.objects.most_urgent_first())

        wrong, rights, other, community, person = reports
        assert found == [rights, community, person, wrong, other, done]
        assert done not in ProblemReport.objects.unresolved()


class TestPage:
    def test_a_problem_with_a_photo_comes_in(self, client):
        photo = PhotoFactory()

        answer = client.post(address(photo), {**SAID, "contact": "a@contoh.id"})

        assert answer.status_code == 302
        assert answer["Location"] == "/en/photos/reported/"
        assert (
            "Your report has come in" in client.get(answer["Location"]).content.decode()
        )
        report = ProblemReport.objects.get()
        assert (report.photo, report.kind, report.contact, report.reported_by) == (
            photo,
            "wrong",
            "a@contoh.id",
            None,
        )

    def test_a_problem_with_a_motif_comes_in(self, client):
        motif, person = MotifFactory(), UserFactory()
        client.force_login(person)

        client.post(f"/en/motifs/{motif.slug}/report/", SAID)

        report = ProblemReport.objects.get()
        assert (report.motif, report.photo, report.reported_by) == (motif, None, person)

    def test_both_pages_lead_there(self, client):
        photo = PhotoFactory()
        motif = photo.contribution.motif

        for page, target in (
            (f"/en/photos/{photo.pk}/", address(photo)),
            (f"/en/motifs/{motif.slug}/", f"/en/motifs/{motif.slug}/report/"),
        ):
            assert f'href="{target}"' in client.get(page).content.decode()
            assert client.get(target).status_code == 200

    @pytest.mark.parametrize(
        "mistake",
        [
            {"kind": ""},
            {"kind": "anything"},
            {"text": ""},
            {"text": "   "},
            {"text": "x" * 2001},
            {"contact": "no address"},
        ],
    )
    def test_a_mistake_is_said_and_what_was_written_stays(self, client, mistake):
        answer = client.post(
            address(PhotoFactory()), {**SAID, "contact": "a@contoh.id", **mistake}
        )

        assert answer.status_code == 422
        assert not ProblemReport.objects.exists()
        page = answer.content.decode()
        assert "report-error" in page
        kept = {**SAID, "contact": "a@contoh.id", **mistake}
        assert kept["contact"] in page
        assert kept["text"].strip() in page

    def test_what_was_written_is_escaped(self, client):
        answer = client.post(
            address(PhotoFactory()), {"text": "</textarea><script>alert(1)</script>"}
        )

        assert "<script>alert" not in answer.content.decode()

    def test_a_machine_is_thanked_and_not_heard(self, client):
        answer = client.post(address(PhotoFactory()), {**SAID, "website": "http://x"})

        assert answer["Location"] == "/en/photos/reported/"
        assert not ProblemReport.objects.exists()
        assert not HistoryEntry.objects.exists()

    def test_too_many_are_refused_with_what_was_written(self, client, settings):
        settings.REST_FRAMEWORK = {
            **settings.REST_FRAMEWORK,
            "DEFAULT_THROTTLE_RATES": {"report": "2/hour"},
        }
        photo = PhotoFactory()
        for _ in range(2):
            assert client.post(address(photo), SAID).status_code == 302
        # A mistake costs nothing.
        assert client.post(address(photo), {}).status_code == 422

        answer = client.post(address(photo), SAID)

        assert answer.status_code == 429
        assert SAID["text"] in answer.content.decode()
        assert "Try again in" in answer.content.decode()
        assert ProblemReport.objects.count() == 2
        elsewhere = client.post(address(photo), SAID, REMOTE_ADDR="10.0.0.9")
        assert elsewhere.status_code == 302

    @pytest.mark.parametrize(
        "fields",
        [{"access": Access.RESTRICTED}, {"contribution__consent_to_show": False}],
    )
    def test_what_one_may_not_see_cannot_be_reported(self, client, fields):
        photo = PhotoFactory(**fields)

        assert client.get(address(photo)).status_code == 404
        assert client.post(address(photo), SAID).status_code == 404
        motif = MotifFactory(draft=True)
        target = f"/en/motifs/{motif.slug}/report/"
        assert client.post(target, SAID).status_code == 404
        assert not ProblemReport.objects.exists()

    def test_a_forged_form_is_refused(self):
        stranger = Client(enforce_csrf_checks=True)

        assert stranger.post(address(PhotoFactory()), SAID).status_code == 403

    def test_only_reading_and_posting(self, client):
        assert client.put(address(PhotoFactory())).status_code == 405
        assert client.post("/en/photos/reported/").status_code == 405


def test_a_kind_that_is_not_known_is_no_report():
    with pytest.raises(ValidationError):
        ProblemReport(kind="rumour", motif=MotifFactory(), text="x").full_clean()

"""Beside an answer: reports become contributions, shared answers have an address."""

from __future__ import annotations

import threading
import uuid
from io import BytesIO

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.test import Client
from PIL import Image

from classifier import giving
from classifier.models import Report, SharedAnswer
from motifs.models import Contribution, Motif, Photo
from tests.classifier import pictures
from tests.classifier.pictures import photo
from tests.classifier.rows import catalogue, published
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

REPORT, SHARE = "/en/identify/report/", "/en/identify/share/"


@pytest.fixture(autouse=True)
def media(settings, tmp_path, fake):
    settings.MEDIA_ROOT = tmp_path / "media"
    catalogue()
    return settings.MEDIA_ROOT


def report(client, *photos, **fields):
    given = {
        "report_id": str(uuid.uuid4()),
        "shows": "unsure",
        "licence": "CC-BY-SA-4.0",
        "consent": "all",
        **fields,
    }
    return client.post(REPORT, {"image": list(photos) or [photo()], **given})


def files_under(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def located_photo() -> SimpleUploadedFile:
    """A photo that says where it was taken."""
    out = BytesIO()
    exif = Image.Exif()
    exif.get_ifd(0x8825)[1] = "S"
    exif[0x010F] = "Kamera"
    pictures.cloth(320, 240).save(out, "JPEG", exif=exif)
    return SimpleUploadedFile("kain.jpg", out.getvalue(), "image/jpeg")


class TestReport:
    def test_photo_and_opinion_become_a_contribution_that_waits(self, client):
        response = report(client, shows="naga-balimbur")

        assert response.status_code == 201
        contribution = Contribution.objects.get()
        assert contribution.state == "submitted"
        assert contribution.given_by is None
        assert contribution.motif.slug == "naga-balimbur"
        assert contribution.opinion == ""
        assert contribution.licence == "CC-BY-SA-4.0"
        assert contribution.consent_to_show
        assert contribution.consent_to_train
        assert contribution.photos.count() == 1
        assert contribution.get_absolute_url() in response.content.decode()

    def test_what_the_recogniser_had_said_is_kept_with_it(self, client):
        report(client)

        kept = Report.objects.get()
        assert kept.answer["answer"]["motifs"] == ["gigi-haruan", "hiris-pudak"]
        assert kept.answer["model"]["version"] == "fake"

    @pytest.mark.parametrize("opinion", ["unsure", "not_cloth"])
    def test_who_names_no_motif_may_say_why(self, client, opinion):
        report(client, shows=opinion)

        contribution = Contribution.objects.get()
        assert contribution.motif is None
        assert contribution.opinion == opinion

    def test_for_the_curators_eyes_is_consent_to_nothing(self, client):
        report(client, consent="none")

        contribution = Contribution.objects.get()
        assert not contribution.consent_to_show
        assert not contribution.consent_to_train

    def test_whoever_is_signed_in_is_its_giver(self, client):
        person = UserFactory()
        client.force_login(person)

        report(client)

        assert Contribution.objects.get().given_by == person

    def test_sending_it_again_is_the_same_as_once(self, client):
        again = {"report_id": str(uuid.uuid4())}

        first, second = report(client, **again), report(client, **again)

        assert first.content == second.content
        assert Contribution.objects.count() == 1

    @pytest.mark.parametrize(
        "wrong",
        [
            {"shows": "no-such-motif"},
            {"shows": ""},
            {"licence": "mine"},
            {"consent": ""},
            {"report_id": "7"},
        ],
    )
    def test_a_form_that_says_something_unknown_is_refused(self, client, wrong):
        response = report(client, **wrong)

        assert response.status_code == 422
        assert not Contribution.objects.exists()

    def test_a_draft_motif_cannot_be_named(self, client):
        motif = published("rahasia")
        Motif.objects.filter(pk=motif.pk).update(
            state="draft", published_at=None, published_by=None
        )

        assert report(client, shows="rahasia").status_code == 422

    def test_a_photo_that_cannot_be_kept_leaves_nothing(self, client, media):
        tiff = SimpleUploadedFile(
            "kain.tif", pictures.encoded(pictures.cloth(320, 240), "TIFF"), "image/tiff"
        )

        response = report(client, photo(), tiff)

        assert response.status_code == 422
        assert "JPEG" in response.content.decode()
        assert not Contribution.objects.exists()
        assert not Report.objects.exists()
        assert files_under(media) == []

    def test_without_a_photo_there_is_nothing_to_report(self, client):
        assert client.post(REPORT, {"shows": "unsure"}).status_code == 400

    def test_another_site_cannot_send_it(self):
        client = Client(enforce_csrf_checks=True)

        assert report(client).status_code == 403
        assert not Contribution.objects.exists()

    def test_only_so_many_an_hour(self, client, monkeypatch):
        from rest_framework.settings import api_settings

        rates = {"identify": None, "give": "1/hour"}
        monkeypatch.setattr(api_settings, "DEFAULT_THROTTLE_RATES", rates)

        assert report(client).status_code == 201
        refused = report(client)
        assert refused.status_code == 429
        assert int(refused["Retry-After"]) > 0

    def test_get_is_no_way_to_report_or_share(self, client):
        assert client.get(REPORT).status_code == 405
        assert client.get(SHARE).status_code == 405


@pytest.mark.django_db(transaction=True)
def test_one_report_sent_by_eight_at_once_is_one_contribution():
    report_id, made, failed = uuid.uuid4(), [], []

    def send():
        try:
            one = giving.report_answer(
                [photo()],
                report_id=report_id,
                by=None,
                motif=None,
                opinion="unsure",
                licence="CC0-1.0",
                consent=True,
            )
            made.append(one.contribution_id)
        except Exception as error:
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    assert len(set(made)) == 1
    assert Contribution.objects.count() == Photo.objects.count() == 1


class TestStatusPage:
    def test_its_address_is_all_that_its_giver_needs(self, client):
        report(client, shows="hiris-pudak")
        contribution = Contribution.objects.get()

        response = client.get(contribution.get_absolute_url())

        content = response.content.decode()
        assert response.status_code == 200
        assert "Hiris Pudak" in content
        assert "waits for a curator" in content
        (given,) = contribution.photos.all()
        assert f"{given.thumbnail_url}?key={contribution.key}" in content
        assert "noindex" in response["X-Robots-Tag"]

    def test_a_guessed_address_leads_nowhere(self, client):
        report(client)

        assert client.get("/en/contributions/guess/").status_code == 404
        assert client.post("/en/contributions/guess/withdraw/").status_code == 404

    def test_its_photo_is_for_who_has_the_key(self, client):
        report(client)
        contribution = Contribution.objects.get()
        (given,) = contribution.photos.all()

        for address in (given.thumbnail_url, given.url("original")):
            assert client.get(address).status_code == 404
            assert client.get(f"{address}?key=guess").status_code == 404
            response = client.get(f"{address}?key={contribution.key}")
            assert response.status_code == 200
            assert b"".join(response.streaming_content)

    def test_a_key_opens_its_own_contribution_only(self, client):
        report(client)
        report(client)
        one, other = Contribution.objects.all()

        address = other.photos.get().thumbnail_url
        assert client.get(f"{address}?key={one.key}").status_code == 404

    def test_withdrawn_it_is_gone_with_its_photo(self, client):
        report(client)
        contribution = Contribution.objects.get()
        address = f"{contribution.photos.get().thumbnail_url}?key={contribution.key}"

        page = contribution.get_absolute_url()
        response = client.post(f"{page}withdraw/")
        again = client.post(f"{page}withdraw/", follow=True)

        contribution.refresh_from_db()
        assert response.status_code == 302
        assert contribution.state == "withdrawn"
        assert client.get(address).status_code == 404
        assert "withdrawn already" in again.content.decode()

    def test_a_page_of_one_persons_photos_is_kept_by_no_cache(self, client):
        report(client)

        response = client.get(Contribution.objects.get().get_absolute_url())

        assert "no-store" in response["Cache-Control"]
        assert "Langgundi-Offline" not in response


class TestShare:
    def shared(self, client, with_photo="no", file=None):
        client.post(SHARE, {"image": [file or photo()], "with_photo": with_photo})
        return SharedAnswer.objects.get()

    def test_an_answer_gets_an_address_that_carries_what_was_said(self, client):
        made = self.shared(client)

        response = client.get(made.get_absolute_url())

        content = response.content.decode()
        assert response.status_code == 200
        assert "Gigi Haruan" in content
        assert "fake" in content
        assert "0.50" in content
        assert "noindex" in content

    def test_the_photo_is_there_only_if_its_owner_chose_so(self, client, media):
        made = self.shared(client)

        assert files_under(media) == []
        assert client.get(f"{made.get_absolute_url()}photo").status_code == 404

    def test_a_shared_photo_says_nothing_of_where_it_was_taken(self, client):
        made = self.shared(client, "yes", located_photo())

        response = client.get(f"{made.get_absolute_url()}photo")

        content = b"".join(response.streaming_content)
        assert response["Content-Type"] == "image/jpeg"
        with Image.open(BytesIO(content)) as picture:
            assert not picture.getexif()
        assert b"Kamera" not in content

    def test_its_owner_takes_it_back_and_nobody_else_can(self, client):
        made = self.shared(client, "yes")
        page, name = made.get_absolute_url(), made.photo.name

        assert "Take it back" not in client.get(page).content.decode()
        assert client.post(page).status_code == 404
        assert client.post(page, {"owner": "guess"}).status_code == 404
        assert "Take it back" in client.get(made.owner_url).content.decode()
        gone = client.post(page, {"owner": made.owner_key})

        assert gone.status_code == 200
        assert not default_storage.exists(name)
        for address in (page, made.owner_url, f"{page}photo"):
            assert client.get(address).status_code == 404

    def test_the_scores_are_the_recognisers_and_not_the_senders(self, client):
        client.post(
            SHARE, {"image": [photo()], "answer": '{"forged": 1}', "with_photo": "no"}
        )

        assert SharedAnswer.objects.get().answer["suggestions"][0]["score"] == 0.5

    def test_an_old_answer_is_readable_after_a_motif_is_gone(self, client):
        made = self.shared(client)
        Motif.objects.filter(slug="hiris-pudak").update(
            state="draft", published_at=None, published_by=None
        )

        response = client.get(made.get_absolute_url())

        content = response.content.decode()
        assert response.status_code == 200
        assert "Gigi Haruan" in content
        assert "hiris-pudak" in content

    def test_a_photo_that_cannot_be_read_is_not_shared(self, client):
        text = SimpleUploadedFile("kain.jpg", b"no photo", "image/jpeg")

        response = client.post(SHARE, {"image": [text], "with_photo": "yes"})

        assert response.status_code == 415
        assert not SharedAnswer.objects.exists()

"""Photos in pieces: no byte counted that is not here, one photo however often asked."""

import base64
import hashlib
import threading
import uuid
from datetime import timedelta
from io import BytesIO

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client
from django.utils import timezone
from PIL import Image

from motifs import actions, pictures, refusals, uploads
from motifs.models import Photo, Upload
from tests.classifier.hostile import FILES
from tests.factories import ContributionFactory, PhotoFactory, picture_bytes

pytestmark = pytest.mark.django_db

TUS = {"HTTP_TUS_RESUMABLE": "1.0.0"}
PIECE = "application/offset+octet-stream"


def noise(side=400, seed=1):
    """A photo of some tens of kilobytes."""
    content = hashlib.shake_256(bytes([seed])).digest(side * side)
    out = BytesIO()
    Image.frombytes("L", (side, side), content).save(out, "JPEG", quality=90)
    return out.getvalue()


def address(contribution):
    return f"/en/contributions/{contribution.key}/uploads/"


def begin(client, contribution, length, client_id=None, **headers):
    given = base64.b64encode(str(client_id or uuid.uuid4()).encode()).decode()
    return client.post(
        address(contribution),
        content_type="application/octet-stream",
        headers={
            "Upload-Length": str(length),
            "Upload-Metadata": f"filename {base64.b64encode(b'a.jpg').decode()},"
            f"client_id {given}",
            **headers,
        },
        **TUS,
    )


def put(client, where, piece, offset, **headers):
    return client.patch(
        where,
        data=piece,
        content_type=PIECE,
        headers={"Upload-Offset": str(offset), **headers},
        **TUS,
    )


@pytest.fixture
def draft():
    return ContributionFactory(draft=True, keyed=True)


def started(draft, content, client_id=None):
    upload, _is_new = uploads.start_upload(
        contribution=draft,
        client_id=client_id or uuid.uuid4(),
        length=len(content),
        by=draft.given_by,
    )
    return upload


def parts():
    try:
        return default_storage.listdir("uploads")[1]
    except FileNotFoundError:
        return []


class TestProtocol:
    def test_a_photo_comes_in_pieces(self, client, draft):
        content = noise()
        begun = begin(client, draft, len(content))
        where = begun["Location"]

        first = put(client, where, content[:9_000], 0)
        asked = client.head(where, **TUS)
        last = put(client, where, content[9_000:], 9_000)

        assert begun.status_code == 201
        assert (first.status_code, first["Upload-Offset"]) == (204, "9000")
        assert asked["Upload-Offset"] == "9000"
        assert asked["Upload-Length"] == str(len(content))
        assert "no-store" in asked["Cache-Control"]
        assert last.status_code == 204
        assert last["Photo-Id"] == str(draft.photos.get().pk)
        with draft.photos.get().image.open() as file:
            assert file.read() == content

    def test_what_can_be_done_is_said(self, client, draft):
        said = client.options(address(draft))

        assert said["Tus-Version"] == "1.0.0"
        assert said["Tus-Extension"] == "creation,expiration,termination"
        assert said["Tus-Max-Size"] == str(20 * 1024 * 1024)

    def test_another_version_is_not_spoken(self, client, draft):
        response = client.post(address(draft), headers={"Tus-Resumable": "0.2"})

        assert response.status_code == 412
        assert response["Tus-Version"] == "1.0.0"

    def test_beginning_twice_is_once(self, client, draft):
        client_id = uuid.uuid4()

        first = begin(client, draft, 5_000, client_id)
        again = begin(client, draft, 5_000, client_id)

        assert first["Location"] == again["Location"]
        assert Upload.objects.count() == 1

    def test_a_wrong_offset_is_told_the_right_one(self, client, draft):
        content = noise()
        where = begin(client, draft, len(content))["Location"]
        put(client, where, content[:5_000], 0)

        response = put(client, where, content[9_000:], 9_000)

        assert (response.status_code, response["Upload-Offset"]) == (409, "5000")

    def test_the_last_piece_once_more_has_the_same_answer(self, client, draft):
        content = noise()
        where = begin(client, draft, len(content))["Location"]
        put(client, where, content[:5_000], 0)

        answers = [put(client, where, content[5_000:], 5_000) for _ in range(3)]

        assert {one.status_code for one in answers} == {204}
        assert len({one["Photo-Id"] for one in answers}) == 1
        assert draft.photos.count() == 1

    @pytest.mark.parametrize("length", [20 * 1024 * 1024 + 1, 0, -5])
    def test_no_file_of_a_length_that_is_not_taken(self, client, draft, length):
        response = begin(client, draft, length)

        assert response.status_code == 413
        assert "20 MB" in response.content.decode()

    @pytest.mark.parametrize(
        "headers",
        [
            {"Upload-Length": "many"},
            {"Upload-Metadata": "client_id !!!"},
            {"Upload-Metadata": "client_id eA=="},
            {"Upload-Metadata": ""},
        ],
    )
    def test_a_garbled_beginning(self, client, draft, headers):
        assert begin(client, draft, 5, **headers).status_code == 400
        assert not Upload.objects.exists()

    def test_no_piece_beyond_the_length(self, client, draft):
        where = begin(client, draft, 10)["Location"]

        assert put(client, where, b"x" * 11, 0).status_code == 413
        assert client.head(where, **TUS)["Upload-Offset"] == "0"

    @pytest.mark.parametrize("offset", ["-1", "x", ""])
    def test_no_piece_at_no_place(self, client, draft, offset):
        where = begin(client, draft, 10)["Location"]

        assert put(client, where, b"x", offset).status_code in (400, 413)

    def test_a_piece_says_that_it_is_one(self, client, draft):
        where = begin(client, draft, 10)["Location"]

        response = client.patch(
            where,
            b"x",
            content_type="text/plain",
            headers={"Upload-Offset": "0"},
            **TUS,
        )

        assert response.status_code == 415

    def test_a_file_is_forgotten(
        self, client, draft, django_capture_on_commit_callbacks
    ):
        where = begin(client, draft, 10)["Location"]
        put(client, where, b"x", 0)

        with django_capture_on_commit_callbacks(execute=True):
            assert client.delete(where, **TUS).status_code == 204

        assert client.head(where, **TUS).status_code == 404
        assert parts() == []

    def test_forgetting_what_became_a_photo_changes_nothing(self, client, draft):
        content = picture_bytes()
        where = begin(client, draft, len(content))["Location"]
        put(client, where, content, 0)

        client.delete(where, **TUS)

        assert draft.photos.count() == 1

    def test_through_networks_that_let_only_post_through(self, client, draft):
        content = picture_bytes()
        where = begin(client, draft, len(content))["Location"]

        response = client.post(
            where,
            content,
            content_type=PIECE,
            headers={"X-HTTP-Method-Override": "PATCH", "Upload-Offset": "0"},
            **TUS,
        )

        assert response.status_code == 204
        assert draft.photos.count() == 1

    def test_a_stranger_knows_no_address(self, client, draft):
        where = begin(client, draft, 10)["Location"]
        other = ContributionFactory(draft=True, keyed=True)

        assert (
            client.head(where.replace(draft.key, other.key), **TUS).status_code == 404
        )
        assert begin(client, Upload(key="x"), 10).status_code == 404

    def test_without_the_token_of_the_page_nothing_is_taken(self, draft):
        strict = Client(enforce_csrf_checks=True)
        where = begin(Client(), draft, 10)["Location"]

        assert begin(strict, draft, 10).status_code == 403
        assert put(strict, where, b"x", 0).status_code == 403
        assert strict.delete(where, **TUS).status_code == 403

    def test_after_a_decision_there_is_nothing_to_add_to(self, client):
        accepted = ContributionFactory(accepted=True, keyed=True)

        assert begin(client, accepted, 10).status_code == 410

    def test_decided_on_while_a_photo_was_on_its_way(self, client):
        submitted = ContributionFactory(keyed=True)
        content = picture_bytes()
        where = begin(client, submitted, len(content))["Location"]
        put(client, where, content[:50], 0)
        actions.withdraw_contribution(contribution=submitted, by=submitted.given_by)

        assert put(client, where, content[50:], 50).status_code == 410
        assert not Photo.objects.exists()

    def test_one_address_begins_only_so_many(self, client, draft, settings):
        rates = settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"]
        settings.REST_FRAMEWORK = {
            **settings.REST_FRAMEWORK,
            "DEFAULT_THROTTLE_RATES": {**rates, "upload": "2/min"},
        }
        client_id = uuid.uuid4()
        begin(client, draft, 10, client_id)
        begin(client, draft, 10)

        refused = begin(client, draft, 10)

        assert refused.status_code == 429
        assert int(refused["Retry-After"]) > 0
        # What has begun goes on.
        assert begin(client, draft, 10, client_id).status_code == 201


class TestRules:
    def test_the_row_never_says_more_than_the_file_holds(self, draft, monkeypatch):
        content = noise()
        upload = started(draft, content)
        uploads.append(upload, content[:100], offset=0, by=draft.given_by)

        def crash(*args, **kwargs):
            raise OSError("the disk is full")

        with monkeypatch.context() as patch:
            patch.setattr(uploads.os, "fsync", crash)
            with pytest.raises(OSError, match="disk"):
                uploads.append(upload, content[100:300], offset=100, by=draft.given_by)

        upload.refresh_from_db()
        assert upload.offset == 100
        # What came of the piece that was lost is cut off again.
        uploads.append(upload, content[100:], offset=100, by=draft.given_by)
        with draft.photos.get().image.open() as file:
            assert file.read() == content

    def test_a_part_that_was_lost_is_sent_again(self, draft):
        content = noise()
        upload = started(draft, content)
        uploads.append(upload, content[:5_000], offset=0, by=draft.given_by)
        upload.refresh_from_db()
        default_storage.delete(upload.file.name)

        assert uploads.held(upload) == 0
        uploads.append(upload, content, offset=0, by=draft.given_by)

        assert draft.photos.count() == 1

    def test_a_crash_while_the_photo_is_made_leaves_the_piece_to_be_sent_again(
        self, draft, monkeypatch
    ):
        content = noise()
        upload = started(draft, content)

        def crash(**kwargs):
            raise OSError("no room")

        with monkeypatch.context() as patch:
            patch.setattr(uploads, "add_photo", crash)
            with pytest.raises(OSError, match="room"):
                uploads.append(upload, content, offset=0, by=draft.given_by)

        upload.refresh_from_db()
        assert upload.offset == 0
        uploads.append(upload, content, offset=0, by=draft.given_by)
        assert draft.photos.count() == 1

    def test_photos_and_those_on_their_way_are_no_more_than_fit(
        self, draft, monkeypatch
    ):
        monkeypatch.setattr(uploads, "MAX_PHOTOS", 2)
        PhotoFactory(contribution=draft)
        started(draft, b"x")

        with pytest.raises(refusals.TooManyPhotos):
            started(draft, b"y")

    def test_the_same_photo_again_is_refused_once_it_is_whole(self, draft):
        content = picture_bytes()
        uploads.append(started(draft, content), content, offset=0, by=draft.given_by)
        again = started(draft, content)

        with pytest.raises(uploads.Refused, match="Foto ini sudah ada"):
            uploads.append(again, content, offset=0, by=draft.given_by)

        assert draft.photos.count() == 1

    def test_a_removed_photo_may_come_again(self, draft):
        content, client_id = picture_bytes(), uuid.uuid4()
        first = started(draft, content, client_id)
        done = uploads.append(first, content, offset=0, by=draft.given_by)
        actions.remove_photo(photo=done.photo, by=draft.given_by)

        again = started(draft, content, client_id)
        uploads.append(again, content, offset=0, by=draft.given_by)

        assert draft.photos.count() == 1


NO_PHOTOS = [
    name
    for name in FILES
    if name.startswith(("a ", "an ", "tiff", "png that", "jpeg cut", "webp cut"))
]


class TestHostile:
    @pytest.mark.parametrize("name", NO_PHOTOS)
    def test_what_is_no_photo_is_refused_and_nothing_of_it_is_kept(
        self, client, draft, name, django_capture_on_commit_callbacks
    ):
        content = FILES[name]()
        if not 0 < len(content) <= pictures.MAX_BYTES:
            assert begin(client, draft, len(content)).status_code == 413
            return
        where = begin(client, draft, len(content))["Location"]

        with django_capture_on_commit_callbacks(execute=True):
            response = put(client, where, content, 0)

        if response.status_code == 204:
            # Odd, and sound: what is kept can be read.
            assert draft.photos.get().width > 0
        else:
            assert response.status_code in (413, 422), name
            assert response.content.decode().endswith(".")
            assert not draft.photos.exists()
        assert parts() == []

    def test_the_refusal_is_in_the_readers_language_and_stays(self, client, draft):
        content = b"no picture at all"
        client_id = uuid.uuid4()
        where = begin(client, draft, len(content), client_id)["Location"]

        first = put(client, where, content, 0)
        again = put(client, where, content, 0)
        asked = client.head(where, **TUS)
        begun = begin(client, draft, len(content), client_id)

        assert first.status_code == again.status_code == begun.status_code == 422
        assert "not a JPEG, PNG, WebP or HEIC" in first.content.decode()
        assert first.content == again.content == begun.content
        assert asked.status_code == 410

    def test_where_and_by_whom_it_was_taken_does_not_arrive(self, client, draft):
        exif = Image.Exif()
        exif.get_ifd(0x8825)[1] = "S"
        exif[0x013B] = "Siti"
        exif[0x010F] = "Kamera"
        content = picture_bytes(exif=exif)
        where = begin(client, draft, len(content))["Location"]

        put(client, where, content, 0)

        with draft.photos.get().image.open() as file, Image.open(file) as image:
            assert dict(image.getexif()) == {0x010F: "Kamera"}


class TestSweep:
    def age(self, upload, hours):
        then = timezone.now() - timedelta(hours=hours)
        Upload.objects.filter(pk=upload.pk).update(touched_at=then)

    def test_what_nobody_goes_on_with_is_deleted_after_a_day(
        self, draft, django_capture_on_commit_callbacks
    ):
        old, young = started(draft, b"old"), started(draft, b"young")
        self.age(old, 25)
        self.age(young, 23)

        with django_capture_on_commit_callbacks(execute=True):
            assert uploads.sweep_uploads() == 1

        assert list(Upload.objects.all()) == [young]
        assert parts() == [young.file.name.rpartition("/")[2]]

    def test_the_photo_that_it_became_stays(self, draft):
        content = picture_bytes()
        upload = started(draft, content)
        uploads.append(upload, content, offset=0, by=draft.given_by)
        self.age(upload, 25)

        uploads.sweep_uploads()

        assert not Upload.objects.exists()
        assert draft.photos.count() == 1

    def test_a_part_that_no_row_claims_goes(self, draft, monkeypatch):
        started(draft, b"claimed")
        default_storage.save("uploads/lost.part", ContentFile(b"x"))
        assert uploads.sweep_uploads() == 0
        monkeypatch.setattr(uploads, "KEPT_FOR", timedelta(seconds=-60))
        Upload.objects.update(touched_at=timezone.now() + timedelta(hours=1))

        assert uploads.sweep_uploads() == 1

        assert "lost.part" not in parts()
        assert len(parts()) == 1


def at_once(*acts):
    """Do these at the same moment, each in its own thread; return what each said."""
    said, start = [], threading.Barrier(len(acts))

    def run(act):
        start.wait()
        try:
            said.append(act())
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return said


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_two_pieces_for_one_place_one_is_told_to_look_again(self):
        draft = ContributionFactory(draft=True, keyed=True)
        content = noise()
        where = begin(Client(), draft, len(content))["Location"]

        answers = at_once(
            *[lambda: put(Client(), where, content[:9_000], 0) for _ in range(4)]
        )

        assert sorted(one.status_code for one in answers) == [204, 409, 409, 409]
        assert Upload.objects.get().offset == 9_000
        last = put(Client(), where, content[9_000:], 9_000)
        assert last.status_code == 204
        with draft.photos.get().image.open() as file:
            assert file.read() == content

    def test_the_last_piece_four_times_is_one_photo(self):
        draft = ContributionFactory(draft=True, keyed=True)
        content = noise()
        where = begin(Client(), draft, len(content))["Location"]
        put(Client(), where, content[:5_000], 0)

        answers = at_once(
            *[lambda: put(Client(), where, content[5_000:], 5_000) for _ in range(4)]
        )

        assert {one.status_code for one in answers} == {204}
        assert len({one["Photo-Id"] for one in answers}) == 1
        assert draft.photos.count() == 1
        assert parts() == []
        folders = default_storage.listdir("photos")[0]
        files = [
            f for one in folders for f in default_storage.listdir(f"photos/{one}")[1]
        ]
        assert len(files) == 1

    def test_the_same_file_begun_four_times_is_one_upload(self):
        draft = ContributionFactory(draft=True, keyed=True)
        client_id = uuid.uuid4()

        answers = at_once(
            *[lambda: begin(Client(), draft, 100, client_id) for _ in range(4)]
        )

        assert {one.status_code for one in answers} == {201}
        assert len({one["Location"] for one in answers}) == 1
        assert Upload.objects.count() == 1
        assert len(parts()) == 1

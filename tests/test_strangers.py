"""Files that are not for everybody, asked for by a stranger in every way there is."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.urls import URLResolver, get_resolver

from classifier.giving import unshare_answer
from classifier.models import IdentifyJob, SharedAnswer
from motifs import pictures
from motifs.actions import change_consent, withdraw_contribution, withdraw_photo
from motifs.models import Access, Upload
from tests.factories import (
    ContributionFactory,
    CuratorFactory,
    PhotoFactory,
    UserFactory,
    picture_bytes,
)

pytestmark = pytest.mark.django_db

SIZES = (*pictures.SIZES, pictures.ORIGINAL)
ASKED = {
    "plainly": {},
    "whether it is still the same": {"if-none-match": "the tag"},
    "whether it is anything": {"if-none-match": "*"},
    "whether it changed": {"if-modified-since": "Wed, 25 Nov 2026 02:00:00 GMT"},
    "only if it is the same": {"if-match": "the tag"},
    "for a part": {"range": "bytes=0-99"},
    "as a picture": {"accept": "image/avif,image/webp,*/*"},
}


def body(response) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else b""


def restrict(photo):
    photo.access = Access.RESTRICTED
    photo.save()


def restrict_motif(photo):
    photo.contribution.motif.access = Access.RESTRICTED
    photo.contribution.motif.save()


def withdraw(photo):
    withdraw_contribution(
        contribution=photo.contribution, by=photo.contribution.given_by
    )


def withdraw_it_alone(photo):
    PhotoFactory(contribution=photo.contribution)
    withdraw_photo(photo=photo, by=photo.contribution.given_by)


def take_back_consent(photo):
    change_consent(
        contribution=photo.contribution,
        by=photo.contribution.given_by,
        purpose="show",
        is_given=False,
    )


ENDINGS = [restrict, restrict_motif, withdraw, withdraw_it_alone, take_back_consent]


class TestPhotos:
    @pytest.mark.parametrize("method", ["get", "head"])
    @pytest.mark.parametrize("headers", ASKED.values(), ids=ASKED)
    @pytest.mark.parametrize("end", ENDINGS)
    def test_a_rendition_is_gone_however_it_is_asked_for(
        self, client, end, headers, method
    ):
        photo = PhotoFactory()
        tags = {}
        for size in pictures.SIZES:
            response = client.get(photo.url(size))
            assert response.status_code == 200
            tags[size] = response["ETag"]
            assert body(response)

        end(photo)

        for size in pictures.SIZES:
            sent = {
                name: tags[size] if value == "the tag" else value
                for name, value in headers.items()
            }
            response = getattr(client, method)(photo.url(size), headers=sent)
            assert response.status_code == 404
            assert "ETag" not in response

    @pytest.mark.parametrize("method", ["get", "head"])
    @pytest.mark.parametrize("headers", ASKED.values(), ids=ASKED)
    @pytest.mark.parametrize("end", [lambda photo: None, *ENDINGS])
    def test_the_file_as_given_never_is_for_a_stranger(
        self, client, end, headers, method
    ):
        photo = PhotoFactory()
        client.force_login(photo.contribution.given_by)
        theirs = client.get(photo.url("original"))
        assert body(theirs)
        client.logout()
        end(photo)

        for stranger in (None, UserFactory(), UserFactory(is_staff=True)):
            if stranger:
                client.force_login(stranger)
            sent = {
                name: theirs["ETag"] if value == "the tag" else value
                for name, value in headers.items()
            }
            response = getattr(client, method)(photo.url("original"), headers=sent)
            assert response.status_code == 404

    @pytest.mark.parametrize("size", SIZES)
    @pytest.mark.parametrize("key", ["", "x", "0" * 22])
    def test_a_wrong_key_opens_nothing(self, client, size, key):
        photo = PhotoFactory()
        take_back_consent(photo)

        response = client.get(photo.url(size), {"key": key})

        assert response.status_code == 404

    def test_another_contributions_key_opens_nothing(self, client):
        photo, other = PhotoFactory(), PhotoFactory()
        take_back_consent(photo)

        address = photo.thumbnail_url
        key = other.contribution.key

        assert client.get(address, {"key": key}).status_code == 404

    def test_whoever_may_see_it_asks_each_time_and_is_told_if_it_is_the_same(
        self, client
    ):
        photo = PhotoFactory()
        first = client.get(photo.thumbnail_url)
        body(first)

        again = client.get(
            photo.thumbnail_url, headers={"if-none-match": first["ETag"]}
        )

        assert again.status_code == 304
        for response in (first, again):
            assert response["Cache-Control"] == "private, no-cache"
        assert photo.sha256 not in first["ETag"]

    def test_sizes_are_told_apart_by_their_tags(self, client):
        photo = PhotoFactory()
        small, large = client.get(photo.thumbnail_url), client.get(photo.display_url)
        assert body(small)
        assert body(large)

        assert small["ETag"] != large["ETag"]

    def test_a_curator_does_not_see_what_its_giver_took_back(self, client):
        photo = PhotoFactory()
        client.force_login(CuratorFactory())
        assert body(client.get(photo.thumbnail_url))

        withdraw(photo)

        for size in SIZES:
            assert client.get(photo.url(size)).status_code == 404


@pytest.fixture
def files():
    """One stored file of each kind, none of which has an address of its own."""
    photo = PhotoFactory()
    for size in pictures.SIZES:
        pictures.rendition(photo, size)
    upload = Upload(
        contribution=ContributionFactory(draft=True),
        client_id="3f2f1f3c-8f1e-4c55-9f0c-0a5b6b7c8d9e",
        length=10,
    )
    upload.file.save("part", ContentFile(picture_bytes()))
    shared = SharedAnswer(answer={})
    shared.photo.save("photo.jpg", ContentFile(picture_bytes()))
    job = IdentifyJob.objects.create(language="id")
    job.folder.mkdir(parents=True)
    (job.folder / "0").write_bytes(picture_bytes())
    root = Path(settings.MEDIA_ROOT)
    return [path.relative_to(root) for path in root.rglob("*") if path.is_file()]


def test_every_kind_of_file_is_there_to_be_asked_for(files):
    kinds = {path.parts[0] for path in files}

    assert kinds == {"photos", "renditions", "uploads", "shared", "private"}


@pytest.mark.parametrize(
    "guess",
    [
        "/{path}",
        "/media/{path}",
        "/files/{path}",
        "/files/media/{path}",
        "/files/photos/{path}",
        "/files/photos/../{path}",
        "/files/photos/1/../../{path}",
        "/files/runtime/../{path}",
        "/files/runtime/x/../../../media/{path}",
        "/static/{path}",
        "/static/../media/{path}",
        "/static/%2e%2e/media/{path}",
        "/static//{absolute}",
        "/files/photos/%2e%2e%2f{quoted}",
        "/files/photos/..%5c{path}",
        "/id/{path}",
        "/id/photos/{path}",
        "/{absolute}",
    ],
)
def test_no_path_leads_to_a_file_by_where_it_is_kept(client, files, guess):
    content = {(Path(settings.MEDIA_ROOT) / path).read_bytes() for path in files}
    for path in files:
        address = guess.format(
            path=path,
            quoted=quote(str(path), safe=""),
            absolute=Path(settings.MEDIA_ROOT) / path,
        )
        for method in (client.get, client.head):
            response = method(address, follow=True)
            assert response.status_code in (400, 404), address
            assert response.content not in content


def test_no_address_serves_a_folder():
    """Django's and WhiteNoise's own ways of serving a folder as it is are not used."""
    names = set()

    def walk(resolver):
        for pattern in resolver.url_patterns:
            if isinstance(pattern, URLResolver):
                walk(pattern)
            else:
                names.add(f"{pattern.callback.__module__}.{pattern.callback.__name__}")

    walk(get_resolver())

    assert "motifs.views.photo_file" in names
    assert not names & {"django.views.static.serve", "whitenoise.views.serve"}
    media, static = Path(settings.MEDIA_ROOT), Path(settings.STATIC_ROOT)
    assert not media.is_relative_to(static)
    assert not static.is_relative_to(media)
    assert not settings.MEDIA_URL.strip("/")


class TestSharedPhotos:
    @pytest.fixture
    def shared(self):
        shared = SharedAnswer(answer={})
        shared.photo.save("photo.jpg", ContentFile(picture_bytes()))
        return shared

    def test_it_is_gone_once_it_is_no_longer_shared(self, client, shared):
        address = f"/id/identify/shared/{shared.key}/photo"
        assert body(client.get(address))
        stored = Path(settings.MEDIA_ROOT) / shared.photo.name
        assert stored.is_file()

        unshare_answer(shared)

        for headers in ASKED.values():
            assert client.get(address, headers=headers).status_code == 404
            assert client.head(address, headers=headers).status_code == 404
        assert not stored.exists()

    def test_neither_its_number_nor_its_file_is_its_address(self, client, shared):
        for guess in (shared.pk, Path(shared.photo.name).stem, shared.photo.name):
            address = f"/id/identify/shared/{guess}/photo"
            assert client.get(address).status_code == 404

    def test_nobody_but_the_readers_own_browser_keeps_it(self, client, shared):
        response = client.get(f"/id/identify/shared/{shared.key}/photo")
        body(response)

        assert response["Cache-Control"].startswith("private")


def test_a_photo_that_waits_for_an_answer_has_no_address(client):
    job = IdentifyJob.objects.create(language="id")
    job.folder.mkdir(parents=True)
    (job.folder / "0").write_bytes(picture_bytes())

    known = client.get(f"/api/v1/identify/{job.pk}")
    assert known.status_code == 200
    assert "0" not in known.json().get("files", [])
    for guess in ("0", "photo", "files/0", "../../0"):
        assert client.get(f"/api/v1/identify/{job.pk}/{guess}").status_code == 404


class TestOffline:
    @pytest.mark.parametrize(
        "address",
        [
            "/id/photos/",
            "/id/photos/{photo}/",
            "/id/photos/{photo}/report/",
            "/id/motifs/{slug}/photos/",
            "/id/motifs/{slug}/report/",
            "/id/contributors/{giver}/",
            "/id/feed/",
            "/files/photos/{photo}/480",
            "/files/photos/{photo}/1600",
        ],
    )
    def test_no_page_or_file_of_a_photo_is_marked_to_be_kept(
        self, client, address, monkeypatch
    ):
        monkeypatch.setattr("motifs.contributors.public_name", lambda user: "Rusmini")
        photo = PhotoFactory()

        response = client.get(
            address.format(
                photo=photo.pk,
                slug=photo.contribution.motif.slug,
                giver=photo.contribution.given_by_id,
            )
        )
        body(response)

        assert response.status_code == 200
        assert "Langgundi-Offline" not in response
        assert "no-cache" in response["Cache-Control"]

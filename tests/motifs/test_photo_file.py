"""A photo's file is served to those who may see it, and to nobody else."""

from io import BytesIO

import pytest
from django.core.files.storage import default_storage
from PIL import Image

from motifs import pictures
from tests.factories import (
    ContributionFactory,
    CuratorFactory,
    PhotoFactory,
    UserFactory,
    picture_bytes,
)

pytestmark = pytest.mark.django_db

SIZES = ["480", "1600", "original"]


def body(response):
    return b"".join(response.streaming_content)


def picture(response):
    return Image.open(BytesIO(body(response)))


class TestWho:
    def test_everybody_sees_renditions_of_what_may_be_shown(self, client):
        photo = PhotoFactory()

        for size in ("480", "1600"):
            response = client.get(photo.url(size))
            assert response.status_code == 200
            body(response)

    @pytest.mark.parametrize("state", ["draft", "declined", "withdrawn", "submitted"])
    @pytest.mark.parametrize("size", SIZES)
    def test_what_is_not_accepted_does_not_exist_for_others(self, client, state, size):
        traits = {} if state == "submitted" else {state: True}
        photo = PhotoFactory(contribution=ContributionFactory(**traits))

        assert client.get(photo.url(size)).status_code == 404
        client.force_login(UserFactory(is_staff=True))
        assert client.get(photo.url(size)).status_code == 404

    def test_accepted_without_consent_to_show_does_not_exist_for_others(self, client):
        photo = PhotoFactory(
            contribution=ContributionFactory(accepted=True, consent_to_show=False)
        )

        assert client.get(photo.thumbnail_url).status_code == 404

    @pytest.mark.parametrize("size", SIZES)
    def test_its_giver_and_curators_see_it_at_any_time(self, client, size):
        photo = PhotoFactory(contribution=ContributionFactory(declined=True))

        for person in (photo.contribution.given_by, CuratorFactory()):
            client.force_login(person)
            response = client.get(photo.url(size))
            assert response.status_code == 200
            body(response)

    def test_a_rendition_that_was_made_is_gone_with_the_consent(self, client):
        photo = PhotoFactory()
        body(client.get(photo.thumbnail_url))

        photo.contribution.consent_to_show = False
        photo.contribution.save()

        assert client.get(photo.thumbnail_url).status_code == 404

    def test_the_file_as_given_is_not_for_everybody(self, client):
        photo = PhotoFactory()

        assert client.get(photo.url("original")).status_code == 404

    def test_its_giver_gets_back_what_they_gave(self, client):
        content = picture_bytes(format="PNG")
        photo = PhotoFactory(content=content)
        client.force_login(photo.contribution.given_by)

        response = client.get(photo.url("original"))

        assert body(response) == content
        assert response["Content-Type"] == "image/png"


class TestWhat:
    @pytest.mark.parametrize(
        ("size", "expected"), [("480", (480, 240)), ("1600", (1600, 800))]
    )
    def test_the_longer_side_is_at_most_the_size(self, client, size, expected):
        photo = PhotoFactory(content=picture_bytes(size=(2000, 1000)))

        assert picture(client.get(photo.url(size))).size == expected

    def test_a_small_photo_is_not_enlarged(self, client):
        photo = PhotoFactory(content=picture_bytes(size=(100, 90)))

        assert picture(client.get(photo.url("1600"))).size == (100, 90)

    def test_a_rendition_is_upright_and_says_nothing_of_where_it_was_taken(
        self, client
    ):
        exif = Image.Exif()
        exif[0x0112] = 6
        exif.get_ifd(0x8825)[2] = (3.0, 19.0, 0.0)
        photo = PhotoFactory(content=picture_bytes(size=(120, 80), exif=exif))

        rendition = picture(client.get(photo.thumbnail_url))

        assert rendition.size == (80, 120) == (photo.width, photo.height)
        assert not rendition.getexif()

    @pytest.mark.parametrize("mode", ["L", "P", "RGBA", "LA", "1", "I;16", "CMYK"])
    def test_any_kind_of_pixels_becomes_an_rgb_jpeg(self, client, mode):
        out = BytesIO()
        format = "JPEG" if mode == "CMYK" else "PNG"
        Image.new(mode, (64, 48)).save(out, format)
        photo = PhotoFactory(content=out.getvalue())

        rendition = picture(client.get(photo.thumbnail_url))

        assert (rendition.format, rendition.mode) == ("JPEG", "RGB")

    def test_what_is_transparent_is_white(self, client):
        out = BytesIO()
        Image.new("RGBA", (64, 48), (0, 0, 0, 0)).save(out, "WEBP")
        photo = PhotoFactory(content=out.getvalue())

        rendition = picture(client.get(photo.thumbnail_url))

        assert min(rendition.getpixel((10, 10))) > 250

    def test_its_type_is_fixed_and_never_guessed(self, client):
        response = client.get(PhotoFactory().thumbnail_url)

        assert response["Content-Type"] == "image/jpeg"
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Cache-Control"] == "private, no-cache"
        body(response)

    def test_a_rendition_is_made_once(self, client):
        photo = PhotoFactory()
        body(client.get(photo.thumbnail_url))
        name = pictures.rendition(photo, "480")
        default_storage.delete(photo.image.name)

        assert body(client.get(photo.thumbnail_url))
        assert default_storage.exists(name)

    def test_two_requests_at_once_leave_one_rendition(self, monkeypatch):
        photo = PhotoFactory()
        name = pictures.rendition(photo, "480")
        exists = default_storage.exists
        answers = iter([False])
        monkeypatch.setattr(
            default_storage, "exists", lambda asked: next(answers, exists(asked))
        )

        again = pictures.rendition(photo, "480")

        assert again == name
        assert len(default_storage.listdir(name.rpartition("/")[0])[1]) == 1


class TestAddresses:
    @pytest.mark.parametrize(
        "path",
        [
            "/files/photos/1/481",
            "/files/photos/1/",
            "/files/photos/x/480",
            "/files/photos/-1/480",
            "/files/photos/999999/480",
            f"/files/photos/{'9' * 18}/480",
            f"/files/photos/{'9' * 40}/480",
            "/files/photos/1/../../etc",
            "/media/photos/",
        ],
    )
    def test_anything_else_is_not_found(self, client, path):
        PhotoFactory(pk=1)

        assert client.get(path).status_code == 404

    def test_a_photo_whose_file_is_lost_is_not_found(self, client):
        photo = PhotoFactory()
        default_storage.delete(photo.image.name)

        assert client.get(photo.thumbnail_url).status_code == 404

    def test_only_reading(self, client):
        assert client.post(PhotoFactory().thumbnail_url).status_code == 405

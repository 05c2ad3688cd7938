"""HEIC, as phones send it, becomes a JPEG; what it costs is bounded."""

from io import BytesIO

import pytest
from PIL import Image, ImageChops, ImageStat, JpegImagePlugin
from pillow_heif import from_pillow

from motifs import actions, heic, pictures, refusals
from tests.classifier.hostile import FILES
from tests.factories import ContributionFactory


def scene(size=(240, 160)):
    """A picture whose corners differ, so that turning it shows."""
    picture = Image.new("RGB", size, "ivory")
    picture.paste("indigo", (0, 0, size[0] // 3, size[1] // 3))
    picture.paste("maroon", (size[0] // 2, size[1] // 2, *size))
    return picture


def as_heic(picture, **options):
    out = BytesIO()
    from_pillow(picture).save(out, quality=95, **options)
    return out.getvalue()


def opened(content):
    return Image.open(BytesIO(content))


def difference(one, other):
    return max(ImageStat.Stat(ImageChops.difference(one, other)).mean)


def test_the_picture_stays_the_same():
    made = opened(heic.as_jpeg(as_heic(scene()), most_pixels=10**6))

    assert (made.format, made.size) == ("JPEG", (240, 160))
    assert difference(made, scene()) < 4


def test_a_large_one_does_not_become_larger_than_a_photo_may_be(monkeypatch):
    content = as_heic(scene())
    usual = heic._convert(content, 10**6)
    monkeypatch.setattr(heic, "LARGE", 240 * 160)

    large = heic._convert(content, 10**6)

    assert JpegImagePlugin.get_sampling(opened(usual)) == 0
    assert JpegImagePlugin.get_sampling(opened(large)) == 2
    assert len(large) < len(usual)
    assert difference(opened(large), scene()) < 4


def test_it_is_turned_upright_once_and_only_the_camera_is_kept():
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "Kamera"
    exif[0x013B] = "Siti"
    exif.get_ifd(0x8825)[1] = "S"
    given = as_heic(scene(), exif=exif.tobytes())

    made = opened(heic.as_jpeg(given, most_pixels=10**6))

    assert made.size == (160, 240)
    assert difference(made, scene().transpose(Image.Transpose.ROTATE_270)) < 4
    assert dict(made.getexif()) == {0x010F: "Kamera"}


def test_what_is_see_through_stands_on_white():
    picture = Image.new("RGBA", (64, 64), (0, 0, 0, 0))

    made = opened(heic.as_jpeg(as_heic(picture), most_pixels=10**6))

    assert min(made.getpixel((32, 32))) > 245


def test_not_more_pixels_than_are_taken():
    with pytest.raises(refusals.PhotoTooLarge):
        heic.as_jpeg(as_heic(scene()), most_pixels=1000)


@pytest.mark.parametrize("cut", [40, 200, -80])
def test_not_what_is_cut_off(cut):
    with pytest.raises(refusals.NotAPhoto):
        heic.as_jpeg(as_heic(scene())[:cut], most_pixels=10**6)


def test_a_decoder_that_takes_too_long_is_ended(monkeypatch):
    monkeypatch.setattr(heic, "_WAIT_S", 0.01)

    with pytest.raises(refusals.NotAPhoto):
        heic.as_jpeg(as_heic(scene()), most_pixels=10**6)


@pytest.mark.parametrize("content", [b"", b"ftypheic", b"\xff\xd8\xff", b"RIFF"])
def test_what_does_not_say_so_is_none(content):
    assert not heic.is_heic(content)


@pytest.mark.django_db
class TestGiven:
    def give(self, content):
        draft = ContributionFactory(draft=True)
        return actions.add_photo(
            contribution=draft, image=BytesIO(content), by=draft.given_by
        )

    def test_a_photo_of_a_phone_is_kept_as_a_jpeg(self):
        photo = self.give(as_heic(scene()))

        assert (photo.media_type, photo.width, photo.height) == ("image/jpeg", 240, 160)
        with photo.image.open() as file:
            assert pictures.describe(file.read()).sha256 == photo.sha256
        assert pictures.rendition(photo, "480")

    @pytest.mark.parametrize("name", [n for n in FILES if n.startswith("heic")])
    def test_a_hostile_one_is_taken_or_refused(self, name):
        try:
            photo = self.give(FILES[name]())
        except (refusals.NotAPhoto, refusals.PhotoTooLarge):
            return
        assert photo.width * photo.height <= pictures.MAX_PIXELS

"""What is stored of a photo says nothing of where, when and by whom it was taken."""

from __future__ import annotations

import string
import struct
import zlib
from contextlib import suppress
from io import BytesIO

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from PIL import Image, ImageCms, PngImagePlugin

from motifs import metadata
from motifs.metadata import Damaged, without_personal

SECRETS = (b"Siti", b"4711", b"2026:01:02", b"Rumah")
FORMATS = ["JPEG", "PNG", "WEBP"]


def a_picture(size=(64, 48)) -> Image.Image:
    rows = np.random.default_rng(1).integers(0, 255, (size[1], size[0], 3), np.uint8)
    return Image.fromarray(rows)


def personal_exif(orientation: int = 6) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "Kamera"
    exif[0x0110] = "K-1"
    exif[0x013B] = "Siti"
    exif[0x0132] = "2026:01:02 03:04:05"
    exif.get_ifd(0x8769)[0xA431] = "4711"
    exif.get_ifd(0x8825)[1] = "S"
    exif.get_ifd(0x8825)[2] = (3.0, 19.0, 0.0)
    return exif


def a_file(form: str, **options) -> bytes:
    out = BytesIO()
    if form == "PNG":
        said = PngImagePlugin.PngInfo()
        said.add_text("Author", "Siti")
        said.add_itxt("XML:com.adobe.xmp", "<x>Rumah</x>")
        options["pnginfo"] = said
    elif form == "WEBP":
        options |= {"lossless": True, "xmp": b"<x>Rumah</x>"}
    else:
        options |= {"comment": b"Siti"}
    a_picture().save(out, form, exif=personal_exif(), **options)
    return out.getvalue()


def pixels(content: bytes) -> np.ndarray:
    with Image.open(BytesIO(content)) as image:
        return np.asarray(image.convert("RGB"))


@pytest.mark.parametrize("form", FORMATS)
class TestEveryFormat:
    def test_nothing_personal_is_left(self, form):
        content = a_file(form)
        assert any(secret in content for secret in SECRETS)

        kept = without_personal(content)

        assert not any(secret in kept for secret in SECRETS)
        with Image.open(BytesIO(kept)) as image:
            exif = image.getexif()
            assert dict(exif.get_ifd(0x8825)) == {}
            assert dict(exif.get_ifd(0x8769)) == {}

    def test_orientation_and_camera_stay(self, form):
        with Image.open(BytesIO(without_personal(a_file(form)))) as image:
            exif = image.getexif()

        assert exif[0x0112] == 6
        assert exif[0x010F] == "Kamera"
        assert exif[0x0110] == "K-1"

    def test_the_picture_is_the_same_to_the_last_pixel(self, form):
        content = a_file(form)

        assert (pixels(without_personal(content)) == pixels(content)).all()

    def test_the_colour_profile_stays(self, form):
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

        kept = without_personal(a_file(form, icc_profile=profile))

        with Image.open(BytesIO(kept)) as image:
            assert image.info["icc_profile"] == profile

    def test_what_follows_the_picture_is_cut_off(self, form):
        content = a_file(form)

        assert without_personal(content + b"Rumah" * 9) == without_personal(content)

    def test_doing_it_twice_is_the_same_as_once(self, form):
        once = without_personal(a_file(form))

        assert without_personal(once) == once

    def test_a_file_that_ends_too_early_is_refused(self, form):
        content = a_file(form)

        for part in (0.3, 0.6, 0.95):
            with pytest.raises(Damaged):
                without_personal(content[: int(len(content) * part)])


def test_a_file_that_says_nothing_is_kept_byte_for_byte():
    for form in FORMATS:
        out = BytesIO()
        a_picture().save(out, form)

        assert without_personal(out.getvalue()) == out.getvalue()


def png_chunks(content: bytes) -> list[bytes]:
    at, found = 8, []
    while at < len(content):
        (length,) = struct.unpack_from(">I", content, at)
        found.append(content[at : at + 12 + length])
        at += 12 + length
    return found


def png_chunk(kind: bytes, body: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(kind + body))
    return struct.pack(">I", len(body)) + kind + body + checksum


def webp_chunks(content: bytes) -> list[bytes]:
    at, found = 12, []
    while at < len(content):
        (length,) = struct.unpack_from("<I", content, at + 4)
        found.append(content[at : at + 8 + length + length % 2])
        at += 8 + length + length % 2
    return found


def webp_chunk(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def webp_file(chunks: list[bytes]) -> bytes:
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


KINDS = st.text(string.ascii_letters, min_size=4, max_size=4).map(str.encode)
UNKNOWN = st.sampled_from([b"caBX", b"C2PA", b"cAMX", b"zzZz", b"fdAT"]) | KINDS
SAID = b"Siti, Rumah, 4711"


@given(kind=UNKNOWN, data=st.data())
def test_of_a_png_nothing_is_kept_that_is_not_named(kind, data):
    assume(kind not in metadata._PNG_KEPT)
    out = BytesIO()
    a_picture().save(out, "PNG")
    first, *rest, last = png_chunks(out.getvalue())
    at = data.draw(st.integers(0, len(rest)))
    rest.insert(at, png_chunk(kind, SAID))

    content = b"\x89PNG\r\n\x1a\n" + b"".join([first, *rest, last])

    assert without_personal(content) == out.getvalue()


@given(kind=UNKNOWN, data=st.data())
def test_of_a_webp_nothing_is_kept_that_is_not_named(kind, data):
    assume(kind not in metadata._WEBP_KEPT)
    out = BytesIO()
    a_picture().save(out, "WEBP", lossless=True)
    chunks = webp_chunks(out.getvalue())
    chunks.insert(data.draw(st.integers(0, len(chunks))), webp_chunk(kind, SAID))

    assert without_personal(webp_file(chunks)) == out.getvalue()


@given(kind=UNKNOWN)
def test_nor_in_a_frame_of_an_animation(kind):
    assume(kind not in metadata._WEBP_KEPT)
    out = BytesIO()
    a_picture().save(
        out, "WEBP", save_all=True, append_images=[a_picture((64, 48)).rotate(90)]
    )
    chunks = webp_chunks(out.getvalue())
    at = next(at for at, one in enumerate(chunks) if one.startswith(b"ANMF"))
    (length,) = struct.unpack_from("<I", chunks[at], 4)
    frame = chunks[at][8 : 8 + length] + webp_chunk(kind, SAID)
    chunks[at] = webp_chunk(b"ANMF", frame)

    assert without_personal(webp_file(chunks)) == out.getvalue()


def test_what_a_png_is_shown_by_stays():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    out = BytesIO()
    a_picture().convert("P").save(
        out, "PNG", transparency=3, icc_profile=profile, dpi=(300, 300)
    )
    first, *rest = png_chunks(out.getvalue())
    shown_by = [
        png_chunk(b"gAMA", struct.pack(">I", 45455)),
        png_chunk(b"sBIT", b"\x08\x08\x08"),
        png_chunk(b"cICP", b"\x01\x0d\x00\x01"),
    ]
    content = b"\x89PNG\r\n\x1a\n" + b"".join([first, *shown_by, *rest])
    assert {b"tRNS", b"iCCP", b"pHYs"} <= {one[4:8] for one in rest}

    assert without_personal(content) == content


def test_a_webp_says_in_front_only_what_it_holds():
    """Flags of what went, and bytes that mean nothing, go with it."""
    chunks = webp_chunks(a_file("WEBP"))
    marked = chunks[0][:8] + bytes([0x0C, 9, 9, 9]) + chunks[0][12:]

    kept = webp_chunks(without_personal(webp_file([marked, *chunks[1:]])))

    has_exif = 0x08
    assert kept[0][8:12] == bytes([has_exif, 0, 0, 0])
    assert kept[-1].startswith(b"EXIF")
    bare = webp_chunks(without_personal(webp_file([marked, *chunks[1:-2]])))
    assert bare[0][8:12] == bytes(4)


@pytest.mark.parametrize("marker", range(0xE0, 0xF0))
def test_of_a_jpegs_own_notes_only_profile_and_colours_stay(marker):
    content = a_file("JPEG")
    note = struct.pack(">BBH", 0xFF, marker, 2 + len(SAID)) + SAID

    kept = without_personal(content[:2] + note + content[2:])

    assert kept == without_personal(content)


def with_segment(content: bytes, marker: int, body: bytes) -> bytes:
    """In front of all others, in the place of the one that Pillow writes there."""
    (length,) = struct.unpack_from(">H", content, 4)
    rest = content[4 + length :] if content[3] in (0xE0, 0xEE) else content[2:]
    return content[:2] + struct.pack(">BBH", 0xFF, marker, 2 + len(body)) + body + rest


def test_a_jpegs_small_picture_of_what_was_cut_away_goes():
    out = BytesIO()
    a_picture().save(out, "JPEG", dpi=(72, 72))
    whole = out.getvalue()
    jfif = whole[6:18]

    kept = without_personal(with_segment(whole, 0xE0, jfif + b"\4\4" + b"Siti" * 12))

    assert kept == whole


def test_nor_does_anything_follow_what_says_how_its_colours_are_meant():
    out = BytesIO()
    a_picture().convert("CMYK").save(out, "JPEG")
    adobe = b"Adobe\0\x64\0\0\0\0\2"

    kept = without_personal(with_segment(out.getvalue(), 0xEE, adobe + SAID))

    assert SAID not in kept
    assert adobe in kept


def test_a_segment_that_is_too_short_to_mean_anything_goes():
    out = BytesIO()
    a_picture().save(out, "JPEG")
    bare = out.getvalue()[:2] + out.getvalue()[20:]

    assert without_personal(with_segment(bare, 0xE0, b"JFIF\0Siti")) == bare


@pytest.mark.parametrize("options", [{"progressive": True}, {"subsampling": 0}])
def test_jpegs_of_several_scans_and_with_restarts(options):
    out = BytesIO()
    a_picture((320, 240)).save(
        out, "JPEG", exif=personal_exif(), restart_marker_rows=1, **options
    )

    kept = without_personal(out.getvalue())

    assert (pixels(kept) == pixels(out.getvalue())).all()


def test_a_second_picture_in_the_file_goes():
    """Phones put a film or a larger picture with its own Exif behind the first."""
    out = BytesIO()
    second = a_picture()
    a_picture().save(
        out, "MPO", save_all=True, append_images=[second], exif=personal_exif()
    )

    kept = without_personal(out.getvalue())

    with Image.open(BytesIO(kept)) as image:
        assert image.format == "JPEG"
        assert getattr(image, "n_frames", 1) == 1
    assert kept.count(b"\xff\xd8\xff") == 1


def test_a_camera_cannot_say_a_whole_letter():
    exif = Image.Exif()
    exif[0x010F] = "Siti, Rumah 7, " * 30
    out = BytesIO()
    a_picture().save(out, "JPEG", exif=exif)

    with Image.open(BytesIO(without_personal(out.getvalue()))) as image:
        assert len(image.getexif()[0x010F]) <= 64


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GIF89a",
        b"\xff\xd8",
        b"\xff\xd8\xff\xe1\x00\x01",
        b"\xff\xd8\xff\xe1\xff\xff" + b"x" * 20,
        b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 2**31) + b"IDAT",
        b"RIFF" + struct.pack("<I", 999) + b"WEBP",
    ],
)
def test_what_is_no_whole_picture_is_refused(content):
    with pytest.raises(Damaged):
        without_personal(content)


@given(st.data())
def test_a_file_changed_anywhere_is_read_or_refused_and_never_worse(data):
    content = bytearray(a_file(data.draw(st.sampled_from(FORMATS))))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(2, len(content) - 1))
        content[at] = data.draw(st.integers(0, 255))

    with suppress(Damaged):
        without_personal(bytes(content))

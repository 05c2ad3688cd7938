"""Any file becomes upright RGB pixels or a clear refusal."""

from __future__ import annotations

import io
import struct
import threading
import zlib

import numpy as np
import pytest
from PIL import Image, ImageOps, TiffImagePlugin

from ml.images import (
    MAX_PIXELS,
    ImageError,
    NotAnImage,
    TooLarge,
    TooSmall,
    Unreadable,
    View,
    open_image,
    small_copy,
    to_pixels,
    views,
)
from ml.region import Region


def scene(width: int = 160, height: int = 100) -> Image.Image:
    """Return a picture whose four corners have different colours."""
    image = Image.new("RGB", (width, height), "grey")
    half = (width // 2, height // 2)
    for colour, x, y in (
        ("red", 0, 0),
        ("lime", 1, 0),
        ("blue", 0, 1),
        ("white", 1, 1),
    ):
        image.paste(colour, (x * half[0], y * half[1], *_end(half, x, y)))
    return image


def _end(half: tuple[int, int], x: int, y: int) -> tuple[int, int]:
    return (x + 1) * half[0], (y + 1) * half[1]


def encode(image: Image.Image, form: str, **options: object) -> io.BytesIO:
    if form == "HEIF":
        import pillow_heif

        pillow_heif.register_heif_opener()
    file = io.BytesIO()
    image.save(file, form, **options)
    file.seek(0)
    return file


def png(width: int, height: int, *extra: bytes, pixels: bytes = b"") -> bytes:
    """Return a PNG that claims a size, with extra chunks after its header."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(pixels))
    parts = (chunk(b"IHDR", header), *extra, body, chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + checksum(kind + body)


def checksum(data: bytes) -> bytes:
    return struct.pack(">I", zlib.crc32(data))


def corners(image: Image.Image) -> list[str]:
    """Return the colours near the corners: top left, top right, bottom left, right."""
    w, h = image.size
    names = {"red": (255, 0, 0), "lime": (0, 255, 0), "blue": (0, 0, 255)}
    names["white"] = (255, 255, 255)
    found = []
    for x, y in ((0.2, 0.2), (0.8, 0.2), (0.2, 0.8), (0.8, 0.8)):
        pixel = np.array(image.getpixel((int(x * w), int(y * h))), int)
        found.append(min(names, key=lambda n: abs(pixel - names[n]).sum()))
    return found


UPRIGHT = ["red", "lime", "blue", "white"]


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_is_obeyed_once(form: str, orientation: int):
    undo = {2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}
    lying = scene()
    if orientation in undo:
        turner = Image.Exif()
        turner[0x0112] = undo[orientation]
        lying.info["exif"] = turner.tobytes()
        lying = ImageOps.exif_transpose(lying)
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"tiffinfo": {0x0112: orientation}} if form == "TIFF" else {"exif": exif}

    image = open_image(encode(lying, form, **options))

    assert image.size == (160, 100)
    assert corners(image) == UPRIGHT


@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_a_heic_is_turned_once(orientation: int):
    turner = {1: None, 3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90}
    lying = scene()
    if turner[orientation] is not None:
        lying = lying.transpose(turner[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation

    image = open_image(encode(lying, "HEIF", exif=exif.tobytes(), quality=90))

    assert image.size == (160, 100)
    assert corners(image) == UPRIGHT


@pytest.mark.parametrize(
    ("mode", "form"),
    [
        ("L", "PNG"),
        ("LA", "PNG"),
        ("P", "PNG"),
        ("RGBA", "PNG"),
        ("1", "PNG"),
        ("I;16", "PNG"),
        ("L", "JPEG"),
        ("CMYK", "JPEG"),
        ("CMYK", "TIFF"),
        ("LAB", "TIFF"),
        ("F", "TIFF"),
        ("I", "TIFF"),
        ("I;16", "TIFF"),
        ("P", "TIFF"),
        ("RGBA", "WEBP"),
        ("RGBA", "HEIF"),
    ],
)
def test_every_mode_becomes_rgb(mode: str, form: str):
    grey = Image.new("L", (120, 90), 60)
    grey.paste(200, (60, 0, 120, 90))
    if mode == "I;16":
        image = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    elif mode == "F":
        image = Image.fromarray(np.asarray(grey).astype(np.float32) / 255)
    elif mode == "I":
        image = Image.fromarray(np.asarray(grey).astype(np.int32) * 257)
    elif mode == "LAB":
        image = Image.merge("LAB", (grey, *[Image.new("L", grey.size, 128)] * 2))
    else:
        image = grey.convert("RGB").convert(mode)

    found = open_image(encode(image, form))

    assert found.mode == "RGB"
    left, right = found.getpixel((20, 45)), found.getpixel((100, 45))
    if mode != "1":
        assert max(abs(v - 60) for v in left) < 16
        assert max(abs(v - 200) for v in right) < 16


def test_transparency_becomes_white():
    clear = Image.new("RGBA", (80, 80), (10, 20, 30, 0))
    indexed = Image.new("P", (80, 80), 3)
    indexed.putpalette(bytes(range(256)) * 3)

    assert open_image(encode(clear, "PNG")).getpixel((40, 40)) == (255, 255, 255)
    found = open_image(encode(indexed, "PNG", transparency=3))
    assert found.getpixel((40, 40)) == (255, 255, 255)


def test_a_cmyk_jpeg_with_adobes_marker_is_not_a_negative():
    ink = Image.new("RGB", (80, 80), (200, 40, 40)).convert("CMYK")
    data = encode(ink, "JPEG", quality=95).read()

    assert b"Adobe" in data
    red, green, _ = open_image(io.BytesIO(data)).getpixel((40, 40))
    assert red > 170
    assert green < 80


@pytest.mark.parametrize("form", ["PNG", "WEBP", "TIFF"])
def test_the_first_picture_of_several_is_taken(form: str):
    first, second = Image.new("RGB", (90, 70), "red"), Image.new("RGB", (90, 70))

    file = encode(first, form, save_all=True, append_images=[second, second])

    image = open_image(file)
    assert image.size == (90, 70)
    assert image.getpixel((45, 35))[0] > 240


def test_a_large_jpeg_is_reduced_while_decoding():
    image = open_image(encode(Image.new("RGB", (4000, 3000), "teal"), "JPEG"))

    assert image.size == (500, 375) or min(image.size) >= 384
    assert min(image.size) < 800


@pytest.mark.parametrize("data", [b"", b"GIF89a" + bytes(90), b"hello", b"\xff\xd8"])
def test_another_kind_of_file_is_not_an_image(data: bytes):
    with pytest.raises(NotAnImage) as refused:
        open_image(io.BytesIO(data))

    assert refused.value.code == "not_an_image"


@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "WEBP", "HEIF"])
@pytest.mark.parametrize("kept", [0.05, 0.5, 0.9])
def test_a_truncated_file_is_unreadable(form: str, kept: float):
    noise = np.random.default_rng(1).integers(0, 255, (120, 120, 3), dtype=np.uint8)
    data = encode(Image.fromarray(noise), form).read()

    with pytest.raises(Unreadable) as refused:
        open_image(io.BytesIO(data[: int(len(data) * kept)]))

    assert refused.value.code == "unreadable"


@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_random_damage_never_escapes_as_another_error(form: str):
    rng, codes = np.random.default_rng(5), set()
    whole = encode(scene(), form).read()
    for _ in range(60):
        data = bytearray(whole)
        for at in rng.integers(0, len(data), 6):
            data[at] = rng.integers(256)
        try:
            assert open_image(io.BytesIO(bytes(data))).mode == "RGB"
        except ImageError as refused:
            codes.add(refused.code)

    assert codes <= {"not_an_image", "unreadable", "too_small", "too_large"}


@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "WEBP", "HEIF"])
def test_a_picture_under_64_pixels_is_too_small(form: str):
    with pytest.raises(TooSmall) as refused:
        open_image(encode(Image.new("RGB", (200, 60)), form))

    assert refused.value.code == "too_small"
    assert "200 x 60" in str(refused.value)


def test_a_claimed_size_is_refused_before_it_is_decoded():
    with pytest.raises(TooLarge) as refused:
        open_image(io.BytesIO(png(30_000, 30_000)))

    assert refused.value.code == "too_large"


def test_a_file_over_the_size_limit_is_too_large(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("ml.images.MAX_BYTES", 1000)

    with pytest.raises(TooLarge):
        open_image(io.BytesIO(bytes(1001)))


def test_every_format_has_a_pixel_limit():
    assert set(MAX_PIXELS) == {"JPEG", "PNG", "TIFF", "WEBP", "HEIF"}


def test_a_progressive_jpeg_with_hundreds_of_scans_is_too_large():
    data = encode(Image.new("L", (4000, 4000)), "JPEG", progressive=True).read()
    scan = data[data.rfind(b"\xff\xc4") : -2]

    with pytest.raises(TooLarge):
        open_image(io.BytesIO(data[:-2] + scan * 300 + b"\xff\xd9"))


def test_millions_of_empty_parts_are_unreadable():
    pixels = b"\0" * (64 * 193)
    chunks = png(64, 64, chunk(b"teXt", b"") * 30_000, pixels=pixels)
    jpeg = encode(scene(), "JPEG").read()
    comments = jpeg[:2] + b"\xff\xfe\x00\x02" * 30_000 + jpeg[2:]
    junk = jpeg[:20] + b"\0" * 9000 + jpeg[20:]

    for data in (chunks, comments, junk):
        with pytest.raises(Unreadable):
            open_image(io.BytesIO(data))


def test_metadata_never_reaches_the_decoder():
    broken = (
        chunk(b"iCCP", b"x") + chunk(b"eXIf", b"II*\0nonsense") + chunk(b"tEXt", b"")
    )
    pixels = b"".join(b"\0" + b"\xc8\x28\x28" * 64 for _ in range(64))

    image = open_image(io.BytesIO(png(64, 64, broken, pixels=pixels)))

    assert image.getpixel((3, 3)) == (200, 40, 40)
    assert not image.info


def tiff(tags: dict[int, tuple[int, int, int]]) -> bytes:
    """Return a little-endian TIFF directory: tag -> (type, count, value)."""
    entries = b"".join(
        struct.pack("<HHII", tag, *entry) for tag, entry in sorted(tags.items())
    )
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4)


BASIC = {256: (4, 1, 100), 257: (4, 1, 100), 262: (3, 1, 1), 277: (3, 1, 1)}


@pytest.mark.parametrize(
    ("tags", "error"),
    [
        # A tile far larger than the picture, which libtiff would allocate.
        (BASIC | {322: (4, 1, 60_000), 323: (4, 1, 60_000)}, (TooLarge, Unreadable)),
        # Offsets that claim more bytes than the file has.
        (BASIC | {273: (4, 1_000_000, 8), 279: (4, 1, 100)}, Unreadable),
        # An EXIF directory that points at its own start.
        (BASIC | {34665: (4, 1, 8), 273: (4, 1, 8), 279: (4, 1, 9)}, Unreadable),
        # Fax compression.
        (BASIC | {259: (3, 1, 4), 273: (4, 1, 8), 279: (4, 1, 90)}, Unreadable),
    ],
)
def test_a_strange_tiff_is_refused(tags, error):
    with pytest.raises(error):
        open_image(io.BytesIO(tiff(tags) + bytes(200)))


def test_a_tiff_with_ten_thousand_pages_is_read_at_once():
    file = io.BytesIO()
    with TiffImagePlugin.AppendingTiffWriter(file, new=True) as writer:
        for _ in range(3):
            scene().save(writer, "TIFF")
            writer.newFrame()
    data = bytearray(file.getvalue())
    (start,) = struct.unpack_from("<I", data, 4)
    (entries,) = struct.unpack_from("<H", data, start)
    # The first page says that the next one is at the file's last byte.
    struct.pack_into("<I", data, start + 2 + 12 * entries, len(data) - 1)

    assert corners(open_image(io.BytesIO(bytes(data)))) == UPRIGHT


def test_one_picture_can_be_opened_from_many_threads():
    data = encode(scene(1200, 900), "JPEG").read()
    found: list[bytes] = []

    def work():
        for _ in range(5):
            found.append(open_image(io.BytesIO(data)).tobytes())

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 30
    assert len(set(found)) == 1


def test_resizing_is_antialiased():
    board = np.indices((672, 672)).sum(axis=0) % 2 * 255
    pixels = to_pixels(Image.fromarray(board.astype(np.uint8)))

    # Without antialiasing a checkerboard of single pixels stays black and white.
    assert pixels[20:-20, 20:-20].std() < 8
    assert abs(pixels.mean() - 127) < 4


def test_views_are_squares_inside_the_region():
    image = scene(400, 200)
    region = Region(x=0.5, y=0.0, width=0.5, height=1.0, polygon=((0, 0),), share=0.5)

    pixels, boxes = views(image, region, [View(), View(0.5, 0.0, 1.0)], size=32)

    assert pixels.shape == (2, 32, 32, 3)
    assert boxes[0] == (0.5, 0.0, 0.5, 1.0)
    assert boxes[1] == (0.5, 0.5, 0.25, 0.5)
    # The second view is the region's lower left quarter: white in the scene.
    assert pixels[1, 4:, 4:].min() > 240


def test_a_small_copy_keeps_the_proportions():
    assert small_copy(scene(1600, 800)).shape == (160, 320, 3)
    assert small_copy(scene(160, 100)).shape == (100, 160, 3)

"""What a photo's file says besides its picture, and which part of that is kept.

A phone writes where and when a photo was taken, by whom, and with which serial number.
None of it is anybody's business: before a photo is stored, everything goes but what is
needed to show it (colour profile, orientation) and the camera's make and model. The
picture itself is copied byte for byte, never encoded again.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from io import BytesIO

from PIL import Image

ORIENTATION, MAKE, MODEL = 0x0112, 0x010F, 0x0110
KEPT_TAGS = (ORIENTATION, MAKE, MODEL)
EXIF_HEADER = b"Exif\0\0"
MOST_TEXT = 64
"""Characters of the camera's make or model that are kept."""

# What is kept is named, and all else goes: a list of what is dropped would let through
# whatever the next program signs a picture with.
_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA
_APP0, _APP2, _APP14, _APP15, _COM = 0xE0, 0xE2, 0xEE, 0xEF, 0xFE
_JPEG_KEPT = {_APP0: b"JFIF\0", _APP2: b"ICC_PROFILE\0", _APP14: b"Adobe"}
"""Application segments that change how the picture looks, and what they begin with."""

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = {
    *(b"IHDR", b"PLTE", b"IDAT", b"IEND"),
    *(b"tRNS", b"bKGD", b"sBIT", b"pHYs"),
    *(b"cHRM", b"gAMA", b"iCCP", b"sRGB", b"cICP"),
}
_WEBP_KEPT = {b"VP8X", b"ICCP", b"ANIM", b"ANMF", b"ALPH", b"VP8 ", b"VP8L"}
_WEBP_HAS_EXIF = 0x08
_WEBP_FLAGS = 0x32
"""Of ``VP8X``: a colour profile, transparency, movement."""
_FRAME_HEADER = 16
"""Bytes of an ``ANMF`` before its own chunks."""


class Damaged(ValueError):
    """The file is not put together as its format says."""


def without_personal(content: bytes) -> bytes:
    """Return the same picture in a file that says nothing personal.

    What follows the end of the picture is cut off: phones hide a second picture or a
    film there.

    Args:
        content: a JPEG, PNG or WebP.

    Raises:
        Damaged: the file is cut short, or of another format.
    """
    try:
        if content.startswith(b"\xff\xd8"):
            return b"".join(_jpeg(content))
        if content.startswith(_PNG):
            return b"".join(_png(content))
        if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
            return _webp(content)
    except (struct.error, IndexError) as error:
        raise Damaged("the file ends too early") from error
    raise Damaged("no JPEG, PNG or WebP")


def _kept_exif(content: bytes) -> bytes:
    """Return the Exif block to write, without its header, or nothing."""
    try:
        with Image.open(BytesIO(content)) as image:
            given = dict(image.getexif())
    # An Exif block can be broken in any way; nothing of such a one is kept.
    except Exception:
        return b""
    kept = Image.Exif()
    for tag in KEPT_TAGS:
        value = given.get(tag)
        if tag == ORIENTATION and value in range(2, 9):
            kept[tag] = value
        elif tag != ORIENTATION and isinstance(value, str):
            text = "".join(x for x in value if x.isprintable() and x.isascii())
            if text.strip():
                kept[tag] = text.strip()[:MOST_TEXT]
    return kept.tobytes().removeprefix(EXIF_HEADER) if kept else b""


# JPEG: segments up to the first scan, then scans up to the end of the picture.


def _jpeg(content: bytes) -> Iterator[bytes]:
    yield content[:2]
    if exif := _kept_exif(content):
        yield struct.pack(">BBH", 0xFF, 0xE1, 2 + 6 + len(exif)) + EXIF_HEADER + exif
    at = 2
    while True:
        while content[at] == 0xFF and content[at + 1] == 0xFF:
            at += 1
        if content[at] != 0xFF:
            raise Damaged("no marker where one must be")
        marker = content[at + 1]
        if marker == _EOI:
            yield content[at : at + 2]
            return
        (length,) = struct.unpack_from(">H", content, at + 2)
        end = at + 2 + length
        if length < 2 or end > len(content):
            raise Damaged("a segment is longer than the file")
        if marker == _SOS:
            end = _end_of_scan(content, end)
        if _APP0 <= marker <= _APP15:
            yield _application(marker, content[at + 4 : end])
        elif marker != _COM:
            yield content[at:end]
        at = end


def _application(marker: int, body: bytes) -> bytes:
    """Return what is kept of an application's segment, or nothing."""
    if marker not in _JPEG_KEPT or not body.startswith(_JPEG_KEPT[marker]):
        return b""
    if marker != _APP2:
        # Both say it in 12 bytes; after those of JFIF comes a picture in small, which
        # may show what was cut away: its width and height become 0.
        if len(body) < 12:
            return b""
        body = body[:12] + (b"\0\0" if marker == _APP0 else b"")
    return struct.pack(">BBH", 0xFF, marker, 2 + len(body)) + body


def _end_of_scan(content: bytes, at: int) -> int:
    """Return where the next marker is; FF 00 is a byte, FF D0 to D7 mark restarts."""
    while True:
        at = content.find(b"\xff", at)
        if at < 0 or at + 1 >= len(content):
            raise Damaged("a scan has no end")
        follows = content[at + 1]
        if follows != 0x00 and not 0xD0 <= follows <= 0xD7 and follows != 0xFF:
            return at
        at += 1 if follows == 0xFF else 2


def _png(content: bytes) -> Iterator[bytes]:
    yield content[:8]
    exif = _kept_exif(content)
    at = 8
    while True:
        (length,) = struct.unpack_from(">I", content, at)
        kind, end = content[at + 4 : at + 8], at + 12 + length
        if end > len(content):
            raise Damaged("a chunk is longer than the file")
        if kind == b"IDAT" and exif:
            yield _png_chunk(b"eXIf", exif)
            exif = b""
        if kind in _PNG_KEPT:
            yield content[at:end]
        if kind == b"IEND":
            return
        at = end


def _png_chunk(kind: bytes, body: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(kind + body))
    return struct.pack(">I", len(body)) + kind + body + checksum


def _webp(content: bytes) -> bytes:
    (size,) = struct.unpack_from("<I", content, 4)
    stop = 8 + size
    if stop > len(content):
        raise Damaged("the file ends too early")
    exif = _kept_exif(content)
    chunks = _webp_chunks(content[12:stop], _WEBP_HAS_EXIF if exif else 0)
    # Only the extended form can hold Exif; a simple file had none to keep.
    body = b"WEBP" + chunks + (_webp_chunk(b"EXIF", exif) if exif else b"")
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _webp_chunks(content: bytes, flags: int = 0) -> bytes:
    """Return the chunks that are kept; of a frame of an animation, its own ones."""
    kept = []
    at = 0
    while at + 8 <= len(content):
        kind = content[at : at + 4]
        (length,) = struct.unpack_from("<I", content, at + 4)
        end = at + 8 + length
        if end > len(content):
            raise Damaged("a chunk is longer than the file")
        body = content[at + 8 : end]
        if kind == b"VP8X":
            size = body[4:10]
            body = bytes([body[0] & _WEBP_FLAGS | flags, 0, 0, 0]) + size
        elif kind == b"ANMF":
            body = body[:_FRAME_HEADER] + _webp_chunks(body[_FRAME_HEADER:])
        if kind in _WEBP_KEPT:
            kept.append(_webp_chunk(kind, body))
        at = end + length % 2
    return b"".join(kept)


def _webp_chunk(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)

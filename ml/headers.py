"""What a picture file says of itself, read before anything is decoded.

Decoding is where a hostile file costs time and memory, so the format, the size and
the price of decoding are settled here, from a few header bytes.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

FORMATS = ("JPEG", "PNG", "TIFF", "WEBP", "HEIF")

_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_ORIENTATION = 0x0112
_START_OF_FRAME = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}


def sniff(data: bytes) -> str | None:
    """Return the format named by the first bytes, one of ``FORMATS``, or None.

    >>> sniff(b"\\x89PNG\\r\\n\\x1a\\n...")
    'PNG'
    >>> sniff(b"GIF89a...") is None
    True
    """
    if data[:3] == b"\xff\xd8\xff":
        return "JPEG"
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return "PNG"
    if data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return "TIFF"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS:
        return "HEIF"
    return None


class JpegFrame(NamedTuple):
    """The frame header of a JPEG: its coding and what that costs to decode."""

    coding: int
    """The marker's second byte: 0xC0 baseline, 0xC1 extended, 0xC2 progressive."""
    components: int
    scans: int
    """How often the decoder passes over the picture, at most (thumbnails count)."""

    @property
    def is_buffered(self) -> bool:
        """Whether the decoder must hold every coefficient of the picture at once."""
        return self.coding == 0xC2 or self.scans > 1


def jpeg_frame(data: bytes) -> JpegFrame:
    """Return the frame header of a JPEG file.

    Raises ValueError when there is none.
    """
    at = 2
    while at + 9 < len(data):
        if data[at] != 0xFF:
            at += 1
            continue
        marker = data[at + 1]
        if marker in (0xFF, 0x00, 0x01) or 0xD0 <= marker <= 0xD8:
            at += 1 if marker == 0xFF else 2
            continue
        if marker in _START_OF_FRAME:
            # A stuffed 0xFF is followed by 0x00, so 0xFFDA is always a marker.
            scans = data.count(b"\xff\xda", at)
            return JpegFrame(marker, data[at + 9], scans)
        if marker in (0xD9, 0xDA):
            break
        at += 2 + struct.unpack_from(">H", data, at + 2)[0]
    raise ValueError("no frame header")


def exif_orientation(exif: bytes) -> int:
    """Return the orientation, 1 to 8, that an EXIF block states; 1 when it states none.

    >>> exif_orientation(b"II*\\0\\x08\\0\\0\\0\\x01\\0\\x12\\x01\\x03\\0\\x01\\0\\0\\0\\x06\\0\\0\\0")
    6
    >>> exif_orientation(b"nonsense")
    1
    """
    block = exif.removeprefix(b"Exif\0\0")
    order = {b"II": "<", b"MM": ">"}.get(block[:2])
    if order is None or len(block) < 10:
        return 1
    (start,) = struct.unpack_from(order + "I", block, 4)
    if start + 2 > len(block):
        return 1
    (entries,) = struct.unpack_from(order + "H", block, start)
    for entry in range(start + 2, start + 2 + 12 * entries, 12):
        if entry + 12 > len(block):
            break
        tag, kind, count, value = struct.unpack_from(order + "HHIH", block, entry)
        if (tag, kind, count) == (_ORIENTATION, 3, 1):
            return value if 1 <= value <= 8 else 1
    return 1

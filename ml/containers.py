"""Picture files taken apart, so that a decoder is given only what it needs.

Metadata is where hostile files hide: a million empty chunks, directories that point at
themselves, texts that unpack to gigabytes. The parts that make the pixels are kept,
the orientation is read, and everything else never reaches a decoder.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass

MAX_PARTS = 20_000
"""Most segments or chunks looked at in one file; cameras write a few dozen."""
MAX_JUNK = 4096
"""Most bytes between two JPEG segments that are skipped, as decoders do."""
MAX_DIRECTORY = 4 * 2**20
"""Most bytes that the values of a TIFF's directory may take."""

_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_ORIENTATION = 0x0112
_START_OF_FRAME = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_TIFF_SIZES = {1: 1, 3: 2, 4: 4, 16: 8}
# What says where a TIFF's pixels are and how they are packed; one value each …
_TIFF_SINGLE = {256, 257, 259, 262, 266, 277, 278, 284, 317, 322, 323}
# … or several: bits, offsets, counts, colours, kinds of sample.
_TIFF_SEVERAL = {258, 273, 279, 320, 324, 325, 338, 339}


class BrokenFile(Exception):
    """The file is not built as its format says, or in a way only an attacker would."""


@dataclass
class Container:
    """A picture file reduced to what its decoder needs."""

    form: str
    """As ``sniff`` names it."""
    stream: io.BytesIO
    orientation: int = 1
    """1 to 8, as EXIF states it."""
    samples_per_pixel: float = 0.0
    """JPEG: samples stored per pixel, 3 for 4:4:4 and 1.5 for 4:2:0."""
    scans: int = 1
    """JPEG: how often the decoder passes over the picture."""
    is_buffered: bool = False
    """JPEG: whether the decoder holds every coefficient of the picture at once."""


def sniff(data: bytes) -> str | None:
    """Return the format named by the first bytes, or None for any other.

    >>> sniff(b"\\x89PNG\\r\\n\\x1a\\n...")
    'PNG'
    >>> sniff(b"GIF89a...") is None
    True
    """
    if data[:3] == b"\xff\xd8\xff":
        return "JPEG"
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return "PNG"
    if data[:4] in (b"II*\0", b"MM\0*"):
        return "TIFF"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS:
        return "HEIF"
    return None


def reduce(form: str, data: bytes) -> Container:
    """Return a file without what its decoder does not need.

    Args:
        form: "JPEG", "PNG", "TIFF" or "WEBP", as ``sniff`` named it.
        data: the whole file.

    Raises:
        BrokenFile: it is not built as its format says.
    """
    try:
        if form == "JPEG":
            return _jpeg(data)
        if form == "PNG":
            return _png(data)
        if form == "TIFF":
            return _tiff(data)
        return Container("WEBP", io.BytesIO(data), _webp_orientation(data))
    except (struct.error, IndexError) as error:
        raise BrokenFile("the file ends too early") from error


def _jpeg(data: bytes) -> Container:
    kept = [b"\xff\xd8"]
    found = Container("JPEG", io.BytesIO())
    is_progressive, components = False, 0
    for marker, start, end in _segments(data):
        body = data[start:end]
        if marker == 0xE1 and body.startswith(b"Exif\0\0"):
            found.orientation = exif_orientation(body)
        is_needed = not 0xE0 <= marker <= 0xEF and marker != 0xFE
        # These two tell the decoder which colours the components are.
        is_needed |= marker == 0xE0 and body.startswith(b"JFIF")
        is_needed |= marker == 0xEE and body.startswith(b"Adobe")
        if is_needed:
            kept.append(data[start - 4 : end])
        if marker in _START_OF_FRAME:
            is_progressive = marker == 0xC2
            components = body[5]
            factors = [(f >> 4, f & 15) for f in body[7 : 6 + 3 * components : 3]]
            widest = max(h for h, _ in factors) * max(v for _, v in factors)
            if not widest:
                raise BrokenFile("a JPEG component without samples")
            found.samples_per_pixel = sum(h * v for h, v in factors) / widest
        if marker == 0xDA:
            # A 0xFF in the data is followed by 0x00, so this counts only markers.
            found.scans = data.count(b"\xff\xda", start - 4)
            kept.append(data[end:])
            break
    if not components:
        raise BrokenFile("a JPEG without a frame")
    found.is_buffered = is_progressive or found.scans > 1
    found.stream = io.BytesIO(b"".join(kept))
    return found


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield marker, start and end of the body of every JPEG segment that has one."""
    at, junk = 2, 0
    for _ in range(MAX_PARTS):
        while data[at] != 0xFF or data[at + 1] in (0x00, 0xFF):
            at, junk = at + 1, junk + 1
            if junk > MAX_JUNK:
                raise BrokenFile("no JPEG segment where one should be")
        marker = data[at + 1]
        if marker == 0xD9:
            raise BrokenFile("a JPEG that ends before its pixels")
        if marker == 0x01 or 0xD0 <= marker <= 0xD8:
            at += 2
            continue
        end = at + 2 + struct.unpack_from(">H", data, at + 2)[0]
        yield marker, at + 4, end
        at = end
    raise BrokenFile("more JPEG segments than a camera writes")


def _png(data: bytes) -> Container:
    found = Container("PNG", io.BytesIO())
    kept = [data[:8]]
    pixels: list[bytes] = []
    at = 8
    for _ in range(MAX_PARTS):
        (length,) = struct.unpack_from(">I", data, at)
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        if len(body) != length:
            raise BrokenFile("a PNG that ends early")
        if kind in (b"IHDR", b"PLTE", b"tRNS", b"IDAT"):
            kept.append(data[at : at + 12 + length])
            pixels += [kind] if kind == b"IDAT" else []
        elif kind == b"eXIf":
            found.orientation = exif_orientation(body)
        elif kind == b"IEND":
            kept.append(data[at : at + 12])
            break
        at += 12 + length
    else:
        raise BrokenFile("more PNG chunks than a program writes")
    if not pixels:
        raise BrokenFile("a PNG without pixels")
    found.stream = io.BytesIO(b"".join(kept))
    return found


def _tiff(data: bytes) -> Container:
    """Rewrite the first directory in place: pixels only, and no page after it."""
    order = "<" if data[:2] == b"II" else ">"
    (start,) = struct.unpack_from(order + "I", data, 4)
    (entries,) = struct.unpack_from(order + "H", data, start)
    if entries > MAX_PARTS:
        raise BrokenFile("more TIFF tags than a program writes")
    found = Container("TIFF", io.BytesIO())
    kept: dict[int, bytes] = {}
    total = 0
    for at in range(start + 2, start + 2 + 12 * entries, 12):
        tag, kind, count = struct.unpack_from(order + "HHI", data, at)
        size = _TIFF_SIZES.get(kind, 0) * count
        if tag == _ORIENTATION and kind == 3:
            (turn,) = struct.unpack_from(order + "H", data, at + 8)
            found.orientation = turn if 1 <= turn <= 8 else 1
        is_single = tag in _TIFF_SINGLE and count == 1
        if not size or not (is_single or tag in _TIFF_SEVERAL) or tag in kept:
            continue
        (offset,) = struct.unpack_from(order + "I", data, at + 8)
        if size > 4 and offset + size > len(data):
            raise BrokenFile("a TIFF tag outside the file")
        total += size
        kept[tag] = data[at : at + 12]
    if total > MAX_DIRECTORY:
        raise BrokenFile("a TIFF directory larger than any picture needs")
    directory = b"".join(kept[tag] for tag in sorted(kept))
    count = struct.pack(order + "H", len(kept))
    found.stream = io.BytesIO(data)
    found.stream.seek(start)
    found.stream.write(count + directory + b"\0\0\0\0")
    found.stream.seek(0)
    return found


def _webp_orientation(data: bytes) -> int:
    at = 12
    for _ in range(MAX_PARTS):
        kind = data[at : at + 4]
        if len(kind) < 4:
            return 1
        (length,) = struct.unpack_from("<I", data, at + 4)
        if kind == b"EXIF":
            return exif_orientation(data[at + 8 : at + 8 + length])
        at += 8 + length + length % 2
    raise BrokenFile("more WebP chunks than a program writes")


def exif_orientation(exif: bytes) -> int:
    """Return the orientation, 1 to 8, that an EXIF block states; 1 when none.

    >>> entry = bytes.fromhex("1201 0300 01000000 06000000")
    >>> exif_orientation(b"II*\\0" + bytes([8, 0, 0, 0, 1, 0]) + entry)
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

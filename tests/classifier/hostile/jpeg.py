"""JPEG files: cut off, lying about their size, coded in unusual ways."""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import cache, partial

from PIL import Image

from tests.classifier.pictures import cloth, encoded


@cache
def sound(**how: object) -> bytes:
    return encoded(cloth(), **how)


def cut(share: float) -> bytes:
    return sound()[: int(len(sound()) * share)]


def frame(marker: int, width: int, height: int, data: bytes | None = None) -> bytes:
    """A sound file whose frame header says something else."""
    content = bytearray(data or sound())
    at = next(i for i in range(len(content)) if content[i : i + 2] in _FRAMES)
    content[at + 1] = marker
    struct.pack_into(">HH", content, at + 5, height, width)
    return bytes(content)


_FRAMES = (b"\xff\xc0", b"\xff\xc1", b"\xff\xc2")


def patched(find: bytes, offset: int, value: int) -> bytes:
    content = bytearray(sound())
    content[content.index(find) + offset] = value
    return bytes(content)


def segment(marker: int, data: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data


def with_segments(*segments: bytes) -> bytes:
    return sound()[:2] + b"".join(segments) + sound()[2:]


def exif(orientation: int, kind: int = 3, count: int = 1) -> bytes:
    entry = struct.pack("<HHIHH", 0x0112, kind, count, orientation & 0xFFFF, 0)
    block = b"II*\0\x08\0\0\0\x01\0" + entry + b"\0\0\0\0"
    return with_segments(segment(0xE1, b"Exif\0\0" + block))


def exif_loop() -> bytes:
    """An EXIF directory that is its own successor."""
    entry = struct.pack("<HHIHH", 0x0112, 3, 1, 6, 0)
    block = b"II*\0\x08\0\0\0\x01\0" + entry + b"\x08\0\0\0"
    return with_segments(segment(0xE1, b"Exif\0\0" + block))


def exif_of_many_entries() -> bytes:
    block = b"II*\0\x08\0\0\0\xff\xff" + b"\x12\x01\x03\0\x01\0\0\0\x06\0\0\0" * 5000
    return with_segments(segment(0xE1, b"Exif\0\0" + block[:65_000]))


def icc(data: bytes, parts: int = 1) -> bytes:
    return with_segments(
        *(
            segment(0xE2, b"ICC_PROFILE\0" + bytes([n + 1, parts]) + data)
            for n in range(parts)
        )
    )


def many_scans(count: int, width: int, height: int) -> bytes:
    """A progressive picture whose last scan is repeated many times."""
    content = encoded(Image.new("RGB", (width, height), "white"), progressive=True)
    last = content.rindex(b"\xff\xda")
    scan = content[last:-2]
    return content[:-2] + scan * count + b"\xff\xd9"


def large(width: int, height: int, **how: object) -> bytes:
    """A picture that really has so many pixels; flat, so that the file is small."""
    return encoded(Image.new("RGB", (width, height), (120, 40, 130)), **how)


def mpo() -> bytes:
    return encoded(cloth(), "MPO", save_all=True, append_images=[cloth(seed=3)])


def mode(name: str) -> bytes:
    return encoded(cloth().convert(name))


def thumbnails() -> bytes:
    """A picture that holds itself in its metadata, and that again."""
    inner = sound()
    for _ in range(2):
        inner = inner[:2] + segment(0xE1, b"Exif\0\0" + inner[:60_000]) + inner[2:]
    return inner


def noise_after_frame() -> bytes:
    at = sound().index(b"\xff\xda")
    return sound()[: at + 40] + bytes(range(256)) * 400


FILES: dict[str, Callable[[], bytes]] = {
    "jpeg magic alone": lambda: b"\xff\xd8\xff",
    "jpeg start and end alone": lambda: b"\xff\xd8\xff\xd9",
    **{
        f"jpeg cut at {share:.0%}": partial(cut, share)
        for share in (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 0.75, 0.95)
    },
    "jpeg without its last byte": lambda: sound()[:-1],
    "jpeg without an end": lambda: sound()[:-2],
    "jpeg of 65535 by 65535 by its header": partial(frame, 0xC0, 65535, 65535),
    "jpeg progressive, 65535 by 65535": lambda: frame(
        0xC2, 65535, 65535, sound(progressive=True)
    ),
    "jpeg of 7000 by 7000 by its header": partial(frame, 0xC0, 7000, 7000),
    "jpeg of no width": partial(frame, 0xC0, 0, 240),
    "jpeg of no height": partial(frame, 0xC0, 320, 0),
    "jpeg one pixel high": lambda: large(60_000, 1),
    "jpeg arithmetic": partial(frame, 0xC9, 320, 240),
    "jpeg lossless": partial(frame, 0xC3, 320, 240),
    "jpeg hierarchical": partial(frame, 0xC5, 320, 240),
    "jpeg of 12 bits": partial(patched, b"\xff\xc0", 4, 12),
    "jpeg of no components": partial(patched, b"\xff\xc0", 9, 0),
    "jpeg of 255 components": partial(patched, b"\xff\xc0", 9, 255),
    "jpeg with sampling of 15 by 15": partial(patched, b"\xff\xc0", 11, 0xFF),
    "jpeg without quantisation": partial(patched, b"\xff\xdb", 1, 0xFE),
    "jpeg without codes": partial(patched, b"\xff\xc4", 1, 0xFE),
    "jpeg with a segment of no length": lambda: with_segments(b"\xff\xe5\0\0"),
    "jpeg with noise for pixels": noise_after_frame,
    "jpeg progressive": lambda: sound(progressive=True),
    "jpeg of 2000 scans": partial(many_scans, 2000, 2000, 2000),
    "jpeg of 20000 scans": partial(many_scans, 20_000, 500, 500),
    "jpeg of 48 megapixels": partial(large, 8000, 6000),
    "jpeg of 24 megapixels, progressive": partial(large, 6000, 4000, progressive=True),
    "jpeg of 100 megapixels": partial(large, 12_500, 8000, quality=10),
    "jpeg long and narrow": partial(large, 65_500, 64),
    "jpeg mpo": mpo,
    "jpeg cmyk": partial(mode, "CMYK"),
    "jpeg grey": partial(mode, "L"),
    **{f"jpeg orientation {n}": partial(exif, n) for n in (*range(10), 65535)},
    "jpeg orientation as text": partial(exif, 6, 2, 1),
    "jpeg orientation many times": partial(exif, 6, 3, 1_000_000),
    "jpeg exif that loops": exif_loop,
    "jpeg exif of many entries": exif_of_many_entries,
    "jpeg exif of noise": lambda: with_segments(
        segment(0xE1, b"Exif\0\0" + bytes(range(256)) * 200)
    ),
    "jpeg exif of nothing": lambda: with_segments(segment(0xE1, b"Exif\0\0")),
    "jpeg colour profile of noise": lambda: icc(bytes(range(256)) * 100),
    "jpeg colour profile in 255 parts": lambda: icc(b"x" * 60_000, parts=255),
    "jpeg with 200 long comments": lambda: with_segments(
        *[segment(0xFE, b"x" * 65_000)] * 200
    ),
    "jpeg within jpeg": thumbnails,
    "jpeg with a zip behind it": lambda: sound() + b"PK\x03\x04" + bytes(5000),
    "jpeg with a script in it": lambda: with_segments(
        segment(0xFE, b"<script>alert(1)</script><?php system('id'); ?>")
    ),
    "jpeg with 10 MB behind it": lambda: sound() + b"\xff\xda" * 5_000_000,
    "jpeg of 21 MB": lambda: sound() + bytes(21 * 2**20),
}

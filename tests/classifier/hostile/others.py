"""WebP and HEIC files: cut off, bombs by header, animations."""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import cache, partial
from io import BytesIO

from PIL import Image
from pillow_heif import from_pillow

from tests.classifier.pictures import cloth, encoded


@cache
def webp() -> bytes:
    return encoded(cloth(), "WEBP")


def cut_webp(share: float) -> bytes:
    return webp()[: int(len(webp()) * share)]


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"WEBP" + b"".join(
        kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
        for kind, data in chunks
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


def webp_by_header(width: int, height: int) -> bytes:
    """A lossless picture that says it has so many pixels (at most 16384 a side)."""
    bits = (width - 1) | (height - 1) << 14
    return riff((b"VP8L", b"\x2f" + struct.pack("<I", bits) + bytes(200)))


def webp_canvas(width: int, height: int) -> bytes:
    """An extended header whose canvas is larger than the picture in it."""
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    inner = webp()[12:]
    size = struct.unpack_from("<I", inner, 4)[0]
    return riff((b"VP8X", bytes(4) + sides), (inner[:4], inner[8 : 8 + size]))


def webp_flat(width: int, height: int) -> bytes:
    picture = Image.new("RGB", (width, height), (120, 40, 130))
    return encoded(picture, "WEBP", quality=1, method=0)


def webp_animated(count: int) -> bytes:
    frames = [cloth(120, 120, seed=n) for n in range(count)]
    return encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:])


def webp_see_through() -> bytes:
    picture = cloth().convert("RGBA")
    picture.putalpha(100)
    return encoded(picture, "WEBP", lossless=True)


@cache
def heic(count: int = 1) -> bytes:
    out = BytesIO()
    heif = from_pillow(cloth())
    for n in range(1, count):
        heif.add_from_pillow(cloth(seed=n))
    heif.save(out, quality=50)
    return out.getvalue()


def cut_heic(share: float) -> bytes:
    return heic()[: int(len(heic()) * share)]


def heic_by_header(width: int, height: int) -> bytes:
    """A sound file whose size property says something else."""
    content = bytearray(heic())
    struct.pack_into(">II", content, content.index(b"ispe") + 8, width, height)
    return bytes(content)


def boxes_in_boxes(depth: int) -> bytes:
    content = b""
    for _ in range(depth):
        content = struct.pack(">I", len(content) + 8) + b"meta" + content
    return b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + content


FILES: dict[str, Callable[[], bytes]] = {
    "webp magic alone": lambda: b"RIFF\0\0\0\0WEBP",
    **{
        f"webp cut at {share:.0%}": partial(cut_webp, share)
        for share in (0.01, 0.3, 0.7, 0.99)
    },
    "webp of 16383 by 16383 by its header": partial(webp_by_header, 16383, 16383),
    "webp of 4000 by 4000 by its header": partial(webp_by_header, 4000, 4000),
    "webp with a canvas of 16000000 by 16000000": partial(
        webp_canvas, 16_000_000, 16_000_000
    ),
    "webp with a canvas of 3000 by 3000": partial(webp_canvas, 3000, 3000),
    "webp of 16 megapixels": partial(webp_flat, 4000, 4000),
    "webp of 25 megapixels": partial(webp_flat, 5000, 5000),
    "webp animated": partial(webp_animated, 30),
    "webp see-through": webp_see_through,
    "webp of noise": lambda: riff((b"VP8 ", bytes(range(256)) * 20)),
    "heic sound": heic,
    "heic of three pictures": partial(heic, 3),
    "heic magic alone": lambda: b"\0\0\0\x18ftypheic",
    **{
        f"heic cut at {share:.0%}": partial(cut_heic, share)
        for share in (0.05, 0.3, 0.6, 0.95)
    },
    "heic of 60000 by 60000 by its header": partial(heic_by_header, 60_000, 60_000),
    "heic of 4 by 4 by its header": partial(heic_by_header, 4, 4),
    "heic of boxes in boxes": partial(boxes_in_boxes, 2000),
    "heic of noise": lambda: heic()[:400] + bytes(range(256)) * 100,
}

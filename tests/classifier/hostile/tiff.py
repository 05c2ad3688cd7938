"""TIFF files: many pages, directories that loop, samples of every kind."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from functools import cache, partial

import numpy as np
from PIL import Image

from tests.classifier.pictures import cloth, encoded


@cache
def sound(**how: object) -> bytes:
    return encoded(cloth(), "TIFF", **how)


def cut(share: float) -> bytes:
    return sound()[: int(len(sound()) * share)]


def made(
    width: int,
    height: int,
    data: bytes = bytes(1000),
    *,
    compression: int = 1,
    rows: int | None = None,
    following: int = 0,
    tile: tuple[int, int] | None = None,
    count: int | None = None,
) -> bytes:
    """A TIFF of 8-bit RGB with one strip or tile, saying whatever it is told."""
    where = 2048
    entries = [
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, 1, 8),
        (259, 3, 1, compression),
        (262, 3, 1, 2),
        (277, 3, 1, 3),
    ]
    if tile:
        entries += [(322, 4, 1, tile[0]), (323, 4, 1, tile[1])]
        entries += [(324, 4, 1, where), (325, 4, 1, len(data))]
    else:
        entries += [(273, 4, count or 1, where), (278, 4, 1, rows or height)]
        entries += [(279, 4, count or 1, len(data))]
    body = b"".join(struct.pack("<HHII", *entry) for entry in sorted(entries))
    start = b"II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + body
    start += struct.pack("<I", following)
    return start.ljust(where, b"\0") + data


def packed(width: int, height: int) -> bytes:
    """A whole picture, a thousand times its file once decoded."""
    packer = zlib.compressobj(9)
    row = bytes(width * 3)
    data = b"".join([packer.compress(row) for _ in range(height)] + [packer.flush()])
    return made(width, height, data, compression=8)


def pages(count: int) -> bytes:
    page = Image.new("L", (80, 80), 128)
    return encoded(cloth(), "TIFF", save_all=True, append_images=[page] * count)


def of_array(values: np.ndarray) -> bytes:
    return encoded(Image.fromarray(values), "TIFF")


def ramp(kind: type, top: float) -> np.ndarray:
    rows, columns = np.mgrid[0:200, 0:200]
    return ((np.sin(rows * columns / 90) + 1) / 2 * top).astype(kind)


def with_infinities() -> bytes:
    values = ramp(np.float32, 1)
    values[::3, ::3] = np.inf
    values[1::3, ::3] = np.nan
    return of_array(values)


def mode(name: str) -> bytes:
    return encoded(cloth().convert(name), "TIFF")


FILES: dict[str, Callable[[], bytes]] = {
    "tiff magic alone": lambda: b"II*\0",
    **{f"tiff cut at {share:.0%}": partial(cut, share) for share in (0.01, 0.5, 0.99)},
    "tiff of 60000 by 60000 by its header": partial(made, 60_000, 60_000),
    "tiff of 4294967295 by 4294967295": partial(made, 2**32 - 1, 2**32 - 1),
    "tiff of 25 megapixels, packed": partial(packed, 5000, 5000),
    "tiff with a tile of 60000 by 60000": partial(
        made, 300, 300, tile=(60_000, 60_000)
    ),
    "tiff with a strip that is not there": partial(made, 5000, 4000, b""),
    "tiff with a billion strips": partial(made, 300, 300, count=10**9, rows=1),
    "tiff whose directory loops": partial(made, 300, 300, following=8),
    "tiff whose directory lies outside": lambda: b"II*\0\xff\xff\xff\x7f" + bytes(99),
    "tiff of an unknown compression": partial(made, 300, 300, compression=12345),
    "tiff that says it is a jpeg inside": partial(made, 300, 300, compression=7),
    "tiff that says it is a fax": partial(made, 300, 300, compression=4),
    "tiff packed in noise": lambda: made(
        300, 300, bytes(range(256)) * 100, compression=8
    ),
    "tiff of 65000 directory entries": lambda: (
        b"II*\0\x08\0\0\0\xff\xff" + struct.pack("<HHII", 256, 4, 1, 300) * 65_535
    ),
    "tiff big, of 64-bit offsets": lambda: (
        b"II+\0\x08\0\0\0" + struct.pack("<Q", 2**62) + bytes(100)
    ),
    "tiff of 500 pages": partial(pages, 500),
    "tiff with LZW": lambda: sound(compression="tiff_lzw"),
    "tiff grey of 16 bits": lambda: of_array(ramp(np.uint16, 65535)),
    "tiff of 32-bit numbers": lambda: of_array(ramp(np.int32, 2**31 - 1)),
    "tiff of floating numbers": lambda: of_array(ramp(np.float32, 1)),
    "tiff of infinities": with_infinities,
    **{
        f"tiff in mode {name}": partial(mode, name)
        for name in ("1", "L", "LA", "P", "RGBA", "CMYK", "LAB", "YCbCr")
    },
}

"""PNG files: bombs, broken chunks, unusual depths."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from functools import cache, partial

from PIL import Image

from tests.classifier.pictures import cloth, encoded

SIGNATURE = b"\x89PNG\r\n\x1a\n"
END = b"\0\0\0\0IEND\xaeB`\x82"


def chunk(kind: bytes, data: bytes, crc: int | None = None) -> bytes:
    crc = zlib.crc32(kind + data) if crc is None else crc
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)


def header(width: int, height: int, depth: int = 8, colour: int = 2, lace: int = 0):
    fields = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, lace)
    return SIGNATURE + chunk(b"IHDR", fields)


def header_only(width: int, height: int) -> bytes:
    """A small file that says it is a picture of so many pixels."""
    return header(width, height) + chunk(b"IDAT", zlib.compress(bytes(1000))) + END


def bomb(width: int, height: int, depth: int, colour: int) -> bytes:
    """A picture that is whole, and a thousand times its file once decoded."""
    bits = depth * {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    row = bytes(1 + (width * bits + 7) // 8)
    packer = zlib.compressobj(9)
    parts = [packer.compress(row * 64) for _ in range(height // 64)]
    data = b"".join([*parts, packer.flush()])
    palette = chunk(b"PLTE", bytes(range(6))) if colour == 3 else b""
    whole = header(width, height // 64 * 64, depth, colour)
    return whole + palette + chunk(b"IDAT", data) + END


def rgb_of_16_bits(interlaced: bool = False) -> bytes:
    width = height = 128
    if interlaced:
        # Adam7: seven small pictures, each of every so many pixels.
        grids = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4)]
        grids += [(0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    else:
        grids = [(0, 0, 1, 1)]
    raw = bytearray()
    for left, top, across, down in grids:
        for y in range(top, height, down):
            raw.append(0)
            for x in range(left, width, across):
                raw += struct.pack(">HHH", x * 500, y * 500, (x * y * 7) & 0xFFFF)
    start = header(width, height, 16, 2, int(interlaced))
    return start + chunk(b"IDAT", zlib.compress(bytes(raw))) + END


@cache
def sound() -> bytes:
    return encoded(cloth(), "PNG")


def cut(share: float) -> bytes:
    return sound()[: int(len(sound()) * share)]


def with_chunk(*chunks: bytes) -> bytes:
    """A sound file with chunks between its header and its pixels."""
    return sound()[:33] + b"".join(chunks) + sound()[33:]


def wrong_crc(kind: bytes) -> bytes:
    content = bytearray(sound())
    at = content.index(kind)
    (length,) = struct.unpack_from(">I", content, at - 4)
    content[at + 4 + length] ^= 0xFF
    return bytes(content)


def packed_text(kind: bytes, start: bytes) -> bytes:
    """Text that unpacks to 100 MB."""
    packer = zlib.compressobj(9)
    data = b"".join(packer.compress(bytes(2**20)) for _ in range(100))
    return with_chunk(chunk(kind, start + data + packer.flush()))


def mode(name: str, **how: object) -> bytes:
    return encoded(cloth().convert(name), "PNG", **how)


def palette_with_transparency() -> bytes:
    return encoded(cloth().quantize(64), "PNG", transparency=3)


def see_through(alpha: int) -> bytes:
    picture = cloth().convert("RGBA")
    picture.putalpha(alpha)
    return encoded(picture, "PNG")


def grey_of_16_bits() -> bytes:
    grey = cloth().convert("L")
    return encoded(grey.convert("I").point(lambda v: v * 257).convert("I;16"), "PNG")


def animated() -> bytes:
    frames = [cloth(seed=n) for n in range(1, 4)]
    return encoded(cloth(), "PNG", save_all=True, append_images=frames)


FILES: dict[str, Callable[[], bytes]] = {
    "png magic alone": lambda: SIGNATURE,
    "png header alone": partial(header, 320, 240),
    **{
        f"png cut at {share:.0%}": partial(cut, share)
        for share in (0.001, 0.1, 0.5, 0.9)
    },
    "png of 60000 by 60000 by its header": partial(header_only, 60_000, 60_000),
    "png of 2147483647 by 2147483647": partial(header_only, 2**31 - 1, 2**31 - 1),
    "png of 4294967295 by 1": partial(header_only, 2**32 - 1, 1),
    "png of 5000 by 5000 with few pixels": partial(header_only, 5000, 5000),
    "png of no width": partial(header_only, 0, 240),
    "png bomb of 400 megapixels, 1 bit": partial(bomb, 20_000, 20_032, 1, 0),
    "png bomb of 25 megapixels, palette": partial(bomb, 4992, 4992, 8, 3),
    "png bomb of 25 megapixels, colour": partial(bomb, 4992, 4992, 8, 2),
    "png bomb of 25 megapixels, 16 bits, see-through": partial(bomb, 4992, 4992, 16, 6),
    "png bomb long and narrow": partial(bomb, 64, 380_032, 8, 2),
    "png one pixel wide": partial(bomb, 1, 100_032, 8, 2),
    "png one pixel high": lambda: encoded(Image.new("L", (100_000, 1)), "PNG"),
    "png of depth 3": lambda: header(320, 240, 3) + END,
    "png of colour type 7": lambda: header(320, 240, 8, 7) + END,
    "png without pixels": lambda: header(320, 240) + END,
    "png without palette": lambda: (
        header(320, 240, 8, 3) + chunk(b"IDAT", zlib.compress(bytes(321 * 240))) + END
    ),
    "png with too many pixels": lambda: (
        header(64, 64) + chunk(b"IDAT", zlib.compress(bytes(10_000_000))) + END
    ),
    "png with noise for pixels": lambda: (
        header(320, 240) + chunk(b"IDAT", bytes(range(256)) * 50) + END
    ),
    "png with a false checksum in its header": partial(wrong_crc, b"IHDR"),
    "png with a false checksum in its pixels": partial(wrong_crc, b"IDAT"),
    "png with a chunk longer than the file": lambda: (
        sound()[:33] + b"\x7f\xff\xff\xfftEXt" + sound()[33:]
    ),
    "png with 10 MB of text": lambda: with_chunk(
        chunk(b"tEXt", b"Comment\0" + b"x" * 10_000_000)
    ),
    "png with 100000 texts": lambda: with_chunk(*[chunk(b"tEXt", b"a\0b")] * 100_000),
    "png with packed text of 100 MB": partial(packed_text, b"zTXt", b"a\0\0"),
    "png with a packed profile of 100 MB": partial(packed_text, b"iCCP", b"a\0\0"),
    "png with packed words of 100 MB": partial(packed_text, b"iTXt", b"a\0\x01\0\0\0"),
    "png with exif of noise": lambda: with_chunk(chunk(b"eXIf", bytes(range(256)))),
    "png grey of 16 bits": grey_of_16_bits,
    "png colour of 16 bits": rgb_of_16_bits,
    "png interlaced": partial(rgb_of_16_bits, interlaced=True),
    "png of 1 bit": partial(mode, "1"),
    "png grey with transparency": partial(mode, "LA"),
    "png palette with transparency": palette_with_transparency,
    "png wholly see-through": partial(see_through, 0),
    "png half see-through": partial(see_through, 128),
    "png animated": animated,
    "png with a page behind it": lambda: sound() + b"<html><script>1</script>",
}

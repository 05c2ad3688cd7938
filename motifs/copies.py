"""Photos that are copies of each other, exact or near."""

from __future__ import annotations

from io import BytesIO

from PIL import Image, ImageOps

SIDE = 8
NEAR = 6
"""Bits that may differ between near copies, of 64."""


def perceptual_hash(content: bytes) -> int:
    """Return 64 bits that say where a small grey copy brightens from left to right.

    A difference hash (Krawetz 2013): resizing, compression and mild changes of light
    move few of its bits. As a signed number, because that is what the database holds.

    >>> from io import BytesIO; from PIL import Image
    >>> out = BytesIO(); Image.new("RGB", (20, 20)).save(out, "PNG")
    >>> perceptual_hash(out.getvalue())
    0
    """
    with Image.open(BytesIO(content)) as image:
        image.draft("L", (SIDE * 16, SIDE * 16))
        grey = ImageOps.exif_transpose(image).convert("L")
        small = grey.resize((SIDE + 1, SIDE), Image.Resampling.BOX)
    value = 0
    cells = list(small.tobytes())
    for row in range(SIDE):
        for column in range(SIDE):
            at = row * (SIDE + 1) + column
            value = value << 1 | (cells[at + 1] > cells[at])
    return value - (1 << 64) if value >= 1 << 63 else value

"""Which dyes a cloth shows: its dominant colours, by the names of a fixed palette.

The names are those of the traditional dyes and a few more; a colour's name follows from
its hue, saturation and value (HSV), so the same cloth always gets the same names.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import cv2
import numpy as np

from ml.images import small_copy
from ml.region import WHOLE, Region

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

PALETTE = (
    "black",
    "grey",
    "white",
    "red",
    "brown",
    "orange",
    "yellow",
    "green",
    "blue",
    "purple",
    "pink",
)
MIN_SHARE = 0.04
"""Share of the cloth below which a colour is a detail and not named."""


@dataclass(frozen=True)
class Dye:
    """One colour of a cloth."""

    name: str
    hex: str
    """Its mean in this photo, as in CSS."""
    share: float
    """Share of the cloth, 0..1."""


def dominant(
    image: Image.Image,
    region: Region = WHOLE,
    most: int = 4,
    small: NDArray[np.uint8] | None = None,
) -> list[Dye]:
    """Return the colours that cover most of the cloth, widest first.

    Args:
        image: RGB and upright.
        region: where the cloth is.
        most: how many colours at most.
        small: the image's ``ml.images.small_copy``, if it is at hand.

    >>> from PIL import Image
    >>> cloth = Image.new("RGB", (200, 100), (90, 20, 110))
    >>> cloth.paste((240, 238, 230), (0, 0, 60, 100))
    >>> [(dye.name, round(dye.share, 1)) for dye in dominant(cloth)]
    [('purple', 0.7), ('white', 0.3)]
    """
    small = small_copy(image) if small is None else small
    height, width = small.shape[:2]
    # The outline runs a little outside of the cloth; its edge is not asked.
    edge = 0.0 if region.is_whole else 0.03
    top = int((region.y + edge * region.height) * height)
    left = int((region.x + edge * region.width) * width)
    bottom = max(top + 1, int((region.y + (1 - edge) * region.height) * height))
    right = max(left + 1, int((region.x + (1 - edge) * region.width) * width))
    # Averaging over a few pixels joins a thread's light and shade into its dye.
    cloth = cv2.resize(
        np.ascontiguousarray(small[top:bottom, left:right]),
        (64, 64),
        interpolation=cv2.INTER_AREA,
    ).reshape(-1, 3)
    names = name_colours(np.asarray(cloth, np.uint8))
    counts = np.bincount(names, minlength=len(PALETTE))
    dyes = []
    for index in np.argsort(-counts, kind="stable")[:most]:
        share = counts[index] / len(names)
        if share < MIN_SHARE:
            break
        red, green, blue = cloth[names == index].mean(axis=0).round().astype(int)
        dyes.append(
            Dye(
                PALETTE[index],
                f"#{red:02x}{green:02x}{blue:02x}",
                round(float(share), 3),
            )
        )
    return dyes


def name_colours(pixels: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return the index in ``PALETTE`` of every pixel's name.

    Args:
        pixels: (n, 3), RGB.

    >>> dyes = [[200, 160, 30], [30, 60, 150], [110, 60, 35], [20, 18, 22]]
    >>> [PALETTE[i] for i in name_colours(np.array(dyes, np.uint8))]
    ['yellow', 'blue', 'brown', 'black']
    """
    red, green, blue = (pixels >> 3).T
    return np.asarray(_table()[red, green, blue])


@cache
def _table() -> NDArray[np.int64]:
    """Return the names of all colours in steps of 8 of 256, shape (32, 32, 32)."""
    steps = np.arange(32, dtype=np.uint8) * 8 + 4
    grid = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1)
    return _name(grid.reshape(-1, 3)).reshape(32, 32, 32)


def _name(pixels: NDArray[np.uint8]) -> NDArray[np.int64]:
    hsv = cv2.cvtColor(pixels[None], cv2.COLOR_RGB2HSV_FULL)[0].astype(np.float32)
    hue, saturation, value = hsv[:, 0] * 360 / 256, hsv[:, 1] / 255, hsv[:, 2] / 255
    chroma = saturation * value
    is_dull = (saturation < 0.16) | (chroma < 0.09)
    is_reddish = (hue < 50) | (hue >= 340)
    conditions = [
        value < 0.2,
        is_dull & (value >= 0.72),
        is_dull & (value < 0.3),
        is_dull,
        # Brown is dark or dull orange; pink is pale or bright red.
        (hue >= 12) & (hue < 50) & ((value < 0.6) | (chroma < 0.45)),
        is_reddish & (hue < 12) & (value < 0.45) & (saturation < 0.6),
        ((hue < 12) | (hue >= 300)) & (saturation < 0.55) & (value >= 0.65),
        (hue >= 310) & (hue < 340) & (value >= 0.6),
        (hue < 14) | (hue >= 340),
        hue < 38,
        hue < 68,
        hue < 170,
        hue < 255,
    ]
    names = [
        "black",
        "white",
        "black",
        "grey",
        "brown",
        "brown",
        "pink",
        "pink",
        "red",
        "orange",
        "yellow",
        "green",
        "blue",
    ]
    indices = [np.full(len(hue), PALETTE.index(name)) for name in names]
    return np.select(conditions, indices, PALETTE.index("purple")).astype(np.int64)

"""Is a photo usable: large enough, sharp enough, neither dark nor blown out.

The limits are lenient: a refused photo of cloth is worse than a poor answer to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from ml.images import small_copy

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

MIN_SHORT_SIDE = 112
"""Half of what the network looks at, in pixels."""
MIN_SHARPNESS = 0.07
"""Sharp photos of the development set measure 0.1 to 0.5, blurred ones 0 to 0.08."""
ROUNDING = 0.3
"""Mean difference that rounding to 256 levels makes by itself."""
MIN_BRIGHTNESS = 0.12
MAX_BLOWN_OUT = 0.9


@dataclass(frozen=True)
class Quality:
    """What was measured of a photo and whether it will do."""

    usable: bool
    reasons: tuple[str, ...]
    """Of "too_small", "blurred", "dark", "blown_out"; empty when usable."""
    sharpness: float
    """Share of the detail in the finest of scales; 0 is blurred, about 0.3 crisp."""
    brightness: float
    """Luma that 95 % of the pixels stay under, 0..1."""
    blown_out: float
    """Share of pixels that are white or nearly so, 0..1."""
    short_side: int
    """Shortest side of the photo, in pixels."""


def check(image: Image.Image, small: NDArray[np.uint8] | None = None) -> Quality:
    """Measure a photo.

    Args:
        image: RGB and upright.
        small: its ``ml.images.small_copy``, if it is at hand.

    >>> from PIL import Image
    >>> check(Image.new("RGB", (100, 300))).reasons
    ('too_small', 'dark')
    """
    small = small_copy(image) if small is None else small
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    levels = np.cumsum(cv2.calcHist([grey], [0], None, [256], [0, 256])) / grey.size
    brightness = float(np.searchsorted(levels, 0.95)) / 255
    blown_out = float(1 - levels[249])
    sharp = sharpness(np.asarray(grey, np.uint8))
    short_side = min(image.size)
    reasons = []
    if short_side < MIN_SHORT_SIDE:
        reasons.append("too_small")
    if brightness < MIN_BRIGHTNESS:
        reasons.append("dark")
    elif blown_out > MAX_BLOWN_OUT:
        reasons.append("blown_out")
    elif sharp < MIN_SHARPNESS:
        reasons.append("blurred")
    return Quality(
        usable=not reasons,
        reasons=tuple(reasons),
        sharpness=round(sharp, 4),
        brightness=round(brightness, 4),
        blown_out=round(blown_out, 4),
        short_side=short_side,
    )


def sharpness(grey: NDArray[np.uint8]) -> float:
    """Return how much of a picture's local contrast is in its finest detail, 0..1.

    The mean difference to a slight blur, in parts of the mean difference to a wide
    one: unlike the variance of the Laplacian it does not call plain cloth blurred.

    Args:
        grey: shape (h, w), 0..255.
    """
    values = grey.astype(np.float32)
    fine = _mean_difference(values, cv2.GaussianBlur(values, (0, 0), 1.0))
    # A box of 21 pixels has the spread of a Gaussian of 6 and costs a fifth.
    coarse = _mean_difference(values, cv2.blur(values, (21, 21)))
    # Rounding to whole levels looks like fine detail where there is no other.
    return max(0.0, fine - ROUNDING) / coarse if coarse > ROUNDING else 0.0


def _mean_difference(one: cv2.typing.MatLike, other: cv2.typing.MatLike) -> float:
    total: float = cv2.norm(one, other, cv2.NORM_L1)
    return total / int(one.size)

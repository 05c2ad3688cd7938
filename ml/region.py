"""Where in a photo the cloth is, by contour detection.

Cloth laid or hung before a plain wall, table or sheet stands out from it; a photo that
the cloth fills has no such background. When in doubt the answer is the whole photo.
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

MAX_CHROMA = 16.0
"""Walls, tables and sheets are hardly coloured; dyed cloth is (CIELAB chroma)."""
MAX_GRAIN = 8.0
"""CIELAB distance within which a wall's pixels lie; cloth varies more."""
MIN_DIFFERENCE = 16.0
"""CIELAB distance from which a pixel is not background."""
MIN_PLAIN = 0.8
"""Share of the border that must look alike for it to be background."""
MIN_SHARE, MAX_SHARE = 0.12, 0.92


@dataclass(frozen=True)
class Region:
    """The part of a photo that holds the cloth; lengths in 0..1 of the photo."""

    x: float = 0.0
    y: float = 0.0
    width: float = 1.0
    height: float = 1.0
    polygon: tuple[tuple[float, float], ...] = ()
    """The outline, clockwise; empty when the region is the whole photo."""
    share: float = 1.0
    """Share of the photo's area inside the outline."""

    @property
    def is_whole(self) -> bool:
        """Whether no background was found."""
        return not self.polygon


WHOLE = Region()


def find(image: Image.Image, small: NDArray[np.uint8] | None = None) -> Region:
    """Return where the cloth is.

    Args:
        image: RGB and upright.
        small: its ``ml.images.small_copy``, if it is at hand.

    >>> from PIL import Image
    >>> photo = Image.new("RGB", (400, 300), "white")
    >>> photo.paste((120, 20, 90), (100, 60, 300, 240))
    >>> region = find(photo)
    >>> round(region.x, 1), round(region.width, 1), region.is_whole
    (0.2, 0.5, False)
    >>> find(Image.new("RGB", (400, 300), "purple")).is_whole
    True
    """
    small = small_copy(image) if small is None else small
    smooth = np.asarray(cv2.pyrDown(small), np.uint8)
    height, width = smooth.shape[:2]
    ground = _background(smooth)
    if ground is None:
        return WHOLE
    mask = (_distances(_lab(smooth), ground) > MIN_DIFFERENCE).astype(np.uint8)
    reach = max(3, round(min(width, height) * 0.04)) | 1
    round_brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    thin_brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
    mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, thin_brush)
    mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, round_brush)
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    if not contours:
        return WHOLE
    areas = [cv2.contourArea(contour) for contour in contours]
    # Pale cloth before a pale wall falls apart into motifs; their hull is the cloth.
    parts = [
        contour
        for contour, area in zip(contours, areas, strict=True)
        if area >= max(areas) * 0.2
    ]
    hull = cv2.convexHull(np.concatenate(parts))
    share = cv2.contourArea(hull) / (width * height)
    if not MIN_SHARE <= share <= MAX_SHARE:
        return WHOLE
    outline = cv2.approxPolyDP(hull, 0.01 * cv2.arcLength(hull, True), True)
    x, y, w, h = cv2.boundingRect(hull)
    return Region(
        x=x / width,
        y=y / height,
        width=w / width,
        height=h / height,
        polygon=tuple(
            (round(float(px) / width, 4), round(float(py) / height, 4))
            for px, py in outline[:, 0, :]
        ),
        share=round(share, 4),
    )


def _background(smooth: NDArray[np.uint8]) -> NDArray[np.float32] | None:
    """Return the background's CIELAB colour, shape (3,), or None if there is none."""
    strip = max(2, round(min(smooth.shape[:2]) * 0.03))
    edges = (
        smooth[:strip],
        smooth[-strip:],
        smooth[:, :strip],
        smooth[:, -strip:],
    )
    border = _lab(np.concatenate([edge.reshape(1, -1, 3) for edge in edges], axis=1))
    colour = np.asarray(np.median(border[0], axis=0), np.float32)
    is_alike = _distances(border, colour) < MAX_GRAIN
    if is_alike.mean() < MIN_PLAIN or np.hypot(colour[1], colour[2]) > MAX_CHROMA:
        return None
    return colour


def _lab(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    lab = cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    return np.asarray(lab, np.float32)


def _distances(
    lab: NDArray[np.float32], colour: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return each pixel's distance to a colour, shape (h, w)."""
    apart = lab - colour
    return np.asarray(np.sqrt(np.einsum("hwc,hwc->hw", apart, apart)), np.float32)

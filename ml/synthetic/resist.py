"""Stitches: what a gathered thread keeps pale on the cloth."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.synthetic.layout import Layout, Mark

Plane = NDArray[np.float32]

_SUBPIXEL = 4  # bits after the point in coordinates given to OpenCV


@dataclass(frozen=True)
class Stitching:
    """How one cloth was sewn, in millimetres.

    Attributes:
        spacing: from one stitch to the next.
        length: of a mark along its line, as a share of the spacing.
        reach: of the pale tick across the line.
        thickness: of the thread's own trace.
        raggedness: 0 (even hand) to 1.
        strength: how well the thread kept the dye out, 0 to 1.
    """

    spacing: float
    length: float
    reach: float
    thickness: float
    raggedness: float
    strength: float

    @classmethod
    def draw(
        cls, rng: np.random.Generator, scale: float, finest: float = 60.0
    ) -> Stitching:
        """Return a likely hand, its marks no finer than the pixels can show.

        Args:
            rng: where the chance comes from.
            scale: pixels per millimetre.
            finest: millimetres across the smallest unit; a small one takes small ticks.
        """
        style = rng.choice(["beads", "ticks", "line"], p=[0.3, 0.35, 0.35])
        spacing = float(rng.uniform(1.2, 3.0))
        reach = {"beads": 0.6, "ticks": 2.6, "line": 1.0}[str(style)]
        return cls(
            spacing=max(spacing, 1.6 / scale),
            length={"beads": 0.62, "ticks": 0.45, "line": 1.15}[str(style)]
            * float(rng.uniform(0.8, 1.2)),
            reach=min(reach * float(rng.uniform(0.6, 1.4)), max(0.6, 0.1 * finest)),
            thickness=max(
                min(float(rng.uniform(0.8, 2.4)), 0.11 * finest), 1.3 / scale
            ),
            raggedness=float(rng.uniform(0.25, 1.0)),
            strength=float(rng.uniform(0.82, 1.05)),
        )


def noise(
    rng: np.random.Generator, size: tuple[int, int], cell: tuple[float, float]
) -> Plane:
    """Return smooth noise of mean 0 and deviation near 1.

    Args:
        rng: where the chance comes from.
        size: width and height in pixels.
        cell: width and height, in pixels, over which it changes.

    Returns:
        Array of shape (height, width).
    """
    width, height = size
    columns = max(2, round(width / max(cell[0], 1.0)) + 1)
    rows = max(2, round(height / max(cell[1], 1.0)) + 1)
    small = rng.standard_normal((rows, columns), dtype=np.float32)
    if (rows, columns) == (height, width):
        return small
    is_fine = min(width / columns, height / rows) < 6
    how = cv2.INTER_LINEAR if is_fine else cv2.INTER_CUBIC
    small *= np.float32(1.25)  # what the smoothing takes away
    return np.asarray(cv2.resize(small, (width, height), interpolation=how))


def sew(layout: Layout, rng: np.random.Generator, hand: Stitching) -> Plane:
    """Return how well each pixel was protected from the dye.

    Args:
        layout: the marks to stitch.
        rng: where the chance comes from.
        hand: how the cloth was sewn.

    Returns:
        Array of shape (height, width), 0 (open to the dye) to 1 (kept pale).
    """
    width, height = layout.size
    canvas = np.zeros((height, width), dtype=np.uint8)
    lines = [mark for mark in layout.marks if not mark.is_dot]
    if lines:
        _ticks(canvas, lines, rng, hand, layout.scale)
    dots = [_fixed(mark.points) for mark in layout.marks if mark.is_dot]
    for dot in dots:
        grey = int(255 * rng.uniform(0.6, 1.0))
        cv2.fillPoly(canvas, [dot], grey, cv2.LINE_AA, _SUBPIXEL)
    kept = canvas.astype(np.float32) / 255
    slack = noise(rng, layout.size, (9 * layout.scale, 9 * layout.scale))
    kept *= np.clip(hand.strength + 0.16 * hand.raggedness * slack, 0.15, 1.0)
    # Dye creeps under the edge of each stitch along single fibres.
    fibre = noise(rng, layout.size, (0.3 * layout.scale, 0.9 * layout.scale))
    soft = cv2.GaussianBlur(kept, (0, 0), max(0.55, 0.13 * layout.scale))
    kept = np.asarray(soft) * (1 + 0.14 * fibre)
    return np.asarray(np.clip(kept, 0, 1), dtype=np.float32)


def _fixed(points: NDArray[np.floating]) -> NDArray[np.int32]:
    return np.round(points * (1 << _SUBPIXEL)).astype(np.int32)


def _ticks(
    canvas: NDArray[np.uint8],
    marks: Iterable[Mark],
    rng: np.random.Generator,
    hand: Stitching,
    scale: float,
) -> None:
    """Draw every stitch of the marks on the canvas, in place."""
    places, along = _walk(marks, rng, hand.spacing * scale, hand.raggedness)
    if not len(places):
        return
    count = len(places)
    wobble = rng.normal(0, 0.22 * hand.raggedness, count)
    cos, sin = np.cos(wobble), np.sin(wobble)
    along = np.stack(
        [along[:, 0] * cos - along[:, 1] * sin, along[:, 0] * sin + along[:, 1] * cos],
        axis=1,
    )
    across = np.stack([-along[:, 1], along[:, 0]], axis=1)
    # Pulling the thread lays the folds across the line; some lean down the cloth.
    lean = rng.uniform(0, 0.5)
    across[:, 1] += np.sign(across[:, 1]) * lean
    off = rng.normal(0, 0.18 * hand.raggedness * scale, (count, 1))
    centre = places + across * off
    missing = rng.random(count) < 0.05 * hand.raggedness
    ragged = np.exp(rng.normal(0, 0.4 * hand.raggedness, (count, 1)))
    half = 0.5 * hand.length * hand.spacing * scale * np.minimum(ragged, 1.5)
    reach = 0.5 * hand.reach * scale * ragged
    side = rng.normal(0, 0.35, (count, 1)) * reach
    grey = np.clip(rng.normal(0.9, 0.16 * hand.raggedness, count), 0.3, 1.0)
    thick = hand.thickness * scale * np.exp(rng.normal(0, 0.16, count))
    dashes = np.stack([centre - along * half, centre + along * half], axis=1)
    pulls = np.stack(
        [centre + across * (side - reach), centre + across * (side + reach)], axis=1
    )
    level = np.digitize(grey, [0.55, 0.7, 0.85, 0.95])
    for number, tone in enumerate((0.45, 0.62, 0.78, 0.9, 1.0)):
        chosen = (level == number) & ~missing
        _draw(canvas, dashes[chosen], thick[chosen], tone)
        _draw(canvas, pulls[chosen], thick[chosen] * 0.62, tone * 0.92)


def _draw(
    canvas: NDArray[np.uint8],
    segments: NDArray[np.floating],
    thick: NDArray[np.floating],
    tone: float,
) -> None:
    """Draw segments of shape (n, 2, 2), each as thick as its pixels say."""
    fixed = _fixed(segments)
    whole = np.maximum(1, np.round(thick)).astype(int)
    for width in np.unique(whole):
        chosen = fixed[whole == width]
        # A line thinner than a pixel is drawn one pixel wide and fainter.
        faint = min(1.0, float(thick[whole == width].mean()) if width == 1 else 1.0)
        grey = int(255 * tone * max(faint, 0.5))
        cv2.polylines(
            canvas, list(chosen), False, grey, int(width), cv2.LINE_AA, _SUBPIXEL
        )


def _walk(
    marks: Iterable[Mark], rng: np.random.Generator, spacing: float, ragged: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return where the stitches fall and which way the lines run there.

    Returns:
        Places and unit directions, both of shape (stitches, 2).
    """
    lines = [mark.points for mark in marks]
    points = np.concatenate(lines).astype(np.float64)
    step = np.diff(points, axis=0)
    length = np.hypot(step[:, 0], step[:, 1])
    joins = np.cumsum([len(line) for line in lines])[:-1] - 1
    length[joins] = 0.0  # the way from one line to the next is not sewn
    reached = np.concatenate([[0.0], np.cumsum(length)])
    count = int(reached[-1] / spacing)
    if count < 1:
        return np.empty((0, 2)), np.empty((0, 2))
    at = (np.arange(count) + 0.5 + rng.normal(0, 0.22 * ragged, count)) * spacing
    at = np.clip(at, 0, reached[-1] - 1e-6)
    index = np.clip(np.searchsorted(reached, at, side="right") - 1, 0, len(step) - 1)
    part = (at - reached[index]) / np.maximum(length[index], 1e-9)
    places = points[index] + step[index] * np.clip(part, 0, 1)[:, None]
    along = step[index] / np.maximum(np.hypot(*step[index].T), 1e-9)[:, None]
    return places, along

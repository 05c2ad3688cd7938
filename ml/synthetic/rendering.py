"""From drawings to pictures of cloth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.synthetic import camera, prints
from ml.synthetic.camera import View
from ml.synthetic.drawing import Drawing
from ml.synthetic.dye import Dyebath, dye
from ml.synthetic.figures import random_figure
from ml.synthetic.layout import LADDER, Layout, lay_out
from ml.synthetic.resist import Plane, Stitching, sew

OTHER_CLOTH = "other-cloth"

_CLOTH = 1000  # side of a cloth in pixels
_SEEN = 480  # cloth pixels across a picture
_SPAN = (105.0, 380.0)  # millimetres of cloth across a picture
_SPAN_OF_FIGURES = (105.0, 900.0)  # pictorial cloth is often shown whole
# Seen from nearer or further, one zigzag would be taken for the next larger or smaller.
_SPAN_OF_LADDER = (150.0, 270.0)


@dataclass(frozen=True)
class Region:
    """Where a motif shows: a rectangle in 0..1 of the picture, and its label."""

    label: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Rendering:
    """One picture of rendered cloth.

    Attributes:
        image: shape (height, width, 3), R G B in 0..255.
        labels: slugs of the motifs that show, the dominant one first.
        regions: where they show.
        parameters: everything drawn by chance that shaped the cloth, and the seed.
    """

    image: NDArray[np.uint8]
    labels: tuple[str, ...]
    regions: tuple[Region, ...]
    parameters: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Cloth:
    """A dyed and draped cloth from which pictures are taken.

    Attributes:
        pixels: shape (height, width, 3), R G B in 0..1.
        layout: what was stitched on it; no bands where nothing was.
        label: the motif it shows, or "other-cloth".
        parameters: what chance decided.
    """

    pixels: NDArray[np.float32]
    layout: Layout
    label: str
    parameters: dict[str, object]


def choose_scale(drawing: Drawing, rng: np.random.Generator) -> float:
    """Return pixels of cloth per millimetre: from how near the cloth is seen."""
    span = _SPAN_OF_LADDER if drawing.slug in LADDER else _SPAN
    return _SEEN / float(np.exp(rng.uniform(*np.log(span))))


def make_cloth(
    drawing: Drawing, others: Sequence[Drawing], rng: np.random.Generator
) -> Cloth:
    """Return one cloth on which a motif dominates.

    Args:
        drawing: the motif.
        others: motifs that may lie in other bands.
        rng: where the chance comes from.
    """
    scale = choose_scale(drawing, rng)
    chosen = rng.permutation(len(others))[:2]
    beside = [others[i] for i in chosen] if rng.random() < 0.6 else []
    if rng.random() < 0.3:
        beside.append(random_figure(rng))
    layout = lay_out([drawing, *beside], rng, (_CLOTH, _CLOTH), scale)
    return _finish(layout, rng, drawing.slug)


def make_other_cloth(rng: np.random.Generator) -> Cloth:
    """Return one cloth that shows no motif of the catalogue."""
    if rng.random() < 0.5:
        span = float(np.exp(rng.uniform(*np.log(_SPAN_OF_FIGURES))))
        most = max(1.0, span / 180)
        figures = [
            random_figure(rng).grown(float(rng.uniform(0.6, most)))
            for _ in range(int(rng.integers(1, 4)))
        ]
        scale = _SEEN / span
        layout = lay_out(figures, rng, (_CLOTH, _CLOTH), scale)
        if rng.random() < 0.12:
            layout.marks.clear()  # dyed in bands, with nothing stitched on it
        return _finish(layout, rng, OTHER_CLOTH)
    layout = Layout(size=(_CLOTH, _CLOTH), scale=float(rng.uniform(1.5, 4)))
    pixels, kind = prints.weave(rng, layout.size)
    kept: Plane = np.zeros(pixels.shape[:2], dtype=np.float32)
    camera.drape(pixels, rng, layout.scale, kept)
    return Cloth(pixels, layout, OTHER_CLOTH, {"kind": kind})


def _finish(layout: Layout, rng: np.random.Generator, label: str) -> Cloth:
    """Sew, dye and drape what was laid out."""
    hand = Stitching.draw(rng, layout.scale, layout.finest)
    kept = sew(layout, rng, hand)
    bath = Dyebath.draw(rng)
    pixels = dye(layout, kept, rng, bath)
    camera.drape(pixels, rng, layout.scale, kept)
    parameters: dict[str, object] = {
        "scale": layout.scale,
        "layout": dict(layout.parameters),
        "stitching": asdict(hand),
        "dyebath": asdict(bath),
    }
    return Cloth(pixels, layout, label, parameters)


def take_picture(cloth: Cloth, rng: np.random.Generator, size: int) -> Rendering:
    """Return one square picture of the cloth, its motif in view.

    Args:
        cloth: the cloth.
        rng: where the chance comes from.
        size: side of the picture in pixels.
    """
    label = cloth.label
    bands = [band for band in cloth.layout.bands if band.label == label]
    inside = [b for b in bands if b.bottom > 0.2 * _CLOTH and b.top < 0.8 * _CLOTH]
    margin = 0.28 * _CLOTH
    x, y = rng.uniform(margin, _CLOTH - margin, 2)
    if inside:
        band = inside[rng.integers(len(inside))]
        y = rng.uniform(max(band.top, 0.2 * _CLOTH), min(band.bottom, 0.8 * _CLOTH))
    if inside and cloth.layout.bends:
        near = [b for b in cloth.layout.bends if margin < b < _CLOTH - margin]
        bend = near[rng.integers(len(near))] if near else x
        x = bend + rng.normal(0, 0.06 * _CLOTH)
    is_upright = bool(rng.random() < 0.6)
    view = View.draw(rng, (float(x), float(y)), is_upright=is_upright)
    grown = View(view.centre, view.zoom * 320 / size, view.turn, view.tilt)
    image = camera.photograph(cloth.pixels, rng, grown, size)
    regions = _regions(cloth.layout, grown, size)
    seen = sorted({r.label for r in regions} - {label})
    parameters = {
        **cloth.parameters,
        "view": {"centre": view.centre, "zoom": view.zoom, "turn": view.turn},
    }
    return Rendering(image, (label, *seen), regions, parameters)


def _regions(layout: Layout, view: View, size: int) -> tuple[Region, ...]:
    """Return the bands' bounding boxes in the picture, those worth the name."""
    into = np.linalg.inv(view.matrix(size)).astype(np.float32)
    width = layout.size[0]
    regions = []
    for band in layout.bands:
        if not band.label:
            continue
        # Far edges are cut near the view, so that the perspective stays sane.
        reach = 0.75 * size * view.zoom
        left, right = view.centre[0] - reach, view.centre[0] + reach
        x0, x1 = max(0.0, left), min(float(width), right)
        box = [[x0, band.top], [x1, band.top], [x1, band.bottom], [x0, band.bottom]]
        corners = np.array([box], dtype=np.float32)
        seen = np.asarray(cv2.perspectiveTransform(corners, into))[0] / size
        low, high = np.clip(seen.min(0), 0, 1), np.clip(seen.max(0), 0, 1)
        if np.prod(high - low) > 0.03:
            regions.append(
                Region(band.label, *map(float, low), *map(float, high - low))
            )
    return tuple(regions)


def render(drawings: Sequence[Drawing], *, seed: int, size: int = 320) -> Rendering:
    """Return one picture of cloth on which the first drawing dominates.

    Args:
        drawings: the motif, then others that may share the cloth.
        seed: the same seed gives the same pixels.
        size: side of the picture in pixels.
    """
    rng = np.random.default_rng(seed)
    cloth = make_cloth(drawings[0], drawings[1:], rng)
    taken = take_picture(cloth, rng, size)
    parameters = {"seed": seed, **taken.parameters}
    return Rendering(taken.image, taken.labels, taken.regions, parameters)

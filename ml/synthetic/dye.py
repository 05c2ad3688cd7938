"""Dyes: which colours a cloth is given, and how they take to it."""

from __future__ import annotations

import colorsys
import itertools
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.synthetic.layout import Layout
from ml.synthetic.resist import Plane, noise

Colour = tuple[float, float, float]

# Full-strength colours, R G B in 0..255, as they come out on white cotton.
VIVID: dict[str, Colour] = {
    "magenta": (152, 22, 98), "crimson": (176, 24, 40), "red": (205, 40, 34),
    "orange": (224, 108, 32), "yellow": (240, 192, 40), "lime": (140, 180, 40),
    "green": (24, 118, 62), "teal": (20, 116, 118), "turquoise": (24, 158, 186),
    "blue": (26, 78, 172), "navy": (26, 32, 84), "purple": (88, 34, 112),
    "pink": (222, 92, 130), "black": (24, 21, 24), "brown": (92, 52, 32),
}  # fmt: skip
MUTED: dict[str, Colour] = {
    "ochre": (192, 150, 78), "terracotta": (168, 94, 66), "clay": (190, 140, 122),
    "sage": (112, 124, 98), "grey-teal": (92, 132, 138), "khaki": (140, 124, 80),
    "rust": (134, 66, 40), "tan": (188, 156, 118), "charcoal": (60, 58, 60),
    "maroon": (98, 38, 42), "indigo": (44, 54, 104), "olive": (92, 90, 44),
    "plum": (92, 58, 82), "mud": (84, 68, 56), "dusty-blue": (100, 136, 166),
}  # fmt: skip
PALE: dict[str, Colour] = {
    "white": (247, 245, 240), "cream": (244, 234, 208), "straw": (246, 222, 128),
    "blush": (244, 206, 196), "sky": (196, 224, 240), "mint": (206, 236, 206),
    "lilac": (222, 206, 236), "peach": (250, 206, 160),
}  # fmt: skip


@dataclass(frozen=True)
class Dyebath:
    """The colours of one cloth and how they took.

    Attributes:
        base: the cloth before the dark dyes: what the thread kept.
        dyes: grounds first; each R G B in 0..255 at full strength.
        grounds: how many of the dyes colour the ground; the rest fill shapes.
        streaks: strength of the streaks left by the gathers, 0 to 1.
        clouds: strength of slow changes in depth, 0 to 1.
        pooling: how much darker the dye is beside a thread, 0 to 1.
        bleed: how far dye creeps under a thread, in millimetres.
        feather: softness of the border between two grounds, in millimetres.
        mottle: share of the ground left pale in patches, 0 to 1.
        fill: how strongly shapes are given another dye, 0 (none) to 1.
        halo: millimetres around the stitches that the second ground keeps to;
            0 lays the grounds in bands.
        mingled: how far the grounds run into one another in streaks, 0 to 1.
    """

    base: Colour
    dyes: tuple[Colour, ...]
    grounds: int
    streaks: float
    clouds: float
    pooling: float
    bleed: float
    feather: float
    mottle: float
    fill: float
    halo: float = 0.0
    mingled: float = 0.0

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Dyebath:
        """Return a likely set of dyes, the thread's line visible on the ground."""
        palette = [VIVID, MUTED, {**VIVID, **MUTED}][rng.choice(3, p=[0.45, 0.35, 0.2])]
        names = list(palette)
        base_name = "white" if rng.random() < 0.6 else str(rng.choice(list(PALE)))
        base = _shifted(PALE[base_name], rng, 0.02)
        grounds = int(rng.choice([1, 2, 3], p=[0.4, 0.42, 0.18]))
        dyes: list[Colour] = []
        while len(dyes) < grounds + 2:
            colour = _shifted(palette[str(rng.choice(names))], rng, 0.06)
            # A ground close to the kept colour would hide the stitches.
            if len(dyes) < grounds and _light(base) - _light(colour) < 62:
                continue
            dyes.append(colour)
        return cls(
            base=base,
            dyes=tuple(dyes),
            grounds=grounds,
            streaks=float(rng.beta(1.8, 1.7)),
            clouds=float(rng.beta(1.4, 3.0)),
            pooling=float(rng.uniform(0, 0.8)),
            bleed=float(rng.uniform(0.6, 4.0)),
            feather=float(np.exp(rng.uniform(np.log(1.5), np.log(22)))),
            mottle=float(max(0.0, rng.normal(-0.25, 0.35))),
            fill=float(rng.uniform(0.4, 1.0) if rng.random() < 0.45 else 0.0),
            halo=float(rng.uniform(4, 18) if rng.random() < 0.3 else 0.0),
            mingled=float(rng.uniform(0.2, 1.0) if rng.random() < 0.3 else 0.0),
        )


def _light(colour: Colour) -> float:
    return 0.3 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2]


def _shifted(colour: Colour, rng: np.random.Generator, reach: float) -> Colour:
    """Return a near colour: hue, saturation and value each moved a little."""
    hue, saturation, value = colorsys.rgb_to_hsv(*(part / 255 for part in colour))
    hue = (hue + rng.normal(0, reach * 0.4)) % 1
    saturation = float(np.clip(saturation * np.exp(rng.normal(0, reach * 2)), 0, 1))
    value = float(np.clip(value * np.exp(rng.normal(0, reach * 2)), 0.06, 1))
    red, green, blue = colorsys.hsv_to_rgb(hue, saturation, value)
    return red * 255, green * 255, blue * 255


def dye(
    layout: Layout, kept: Plane, rng: np.random.Generator, bath: Dyebath
) -> NDArray[np.float32]:
    """Return the dyed cloth, before any light falls on it.

    Args:
        layout: bands and shapes that take different dyes.
        kept: what the stitches protect, from ``ml.synthetic.resist.sew``.
        rng: where the chance comes from.
        bath: the dyes.

    Returns:
        Array of shape (height, width, 3), R G B in 0..1.
    """
    size, k = layout.size, layout.scale
    streak = (
        0.55 * noise(rng, size, (1.3 * k, 11 * k))
        + 0.45 * noise(rng, size, (4 * k, 34 * k))
        + 0.3 * noise(rng, size, (0.6 * k, 4 * k))
    )
    cloud = noise(rng, size, (60 * k, 60 * k))
    gathered = np.asarray(
        cv2.resize(
            cv2.blur(
                cv2.resize(
                    kept, None, fx=0.125, fy=0.125, interpolation=cv2.INTER_AREA
                ),
                _odd(14 * k / 8, 22 * k / 8),
            ),
            size,
            interpolation=cv2.INTER_LINEAR,
        )
    )
    gathered = np.clip(gathered * 5, 0, 1)
    if bath.halo and bath.grounds > 1:
        depths = _halo(layout, kept, rng, bath, streak)
    else:
        depths = _grounds(layout, rng, bath, streak)
    take = 1 + (0.14 + 0.5 * gathered) * bath.streaks * streak
    take += 0.3 * bath.clouds * cloud
    if bath.mottle > 0.02:
        patch = (
            noise(rng, size, (9 * k, 20 * k))
            + noise(rng, size, (2 * k, 6 * k))
            + streak
        )
        take *= 1 - np.clip((patch - 2.2 + bath.mottle) * 0.4, 0, 0.85)
    near = np.asarray(cv2.blur(kept, _odd(bath.bleed * 1.2 * k, bath.bleed * 3 * k)))
    take *= 1 + 1.2 * bath.pooling * near
    np.clip(take, 0.02, 2.2, out=take)
    # Under the folds the dye comes in as tongues: the pale line feathers out.
    tongues = np.clip(0.5 + 0.9 * streak, 0, 1.6)
    far = np.asarray(cv2.blur(kept, _odd(0.8 * k, bath.bleed * 2 * k)))
    pale = np.clip(
        kept * (1 + 0.25 * streak * bath.streaks) + far * tongues * 0.55, 0, 1
    )
    fills = _fills(layout, rng, bath)
    open_ = take * (1 - pale)
    base = -np.log(np.asarray(bath.base, dtype=np.float32) / 255)
    amounts: list[Plane] = []
    strengths: list[NDArray[np.float32]] = []
    for number, colour in enumerate(bath.dyes):
        if number < bath.grounds:
            depth = depths[number]
            for cover in fills.values():
                depth = depth * (1 - 0.85 * cover)
        elif number in fills:
            depth = fills[number]
        else:
            continue
        full = np.clip(np.asarray(colour, dtype=np.float32) / 255, 0.02, 0.99)
        amounts.append(depth * open_)
        strengths.append(np.maximum(-np.log(full) - base, 0))
    planes = []
    for channel in range(3):
        # Dyes lie over one another as filters do: what each lets through multiplies.
        dark = np.full_like(kept, -base[channel])
        for amount, strength in zip(amounts, strengths, strict=True):
            dark -= amount * strength[channel]
        planes.append(cv2.exp(dark))
    return np.asarray(cv2.merge(planes), dtype=np.float32)


def _odd(x: float, y: float) -> tuple[int, int]:
    return max(1, int(x) // 2 * 2 + 1), max(1, int(y) // 2 * 2 + 1)


def _grounds(
    layout: Layout, rng: np.random.Generator, bath: Dyebath, streak: Plane
) -> list[Plane]:
    """Return each ground dye's depth: bands down the cloth with ragged borders."""
    width, height = layout.size
    k = layout.scale
    table = np.zeros((bath.grounds, height), dtype=np.float32)
    if bath.grounds == 1:
        table[0] = 1
    else:
        cuts = _cuts(layout, rng)
        for number, (top, bottom) in enumerate(itertools.pairwise(cuts)):
            table[number % bath.grounds, max(0, int(top)) : max(0, int(bottom))] = 1
    table *= rng.uniform(0.75, 1.1, (bath.grounds, 1)).astype(np.float32)
    if bath.grounds > 1 and rng.random() < 0.4:
        # The first dye under all the others, as when a dark one is laid over it.
        table[0] = np.maximum(table[0], rng.uniform(0.3, 0.8))
    slope = np.linspace(-1, 1, height, dtype=np.float32)
    table *= 1 + rng.normal(0, 0.12) * slope
    soft = bath.feather * k * rng.uniform(0.15, 0.6)
    table = np.asarray(
        cv2.GaussianBlur(table, (0, 0), sigmaX=max(soft, 0.7), sigmaY=1e-3)
    )
    rows = np.arange(height, dtype=np.float32)[:, None]
    wave = noise(rng, (width, 2), (45 * k, 1))[:1] * rng.uniform(0, 8) * k
    where = rows + streak * (bath.feather * k * 0.55) + wave
    index = np.clip(where, 0, height - 1).astype(np.int32)
    depths = [np.take(line, index) for line in table]
    if bath.mingled and bath.grounds > 1:
        # Poured over a bundled cloth, each dye runs down the folds of the other.
        patch = noise(rng, layout.size, (6 * k, 40 * k)) + streak
        over = np.float32(bath.mingled) * np.clip(0.5 + 0.9 * patch, 0, 1)
        first = depths[0]
        depths[0] = first + over * (depths[1] - first)
        depths[1] = depths[1] + over * (first - depths[1])
    return depths


def _halo(
    layout: Layout,
    kept: Plane,
    rng: np.random.Generator,
    bath: Dyebath,
    streak: Plane,
) -> list[Plane]:
    """Return each ground dye's depth: the second one gathered about the stitches."""
    k = layout.scale
    small = cv2.resize(kept, None, fx=0.125, fy=0.125, interpolation=cv2.INTER_AREA)
    reach = max(bath.halo * k / 8, 0.6)
    near = cv2.GaussianBlur(small, (0, 0), reach, sigmaY=reach * 1.2)
    near = np.asarray(cv2.resize(near, layout.size, interpolation=cv2.INTER_LINEAR))
    level = float(np.quantile(near[::16, ::16], 0.8)) + 1e-6
    ragged = 0.05 + 0.35 * min(1.0, bath.feather / 14)
    shape = (near / level - 0.4) * 1.5 + ragged * streak
    halo = np.clip(shape, 0, 1).astype(np.float32)
    rest: Plane = 1 - np.float32(rng.uniform(0.6, 1.0)) * halo
    return [rest, halo, *(np.zeros_like(halo) for _ in range(bath.grounds - 2))]


def _cuts(layout: Layout, rng: np.random.Generator) -> list[float]:
    """Return where one ground ends and the next begins, top to bottom."""
    height = layout.size[1]
    edges = [band.bottom for band in layout.bands if 0 < band.bottom < height]
    if len(edges) < 2 or rng.random() < 0.3:
        edges = list(np.cumsum(rng.uniform(0.1, 0.45, 8)) * height)
    elif rng.random() < 0.5:
        edges = edges[:: int(rng.integers(1, 3))]
    return [-0.5 * height, *edges, 1.5 * height]


def _fills(layout: Layout, rng: np.random.Generator, bath: Dyebath) -> dict[int, Plane]:
    """Return the depth of the dyes dabbed inside shapes, by number of the dye."""
    if bath.fill <= 0 or not layout.shapes:
        return {}
    width, height = layout.size
    chosen: dict[int, list[NDArray[np.int32]]] = {}
    both = rng.random() < 0.5
    for kind, outline in layout.shapes:
        if kind and not both:
            continue
        number = bath.grounds + kind
        chosen.setdefault(number, []).append(np.round(outline * 8).astype(np.int32))
    fills: dict[int, Plane] = {}
    for number, outlines in chosen.items():
        mask = np.zeros((height, width), dtype=np.uint8)
        for polygon in outlines:
            cv2.fillPoly(mask, [polygon], 255, cv2.LINE_AA, 3)
        soft = np.asarray(cv2.blur(mask, _odd(1.5 * layout.scale, 2.5 * layout.scale)))
        fills[number] = soft.astype(np.float32) * np.float32(bath.fill / 255)
    return fills

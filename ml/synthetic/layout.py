"""Where the motifs lie on a cloth: rows in bands, or units strewn over the ground."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ml.synthetic.drawing import Drawing, Points, Stroke

# These differ from one another in size alone, so their size may vary only a little.
LADDER = frozenset({"kulat-karikit", "gigi-haruan", "hiris-pudak"})


@dataclass(frozen=True)
class Mark:
    """One line to stitch, in pixels of the cloth.

    Attributes:
        points: shape (n, 2), x then y.
        is_dot: a tied or dabbed dot, filled.
        is_closed: whether the last point joins the first.
        label: slug of the motif it belongs to; empty for dividing lines.
    """

    points: Points
    is_dot: bool
    is_closed: bool
    label: str


@dataclass(frozen=True)
class Band:
    """A strip of the cloth, top to bottom in pixels, and the motif it carries."""

    top: float
    bottom: float
    label: str
    is_lajur: bool = True


@dataclass
class Layout:
    """Everything stitched on one cloth of ``size`` pixels at ``scale`` pixels/mm."""

    size: tuple[int, int]
    scale: float
    marks: list[Mark] = field(default_factory=list)
    bands: list[Band] = field(default_factory=list)
    shapes: list[tuple[int, Points]] = field(default_factory=list)
    parameters: dict[str, object] = field(default_factory=dict)
    finest: float = 60.0  # millimetres across the smallest unit laid
    bends: list[float] = field(default_factory=list)  # x of what must be in view

    def add(
        self,
        strokes: Sequence[Stroke],
        place: Place,
        label: str,
        repeats: Sequence[float] = (0.0,),
        *,
        is_filled: bool = False,
    ) -> None:
        """Stitch strokes, repeated at the given x (mm), where ``place`` puts them."""
        shifts = np.zeros((len(repeats), 1, 2), dtype=np.float32)
        shifts[:, 0, 0] = repeats
        dense = [stroke.sewn for stroke in strokes]
        if not dense:
            return
        # One call places every point: the hand's unsteadiness is dear to work out.
        every = np.concatenate([(line + shifts).reshape(-1, 2) for line in dense])
        lengths = [len(line) * len(repeats) for line in dense]
        rows = np.split(place(every), np.cumsum(lengths)[:-1])
        for stroke, line, row in zip(strokes, dense, rows, strict=True):
            joined = len(repeats) > 1 and _runs_on(line, repeats)
            copies = [row] if joined else np.split(row, len(repeats))
            for points in copies:
                if self._shows(points):
                    mark = Mark(points, stroke.is_dot, stroke.is_closed, label)
                    self.marks.append(mark)
                    if is_filled and stroke.is_closed and not stroke.is_dot:
                        self.fill(points, 0)

    def _shows(self, points: Points) -> bool:
        low, high = points.min(axis=0), points.max(axis=0)
        return bool(
            min(high) >= 0 and low[0] <= self.size[0] and low[1] <= self.size[1]
        )

    def fill(self, outline: Points, kind: int) -> None:
        """Remember an outline (pixels) that may be given dye number ``kind``."""
        self.shapes.append((kind, outline))


Place = Callable[[Points], Points]


def _runs_on(points: Points, repeats: Sequence[float]) -> bool:
    """Return whether a stroke's end is where its next repeat begins."""
    step = np.array([repeats[1] - repeats[0], 0.0])
    return bool(np.allclose(points[-1] - points[0], step, atol=1e-2))


def wander(rng: np.random.Generator, reach: float, length: float) -> Place:
    """Return the unsteadiness of a hand: a smooth shift of up to ``reach``.

    Args:
        rng: where the chance comes from.
        reach: typical shift, in the points' unit.
        length: distance over which the shift changes, in the same unit.
    """
    waves = rng.normal(0, 2 * np.pi / length, (4, 2))
    phases = rng.uniform(0, 2 * np.pi, (2, 4))
    sizes = rng.normal(0, reach / 1.6, (2, 4))

    def move(points: Points) -> Points:
        angle = points @ waves.T
        shift = [(np.sin(angle + phases[i]) * sizes[i]).sum(axis=1) for i in (0, 1)]
        moved: Points = (points + np.stack(shift, axis=1)).astype(np.float32)
        return moved

    return move


def placed(
    x: float, y: float, scale: tuple[float, float], turn: float, then: Place
) -> Place:
    """Return the map from a unit's millimetres to pixels of the cloth.

    Args:
        x, y: where the unit's origin goes, in pixels.
        scale: pixels per millimetre along the unit's x and y; negative turns it over.
        turn: rotation in radians.
        then: applied to the pixels last.
    """
    cos, sin = np.cos(turn), np.sin(turn)
    matrix = np.array([[cos, sin], [-sin, cos]]) * np.asarray(scale)[:, None]
    origin = np.array([x, y])

    def move(points: Points) -> Points:
        return then((points @ matrix + origin).astype(np.float32))

    return move


def lay_out(
    drawings: Sequence[Drawing],
    rng: np.random.Generator,
    size: tuple[int, int],
    scale: float,
) -> Layout:
    """Return a cloth on which the first drawing dominates.

    Args:
        drawings: the motif of the cloth, then those that may lie in other bands.
        rng: where the chance comes from.
        size: width and height of the cloth in pixels.
        scale: pixels per millimetre.
    """
    layout = Layout(size=size, scale=scale)
    main, others = drawings[0], list(drawings[1:])
    share_of_others = rng.choice([0.0, 0.0, 0.25, 0.5]) if others else 0.0
    gap_kind = rng.choice(["none", "plain", "line", "mixed"], p=[0.3, 0.35, 0.15, 0.2])
    dice = _dice(main, rng)
    y = -rng.uniform(0, 0.4) * main.pitch * scale
    height = size[1]
    turn_of_main = True
    while y < height + main.pitch * scale:
        other = not turn_of_main and rng.random() < share_of_others
        drawing = others[rng.integers(len(others))] if other else main
        chance = _dice(drawing, rng, slim=True) if other else dice
        room = 0.35 * height if other else 2 * height
        y = _band(layout, drawing, rng, y, chance, room)
        turn_of_main = not turn_of_main or not others
        if gap_kind != "none" or other:
            gap = rng.uniform(4, 30 if rng.random() < 0.7 else 70) * scale
            if gap_kind in ("line", "mixed") and rng.random() < 0.6:
                _divide(layout, rng, y + gap / 2)
            layout.bands.append(Band(y, y + gap, ""))
            y += gap
    layout.parameters |= {
        "gap": str(gap_kind),
        "others": float(share_of_others),
        **dice,
    }
    return layout


def _dice(
    drawing: Drawing, rng: np.random.Generator, *, slim: bool = False
) -> dict[str, float]:
    """Return how one cloth's maker draws a motif: sizes, spacing, steadiness."""
    loose = 0.08 if drawing.slug in LADDER else 0.25
    low, high = drawing.rows
    facing = drawing.is_facing and rng.random() < 0.5
    return {
        "wide": float(np.exp(rng.normal(0, loose))),
        # Makers stretch a curve far more than they widen it: arches as tall as flames.
        "tall": float(np.exp(rng.normal(0.2 * loose, 1.6 * loose))),
        # Rows that do not face each other lie close, one repeating the other.
        "pitch": float(rng.uniform(0.62, 1.25) if facing else rng.uniform(0.4, 1.15)),
        "spread": float(np.exp(np.clip(rng.normal(0.15, 0.3), -0.4, 0.6))),
        "rows": float(low if slim else rng.integers(low, high + 1)),
        "unsteady": float(rng.uniform(0.2, 1.6)),
        "facing": float(facing),
        "between": float(bool(drawing.between) and rng.random() < 0.6),
        "shift": float(rng.choice([0.0, 0.5, rng.random()], p=[0.55, 0.25, 0.2])),
        "tilt": float(rng.choice([0.0, rng.normal(0, 0.12), 0.6], p=[0.5, 0.35, 0.15])),
    }


def _band(
    layout: Layout,
    drawing: Drawing,
    rng: np.random.Generator,
    top: float,
    dice: dict[str, float],
    room: float,
) -> float:
    """Lay one band of a motif from ``top`` down; return where it ends (pixels)."""
    across = float(np.sqrt(drawing.width * drawing.height))
    across *= 0.6 if len(drawing.unit) > 4 else 1.0
    layout.finest = min(layout.finest, across)
    if drawing.family == "ceplok":
        bottom = _strew(layout, drawing, rng, top, dice, room)
    elif drawing.runs_down:
        bottom = _stack(layout, drawing, rng, top, dice)
    else:
        bottom = _rows(layout, drawing, rng, top, dice)
    layout.bands.append(Band(top, bottom, drawing.slug, drawing.family == "lajur"))
    return bottom


def _rows(
    layout: Layout,
    drawing: Drawing,
    rng: np.random.Generator,
    top: float,
    dice: dict[str, float],
) -> float:
    """Lay a line motif as rows side by side, each tiled along the cloth."""
    k = layout.scale
    drawing = drawing.spread(dice["spread"])
    rows, wide, tall = int(dice["rows"]), dice["wide"], dice["tall"]
    facing = bool(dice["facing"])
    rows = max(rows, 2) if facing else rows
    # Rows of points that touch would make lozenges, which are another motif.
    least = (1.15 if drawing.slug in LADDER else 0.88) * drawing.height
    pitch = max(drawing.pitch * dice["pitch"], least) * tall * k
    half = max(pitch, 1.1 * drawing.height * tall * k) / 2
    step = drawing.width * wide * k
    lines: list[NDArray[np.float32]] = []
    y = top + half
    start = rng.uniform(0, step)
    for row in range(rows):
        flip = -1.0 if facing and row % 2 else 1.0
        hand = wander(rng, 0.25 * dice["unsteady"] * k, 22 * k)
        drift = wander(rng, 0.5 * dice["unsteady"] * k, 120 * k)
        shift = (start + dice["shift"] * row * step) % step - 2 * step

        def then(points: Points, hand: Place = hand, drift: Place = drift) -> Points:
            return drift(hand(points))

        place = placed(shift, y, (wide * k, flip * tall * k), 0.0, then)
        repeats = np.arange(int(layout.size[0] / step) + 4) * drawing.width
        layout.add(drawing.unit, place, drawing.slug, list(repeats))
        if dice["between"] and facing and flip < 0:
            middle = placed(shift, y - pitch / 2, (wide * k, k), 0.0, then)
            layout.add(drawing.between, middle, drawing.slug, list(repeats))
        trace = drawing.unit[0].points[None] + np.stack(
            [repeats, np.zeros_like(repeats)], axis=1
        )[:, None].astype(np.float32)
        lines.append(place(trace.reshape(-1, 2)))
        y += pitch
    for number, (upper, lower) in enumerate(itertools.pairwise(lines)):
        layout.fill(np.concatenate([upper, lower[::-1]]), number % 2)
    return y - pitch + half


def _stack(
    layout: Layout,
    drawing: Drawing,
    rng: np.random.Generator,
    top: float,
    dice: dict[str, float],
) -> float:
    """Lay a motif whose repeats follow each other down the cloth."""
    k = layout.scale
    grow = float(rng.uniform(0.5, 1.1)) * k
    wide, tall = dice["wide"] * grow, dice["tall"] * grow
    pitch = drawing.height * dice["pitch"] * float(rng.uniform(0.5, 1.0)) * k
    across = drawing.width * wide
    turned = -1.0 if rng.random() < 0.5 else 1.0
    count = int(rng.integers(4, 14))
    columns = np.arange(rng.uniform(-1, 0) * across, layout.size[0], across)
    layout.bends += [float(x) for x in columns + across / 2]
    rise = float(np.ptp(drawing.unit[0].points[:, 1])) * tall
    y = top + rise / 2
    previous: Points | None = None
    for number in range(count):
        hand = wander(rng, 0.3 * dice["unsteady"] * k, 60 * k)
        for x in columns:
            place = placed(float(x), y, (wide, turned * tall), 0.0, hand)
            layout.add(drawing.unit, place, drawing.slug)
            line = place(drawing.unit[0].points)
            if previous is not None and len(columns) == 1:
                layout.fill(np.concatenate([previous, line[::-1]]), number % 2)
            previous = line
        y += pitch
    return y - pitch + rise / 2


def _strew(
    layout: Layout,
    drawing: Drawing,
    rng: np.random.Generator,
    top: float,
    dice: dict[str, float],
    room: float,
) -> float:
    """Strew separate units in rows, in half-drop or loosely."""
    k = layout.scale
    pitch = drawing.pitch * dice["pitch"] * k * dice["wide"]
    kinds = {
        "loose": ["loose"],
        "row": ["row", "drop"],
        "drop": ["drop", "row", "loose"],
    }
    kind = str(rng.choice(kinds.get(drawing.scatter, ["drop"])))
    down = max(pitch * (1.0 if kind != "row" else 1.15), drawing.height * k * 1.05)
    rows = max(1, min(int(rng.integers(1, 9)), int(room / max(down, 1))))
    offset = float(rng.uniform(-1, 0)) * pitch
    spread = {"loose": 0.28, "row": 0.02, "drop": 0.03}[kind]
    size_spread = 0.22 if kind == "loose" else 0.05
    whirl = 0.35 if kind == "loose" and rng.random() < 0.5 else 0.06
    for row in range(rows):
        y = top + (row + 0.5) * down
        start = offset + (0.5 * pitch if kind != "row" and row % 2 else 0.0)
        for number, x in enumerate(np.arange(start, layout.size[0] + pitch, pitch)):
            grow = float(np.exp(rng.normal(0, size_spread)))
            free = 0.5 * (pitch - max(drawing.width, drawing.height) * grow * k)
            reach = max(free, 0.03 * pitch)
            dx, dy = np.clip(rng.normal(0, spread * pitch, 2), -reach, reach)
            side = -1.0 if number % 2 else 1.0
            turn = dice["tilt"] * side + rng.normal(0, whirl)
            hand = wander(rng, 0.35 * dice["unsteady"] * k, 14 * k)
            scale = (dice["wide"] * grow * k, dice["tall"] * grow * k)
            place = placed(float(x + dx), float(y + dy), scale, float(turn), hand)
            layout.add(drawing.unit, place, drawing.slug, is_filled=True)
    return top + rows * down


def _divide(layout: Layout, rng: np.random.Generator, y: float) -> None:
    """Stitch one plain straight line, or two, across the cloth."""
    k, width = layout.scale, layout.size[0]
    ends = np.array([[-20, 0], [width / k + 20, 0]], dtype=np.float32)
    for offset in (0.0,) if rng.random() < 0.6 else (-1.5, 1.5):
        hand = wander(rng, 0.5 * k, 90 * k)
        layout.add([Stroke(ends)], placed(0, y + offset * k, (k, k), 0.0, hand), "")


def lay_composition(
    drawing: Drawing, rng: np.random.Generator, size: tuple[int, int]
) -> Layout:
    """Return the drawing's own picture as one calm cloth of ``size`` pixels."""
    scale = max(size[0] / drawing.view[0], size[1] / drawing.view[1])
    layout = Layout(size=size, scale=scale, parameters={"composition": True})
    hand = wander(rng, 0.22 * scale, 24 * scale)
    place = placed(0, 0, (scale, scale), 0.0, hand)
    layout.add(drawing.composition, place, drawing.slug, is_filled=True)
    is_lajur = drawing.family == "lajur"
    layout.bands.append(Band(0, size[1], drawing.slug, is_lajur))
    return layout

"""Figures that are no motif of the catalogue, to be stitched like one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ml.synthetic.drawing import Drawing, Stroke

Lines = list[Stroke]


def random_figure(rng: np.random.Generator) -> Drawing:
    """Return a drawing in the manner of the catalogue's that shows none of them."""
    name = str(rng.choice([*_LINES, *_UNITS, "cluster", "cluster", "cluster"]))
    if name == "cluster":
        width = height = float(rng.uniform(70, 240))
        unit = _cluster(rng, width)
        family, pitch = "ceplok", width * float(rng.uniform(0.7, 1.4))
    elif name in _LINES:
        width = float(rng.uniform(14, 80))
        height = float(width * rng.uniform(0.25, 0.9))
        unit = _LINES[name](rng, width, height)
        family, pitch = "lajur", height * float(rng.uniform(1.2, 2.2))
    else:
        width = height = float(rng.uniform(22, 90))
        unit = _UNITS[name](rng, width)
        family, pitch = "ceplok", width * float(rng.uniform(1.02, 1.6))
    return Drawing(
        slug=f"figure-{name}",
        family=family,
        width=width,
        height=height,
        unit=tuple(unit),
        rows=(1, 4),
        pitch=pitch,
        scatter=str(rng.choice(["row", "drop", "loose"])),
    )


def _line(*points: tuple[float, float], closed: bool = False) -> Stroke:
    return Stroke(np.asarray(points, dtype=np.float32), is_closed=closed)


def _ring(x: float, y: float, rx: float, ry: float | None = None) -> Stroke:
    turn = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    points = np.stack([x + rx * np.cos(turn), y + (ry or rx) * np.sin(turn)], axis=1)
    return Stroke(points.astype(np.float32), is_closed=True)


def _smooth(points: NDArray[np.floating], closed: bool) -> Stroke:
    """Return a curve through rough points, its corners cut three times."""
    for _ in range(3):
        following = np.roll(points, -1, axis=0)
        cut = np.stack(
            [0.75 * points + 0.25 * following, 0.25 * points + 0.75 * following], 1
        )
        points = cut.reshape(-1, 2) if closed else cut[:-1].reshape(-1, 2)
    return Stroke(points.astype(np.float32), is_closed=closed)


def _battlement(rng: np.random.Generator, w: float, h: float) -> Lines:
    part = rng.uniform(0.3, 0.7) * w
    return [_line((0, h / 2), (0, -h / 2), (part, -h / 2), (part, h / 2), (w, h / 2))]


def _ladder(rng: np.random.Generator, w: float, h: float) -> Lines:
    lean = rng.uniform(-0.3, 0.3) * w
    rails = [_line((0, -h / 2), (w, -h / 2)), _line((0, h / 2), (w, h / 2))]
    return [*rails, _line((w / 2 + lean, -h / 2), (w / 2 - lean, h / 2))]


def _meander(rng: np.random.Generator, w: float, h: float) -> Lines:
    x, y = w / 6, h / 2
    inner = rng.uniform(-0.4, 0.2) * h
    way = [(0, y), (0, -y), (4 * x, -y), (4 * x, y / 3), (2 * x, y / 3), (2 * x, inner)]
    return [_line(*way), _line((5 * x, -y), (5 * x, y), (w, y)), _line((0, y), (x, y))]


def _brackets(rng: np.random.Generator, w: float, h: float) -> Lines:
    bars = np.linspace(0, 0.6 * w, int(rng.integers(2, 5)))
    return [_line((x, -h / 2), (x, h / 2)) for x in bars]


def _bars(rng: np.random.Generator, w: float, h: float) -> Lines:
    places = np.linspace(-h / 2, h / 2, int(rng.integers(1, 5)))
    return [_line((0, y), (w, y)) for y in places]


def _blob(rng: np.random.Generator, s: float) -> Lines:
    turn = np.linspace(0, 2 * np.pi, int(rng.integers(5, 10)), endpoint=False)
    reach = s / 2 * rng.uniform(0.45, 1.1, len(turn))
    points = np.stack([reach * np.cos(turn), reach * np.sin(turn)], axis=1)
    inner = points * rng.uniform(0.4, 0.7)
    return [
        _smooth(points, True),
        *([_smooth(inner, True)] if rng.random() < 0.4 else []),
    ]


def _cross(rng: np.random.Generator, s: float) -> Lines:
    a, b = s / 2, s * rng.uniform(0.08, 0.2)
    quarter = [(b, -b), (b, -a), (-b, -a), (-b, -b)]
    points = [
        *quarter,
        (-a, -b),
        (-a, b),
        (-b, b),
        (-b, a),
        (b, a),
        (b, b),
        (a, b),
        (a, -b),
    ]
    return [_line(*points, closed=True)]


def _hash(rng: np.random.Generator, s: float) -> Lines:
    gap, a = s * rng.uniform(0.1, 0.25), s / 2
    bars = [_line((d, -a), (d, a)) for d in (-gap, gap)]
    return bars + [_line((-a, d), (a, d)) for d in (-gap, gap)]


def _tower(rng: np.random.Generator, s: float) -> Lines:
    layers = int(rng.integers(2, 6))
    tops = np.linspace(s / 2, -s / 2, layers + 1)
    half = s / 2 * np.linspace(1, rng.uniform(0.1, 0.5), layers + 1)
    return [
        _line((-a, low), (-b, high), (b, high), (a, low), closed=True)
        for a, b, low, high in zip(half, half[1:], tops, tops[1:], strict=False)
    ]


def _fish(rng: np.random.Generator, s: float) -> Lines:
    a, b = s / 2, s * rng.uniform(0.15, 0.28)
    body = _ring(-0.15 * a, 0, 0.7 * a, b)
    tail = _line((0.5 * a, 0), (a, -b), (0.8 * a, 0), (a, b), closed=True)
    return [body, tail, _ring(-0.55 * a, -0.2 * b, s * 0.03)]


def _bird(rng: np.random.Generator, s: float) -> Lines:
    wing = s / 2
    lift = rng.uniform(0.1, 0.5) * s
    points = [(-wing, -lift), (-0.1 * s, 0), (0, -0.2 * s), (0.1 * s, 0), (wing, -lift)]
    points += [
        (0.16 * s, 0.2 * s),
        (0.1 * s, 0.45 * s),
        (-0.1 * s, 0.45 * s),
        (-0.16 * s, 0.2 * s),
    ]
    return [_line(*points, closed=True)]


def _boat(rng: np.random.Generator, s: float) -> Lines:
    a, mast = s / 2, s * rng.uniform(0.4, 0.6)
    hull = _smooth(
        np.array([[-a, 0], [-0.6 * a, 0.4 * a], [0.6 * a, 0.4 * a], [a, 0]]), False
    )
    return [
        hull,
        _line((-a, 0), (a, 0)),
        _line((0, 0), (0, -mast), (0.6 * a, -0.1 * s)),
    ]


def _arrow(rng: np.random.Generator, s: float) -> Lines:
    a, b = s / 2, s * rng.uniform(0.15, 0.35)
    return [_line((0, a), (0, -a)), _line((-b, b - a), (0, -a), (b, b - a))]


def _wheel(rng: np.random.Generator, s: float) -> Lines:
    turn = np.linspace(0, 2 * np.pi, int(rng.integers(8, 16)), endpoint=False)
    near, far = s * 0.22, s / 2
    rays = [
        _line((near * np.cos(t), near * np.sin(t)), (far * np.cos(t), far * np.sin(t)))
        for t in turn
    ]
    return [_ring(0, 0, s * 0.18), *rays]


def _scrawl(rng: np.random.Generator, s: float) -> Lines:
    walk = rng.uniform(-s / 2, s / 2, (int(rng.integers(4, 9)), 2))
    return [_smooth(walk, False)]


def _shards(rng: np.random.Generator, s: float) -> Lines:
    starts = rng.uniform(-s / 2, s / 2, (int(rng.integers(3, 9)), 2))
    ways = rng.normal(0, s / 4, starts.shape)
    return [
        Stroke(np.stack([a, a + b]).astype(np.float32))
        for a, b in zip(starts, ways, strict=True)
    ]


def _plant(rng: np.random.Generator, s: float) -> Lines:
    lines = [_line((0, s / 2), (0, -s / 2))]
    for y in np.linspace(s / 2, -s / 2, int(rng.integers(3, 7)))[1:]:
        side = float(rng.choice([-1, 1])) * rng.uniform(0.2, 0.45) * s
        lines += [
            _line((0, y), (side, y - 0.1 * s)),
            _ring(side, y - 0.1 * s, 0.07 * s),
        ]
    return lines


def _rings(rng: np.random.Generator, s: float) -> Lines:
    return [
        _ring(0, 0, s / 2 * part)
        for part in np.linspace(1, 0.25, int(rng.integers(1, 4)))
    ]


def _triangle(rng: np.random.Generator, s: float) -> Lines:
    half, lines = s * rng.uniform(0.15, 0.4), int(rng.integers(1, 4))
    return [
        _line((-half * f, s / 2), (0, s / 2 - s * f), (half * f, s / 2), closed=True)
        for f in np.linspace(1, 0.4, lines)
    ]


def _leaf(rng: np.random.Generator, s: float) -> Lines:
    half = s * rng.uniform(0.12, 0.35)
    rim = np.array([[0, s / 2], [half, 0.1 * s], [0, -s / 2], [-half, 0.1 * s]])
    return [_smooth(rim, True), _line((0, 0.4 * s), (0, -0.3 * s))]


def _curl(rng: np.random.Generator, s: float) -> Lines:
    turn = np.linspace(0, rng.uniform(2, 7) * np.pi, 60)
    reach = s / 2 * np.linspace(1, rng.uniform(0.1, 0.5), 60)
    points = np.stack([reach * np.cos(turn), reach * np.sin(turn)], axis=1)
    return [Stroke(points.astype(np.float32))]


def _lattice(rng: np.random.Generator, s: float) -> Lines:
    places = np.linspace(-s / 2, s / 2, int(rng.integers(4, 8)))
    return [
        line
        for p in places
        for line in (_line((p, -s / 2), (p, s / 2)), _line((-s / 2, p), (s / 2, p)))
    ]


def _cluster(rng: np.random.Generator, s: float) -> Lines:
    """Return figures of many sizes thrown together, as pictorial cloth has them.

    Most clusters are mirrored left to right.
    """
    is_mirrored = rng.random() < 0.7
    makers = list(_UNITS.values())
    chosen = rng.integers(len(makers), size=int(rng.integers(1, 4)))
    lines: Lines = []
    for _ in range(int(rng.integers(6, 22))):
        make = makers[int(rng.choice(chosen))]
        figure = make(rng, s * float(rng.uniform(0.1, 0.4)))
        turn = rng.uniform(-np.pi, np.pi)
        cos, sin = np.cos(turn), np.sin(turn)
        place = rng.uniform(-s / 2, s / 2, 2)
        for stroke in figure:
            points = stroke.points @ np.array([[cos, sin], [-sin, cos]]) + place
            sides = (1, -1) if is_mirrored else (1,)
            for side in sides:
                moved = (points * [side, 1]).astype(np.float32)
                lines.append(Stroke(moved, stroke.is_closed))
    return lines


_LINES: dict[str, Callable[[np.random.Generator, float, float], Lines]] = {
    "battlement": _battlement, "ladder": _ladder,
    "meander": _meander, "brackets": _brackets, "bars": _bars,
}  # fmt: skip
_UNITS: dict[str, Callable[[np.random.Generator, float], Lines]] = {
    "blob": _blob, "cross": _cross, "hash": _hash, "tower": _tower,
    "fish": _fish, "bird": _bird, "boat": _boat, "arrow": _arrow, "wheel": _wheel,
    "triangle": _triangle, "leaf": _leaf, "curl": _curl, "lattice": _lattice,
    "scrawl": _scrawl, "shards": _shards, "plant": _plant,
    "rings": _rings,
}  # fmt: skip

"""A motif's line drawing, read as points on cloth."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray
from svgelements import Matrix, Move
from svgelements import Path as SvgPath

Points = NDArray[np.float32]

_SVG = "{http://www.w3.org/2000/svg}"
_REACH = 3.0  # mm between the points of a straight line, so that a hand can shake
_STEP = 1.0  # mm between the points a curve is replaced by


class DrawingError(ValueError):
    """The file is not a drawing in the catalogue's convention."""


@dataclass(frozen=True)
class Stroke:
    """One line of a drawing.

    Attributes:
        points: shape (n, 2), x then y, in millimetres of cloth; y grows downwards.
        is_closed: whether the last point joins the first.
        is_dot: a filled dot, tied or dabbed and not stitched.
    """

    points: Points
    is_closed: bool = False
    is_dot: bool = False

    @cached_property
    def sewn(self) -> Points:
        """The way of the needle: closed if the stroke is, a point every few mm."""
        points = self.points
        if self.is_closed:
            points = np.concatenate([points, points[:1]])
        gaps = np.hypot(*np.diff(points, axis=0).T)
        counts = np.maximum(1, np.ceil(gaps / _REACH)).astype(int)
        where = np.repeat(np.arange(len(counts)), counts)
        part = np.concatenate([np.arange(n) / n for n in counts])[:, None]
        dense = points[where] * (1 - part) + points[where + 1] * part
        return np.concatenate([dense, points[-1:]]).astype(np.float32)


@dataclass(frozen=True)
class Drawing:
    """One motif as drawn: its repeat, and how it is set out on cloth.

    Attributes:
        slug: the motif's slug, used as the label.
        family: "lajur" (the unit tiles along x) or "ceplok" (the unit is scattered).
        width, height: size of the unit in millimetres.
        unit: the strokes of one repeat.
        composition: the strokes of the whole picture shown on the site.
        view: width and height of that picture in millimetres.
        between: strokes set between two rows that face each other; may be empty.
        rows: least and most rows that lie side by side.
        pitch: millimetres between rows, or between scattered units.
        is_facing: whether every second row is turned over.
        runs_down: whether repeats follow each other along y and not along x.
        scatter: "row", "drop" (half-drop) or "loose".
    """

    slug: str
    family: str
    width: float
    height: float
    unit: tuple[Stroke, ...]
    composition: tuple[Stroke, ...] = ()
    view: tuple[float, float] = (240.0, 180.0)
    between: tuple[Stroke, ...] = ()
    rows: tuple[int, int] = (1, 4)
    pitch: float = 0.0
    is_facing: bool = False
    runs_down: bool = False
    scatter: str = "drop"
    attributes: dict[str, str] = field(default_factory=dict, compare=False)

    def grown(self, factor: float) -> Drawing:
        """Return the same drawing with its unit that many times as large."""
        unit = tuple(
            replace(s, points=s.points * np.float32(factor)) for s in self.unit
        )
        return replace(
            self,
            unit=unit,
            width=self.width * factor,
            height=self.height * factor,
            pitch=self.pitch * factor,
        )

    def spread(self, factor: float) -> Drawing:
        """Return the same drawing with the lines that follow each other moved apart.

        Only where every stroke of the unit is a line of the same form, such as waves
        that run side by side; any other drawing stays as it is.
        """
        first = self.unit[0].points
        shifts = []
        for stroke in self.unit:
            if stroke.is_closed or stroke.points.shape != first.shape:
                return self
            apart = stroke.points - first
            if np.ptp(apart, axis=0).max() > 0.01 or abs(apart[0, 0]) > 0.01:
                return self
            shifts.append(float(apart[0, 1]))
        if len(shifts) < 2:
            return self
        middle = sum(shifts) / len(shifts)
        further = [(shift - middle) * (factor - 1) for shift in shifts]
        unit = tuple(
            replace(s, points=s.points + np.array([0, dy], np.float32))
            for s, dy in zip(self.unit, further, strict=True)
        )
        grown = self.height + (max(shifts) - min(shifts)) * (factor - 1)
        # The next row goes on where the last line ends, as one more line would.
        between = (max(shifts) - min(shifts)) / (len(shifts) - 1) * factor
        pitch = max(self.pitch * grown / self.height, between * len(shifts))
        return replace(self, unit=unit, height=grown, pitch=pitch)

    @classmethod
    def read(cls, path: Path) -> Drawing:
        """Return the drawing kept in an SVG file.

        Raises:
            DrawingError: the file is no SVG, or has no unit with its size.
        """
        try:
            # The drawings are the project's own files, never a visitor's.
            root = ElementTree.parse(path).getroot()  # noqa: S314
        except ElementTree.ParseError as error:
            raise DrawingError(f"{path.name} is not well-formed SVG: {error}") from None
        named = {node.get("id", ""): node for node in root.iter() if node.get("id")}
        slug = root.get("data-slug", "")
        unit = next((node for node in root.iter() if "data-unit" in node.attrib), None)
        if not slug or unit is None:
            raise DrawingError(f"{path.name} has no data-slug or no data-unit")
        try:
            box = [float(number) for number in root.get("viewBox", "").split()]
            width, height = (
                float(unit.get("data-width", "")),
                float(unit.get("data-height", "")),
            )
            low, high = (int(n) for n in unit.get("data-rows", "1 4").split())
            pitch = float(unit.get("data-pitch", 1.2 * max(width, height)))
        except ValueError as error:
            raise DrawingError(f"{path.name}: {error}") from None
        if len(box) != 4 or min(width, height, box[2], box[3]) <= 0:
            raise DrawingError(f"{path.name}: sizes must be positive")
        shown = [node for node in root if node.tag != f"{_SVG}defs"]
        between = named.get(unit.get("data-between", ""))
        return cls(
            slug=slug,
            family=root.get("data-family", "lajur"),
            width=width,
            height=height,
            unit=tuple(_strokes(unit, Matrix(), named)),
            composition=tuple(
                stroke for node in shown for stroke in _strokes(node, Matrix(), named)
            ),
            view=(box[2], box[3]),
            between=()
            if between is None
            else tuple(_strokes(between, Matrix(), named)),
            rows=(low, high),
            pitch=pitch,
            is_facing="data-facing" in unit.attrib,
            runs_down=unit.get("data-run") == "y",
            scatter=unit.get("data-scatter", "drop"),
            attributes=dict(unit.attrib),
        )


def read_all(folder: Path) -> list[Drawing]:
    """Return every drawing in a folder, in the order of their slugs.

    Raises:
        DrawingError: the folder holds none, or one of them cannot be read.
    """
    drawings = [Drawing.read(path) for path in sorted(folder.glob("*.svg"))]
    if not drawings:
        raise DrawingError(f"no drawings (*.svg) in {folder}")
    return drawings


def _strokes(
    node: ElementTree.Element, matrix: Matrix, named: dict[str, ElementTree.Element]
) -> list[Stroke]:
    """Return the strokes under a node, every ``use`` followed."""
    if "transform" in node.attrib:
        matrix = Matrix(node.get("transform", "")) * matrix
    tag = node.tag.removeprefix(_SVG)
    if tag == "use":
        shift = Matrix.translate(float(node.get("x", 0)), float(node.get("y", 0)))
        target = named.get(node.get("href", "").removeprefix("#"))
        if target is None:
            raise DrawingError(f"use of {node.get('href')!r}, which is not there")
        return _strokes(target, shift * matrix, named)
    if tag == "path":
        return [
            replace(stroke, points=_moved(stroke.points, matrix))
            for stroke in _flatten(node.get("d", ""))
        ]
    if tag in ("circle", "ellipse"):
        cx, cy = float(node.get("cx", 0)), float(node.get("cy", 0))
        rx = float(node.get("r", node.get("rx", 0)))
        ry = float(node.get("r", node.get("ry", 0)))
        turn = np.linspace(0, 2 * np.pi, max(10, int(4 * np.sqrt(rx * ry))))
        ring = np.stack([cx + rx * np.cos(turn), cy + ry * np.sin(turn)], axis=1)
        is_dot = node.get("fill", "none") != "none"
        return [Stroke(_moved(ring, matrix), is_closed=True, is_dot=is_dot)]
    return [stroke for child in node for stroke in _strokes(child, matrix, named)]


def _moved(points: NDArray[np.floating], matrix: Matrix) -> Points:
    x, y = points[:, 0], points[:, 1]
    return np.stack(
        [
            matrix.a * x + matrix.c * y + matrix.e,
            matrix.b * x + matrix.d * y + matrix.f,
        ],
        axis=1,
    ).astype(np.float32)


@lru_cache(maxsize=512)
def _flatten(data: str) -> tuple[Stroke, ...]:
    """Return one stroke per subpath, its curves replaced by points."""
    strokes: list[Stroke] = []
    for part in SvgPath(data).as_subpaths():
        runs: list[NDArray[np.floating]] = []
        is_closed = False
        for segment in SvgPath(part):
            kind = type(segment).__name__
            if isinstance(segment, Move):
                continue
            if kind == "Close":
                is_closed = True
                if segment.start == segment.end:
                    continue
            # Corners keep their exact point: every run starts where it should.
            steps = 1 if kind in ("Line", "Close") else 0
            count = steps or max(3, int(np.ceil(segment.length(error=0.1) / _STEP)))
            run = np.asarray(segment.npoint(np.linspace(0, 1, count + 1)))
            runs.append(run if not runs else run[1:])
        if runs:
            points = np.concatenate(runs).astype(np.float32)
            strokes.append(Stroke(points, is_closed))
    return tuple(strokes)

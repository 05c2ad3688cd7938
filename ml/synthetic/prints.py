"""Cloth that is not stitched at all: woven, printed, tied, or simply dyed."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.synthetic.dye import MUTED, PALE, VIVID, Colour
from ml.synthetic.figures import random_figure
from ml.synthetic.resist import Plane, noise

Cloth = NDArray[np.float32]


def weave(rng: np.random.Generator, size: tuple[int, int]) -> tuple[Cloth, str]:
    """Return a cloth of some other craft, and the name of its kind.

    Returns:
        Array of shape (height, width, 3), R G B in 0..1.
    """
    # Batik is what most visitors will show by mistake.
    kind = str(rng.choice([*_KINDS, "batik", "waxed", "floral"]))
    cloth = _KINDS[kind](rng, size)
    return np.clip(cloth, 0, 1).astype(np.float32), kind


def _colour(rng: np.random.Generator) -> NDArray[np.float32]:
    shelf: dict[str, Colour] = [VIVID, MUTED, PALE][rng.choice(3, p=[0.4, 0.4, 0.2])]
    chosen = np.asarray(shelf[str(rng.choice(list(shelf)))], dtype=np.float32) / 255
    return np.clip(chosen + rng.normal(0, 0.04, 3), 0, 1).astype(np.float32)


def _ground(rng: np.random.Generator, size: tuple[int, int]) -> Cloth:
    """Return one even colour."""
    return np.ones((size[1], size[0], 3), dtype=np.float32) * _colour(rng)


def _over(cloth: Cloth, cover: Plane, colour: NDArray[np.float32]) -> Cloth:
    return np.asarray(cloth + cover[..., None] * (colour - cloth), dtype=np.float32)


def _plain(rng: np.random.Generator, size: tuple[int, int]) -> Cloth:
    uneven = 1 + rng.uniform(0, 0.12) * noise(rng, size, (rng.uniform(20, 200),) * 2)
    return _ground(rng, size) * uneven[..., None]


def _gradient(rng: np.random.Generator, size: tuple[int, int]) -> Cloth:
    wild = rng.uniform(20, 120)
    cloud = noise(rng, size, (wild, wild * rng.uniform(1, 5)))
    slope = np.linspace(-1.5, 1.5, size[1], dtype=np.float32)[:, None]
    cover = 1 / (1 + np.exp(-(cloud + rng.uniform(0, 2) * slope) * rng.uniform(1, 5)))
    return _over(_ground(rng, size), np.asarray(cover, dtype=np.float32), _colour(rng))


def _profile(rng: np.random.Generator, length: int) -> NDArray[np.float32]:
    """Return stripes along one axis: shape (length, 3), repeated regularly."""
    parts = rng.uniform(2, 60, int(rng.integers(2, 7)))
    colours = [_colour(rng) for _ in range(int(rng.integers(2, 4)))]
    stripe = np.concatenate(
        [
            np.tile(colours[i % len(colours)], (max(2, int(part)), 1))
            for i, part in enumerate(parts)
        ]
    )
    if rng.random() < 0.5:
        stripe = np.concatenate([stripe, stripe[::-1]])
    return np.asarray(np.tile(stripe, (length // len(stripe) + 1, 1))[:length])


def _stripes(rng: np.random.Generator, size: tuple[int, int]) -> Cloth:
    profile = _profile(rng, size[1])
    return np.repeat(profile[:, None], size[0], axis=1)


def _checks(rng: np.random.Generator, size: tuple[int, int]) -> Cloth:
    longest = max(size)
    profile = _profile(rng, longest)
    cloth = 0.5 * (profile[: size[1], None] + profile[None, : size[0]])
    fine = np.indices((size[1], size[0])).sum(axis=0) // 2 % 2
    cloth += (fine[..., None] - 0.5) * 0.3 * (profile[: size[1], None] - cloth)
    return np.asarray(cloth, dtype=np.float32)


def _ikat(rng: np.random.Generator, size: tuple[int, int]) -> Cloth:
    rows, columns = np.indices((size[1], size[0]), dtype=np.float32)
    rows += noise(rng, size, (1.5, 90)) * rng.uniform(2, 10)
    wide, tall = rng.uniform(50, 160, 2)
    u = np.abs(columns / wide % 1 - 0.5) * 2
    v = np.abs(rows / tall % 1 - 0.5) * 2
    shape = np.maximum(u, v) if rng.random() < 0.5 else u * v + 0.3 * np.abs(u - v)
    cloth = _ground(rng, size)
    for edge in np.sort(rng.uniform(0.15, 0.9, int(rng.integers(2, 5)))):
        cover = np.clip((shape - edge) * 14, 0, 1).astype(np.float32)
        cloth = _over(cloth, cover, _colour(rng))
    return cloth


def _tied(rng: np.random.Generator, size: tuple[int, int]) -> Cloth:
    rows, columns = np.indices((size[1], size[0]), dtype=np.float32)
    jag = (
        noise(rng, size, (14, 14)) * rng.uniform(2, 9) + noise(rng, size, (60, 60)) * 9
    )
    cloth, cover = _ground(rng, size), np.zeros((size[1], size[0]), dtype=np.float32)
    colour = _colour(rng)
    for _ in range(int(rng.integers(1, 12))):
        x, y = rng.uniform(0, 1, 2) * size
        far = np.hypot(columns - x, rows - y) + jag
        reach, ring = rng.uniform(30, 320), rng.uniform(10, 60)
        wave = np.clip(0.5 + 1.6 * np.cos(far / ring * np.pi), 0, 1)
        cover = np.maximum(cover, wave * (far < reach))
    soft = np.asarray(
        cv2.GaussianBlur(cover.astype(np.float32), (0, 0), rng.uniform(1, 4))
    )
    return _over(cloth, soft, colour)


def _stamp(
    rng: np.random.Generator,
    size: tuple[int, int],
    draw: Callable[[NDArray[np.uint8], NDArray[np.float64], float], None],
) -> Plane:
    """Return where a figure, repeated over the cloth, was printed."""
    canvas = np.zeros((size[1], size[0]), dtype=np.uint8)
    pitch = rng.uniform(40, 150)
    loose = rng.choice([0.0, 0.25])
    for row, y in enumerate(np.arange(0, size[1] + pitch, pitch)):
        for x in np.arange(-0.5 * (row % 2) * pitch, size[0] + pitch, pitch):
            shift = rng.normal(0, loose * pitch + 1e-9, 2)
            place = np.array([float(x), float(y)]) + shift
            draw(canvas, place, pitch)
    return (canvas / np.float32(255)).astype(np.float32)


def _floral(rng: np.random.Generator, size: tuple[int, int]) -> Cloth:
    cloth = _ground(rng, size)
    for _ in range(int(rng.integers(2, 4))):
        petals, slim = int(rng.integers(3, 14)), rng.uniform(0.15, 0.5)
        filled = -1 if rng.random() < 0.7 else 2

        def draw(
            canvas: NDArray[np.uint8],
            place: NDArray[np.float64],
            pitch: float,
            petals: int = petals,
            slim: float = slim,
            filled: int = filled,
        ) -> None:
            start, reach = rng.uniform(0, 360), pitch * rng.uniform(0.15, 0.3)
            for turn in np.arange(petals) * 360 / petals + start:
                way = np.array([np.cos(np.radians(turn)), np.sin(np.radians(turn))])
                middle = tuple(int(part) for part in place + way * reach * 0.6)
                axes = (max(1, int(reach * 0.5)), max(1, int(reach * slim)))
                cv2.ellipse(
                    canvas, middle, axes, turn, 0, 360, 255, filled, cv2.LINE_AA
                )

        cloth = _over(cloth, _stamp(rng, size, draw), _colour(rng))
    return cloth


def _printed(rng: np.random.Generator, size: tuple[int, int]) -> Cloth:
    """Return figures in clean unbroken lines, as no thread ever leaves them."""
    figure = random_figure(rng)
    strokes = [(stroke.points, stroke.is_closed) for stroke in figure.unit]
    bold = int(rng.integers(2, 7))

    def draw(
        canvas: NDArray[np.uint8], place: NDArray[np.float64], pitch: float
    ) -> None:
        grow = 0.7 * pitch / figure.width
        for points, closed in strokes:
            fixed = np.round((points * grow + place) * 16).astype(np.int32)
            cv2.polylines(canvas, [fixed], closed, 255, bold, cv2.LINE_AA, 4)

    return _over(_ground(rng, size), _stamp(rng, size, draw), _colour(rng))


def _waxed(rng: np.random.Generator, size: tuple[int, int]) -> Cloth:
    """Return dense wax-resist filling: lattices, ovals, hatching and fine dots."""
    rows, columns = np.indices((size[1], size[0]), dtype=np.float32)
    turn = rng.choice([0.0, np.pi / 4, rng.uniform(0, np.pi)])
    u = columns * np.cos(turn) + rows * np.sin(turn)
    v = rows * np.cos(turn) - columns * np.sin(turn)
    pitch = rng.uniform(40, 130)
    a, b = np.sin(u / pitch * np.pi), np.sin(v / pitch * np.pi)
    field = [a * b, a + b, np.sin((u + 12 * a) / pitch * np.pi * 2)][rng.integers(3)]
    cloth = _over(
        _ground(rng, size),
        (field > rng.uniform(-0.4, 0.4)).astype(np.float32),
        _colour(rng),
    )
    line = (np.abs(field - rng.uniform(0.2, 0.6)) < 0.06).astype(np.float32)
    cloth = _over(cloth, line, _colour(rng))
    fine = pitch / rng.uniform(4, 9)
    dots = (np.sin(u / fine * np.pi) * np.sin(v / fine * np.pi) > 0.8) & (field < 0)
    soft = np.asarray(cv2.GaussianBlur(dots.astype(np.float32), (0, 0), 0.8))
    return _over(cloth, soft, _colour(rng))


def _batik(rng: np.random.Generator, size: tuple[int, int]) -> Cloth:
    """Return large outlined shapes, each kind with a filling of its own."""
    rows, columns = np.indices((size[1], size[0]), dtype=np.float32)
    pitch = rng.uniform(90, 320)
    waves = [
        np.sin((columns * np.cos(t) + rows * np.sin(t)) / pitch * 2 * np.pi * f + p)
        for t, f, p in zip(
            rng.uniform(0, np.pi, 3), rng.uniform(0.5, 1.5, 3), rng.uniform(0, 6, 3),
            strict=True,
        )
    ]  # fmt: skip
    field = np.asarray(sum(waves) + 0.3 * noise(rng, size, (pitch / 3, pitch / 3)))
    line = _colour(rng)
    cloth = _ground(rng, size)
    for level in np.sort(rng.uniform(-1.4, 1.4, int(rng.integers(1, 4)))):
        inside = (field > level).astype(np.float32)
        cloth = _over(cloth, inside, _colour(rng))
        cloth = _over(cloth, inside * _filling(rng, columns, rows), line)
        steep = np.hypot(cv2.Sobel(field, -1, 1, 0), cv2.Sobel(field, -1, 0, 1)) / 8
        rim = np.abs(field - level) < steep * rng.uniform(1.0, 3.5)
        cloth = _over(cloth, rim.astype(np.float32), line)
    return np.asarray(cv2.GaussianBlur(cloth, (0, 0), 0.7), dtype=np.float32)


def _filling(rng: np.random.Generator, columns: Plane, rows: Plane) -> Plane:
    """Return one fine filling over the whole cloth: dots, hatching or scales."""
    turn, fine = rng.uniform(0, np.pi), rng.uniform(6, 26)
    u = (columns * np.cos(turn) + rows * np.sin(turn)) / fine * np.pi
    v = (rows * np.cos(turn) - columns * np.sin(turn)) / fine * np.pi
    kind = rng.integers(4)
    if kind == 0:
        cover = np.sin(u) * np.sin(v) > 0.6
    elif kind == 1:
        cover = np.abs(np.sin(u)) < 0.22
    elif kind == 2:
        cover = np.minimum(np.abs(np.sin(u)), np.abs(np.sin(v))) < 0.16
    else:
        cover = np.abs(np.sin(u + np.abs(np.sin(v)) * 2)) < 0.25
    return np.asarray(cover, dtype=np.float32)


_KINDS: dict[str, Callable[[np.random.Generator, tuple[int, int]], Cloth]] = {
    "plain": _plain, "gradient": _gradient, "stripes": _stripes, "checks": _checks,
    "ikat": _ikat, "tied": _tied, "floral": _floral, "printed": _printed,
    "waxed": _waxed, "batik": _batik,
}  # fmt: skip

"""The photograph: how cloth hangs, how light falls on it, what a camera does."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.synthetic.resist import Plane, noise

_OVERSAMPLING = 1.5  # cloth pixels per picture pixel where it is seen straight on


@dataclass(frozen=True)
class View:
    """One photograph of a cloth.

    Attributes:
        centre: what it looks at, x and y in cloth pixels.
        zoom: cloth pixels per picture pixel.
        turn: rotation in radians.
        tilt: corner displacements of the perspective, shape (4, 2), as a share of
            the picture.
    """

    centre: tuple[float, float]
    zoom: float
    turn: float
    tilt: NDArray[np.float64]

    @classmethod
    def draw(
        cls, rng: np.random.Generator, centre: tuple[float, float], *, is_upright: bool
    ) -> View:
        """Return a likely view: mostly level, sometimes on its side."""
        turn = rng.normal(0, 0.1)
        if rng.random() < 0.08:
            turn = rng.uniform(-np.pi, np.pi)
        elif not is_upright:
            turn += np.pi / 2
        tilt = rng.normal(0, rng.choice([0.01, 0.05]), (4, 2))
        if rng.random() < 0.3:
            # Cloth pulled askew, or photographed from the side.
            tilt[:, 0] += rng.normal(0, 0.12) * np.array([-0.5, -0.5, 0.5, 0.5])
        return cls(
            centre=centre,
            zoom=_OVERSAMPLING * float(rng.uniform(0.85, 1.15)),
            turn=float(turn),
            tilt=tilt,
        )

    def matrix(self, size: int) -> NDArray[np.float64]:
        """Return the homography from a picture of ``size`` pixels to the cloth."""
        corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], dtype=np.float64)
        moved = (corners - 0.5 + self.tilt) * size * self.zoom
        cos, sin = np.cos(self.turn), np.sin(self.turn)
        cloth = moved @ np.array([[cos, sin], [-sin, cos]]) + np.asarray(self.centre)
        picture = (corners * size).astype(np.float32)
        matrix = cv2.getPerspectiveTransform(picture, cloth.astype(np.float32))
        return np.asarray(matrix, dtype=np.float64)


def drape(
    cloth: NDArray[np.float32], rng: np.random.Generator, k: float, kept: Plane
) -> None:
    """Let light fall on the cloth, in place: weave, puckers, creases, soft folds.

    Args:
        cloth: shape (height, width, 3), R G B in 0..1.
        rng: where the chance comes from.
        k: pixels per millimetre.
        kept: the stitches, which pucker the cloth around them.
    """
    height, width = kept.shape
    size = (width, height)
    light = np.ones((height, width), dtype=np.float32)
    pucker = rng.uniform(0, 0.16)
    small = cv2.resize(kept, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    pulled = cv2.resize(cv2.blur(small, (1, max(1, int(3 * k)))), size)
    folds = np.clip(np.asarray(pulled) * 3, 0.15, 1) * noise(
        rng, size, (2.2 * k, 8 * k)
    )
    light += pucker * folds
    light += rng.uniform(0.01, 0.09) * noise(rng, size, (70 * k, 130 * k))
    for axis, most in ((1, 4), (0, 2)):
        if rng.random() < 0.45:
            light *= _creases(
                rng, size[1 - axis], k, int(rng.integers(1, most + 1)), axis
            )
    if rng.random() < 0.7:
        light += rng.uniform(0.008, 0.04) * _threads(rng, size)
    np.clip(light, 0.25, 1.6, out=light)
    np.multiply(cloth, cv2.merge([light] * 3), out=cloth)


def _threads(rng: np.random.Generator, size: tuple[int, int]) -> Plane:
    """Return the uneven threads of the weave, warp and weft; a swatch repeated."""
    swatch = (256, 256)
    woven = noise(rng, swatch, (1, 2.5)) + noise(rng, swatch, (3, 1))
    turns = (size[1] // 256 + 1, size[0] // 256 + 1)
    return np.tile(woven, turns)[: size[1], : size[0]]


def _creases(
    rng: np.random.Generator, length: int, k: float, count: int, axis: int
) -> Plane:
    """Return the light along one axis: pressed folds, dark and bright side by side."""
    at = np.arange(length, dtype=np.float32)
    light = np.ones(length, dtype=np.float32)
    every = rng.uniform(60, 160) * k
    start = rng.uniform(0, every)
    for number in range(count):
        place = start + number * every + rng.normal(0, 3 * k)
        width = rng.uniform(0.8, 3.5) * k
        far = (at - place) / width
        depth = rng.uniform(0.04, 0.28)
        light -= depth * np.exp(-(far**2))
        light += 0.6 * depth * np.exp(-((far - 2.2) ** 2) / 3)
        light -= 0.05 * np.tanh(far / 9) * rng.normal()
    return light[None, :] if axis == 1 else light[:, None]


def photograph(
    cloth: NDArray[np.float32], rng: np.random.Generator, view: View, size: int
) -> NDArray[np.uint8]:
    """Return one square picture of the cloth.

    Args:
        cloth: shape (height, width, 3), R G B in 0..1.
        rng: where the chance comes from.
        view: where the camera stands.
        size: side of the picture in pixels.

    Returns:
        Array of shape (size, size, 3), R G B in 0..255.
    """
    fine = int(size * _OVERSAMPLING)
    rows, columns = np.mgrid[0:fine, 0:fine].astype(np.float32) / _OVERSAMPLING
    matrix = view.matrix(size).astype(np.float32)
    depth = matrix[2, 0] * columns + matrix[2, 1] * rows + matrix[2, 2]
    x = (matrix[0, 0] * columns + matrix[0, 1] * rows + matrix[0, 2]) / depth
    y = (matrix[1, 0] * columns + matrix[1, 1] * rows + matrix[1, 2]) / depth
    if rng.random() < 0.6:
        sway = rng.uniform(0, 0.02) * size
        x += sway * noise(rng, (fine, fine), (fine / 2.5, fine / 2.5))
        y += sway * noise(rng, (fine, fine), (fine / 2.5, fine / 2.5))
    border = cv2.BORDER_REFLECT_101
    picture = np.asarray(cv2.remap(cloth, x, y, cv2.INTER_LINEAR, borderMode=border))
    if rng.random() < 0.1:
        picture = _edge(picture, rng, fine)
    picture = np.asarray(
        cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA)
    )
    return develop(picture, rng)


def _edge(
    picture: NDArray[np.float32], rng: np.random.Generator, size: int
) -> NDArray[np.float32]:
    """Return the picture with the cloth ending inside it, a table showing beyond."""
    angle = rng.choice([0, 0.5, 1, 1.5]) * np.pi + rng.normal(0, 0.06)
    across = np.linspace(-1, 1, size, dtype=np.float32)
    far = across[None] * np.cos(angle) + across[:, None] * np.sin(angle)
    far += 0.01 * noise(rng, (size, size), (size / 6, size / 6))
    limit = rng.uniform(0.6, 0.95)
    beyond = np.clip((far - limit) * size / 3, 0, 1)[..., None]
    shade = 1 - 0.5 * np.exp(-np.maximum(far - limit, 0) / 0.06)[..., None]
    table = rng.uniform(0.05, 0.95) * np.array([1, 1, 1]) + rng.normal(0, 0.06, 3)
    grain = 1 + 0.04 * noise(rng, (size, size), (size / 2, 3))[..., None]
    mixed = picture * (1 - beyond) + table * shade * grain * beyond
    return np.asarray(mixed, dtype=np.float32)


def develop(
    picture: NDArray[np.float32], rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Return the picture as a camera gives it: light, colour, blur and noise.

    Args:
        picture: shape (height, width, 3), R G B in 0..1.
        rng: where the chance comes from.
    """
    height, width = picture.shape[:2]
    across = np.linspace(-1, 1, width, dtype=np.float32)[None]
    down = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    light = 1 + rng.normal(0, 0.1) * across + rng.normal(0, 0.1) * down
    light -= rng.uniform(0, 0.14) * (across**2 + down**2)
    white = np.exp(rng.normal(0, 0.05, 3) + rng.normal(0, 0.11))
    picture = picture * cv2.merge([light * gain for gain in white.tolist()])
    gamma = float(np.exp(rng.normal(0, 0.16)))
    picture = np.asarray(cv2.pow(np.clip(picture, 0, 1), gamma))
    vivid = float(rng.uniform(0.7, 1.2))
    mix = vivid * np.eye(3) + (1 - vivid) / 3
    picture = np.asarray(cv2.transform(picture, mix))
    lift = rng.uniform(0, 0.07)
    picture = lift + picture * np.float32(1 - lift - rng.uniform(0, 0.05))
    blur = rng.choice([0.0, rng.uniform(0.3, 1.3)], p=[0.45, 0.55])
    if blur > 0:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), blur))
    grain = rng.uniform(0.002, 0.022)
    picture = picture + grain * rng.standard_normal(picture.shape, dtype=np.float32)
    if rng.random() < 0.3:
        soft = np.asarray(cv2.GaussianBlur(picture, (0, 0), 1.0))
        picture = picture + rng.uniform(0.3, 1.0) * (picture - soft)
    return np.asarray(np.clip(picture * 255 + 0.5, 0, 255).astype(np.uint8))

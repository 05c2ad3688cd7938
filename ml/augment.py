"""Fresh variations of a training photo, drawn anew in every epoch.

Everything is one perspective warp, one colour transform and a few camera faults, in
OpenCV: about a millisecond a photo, so that the network never waits for its input.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Augmentation:
    """How far a photo may be varied; ranges are (least, most)."""

    scale: tuple[float, float] = (0.55, 1.0)
    """Side of the square cut out, in parts of the photo's short side."""
    quarter_turns: bool = True
    rotation: float = 20.0
    """Degrees either way, besides the quarter turns."""
    flip: bool = True
    perspective: float = 0.08
    """Most that a corner moves, in parts of the square's side."""
    hue: float = 18.0
    """Degrees either way."""
    saturation: tuple[float, float] = (0.5, 1.4)
    contrast: tuple[float, float] = (0.7, 1.3)
    brightness: float = 0.2
    gamma: tuple[float, float] = (0.75, 1.35)
    shadow: float = 0.3
    """Chance of each of these; the rest of the photos stay without."""
    blur: float = 0.35
    blur_sigma: tuple[float, float] = (0.4, 6.0)
    """In pixels of a 224 px square."""
    noise: float = 0.2
    jpeg: float = 0.3


PAPER = Augmentation(
    scale=(0.8, 1.0),
    quarter_turns=False,
    rotation=36.0,
    perspective=0.0,
    hue=0.0,
    saturation=(1.0, 1.0),
    contrast=(1.0, 1.0),
    brightness=0.0,
    gamma=(1.0, 1.0),
    shadow=0.0,
    blur=0.0,
    noise=0.0,
    jpeg=0.0,
)
"""The paper's rotation, flip and zoom."""


def augment(
    photo: Pixels, generator: np.random.Generator, how: Augmentation, size: int
) -> Pixels:
    """Return one variation of a photo.

    Args:
        photo: shape (height, width, 3), RGB, 0..255.
        generator: the only source of randomness.
        how: how far to go.
        size: side of the square returned, in pixels.

    Returns:
        Array of shape (size, size, 3), RGB, 0..255.

    >>> photo = np.full((300, 400, 3), 128, np.uint8)
    >>> one = augment(photo, np.random.default_rng(1), Augmentation(), 64)
    >>> two = augment(photo, np.random.default_rng(1), Augmentation(), 64)
    >>> one.shape, bool((one == two).all())
    ((64, 64, 3), True)
    """
    pixels = _warp(photo, generator, how, size)
    pixels = _colour(pixels, generator, how)
    if generator.random() < how.shadow:
        pixels = _shadow(pixels, generator)
    if generator.random() < how.blur:
        sigma = generator.uniform(*how.blur_sigma) * size / 224
        pixels = blur(pixels, sigma)
    if generator.random() < how.noise:
        pixels = _noise(pixels, generator)
    if generator.random() < how.jpeg:
        pixels = compress(pixels, int(generator.integers(25, 92)))
    return np.asarray(pixels, np.uint8)


def blur(pixels: Pixels, sigma: float) -> Pixels:
    """Return pixels, (height, width, 3), blurred; sigma in pixels, above 0."""
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), sigma), np.uint8)


def compress(pixels: Pixels, quality: int) -> Pixels:
    """Return pixels, (height, width, 3), as a JPEG of a quality, 1..100, has them."""
    # JPEG keeps brightness better than colour, and OpenCV takes red to be last.
    given = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    _, file = cv2.imencode(".jpg", given, [cv2.IMWRITE_JPEG_QUALITY, quality])
    found = cv2.imdecode(file, cv2.IMREAD_COLOR)
    return np.asarray(cv2.cvtColor(found, cv2.COLOR_BGR2RGB), np.uint8)


def _warp(
    photo: Pixels, generator: np.random.Generator, how: Augmentation, size: int
) -> Pixels:
    height, width = photo.shape[:2]
    side = min(height, width) * generator.uniform(*how.scale)
    degrees = generator.uniform(-how.rotation, how.rotation)
    angle = math.radians(degrees + 90 * int(generator.integers(4)) * how.quarter_turns)
    mirror = -1.0 if how.flip and generator.random() < 0.5 else 1.0
    corners = np.array([[-mirror, -1], [mirror, -1], [mirror, 1], [-mirror, 1]])
    corners += generator.uniform(-2, 2, (4, 2)) * how.perspective
    turn = np.array(
        [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]
    )
    corners = corners @ turn.T * (side / 2)
    # The square's middle stays where the square itself, unturned, would fit.
    room = np.array([width - side, height - side])
    centre = side / 2 + room * generator.random(2)
    target = np.array([[0, 0], [size, 0], [size, size], [0, size]], np.float32)
    matrix = cv2.getPerspectiveTransform((corners + centre).astype(np.float32), target)
    return np.asarray(
        cv2.warpPerspective(
            photo,
            matrix,
            (size, size),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REFLECT_101,
        ),
        np.uint8,
    )


def _colour(
    pixels: Pixels, generator: np.random.Generator, how: Augmentation
) -> Pixels:
    hue = math.radians(generator.uniform(-how.hue, how.hue))
    saturation = generator.uniform(*how.saturation)
    contrast = generator.uniform(*how.contrast)
    brightness = generator.uniform(-how.brightness, how.brightness)
    gamma = generator.uniform(*how.gamma)
    if gamma != 1.0:
        ramp = np.arange(256, dtype=np.float64) / 255
        pixels = np.asarray(
            cv2.LUT(pixels, (255 * ramp**gamma).round().astype(np.uint8)), np.uint8
        )
    # Hue and saturation turn and stretch the colour plane around the grey axis.
    grey = np.full((3, 3), 1 / 3)
    axis = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / math.sqrt(3)
    plane = np.eye(3) - grey
    mix = grey + saturation * (math.cos(hue) * plane + math.sin(hue) * axis)
    offset = 127.5 * (1 - contrast) + 255 * brightness
    matrix = np.concatenate([contrast * mix, np.full((3, 1), offset)], axis=1)
    if np.allclose(matrix[:, :3], np.eye(3)) and offset == 0:
        return pixels
    return np.asarray(cv2.transform(pixels, matrix), np.uint8)


def _shadow(pixels: Pixels, generator: np.random.Generator) -> Pixels:
    """Darken one side of a soft, random line."""
    size = pixels.shape[0]
    angle = generator.uniform(0, 2 * math.pi)
    steps = np.linspace(-1, 1, 32)
    x, y = np.meshgrid(steps, steps)
    distance = x * math.cos(angle) + y * math.sin(angle) + generator.uniform(-0.6, 0.6)
    softness = generator.uniform(0.05, 0.8)
    depth = generator.uniform(0.2, 0.6)
    light = 1 - depth / (1 + np.exp(-distance / softness))
    wide = cv2.resize(light.astype(np.float32), (size, size))
    return np.asarray(pixels * wide[..., None], np.uint8)


def _noise(pixels: Pixels, generator: np.random.Generator) -> Pixels:
    strength = generator.uniform(2, 12)
    grain = generator.standard_normal(pixels.shape[:2], np.float32)[..., None]
    noisy = pixels + np.float32(strength) * grain
    return np.asarray(noisy.clip(0, 255), np.uint8)

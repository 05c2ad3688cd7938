"""How much a model loses when photos are turned, blurred, compressed or cut.

The distortions are those that phones and people make (after Hendrycks and
Dietterich 2019).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from PIL import Image

from ml import augment
from ml.dataset import Sample
from ml.images import INPUT_SIZE, ImageError, open_image
from ml.job import Progress
from ml.metrics import share

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ml.predict import Predictor

    Pixels = NDArray[np.uint8]

Distortion = Callable[["Pixels", np.random.Generator], "Pixels"]

KEPT_SIDE = 1024
"""Photos are made this small first, the undistorted ones too: it costs no accuracy."""


def rotated(degrees: float) -> Distortion:
    """Return what turns a photo to either side; mirrored photo fills the corners."""

    def turn(pixels: Pixels, rng: np.random.Generator) -> Pixels:
        height, width = pixels.shape[:2]
        angle = degrees * rng.choice((-1.0, 1.0))
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
        return np.asarray(
            cv2.warpAffine(
                pixels, matrix, (width, height), borderMode=cv2.BORDER_REFLECT_101
            ),
            np.uint8,
        )

    return turn


def blurred(sigma: float) -> Distortion:
    """Return what blurs a photo; sigma in pixels of the network's input."""

    def blur(pixels: Pixels, _rng: np.random.Generator) -> Pixels:
        return augment.blur(pixels, sigma * min(pixels.shape[:2]) / INPUT_SIZE)

    return blur


def compressed(quality: int) -> Distortion:
    """Return what saves a photo as a JPEG of that quality, 1..95."""

    def compress(pixels: Pixels, _rng: np.random.Generator) -> Pixels:
        return augment.compress(pixels, quality)

    return compress


def brightened(factor: float) -> Distortion:
    """Return what makes a photo brighter or, below 1, darker."""

    def brighten(pixels: Pixels, _rng: np.random.Generator) -> Pixels:
        lit = np.clip(pixels * np.float32(factor), 0, 255)
        return np.asarray(lit, np.uint8)

    return brighten


def half(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Return a part of half the photo's area, somewhere in it."""
    height, width = (round(side * 0.5**0.5) for side in pixels.shape[:2])
    top = int(rng.integers(0, pixels.shape[0] - height + 1))
    left = int(rng.integers(0, pixels.shape[1] - width + 1))
    return pixels[top : top + height, left : left + width]


def on_screen(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Return the photo as photographed from a screen: tilted, striped, with a gleam."""
    height, width = pixels.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    moved = corners + rng.uniform(-0.06, 0.06, (4, 2)) * (width, height)
    matrix = cv2.getPerspectiveTransform(moved.astype(np.float32), corners)
    seen = cv2.warpPerspective(
        pixels, matrix, (width, height), borderMode=cv2.BORDER_REFLECT_101
    ).astype(np.float32)
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    # Two grids of nearly the same pitch: the screen's and the camera's.
    pitch = min(height, width) / rng.uniform(30, 60)
    slant = rng.uniform(-0.4, 0.4)
    stripes = np.sin(2 * np.pi * (columns + slant * rows) / pitch)
    middle = rng.uniform(0.2, 0.8, 2) * (height, width)
    far = np.hypot(rows - middle[0], columns - middle[1]) / (0.35 * max(height, width))
    lit = 0.9 * seen + 18 + (7 * stripes + 60 * np.exp(-(far**2)))[..., None]
    soft = cv2.GaussianBlur(lit, (0, 0), 0.7 * min(height, width) / INPUT_SIZE)
    return np.asarray(np.clip(soft, 0, 255), np.uint8)


DISTORTIONS: dict[str, Distortion] = {
    "turned by 10 degrees": rotated(10),
    "turned by 20 degrees": rotated(20),
    "turned by 30 degrees": rotated(30),
    "blurred, sigma 4 px": blurred(4),
    "JPEG quality 20": compressed(20),
    "40 % darker": brightened(0.6),
    "40 % brighter": brightened(1.4),
    "half of the photo": half,
    "photographed from a screen": on_screen,
}


def measure(
    predictor: Predictor,
    samples: Sequence[Sample],
    *,
    limit: int | None = None,
    progress: Progress = lambda _what, _done, _total: None,
) -> dict[str, Any]:
    """Return the accuracy over all labels on photos as they are and distorted.

    Args:
        predictor: the model.
        samples: photos; those whose label the model does not know are left out, and
            so are those that cannot be read.
        limit: at most so many photos, spread evenly; None for all.
        progress: told how far it is.

    Returns:
        ``clean``, a share; ``rows``, per distortion its ``name``, ``accuracy`` (a
        share) and ``points_lost``, percentage points of accuracy.
    """
    labels = predictor.manifest.labels
    asked = spread([s for s in samples if s.label in labels], limit)
    right = dict.fromkeys(("", *DISTORTIONS), 0)
    photos = 0
    for number, sample in enumerate(asked):
        try:
            image = open_image(sample.path, kept_side=KEPT_SIDE).convert("RGB")
        except (ImageError, OSError):
            continue
        photos += 1
        pixels = np.asarray(image, np.uint8)
        for at, name in enumerate(right):
            changed = pixels
            if name:
                rng = np.random.default_rng([number, at])
                changed = DISTORTIONS[name](pixels, rng)
            said = predictor.predict([Image.fromarray(changed)]).scores
            right[name] += max(labels, key=lambda one: said[one]) == sample.label
        progress("distort", number + 1, len(asked))
    clean = right.pop("")
    return table(clean, right, photos)


def table(clean: int, right: Mapping[str, int], photos: int) -> dict[str, Any]:
    """Return what ``measure`` does, from how many photos were right.

    Args:
        clean: of the photos as they are.
        right: per distortion of the distorted ones.
        photos: of how many.
    """
    return {
        "clean": share(clean, photos),
        "rows": [
            {
                "name": name,
                "accuracy": share(hits, photos),
                "points_lost": round(100 * (clean - hits) / max(photos, 1), 2),
            }
            for name, hits in right.items()
        ],
    }


def spread(samples: Sequence[Sample], limit: int | None) -> list[Sample]:
    """Return at most ``limit`` samples, evenly from first to last."""
    if limit is None or limit >= len(samples):
        return list(samples)
    return [samples[i * len(samples) // limit] for i in range(limit)]

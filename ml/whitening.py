"""Where embeddings are compared: a space in which what varies anyway counts for little.

Features of a frozen backbone go up and down together with light, colour and sharpness.
Photos of other things show which do; a few photos of a new motif could not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ml.embeddings import unit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

SHRINKAGE = 0.3
"""How much of the covariance gives way to a sphere (Ledoit and Wolf 2004)."""
MOST = 1000
"""Photos to learn from at most; their number's cube is what it costs."""


@dataclass(frozen=True)
class Whitening:
    """Takes embeddings to where other photos spread alike in every direction."""

    middle: Vectors
    """(features,), of the roots."""
    spread: Vectors
    """(features,), above 0."""
    axes: Vectors
    """(axes, features), orthonormal: the directions in which other photos vary."""
    gains: Vectors
    """(axes,): what is left of each; other directions are left as they are."""

    def __call__(self, embeddings: Vectors) -> Vectors:
        """Return embeddings, (…, features), whitened and at unit length."""
        standard = (root(embeddings) - self.middle) / self.spread
        along = (standard @ self.axes.T) * (self.gains - 1)
        return unit(standard + along @ self.axes)


def root(embeddings: Vectors) -> Vectors:
    """Return square roots that keep the sign: they tame the few features that shout.

    >>> root(np.array([4.0, -9.0], np.float32)).tolist()
    [2.0, -3.0]
    """
    return np.asarray(np.sign(embeddings) * np.sqrt(np.abs(embeddings)), np.float32)


def learn(background: Vectors, shrinkage: float = SHRINKAGE) -> Whitening:
    """Learn from other photos what varies anyway.

    Args:
        background: (photos, features), embeddings of unit length, of anything but
            what is to be told apart; some hundreds do.
        shrinkage: 0..1; 1 only standardises.
    """
    count = min(MOST, len(background))
    roots = root(background[np.arange(count) * len(background) // count])
    middle, spread = roots.mean(axis=0), roots.std(axis=0) + 1e-3
    rows = ((roots - middle) / spread).astype(np.float64)
    # Photos are fewer than features: their inner products hold the covariance.
    variances, mixes = np.linalg.eigh(rows @ rows.T)
    kept = variances > 1e-4 * variances[-1]
    axes = (rows.T @ (mixes[:, kept] / np.sqrt(variances[kept]))).T
    variances = variances[kept] / len(rows)
    sphere = shrinkage * float((rows**2).mean())
    gains = np.sqrt(sphere / ((1 - shrinkage) * variances + sphere))
    return Whitening(
        middle,
        spread,
        np.asarray(axes, np.float32),
        np.asarray(gains, np.float32),
    )

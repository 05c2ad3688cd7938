"""Where embeddings are compared: a space in which what varies anyway counts for little.

Features of a frozen backbone go up and down together with light, colour and sharpness.
Photos of other things show which do, and so do many photos of one motif; a few photos
of a new motif could not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ml.embeddings import unit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]
    Array = NDArray[np.float64]

SHRINKAGE = 0.3
"""How much of the covariance gives way to a sphere (Ledoit and Wolf 2004)."""
MOST = 1300
"""Photos to learn from at most where features are more; their cube is what it costs."""


@dataclass(frozen=True)
class Whitening:
    """Takes embeddings to where other photos spread alike in every direction."""

    middle: Vectors
    """(features,), of the roots."""
    spread: Vectors
    """(features,), above 0."""
    axes: Vectors
    """(axes, features), orthonormal: the directions in which other photos vary, those
    of one layer after those of another and 0 in all other layers."""
    gains: Vectors
    """(axes,): what is left of each; other directions are left as they are."""
    layers: tuple[tuple[int, int], ...]
    """Of each layer how many features and how many axes it has."""

    def __call__(self, embeddings: Vectors) -> Vectors:
        """Return embeddings, (…, features), whitened and at unit length.

        Every layer has the same length in it, so that none outvotes the others.
        """
        standard = (root(embeddings) - self.middle) / self.spread
        along = (standard @ self.axes.T) * (self.gains - 1)
        ends = np.cumsum([features for features, _ in self.layers])[:-1]
        parts = np.split(standard + along @ self.axes, ends, axis=-1)
        return unit(np.concatenate([unit(one) for one in parts], axis=-1))


def root(embeddings: Vectors) -> Vectors:
    """Return square roots that keep the sign: they tame the few features that shout.

    >>> root(np.array([4.0, -9.0], np.float32)).tolist()
    [2.0, -3.0]
    """
    return np.asarray(np.sign(embeddings) * np.sqrt(np.abs(embeddings)), np.float32)


def learn(
    background: Vectors,
    shrinkage: float = SHRINKAGE,
    *,
    labels: Sequence[str] | None = None,
    layers: Sequence[int] = (),
    most_axes: int | None = None,
) -> Whitening:
    """Learn from photos what varies anyway.

    Args:
        background: (photos, features), embeddings of unit length; some hundreds do.
        shrinkage: 0..1; 1 only standardises.
        labels: of the photos; what varies anyway is then what photos of one label
            vary in. Without them it is all that they vary in, so that none may be of
            anything that is to be told apart.
        layers: the features of each layer of the network, in order; each is whitened
            by itself. All are one by default.
        most_axes: in how many directions a layer is whitened at most; all by default.
    """
    roots = root(background)
    middle, spread = roots.mean(axis=0), roots.std(axis=0) + 1e-3
    rows = (roots - middle) / spread
    if labels is not None:
        named = np.asarray(labels)
        for label in np.unique(named):
            rows[named == label] -= rows[named == label].mean(axis=0)
    widths = tuple(layers) or (rows.shape[1],)
    ends = np.cumsum(widths)
    found = [
        _directions(rows[:, end - width : end], shrinkage, most_axes)
        for width, end in zip(widths, ends, strict=True)
    ]
    axes = [
        np.pad(one, ((0, 0), (end - width, rows.shape[1] - end)))
        for (one, _), width, end in zip(found, widths, ends, strict=True)
    ]
    return Whitening(
        middle,
        spread,
        np.concatenate(axes).astype(np.float32),
        np.concatenate([gains for _, gains in found]).astype(np.float32),
        tuple((w, len(gains)) for w, (_, gains) in zip(widths, found, strict=True)),
    )


def _directions(
    rows: Vectors, shrinkage: float, most: int | None
) -> tuple[Array, Array]:
    """Return a layer's axes, (axes, features), widest first, and their gains."""
    photos, features = rows.shape
    if features > MOST:
        count = min(MOST, photos)
        rows = rows[np.arange(count) * photos // count]
    rows = rows.astype(np.float64)
    sphere = shrinkage * float((rows**2).mean())
    if features <= len(rows):
        variances, mixes = np.linalg.eigh(rows.T @ rows)
        axes = mixes.T
    else:
        # Photos are fewer than features: their inner products hold the covariance.
        variances, mixes = np.linalg.eigh(rows @ rows.T)
        axes = (rows.T @ (mixes / np.sqrt(np.maximum(variances, 1e-12)))).T
    kept = np.flatnonzero(variances > 1e-4 * variances[-1])[::-1][:most]
    variances = variances[kept] / len(rows)
    gains = np.sqrt(sphere / ((1 - shrinkage) * variances + sphere))
    return axes[kept], gains

"""Whitened photos for a program in another language, ``static/js/memory.js``.

The product of a whitened embedding x and a row is s·kernel, to which ``offset`` is
added. s are the signed roots of x, less ``middle``, over ``spread``; each layer of them
is then divided by its whitened length and by the root of how many layers there are. A
layer's whitened length is |Ws|² = s·s + the sum of bend (axis·s)² over its axes.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ml.whitening import Whitening

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]


STEPS = 127
"""Steps either way to which rows are rounded."""


@dataclass(frozen=True)
class Portable:
    """Points among whitened embeddings, in a form that is small and quick to read."""

    axes: int
    rows: int
    """How many points there are."""
    content: bytes
    """Little-endian 32-bit floats: middle, spread (features each), bends, axes' steps
    (axes each), kernels' steps, offsets (rows each); then 8-bit integers: axes (axes,
    features) and kernels (rows, features), each row to be multiplied by its step."""
    layers: tuple[tuple[int, int], ...]
    """Of each layer how many features and how many of the axes it has, in order."""
    labels: tuple[str, ...] = ()
    """Of the first rows, where they are labels' prototypes. As many rows follow that
    are the rests of those: a prototype's cosine is the sum of both."""

    @cached_property
    def sha256(self) -> str:
        """The digest of the content, in hex."""
        return hashlib.sha256(self.content).hexdigest()


def kernels(whitened: Whitening, points: Vectors) -> Vectors:
    """Return what standardised roots are multiplied by in place of being whitened.

    Args:
        whitened: the whitening of the points.
        points: (points, features), whitened, unit length.
    """
    along = (points @ whitened.axes.T) * (whitened.gains - 1)
    return np.asarray(points + along @ whitened.axes, np.float32)


def pack(
    whitened: Whitening,
    rows: Vectors,
    labels: tuple[str, ...] = (),
    *,
    offsets: Vectors | None = None,
) -> Portable:
    """Return kernels, (rows, features), with the whitening that they are for.

    Args:
        whitened: what embeddings are whitened by.
        rows: see ``kernels``.
        labels: of the first rows, if they are prototypes.
        offsets: (rows,), what is added to each row's product; 0 by default.
    """
    bends = whitened.gains**2 - 1
    # Where nothing was learned to count for less, the axes change nothing.
    bent = np.abs(bends) > 1e-6
    axis_steps, axes = _rounded(whitened.axes[bent])
    row_steps, rounded = _rounded(rows)
    added = np.zeros(len(rows)) if offsets is None else offsets
    ends = np.cumsum([count for _, count in whitened.layers])[:-1]
    layers = tuple(
        (features, int(one.sum()))
        for (features, _), one in zip(
            whitened.layers, np.split(bent, ends), strict=True
        )
    )
    floats = (
        whitened.middle,
        whitened.spread,
        bends[bent],
        axis_steps,
        row_steps,
        added,
    )
    content = b"".join(np.asarray(x, "<f4").tobytes() for x in floats)
    content += axes.tobytes() + rounded.tobytes()
    return Portable(len(axes), len(rounded), content, layers, labels)


def with_rests(rows: Vectors) -> Vectors:
    """Return rows, and what rounding takes from each: both together say it finely."""
    steps, rounded = _rounded(rows)
    return np.concatenate([rows, rows - rounded * steps[:, None]])


def _rounded(rows: Vectors) -> tuple[Vectors, NDArray[np.int8]]:
    """Return each row's step, and the rows in so many steps either way."""
    step = np.abs(rows).max(axis=1, initial=1e-12) / STEPS
    return step, np.round(rows / step[:, None]).astype(np.int8)

"""Whitened photos for a program in another language, ``static/js/memory.js``.

The cosine of an embedding x and a whitened point is s·kernel / |Ws|, where s are the
signed roots of x, less ``middle``, over ``spread``, and the whitened length is
|Ws|² = s·s + the sum of bend (axis·s)² over all axes.
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


FINE = 127
"""Steps either way to which rows are rounded."""
COARSE = 15
"""The same for rows of which there are hundreds: compressed they take three fifths, and
a cosine moves by 0.003 (root mean square) instead of 0.0003."""


@dataclass(frozen=True)
class Portable:
    """Points among whitened embeddings, in a form that is small and quick to read."""

    axes: int
    rows: int
    """How many points there are."""
    content: bytes
    """Little-endian 32-bit floats: middle, spread (features each), bends, axes' steps
    (axes each), kernels' steps (rows); then 8-bit integers: axes (axes, features) and
    kernels (rows, features), each row to be multiplied by its step."""
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
    steps: int = FINE,
) -> Portable:
    """Return kernels, (rows, features), with the whitening that they are for.

    Args:
        whitened: what embeddings are whitened by.
        rows: see ``kernels``.
        labels: of the first rows, if they are prototypes.
        steps: to how many steps either way the rows are rounded, 1..127.
    """
    bends = whitened.gains**2 - 1
    # Where nothing was learned to count for less, the axes change nothing.
    bent = np.abs(bends) > 1e-6
    axis_steps, axes = _rounded(whitened.axes[bent])
    row_steps, rounded = _rounded(rows, steps)
    floats = (
        whitened.middle,
        whitened.spread,
        bends[bent],
        axis_steps,
        row_steps,
    )
    content = b"".join(np.asarray(x, "<f4").tobytes() for x in floats)
    content += axes.tobytes() + rounded.tobytes()
    return Portable(len(axes), len(rounded), content, labels)


def with_rests(rows: Vectors) -> Vectors:
    """Return rows, and what rounding takes from each: both together say it finely."""
    steps, rounded = _rounded(rows)
    return np.concatenate([rows, rows - rounded * steps[:, None]])


def _rounded(rows: Vectors, steps: int = FINE) -> tuple[Vectors, NDArray[np.int8]]:
    """Return each row's step, and the rows in so many steps either way."""
    step = np.abs(rows).max(axis=1, initial=1e-12) / steps
    return step, np.round(rows / step[:, None]).astype(np.int8)

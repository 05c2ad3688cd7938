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


def pack(whitened: Whitening, rows: Vectors, labels: tuple[str, ...] = ()) -> Portable:
    """Return kernels, (rows, features), with the whitening that they are for."""
    bends = whitened.gains**2 - 1
    # Where nothing was learned to count for less, the axes change nothing.
    bent = np.abs(bends) > 1e-6
    axis_steps, axes = _rounded(whitened.axes[bent])
    row_steps, rounded = _rounded(rows)
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


def _rounded(rows: Vectors) -> tuple[Vectors, NDArray[np.int8]]:
    """Return each row's step, and the rows in steps from -127 to 127."""
    steps = np.abs(rows).max(axis=1, initial=1e-12) / 127
    return steps, np.round(rows / steps[:, None]).astype(np.int8)

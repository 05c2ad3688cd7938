"""What would make a better photo, of what was seen in it, as ``static/js/coach.js``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from ml.artifact import Manifest
from ml.calibrate import softmax
from ml.region import Region

if TYPE_CHECKING:
    from numpy.typing import NDArray

Hint = Literal["far", "several"]
FAR = 0.45
"""Share of the photo from which on the cloth fills it."""
SURE = 0.6
"""Score from which on half a photo is sure of its motif.

``python -m benchmarks.halves`` tells why: at it the starter notices 0.88 of renderings
put together by halves and takes 0.02 of single ones for two.
"""


def hints(
    found: Region, places: NDArray[np.float32], manifest: Manifest
) -> tuple[Hint, ...]:
    """Return what whoever takes the photo might do better.

    Args:
        found: where the cloth is.
        places: (rows, columns, labels), the network's ``map`` of the first view.
        manifest: of the model.
    """
    said: list[Hint] = []
    if not found.is_whole and found.share < FAR:
        said.append("far")
    if has_several(places, manifest):
        said.append("several")
    return tuple(said)


def has_several(
    places: NDArray[np.float32], manifest: Manifest, *, sure: float = SURE
) -> bool:
    """Return whether opposite halves are each sure of another motif.

    The mean of the map over all places is what the softmax is given, so its mean over
    half of them is what that half would have said alone.

    Args:
        places: (rows, columns, labels), the network's ``map`` of the first view.
        manifest: of the model.
        sure: score in [0, 1] from which on a half is sure.
    """
    rows, columns = places.shape[0] // 2, places.shape[1] // 2
    if not rows or not columns:
        return False
    opposite = (
        (places[:, :columns], places[:, -columns:]),
        (places[:rows], places[-rows:]),
    )
    for one, other in opposite:
        first, second = (_sure_of(half, manifest, sure) for half in (one, other))
        if first and second and first != second:
            return True
    return False


def _sure_of(
    places: NDArray[np.float32], manifest: Manifest, sure: float
) -> str | None:
    logits = places.mean(axis=(0, 1), dtype=np.float64)
    scores = dict(zip(manifest.labels, softmax(logits), strict=True))
    best = max(manifest.motifs, key=lambda label: scores[label])
    return best if scores[best] >= sure else None

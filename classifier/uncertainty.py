"""How unsure the recogniser is of a photo, as one number."""

from __future__ import annotations

import math
from collections.abc import Mapping


def uncertainty(scores: Mapping[str, float]) -> float:
    """Return the entropy of the scores as a share of the most there could be.

    Args:
        scores: of every label, each 0 to 1, summing to 1.

    Returns:
        0 where one label has it all, 1 where all labels have the same.

    >>> uncertainty({"a": 1.0, "b": 0.0})
    0.0
    >>> round(uncertainty({"a": 0.25, "b": 0.25, "c": 0.25, "d": 0.25}), 6)
    1.0
    """
    if len(scores) < 2:
        return 0.0
    entropy = -sum(score * math.log(score) for score in scores.values() if score > 0)
    return min(1.0, max(0.0, entropy / math.log(len(scores))))

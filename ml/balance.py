"""How much each photo counts in training, where motifs and cloths differ in number."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence

from ml.dataset import Sample


def weights(
    samples: Sequence[Sample], *, power: float = 0.5, group_cap: int | None = None
) -> list[float]:
    """Return a weight per photo, so that rare motifs and small groups count too.

    Args:
        samples: the training photos.
        power: 0 ignores that labels differ in size, 1 gives each the same total.
        group_cap: more photos of one group than this count together as so many: a
            hundred photos of one cloth say little more than a few.

    Returns:
        Weights whose mean is 1, in the order of the photos.

    >>> from pathlib import Path
    >>> photos = [Sample(Path(), x, str(n)) for n, x in enumerate("aaaab")]
    >>> weights(photos, power=1)
    [0.625, 0.625, 0.625, 0.625, 2.5]
    """
    photos = Counter((s.label, s.group) for s in samples)
    shares = [
        min(1.0, (group_cap or math.inf) / photos[s.label, s.group]) for s in samples
    ]
    totals: dict[str, float] = defaultdict(float)
    for sample, share in zip(samples, shares, strict=True):
        totals[sample.label] += share
    found = [
        share * totals[sample.label] ** -power
        for sample, share in zip(samples, shares, strict=True)
    ]
    return [one * len(found) / sum(found) for one in found]

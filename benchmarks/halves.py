"""How often two motifs in one picture are noticed, and one is taken for two.

``python -m benchmarks.halves [MODEL]``: renderings of the catalogue by halves, and
alone (each whole and as four cuts, two of them turned), by the map of one look
(``ml.coach``) and by looking at each half by itself.
"""

from __future__ import annotations

import random
import sys
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
from PIL import Image

from ml import images
from ml.coach import has_several
from ml.images import View
from ml.predict import Predictor, look
from ml.region import Region

ROOT = Path(__file__).parents[1]
LIMITS = (0.4, 0.5, 0.6, 0.7, 0.8)
PAIRS = 90


def main() -> None:
    """Print both shares for each limit."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "ml" / "starter"
    predictor = Predictor(folder)
    dice = random.Random(0)  # noqa: S311
    cloths = [
        Image.open(path).convert("RGB")
        for path in sorted((ROOT / "motifs/data/renderings").glob("*.webp"))
    ]
    single = [*cloths, *(cut(one, at, dice) for one in cloths for at in range(4))]
    chosen = dice.sample(list(combinations(cloths, 2)), PAIRS)
    pairs = [joined(one, other, dice) for one, other in chosen]
    seen = [[Look(predictor, one) for one in many] for many in (pairs, single)]
    print("limit  map: noticed, mistaken  each half by itself: noticed, mistaken")
    for limit in LIMITS:
        shares = [
            np.mean([is_two(one, limit) for one in many])
            for is_two in (Look.by_map, Look.by_halves)
            for many in seen
        ]
        print(f"{limit:5.1f}", *(f"{share:12.3f}" for share in shares))


def cut(cloth: Image.Image, at: int, dice: random.Random) -> Image.Image:
    """Return a part of a picture, every other one turned a little."""
    part = dice.uniform(0.55, 0.9)
    left, top = (dice.uniform(0, 1 - part) for _ in range(2))
    width, height = cloth.size
    box = (left * width, top * height, (left + part) * width, (top + part) * height)
    found = cloth.crop(tuple(int(x) for x in box))
    return found.rotate(dice.uniform(-15, 15)) if at % 2 else found


def joined(cloth: Image.Image, other: Image.Image, dice: random.Random) -> Image.Image:
    """Return one picture, of which a half is another."""
    picture, (width, height) = cloth.copy(), cloth.size
    other = other.resize(cloth.size)
    if dice.random() < 0.5:
        picture.paste(other.crop((0, 0, width // 2, height)), (width // 2, 0))
    else:
        picture.paste(other.crop((0, 0, width, height // 2)), (0, height // 2))
    return picture


class Look:
    """What the network says of a picture, and of each half of what it looks at."""

    def __init__(self, predictor: Predictor, image: Image.Image) -> None:
        self._manifest, seen = predictor.manifest, look(image, predictor.manifest)
        self._places = predictor.run(seen.pixels[0])["map"]
        region = seen.region
        wide, high = region.width / 2, region.height / 2
        right, low = region.x + wide, region.y + high
        boxes = (
            (replace(region, width=wide), replace(region, x=right, width=wide)),
            (replace(region, height=high), replace(region, y=low, height=high)),
        )
        self._opposite = [
            tuple(self._best(predictor, image, box) for box in both) for both in boxes
        ]

    def _best(
        self, predictor: Predictor, image: Image.Image, box: Region
    ) -> tuple[str, float]:
        squares, _ = images.views(image, box, [View()], self._manifest.size)
        scores = predictor.run(squares[0])["scores"]
        named = dict(zip(self._manifest.labels, scores, strict=True))
        best = max(self._manifest.motifs, key=named.__getitem__)
        return best, named[best]

    def by_map(self, limit: float) -> bool:
        """Return whether there are two, as the site says it of one look."""
        return has_several(self._places, self._manifest, sure=limit)

    def by_halves(self, limit: float) -> bool:
        """Return whether there are two, with a look at each half by itself."""
        return any(
            first != second and min(one, other) >= limit
            for (first, one), (second, other) in self._opposite
        )


if __name__ == "__main__":
    main()

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
from ml.images import View
from ml.predict import Predictor, look

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
    seen = [[halves(predictor, one) for one in many] for many in (pairs, single)]
    print("limit  map: noticed, mistaken  each half by itself: noticed, mistaken")
    for limit in LIMITS:
        shares = [
            np.mean([is_two(ways[way], limit) for ways in many])
            for way in (0, 1)
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


Half = dict[str, float]


def halves(predictor: Predictor, image: Image.Image) -> list[list[tuple[Half, Half]]]:
    """Return opposite halves' scores, by the map and by looking at each."""
    manifest, seen = predictor.manifest, look(image, predictor.manifest)
    places = predictor.run(seen.pixels[0])["map"]
    rows, columns = places.shape[0] // 2, places.shape[1] // 2
    parts = (
        (places[:, :columns], places[:, -columns:]),
        (places[:rows], places[-rows:]),
    )
    region = seen.region
    wide, high = region.width / 2, region.height / 2
    boxes = (
        (replace(region, width=wide), replace(region, x=region.x + wide, width=wide)),
        (replace(region, height=high), replace(region, y=region.y + high, height=high)),
    )

    def by_map(part: np.ndarray) -> Half:
        logits = part.mean(axis=(0, 1))
        powers = np.exp(logits - logits.max())
        return dict(zip(manifest.labels, powers / powers.sum(), strict=True))

    def by_look(box: object) -> Half:
        squares, _ = images.views(image, box, [View()], manifest.size)
        scores = predictor.run(squares[0])["scores"]
        return dict(zip(manifest.labels, scores, strict=True))

    def motifs(scores: Half) -> Half:
        return {label: scores[label] for label in manifest.motifs}

    return [
        [tuple(motifs(way(half)) for half in both) for both in given]
        for way, given in ((by_map, parts), (by_look, boxes))
    ]


def is_two(opposite: list[tuple[Half, Half]], limit: float) -> bool:
    """Return whether opposite halves are each sure of another motif."""
    for one, other in opposite:
        first, second = max(one, key=one.get), max(other, key=other.get)
        if first != second and min(one[first], other[second]) >= limit:
            return True
    return False


if __name__ == "__main__":
    main()

"""From drawings to cloth: what each idea reaches on real Sasirangan it never saw.

    python -m benchmarks.cloth --rendered var/starter --real DIR --frozen MODEL \
        --others NAME=DIR

``--rendered`` is what ``python -m ml synthesize`` writes; ``--real`` has a folder of
crops per motif, which test and never train; ``--frozen`` is a model of the default
recipe, whose embedding is the pretrained backbone's; ``--others`` are photos to turn
away. Every idea learns from rendered cloth alone. The crops are few: a difference of
two photos is no difference.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from tqdm import tqdm

from ml import dataset, metrics
from ml.calibrate import softmax
from ml.images import ImageError, open_image
from ml.predict import Predictor

SEED = 1
TRAIN_TILES = 3
DECAY = 5e-3
STEPS = 300
SCALES = ((1.0, 1), (0.6, 3), (0.4, 4))
"""Sides of the tiles of a photo, as a share of its short side, and how many a row."""

Pixels = Any
Vectors = Any


def lines(pixels: Pixels) -> Pixels:
    """Return what is lighter than its surroundings: the undyed lines of the stitches.

    Colour, light and folds go; beads and lines stay. (side, side, 3), grey.
    """
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)
    wide = len(grey) / 10
    apart = cv2.GaussianBlur(grey, (0, 0), 0.8) - cv2.GaussianBlur(grey, (0, 0), wide)
    spread = np.sqrt(cv2.GaussianBlur(apart**2, (0, 0), 2 * wide)) + 4
    light = np.clip(apart / spread, -0.5, 2.5)
    return np.repeat((102 * (light + 0.5) / 1.2).clip(0, 255)[..., None], 3, axis=2)


REPRESENTATIONS: dict[str, Callable[[Pixels], Pixels]] = {
    "colour": lambda pixels: pixels,
    "lines": lines,
}


def tiles(pixels: Pixels, size: int) -> Iterator[Pixels]:
    """Yield squares of a photo at several scales, (size, size, 3)."""
    height, width = pixels.shape[:2]
    short = min(height, width)
    for share, per_row in SCALES:
        side = max(32, round(share * short))
        rows = np.linspace(0, height - side, per_row if height > side else 1)
        columns = np.linspace(0, width - side, per_row if width > side else 1)
        for top in rows.round().astype(int):
            for left in columns.round().astype(int):
                yield square(pixels, top, left, side, size)


def random_tiles(pixels: Pixels, size: int, rng: np.random.Generator) -> Iterator:
    """Yield the whole of a rendered picture and parts of it, turned over at random."""
    short = min(pixels.shape[:2])
    for number in range(TRAIN_TILES):
        side = short if number == 0 else round(short * rng.uniform(0.35, 0.9))
        top = rng.integers(0, pixels.shape[0] - side + 1)
        left = rng.integers(0, pixels.shape[1] - side + 1)
        one = square(pixels, top, left, side, size)
        yield one[:, ::-1] if rng.random() < 0.5 else one


def square(pixels: Pixels, top: int, left: int, side: int, size: int) -> Pixels:
    """Return one part of a photo, resized."""
    part = pixels[top : top + side, left : left + side]
    how = cv2.INTER_AREA if side > size else cv2.INTER_CUBIC
    return cv2.resize(part, (size, size), interpolation=how)


def learn(vectors: Vectors, truth: Any, labels: int) -> Callable[[Vectors], Vectors]:
    """Return a softmax regression on standardised features (Nesterov's gradient)."""
    mean, spread = vectors.mean(axis=0), vectors.std(axis=0) + 1e-3
    known = np.c_[(vectors - mean) / spread, np.ones(len(vectors))].astype(np.float32)
    known /= np.sqrt(known.shape[1])
    wanted = np.eye(labels, dtype=np.float32)[truth]
    some = np.random.default_rng(0).normal(size=known.shape[1]).astype(np.float32)
    for _ in range(30):  # the largest eigenvalue, by power iteration
        some = known.T @ (known @ some)
        some /= np.linalg.norm(some)
    largest = float(np.linalg.norm(known @ some) ** 2) / len(known)
    decay = DECAY / known.shape[1] * 100
    step = 1 / (0.5 * largest + decay)
    weights = ahead = np.zeros((known.shape[1], labels), np.float32)
    for number in range(STEPS):
        slope = known.T @ (softmax(known @ ahead) - wanted) / len(known)
        moved = ahead - step * (slope + decay * ahead)
        ahead = moved + number / (number + 3) * (moved - weights)
        weights = moved

    def logits(asked: Vectors) -> Vectors:
        given = np.c_[(asked - mean) / spread, np.ones(len(asked))]
        return given @ weights / np.sqrt(given.shape[1])

    return logits


def prototypes(vectors: Vectors, truth: Any, labels: int) -> Callable:
    """Return how near features lie to each label's mean, both centred, as a cosine."""
    middle = vectors.mean(axis=0)

    def unit(some: Vectors) -> Vectors:
        return some / np.linalg.norm(some, axis=-1, keepdims=True)

    means = [unit(vectors[truth == x] - middle).mean(axis=0) for x in range(labels)]
    return lambda asked: 12 * unit(asked - middle) @ unit(np.stack(means)).T


def pictures(samples: Sequence[dataset.Sample], what: str) -> Iterator[Pixels]:
    """Yield every photo that can be read, (height, width, 3)."""
    for sample in tqdm(samples, desc=what, mininterval=10):
        with suppress(ImageError):
            yield np.asarray(open_image(sample.path, kept_side=720).convert("RGB"))


def embedded(model: Predictor, squares: Sequence[Pixels], seen: Callable) -> Vectors:
    """Return the features of squares, (squares, features)."""
    given = [np.asarray(seen(one), np.float32) for one in squares]
    return np.stack([model.run(one)["embedding"] for one in given])


def main() -> None:
    """Run every idea and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    option = parser.add_argument
    option("--rendered", type=Path, required=True)
    option("--real", type=Path, required=True)
    option("--frozen", type=Path, required=True)
    option("--starter", type=Path, default=Path("ml/starter"))
    option("--others", action="append", default=[], metavar="NAME=DIR")
    option("--per-motif", type=int, default=100)
    option("--limit", type=int, default=150, help="photos to turn away, per folder")
    option("--json", type=Path)
    given = parser.parse_args()
    rows = measure(given)
    if given.json:
        given.json.write_text(json.dumps(rows, indent=1))
    report(rows)


def measure(given: argparse.Namespace) -> list[dict[str, Any]]:
    """Return one row per idea."""
    starter, frozen = Predictor(given.starter), Predictor(given.frozen)
    size = frozen.manifest.size
    rendered = dataset.load(given.rendered / "motifs")
    labels = list(rendered.labels)
    by_label: dict[str, list[dataset.Sample]] = {label: [] for label in labels}
    for sample in rendered.samples:
        if len(by_label[sample.label]) < given.per_motif:
            by_label[sample.label].append(sample)
    learned = [s for some in by_label.values() for s in some]
    rng = np.random.default_rng(SEED)
    cut = [list(random_tiles(p, size, rng)) for p in pictures(learned, "rendered")]
    truth = np.array([labels.index(s.label) for s in learned])
    kinds = {"crops": dataset.load(given.real).samples}
    for pair in given.others:
        name, folder = pair.split("=", 1)
        every = dataset.load_unknown(Path(folder), name).samples
        step = max(1, len(every) // given.limit)
        kinds[name] = every[::step][: given.limit]
    squares = {
        name: [list(tiles(p, size)) for p in pictures(samples, name)]
        for name, samples in kinds.items()
    }
    answers = {
        name: [np.stack([starter.run(one)["scores"] for one in some]) for some in every]
        for name, every in squares.items()
    }
    real = np.array([labels.index(s.label) for s in kinds["crops"]])
    motifs = [starter.manifest.labels.index(label) for label in labels]

    def of_starter(pool: Callable[[Vectors], Vectors]) -> dict[str, Vectors]:
        return {k: np.stack([pool(s)[motifs] for s in v]) for k, v in answers.items()}

    ideas = {
        "starter, one square": of_starter(lambda s: s[0]),
        "starter, tiles, mean": of_starter(lambda s: s.mean(axis=0)),
        "starter, tiles, geometric mean": of_starter(
            lambda s: np.exp(np.log(s + 1e-4).mean(axis=0))
        ),
        "starter, tiles, surest": of_starter(lambda s: s.max(axis=0)),
    }
    for representation, seen in REPRESENTATIONS.items():
        features = [embedded(frozen, some, seen) for some in tqdm(cut, mininterval=10)]
        asked = {
            name: [embedded(frozen, some, seen) for some in tqdm(every, mininterval=10)]
            for name, every in squares.items()
        }
        ways = {
            "whole": (np.stack([f[0] for f in features]), truth),
            "tiles": (np.concatenate(features), np.repeat(truth, TRAIN_TILES)),
        }
        for way, (vectors, wanted) in ways.items():
            for how, made in (("linear head", learn), ("prototypes", prototypes)):
                found = made(vectors, wanted, len(labels))
                ideas[f"{how}, {representation}, {way}"] = {
                    name: np.stack([pooled(found(f), way) for f in every])
                    for name, every in asked.items()
                }
    both = ("linear head, lines, tiles", "starter, tiles, mean")
    further = ("linear head, colour, tiles", "linear head, lines, tiles")
    for pair in (both, further, (*both, further[0])):
        ideas[" + ".join(pair)] = {
            name: np.mean([np.log(ideas[one][name] + 1e-3) for one in pair], axis=0)
            for name in squares
        }
    return [row(name, found, real, labels) for name, found in ideas.items()]


def pooled(logits: Vectors, way: str) -> Vectors:
    """Return a photo's score per label: of its whole, or the mean of its tiles."""
    scores = softmax(logits[:1] if way == "whole" else logits)
    return scores.mean(axis=0)


def row(name: str, found: dict, real: Any, labels: list[str]) -> dict[str, Any]:
    """Return the figures of one idea."""
    scores = found["crops"]
    order = np.argsort(-scores, axis=1)
    shown = np.unique(real)

    def mean_recall(k: int) -> float:
        hit = (order[:, :k] == real[:, None]).any(axis=1)
        return float(np.mean([hit[real == label].mean() for label in shown]))

    first = order[:, 0] == real
    third = (order[:, :3] == real[:, None]).any(axis=1)
    known = -scores.max(axis=1)
    return {
        "idea": name,
        "photos": len(real),
        "top_1": metrics.share(int(first.sum()), len(real)),
        "top_3": metrics.share(int(third.sum()), len(real)),
        "mean_recall_1": round(mean_recall(1), 3),
        "mean_recall_3": round(mean_recall(3), 3),
        "motifs": {
            labels[x]: [
                int(first[real == x].sum()),
                int(third[real == x].sum()),
                int((real == x).sum()),
            ]
            for x in shown
        },
        "auroc": {
            other: round(metrics.auroc(known, -scores.max(axis=1)), 3)
            for other, scores in found.items()
            if other != "crops"
        },
    }


def report(rows: list[dict[str, Any]]) -> None:
    """Print the table."""
    others = list(rows[0]["auroc"])
    print(f"| Idea | Top 1 | Top 3 | AUROC: {', '.join(others)} |")
    print("|---|---|---|---|")
    for one in rows:
        far = ", ".join(f"{value:.2f}" for value in one["auroc"].values())
        first, third = one["mean_recall_1"], one["mean_recall_3"]
        print(f"| {one['idea']} | {first:.2f} | {third:.2f} | {far} |")


if __name__ == "__main__":
    main()

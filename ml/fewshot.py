"""How well a motif is recognised from few photos: by its prototype, by a linear head.

The network is not trained again; both learn on its embeddings alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ml import dataset, prototypes, whitening
from ml.calibrate import softmax
from ml.dataset import Dataset, DatasetError, Sample
from ml.embeddings import unit
from ml.images import ImageError, open_image
from ml.job import Progress
from ml.predict import Predictor
from ml.whitening import Whitening

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]
    Indices = NDArray[np.int64]

SHOTS = (1, 3, 5, 10, 20)
DECAY = 3e-4
"""Weight decay of the linear head, on whitened embeddings."""
STEPS = 300


def linear_head(seen: Vectors, truth: Indices, asked: Vectors, labels: int) -> Indices:
    """Return the labels that a softmax regression gives, learned on a few embeddings.

    It is fitted in the span of the photos it learns from, which for few photos of many
    features is exact and quick, by accelerated gradient steps (Nesterov 1983).

    Args:
        seen: (photos, features), whitened, to learn from.
        truth: (photos,), their label's index.
        asked: (others, features), whitened.
        labels: how many labels there are.

    >>> two = np.array([[1, 0], [0, 1]], np.float32)
    >>> linear_head(two, np.array([0, 1]), two, 2).tolist()
    [0, 1]
    """
    middle = seen.mean(axis=0)
    spread = float((seen - middle).std()) + 1e-9
    known = ((seen - middle) / spread).astype(np.float64)
    others = ((asked - middle) / spread).astype(np.float64)
    width = known.shape[1]
    inner = known @ known.T / width + 1.0  # one more feature: the bias
    wanted = np.eye(labels)[truth]
    step = 1 / (0.5 * float(np.linalg.eigvalsh(inner)[-1]) / len(known) + DECAY)
    weights = ahead = np.zeros_like(wanted)
    for number in range(STEPS):
        slope = (softmax(inner @ ahead) - wanted) / len(known) + DECAY * ahead
        moved = ahead - step * slope
        ahead = moved + number / (number + 3) * (moved - weights)
        weights = moved
    said = (others @ known.T / width + 1.0) @ weights
    return np.asarray(said.argmax(axis=1), np.int64)


def by_prototype(
    seen: Vectors, truth: Indices, asked: Vectors, whitened: Whitening
) -> Indices:
    """Return the labels whose prototypes are nearest; embeddings as they are stored."""
    found = prototypes.build(seen, [str(i) for i in truth], whitened)
    order = np.array([int(label) for label in found.labels])
    return np.asarray(order[found.similarity(asked).argmax(axis=1)])


def curve(
    predictor: Predictor,
    data: Dataset,
    *,
    shots: Sequence[int] = SHOTS,
    repeats: int = 10,
    seed: int = 1,
    known_too: bool = False,
    progress: Progress = lambda _what, _done, _total: None,
) -> dict[str, Any]:
    """Measure how accuracy grows with the photos of a motif.

    Each repeat splits the dataset anew by group, takes photos of each label from the
    training side, of as many groups as it has, and asks about the other sides. What
    varies anyway is learned from what the model remembers of other labels.

    Args:
        predictor: the model whose embeddings are used.
        data: photos under labels that the model was not trained on; others are left
            out.
        shots: photos a label to learn from. A label with fewer on its training side
            is learned from those it has; ``fewest`` says so.
        repeats: how many draws; the mean and spread are over them.
        seed: of the splits and draws.
        known_too: also take labels that the model was trained on. That is honest only
            for photos and labels that its backbone did not learn from.
        progress: told how far it is.

    Returns:
        ``labels``, ``photos``, ``repeats``, ``unreadable`` and per number of shots the
        mean and spread (standard deviation) of the mean recall over labels, for
        ``prototype`` and ``linear``.

    Raises:
        DatasetError: fewer than two such labels, or one that cannot be split.
    """
    labels = [x for x in data.motifs if known_too or x not in predictor.manifest.labels]
    if len(labels) < 2:
        raise DatasetError(
            f"{data.root} has {len(labels)} motifs that the model was not trained on; "
            f"a few-shot curve takes two."
        )
    kept = tuple(s for s in data.samples if s.label in labels)
    vectors, read = _embed(predictor, kept, progress)
    data = replace(data, labels=tuple(labels), samples=tuple(read), unknown=())
    truth = np.array([labels.index(s.label) for s in read], np.int64)
    others = _of_others(predictor, labels)
    found: dict[int, list[tuple[float, float, int]]] = defaultdict(list)
    for repeat in range(repeats):
        sides = dataset.split(replace(data, samples=_free(read)), seed=seed + repeat)
        learns = np.array([s.split == "train" for s in sides.samples])
        asked = np.flatnonzero(~learns)
        generator = np.random.default_rng([seed, repeat])
        order = _deal(sides.samples, np.flatnonzero(learns), generator)
        for count in shots:
            taken = [row[:count] for row in order]
            rows = np.concatenate(taken)
            whitened = others or whitening.learn(vectors[rows])
            seen, wanted = vectors[rows], vectors[asked]
            near = by_prototype(seen, truth[rows], wanted, whitened)
            told = linear_head(
                whitened(seen), truth[rows], whitened(wanted), len(labels)
            )
            found[count].append(
                (
                    _recall(near, truth[asked]),
                    _recall(told, truth[asked]),
                    min(map(len, taken)),
                )
            )
        progress("repeat", repeat + 1, repeats)
    return {
        "labels": labels,
        "photos": len(read),
        "unreadable": len(kept) - len(read),
        "repeats": repeats,
        "seed": seed,
        "known_labels": sorted(set(labels) & set(predictor.manifest.labels)),
        "shots": {
            str(count): {
                "prototype": _spread([one[0] for one in rows]),
                "linear": _spread([one[1] for one in rows]),
                "fewest": min(one[2] for one in rows),
            }
            for count, rows in found.items()
        },
    }


def _of_others(predictor: Predictor, labels: Sequence[str]) -> Whitening | None:
    """Return what the model's memory of other labels teaches; None without one."""
    memory = predictor.memory
    if memory is None:
        return None
    rest = memory.of([x for x in memory.labels if x not in labels])
    return whitening.learn(rest.vectors) if rest.labels else None


def _embed(
    predictor: Predictor, samples: Sequence[Sample], progress: Progress
) -> tuple[Vectors, list[Sample]]:
    vectors, read = [], []
    for number, sample in enumerate(samples, start=1):
        try:
            vectors.append(predictor.embed(open_image(sample.path), closely=True))
        except (ImageError, OSError):
            continue
        read.append(sample)
        progress("embed", number, len(samples))
    return unit(np.array(vectors, np.float32)), read


def _free(samples: Sequence[Sample]) -> tuple[Sample, ...]:
    """Return the samples on no side, so that every repeat deals them anew."""
    return tuple(replace(sample, split=None) for sample in samples)


def _deal(
    samples: Sequence[Sample], rows: Indices, generator: np.random.Generator
) -> list[Indices]:
    """Return per label its training rows in the order in which they are taken.

    A group gives its second photo only when every group has given its first: photos of
    one cloth say less than those of as many cloths.
    """
    turn: dict[tuple[str, str], int] = defaultdict(int)
    ranked: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for row in generator.permutation(rows).tolist():
        sample = samples[row]
        key = (sample.label, sample.group)
        ranked[sample.label].append((turn[key], row))
        turn[key] += 1
    return [
        np.array([row for _, row in sorted(one, key=lambda pair: pair[0])], np.int64)
        for one in ranked.values()
    ]


def _recall(said: Indices, truth: Indices) -> float:
    """Return the mean recall over the labels that occur."""
    hits = [float((said[truth == label] == label).mean()) for label in np.unique(truth)]
    return float(np.mean(hits))


def _spread(values: Sequence[float]) -> dict[str, float]:
    return {
        "mean": round(float(np.mean(values)), 4),
        "spread": round(float(np.std(values)), 4),
    }

"""How good a recogniser is, said with its uncertainty.

Every function is plain arithmetic on arrays, so the figures of a model card can be
recomputed anywhere.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Labels = NDArray[np.int64]


def wilson(hits: int, total: int, z: float = 1.96) -> tuple[float, float]:
    """Return the Wilson score interval of a share, 95 % by default.

    It stays inside 0..1 and is honest for few photos, unlike the normal interval
    (Wilson 1927; Brown, Cai and DasGupta 2001).

    >>> [round(x, 3) for x in wilson(8, 10)]
    [0.49, 0.943]
    >>> [round(x, 3) for x in wilson(0, 10)]
    [0.0, 0.278]
    >>> wilson(0, 0)
    (0.0, 1.0)
    """
    if total == 0:
        return 0.0, 1.0
    share = hits / total
    middle = share + z * z / (2 * total)
    spread = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    scale = 1 + z * z / total
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)


def share(hits: int, total: int) -> dict[str, Any]:
    """Return a share with its count and interval, as metrics.json holds it."""
    low, high = wilson(hits, total)
    value = round(hits / total, 4) if total else None
    return {
        "value": value,
        "hits": hits,
        "of": total,
        "low": round(low, 4),
        "high": round(high, 4),
    }


def confusion(truth: Labels, said: Labels, labels: int) -> NDArray[np.int64]:
    """Return the confusion matrix: a row per true label, a column per said label.

    >>> confusion(np.array([0, 0, 1]), np.array([0, 1, 1]), 2).tolist()
    [[1, 1], [0, 1]]
    """
    flat = np.bincount(truth * labels + said, minlength=labels * labels)
    return flat.reshape(labels, labels)


def macro_f1(matrix: NDArray[np.int64]) -> float:
    """Return the mean F1 over the labels that occur, each counting the same.

    >>> round(macro_f1(np.array([[1, 1], [0, 1]])), 4)
    0.6667
    """
    hits = np.diag(matrix).astype(np.float64)
    total = matrix.sum(axis=0) + matrix.sum(axis=1)
    f1 = np.divide(2 * hits, total, out=np.zeros_like(hits), where=total > 0)
    occurs = matrix.sum(axis=1) > 0
    return float(f1[occurs].mean()) if occurs.any() else 0.0


def top(scores: Array, truth: Labels, k: int) -> int:
    """Return for how many photos the true label is among the ``k`` best scores."""
    best = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return int((best == truth[:, None]).any(axis=1).sum())


def calibration_error(scores: Array, truth: Labels, bins: int = 15) -> float:
    """Return the expected calibration error of the best score, 0..1 (Guo et al. 2017).

    It says how far scores are from the share of right answers among photos that were
    given such a score: 0 means that 0.8 is right eight times in ten.

    >>> eight_in_ten = np.array([0] * 8 + [1] * 2)
    >>> round(calibration_error(np.array([[0.8, 0.2]] * 10), eight_in_ten), 3)
    0.0
    """
    if not len(truth):
        return 0.0
    best = scores.max(axis=1)
    is_right = scores.argmax(axis=1) == truth
    which = np.minimum((best * bins).astype(int), bins - 1)
    gaps = [
        abs(best[which == b].mean() - is_right[which == b].mean()) * (which == b).mean()
        for b in np.unique(which)
    ]
    return float(sum(gaps))


def auroc(known: Sequence[float] | Array, unknown: Sequence[float] | Array) -> float:
    """Return the chance that an unknown photo's unknown score is above a known one's.

    >>> auroc([0.1, 0.2], [0.3, 0.2])
    0.875
    """
    a, b = np.asarray(known, np.float64), np.asarray(unknown, np.float64)
    if not len(a) or not len(b):
        return 0.5
    order = np.sort(a)
    below = np.searchsorted(order, b, side="left")
    equal = np.searchsorted(order, b, side="right") - below
    return float((below + equal / 2).mean() / len(a))


def false_positives(
    known: Sequence[float] | Array, unknown: Sequence[float] | Array, rate: float = 0.95
) -> float:
    """Return the share of unknown photos let through when ``rate`` of the known are.

    Args:
        known: unknown scores of photos that show a known motif.
        unknown: unknown scores of photos that do not.
        rate: how much of the known must be accepted (95 % by custom).

    >>> false_positives([0.1, 0.2, 0.3], [0.25, 0.9])
    0.5
    """
    a, b = np.sort(np.asarray(known, np.float64)), np.asarray(unknown, np.float64)
    if not len(a) or not len(b):
        return 1.0
    threshold = a[min(len(a) - 1, math.ceil(rate * len(a)) - 1)]
    return float((b <= threshold).mean())


def summary(
    scores: Array,
    truth: Labels,
    labels: Sequence[str],
    unknown_labels: Sequence[str],
    rejection: Array | None = None,
) -> dict[str, Any]:
    """Return every figure that a model card states, as JSON can hold it.

    Args:
        scores: (photos, labels), each row summing to 1.
        truth: (photos,), the index of each photo's label; -1 for a photo of something
            that no label stands for.
        labels: the label list.
        unknown_labels: those of them that are no motif.
        rejection: (photos,), the model's own rejection scores, higher is less known;
            without them the unknown labels' score is taken.

    Returns:
        ``top_1`` and ``top_3`` say how often a photo's motif is among the first one
        and three suggestions, which name motifs only; ``labels`` and ``macro_f1``
        take the best score of all labels, the unknown ones included.
    """
    is_unknown = np.isin(np.asarray(labels), list(unknown_labels))
    has_label = truth >= 0
    shows_motif = has_label & ~is_unknown[truth]
    matrix = confusion(truth[has_label], scores[has_label].argmax(axis=1), len(labels))
    motifs = scores[shows_motif][:, ~is_unknown]
    place = (np.cumsum(~is_unknown) - 1)[truth[shows_motif]]
    total = len(place)
    figures: dict[str, Any] = {
        "photos": len(truth),
        "photos_of_motifs": total,
        "macro_f1": round(macro_f1(matrix), 4),
        "top_1": share(top(motifs, place, 1), total),
        "top_3": share(top(motifs, place, 3), total),
        "calibration_error": round(
            calibration_error(scores[has_label], truth[has_label]), 4
        ),
        "accuracy": share(int(np.trace(matrix)), int(matrix.sum())),
        "reliability": reliability(scores[has_label], truth[has_label]),
        "confused": confused(matrix, labels),
        "labels": per_label(matrix, labels),
        "confusion": {"labels": list(labels), "rows": matrix.tolist()},
    }
    if rejection is None and is_unknown.any():
        rejection = scores[:, is_unknown].sum(axis=1)
    if rejection is not None and 0 < total < len(truth):
        known, others = rejection[shows_motif], rejection[~shows_motif]
        figures["unknown"] = {
            "photos": len(others),
            "auroc": round(auroc(known, others), 4),
            "false_positive_rate_at_95": round(false_positives(known, others), 4),
        }
    return figures


def reliability(scores: Array, truth: Labels, bins: int = 10) -> list[dict[str, Any]]:
    """Return per bin of the best score how sure answers were and how many were right.

    >>> reliability(np.array([[0.75, 0.25]] * 4), np.array([0, 0, 0, 1]))[0]["score"]
    0.75
    """
    best, is_right = scores.max(axis=1), scores.argmax(axis=1) == truth
    which = np.minimum((best * bins).astype(int), bins - 1)
    return [
        {
            "score": round(float(best[which == one].mean()), 4),
            "right": share(
                int(is_right[which == one].sum()), int((which == one).sum())
            ),
        }
        for one in np.unique(which)
    ]


def confused(
    matrix: NDArray[np.int64], labels: Sequence[str], most: int = 10
) -> list[dict[str, Any]]:
    """Return the labels most often taken for another, the most frequent first.

    >>> confused(np.array([[1, 2], [0, 1]]), ["a", "b"])
    [{'truth': 'a', 'said': 'b', 'photos': 2}]
    """
    pairs = [
        {"truth": labels[row], "said": labels[column], "photos": int(count)}
        for (row, column), count in np.ndenumerate(matrix)
        if row != column and count
    ]
    return sorted(pairs, key=lambda pair: -int(str(pair["photos"])))[:most]


def roc(known: Array, unknown: Array, points: int = 101) -> list[list[float]]:
    """Return the curve of unknown let through against known kept, both 0..1.

    >>> roc(np.array([0.0, 1.0]), np.array([2.0, 3.0]), points=3)
    [[0.0, 0.0], [0.0, 0.5], [0.0, 1.0]]
    """
    kept = np.linspace(0, 1, points)
    order = np.sort(known)
    place = np.ceil(kept * len(order)).astype(int) - 1
    limits = np.where(place < 0, -np.inf, order[np.maximum(place, 0)])
    through = (unknown[None, :] <= limits[:, None]).mean(axis=1)
    pairs = zip(through.tolist(), kept.tolist(), strict=True)
    return [[round(x, 4), round(y, 4)] for x, y in pairs]


def rejection_curve(known: Array, unknown: Array) -> dict[str, Any]:
    """Return AUROC, false positives at 95 % and the curve of one rejection score."""
    return {
        "auroc": round(auroc(known, unknown), 4),
        "false_positive_rate_at_95": round(false_positives(known, unknown), 4),
        "roc": roc(known, unknown),
    }


def grouped_interval(
    truth: Labels,
    said: Labels,
    groups: Sequence[str],
    labels: int,
    rounds: int = 1000,
    seed: int = 0,
) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of macro-F1, drawn by group.

    Photos of one group resemble each other, so whole groups are drawn (Field and
    Welsh 2007).
    """
    _, group = np.unique(np.asarray(groups), return_inverse=True)
    matrices = np.zeros((int(group.max()) + 1, labels, labels), np.int64)
    np.add.at(matrices, (group, truth, said), 1)
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, len(matrices), (rounds, len(matrices)))
    values = [macro_f1(matrices[one].sum(axis=0)) for one in drawn]
    low, high = np.quantile(values, [0.025, 0.975])
    return round(float(low), 4), round(float(high), 4)


def per_label(
    matrix: NDArray[np.int64], labels: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """Return recall and precision of every label that occurs or was said."""
    figures = {}
    for index, label in enumerate(labels):
        hits, truly = int(matrix[index, index]), int(matrix[index].sum())
        said = int(matrix[:, index].sum())
        if truly or said:
            figures[label] = {
                "recall": share(hits, truly),
                "precision": share(hits, said),
            }
    return figures

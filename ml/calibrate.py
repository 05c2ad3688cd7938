"""From scores to decisions: temperature and thresholds, fitted on validation photos."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ml.artifact import Thresholds
from ml.metrics import wilson

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Labels = NDArray[np.int64]

KEPT = 0.95
"""Share of the validation photos of motifs that may not be rejected as unknown."""
PRECISION = 0.95
"""Share of the motifs stated alone that must be right on validation photos."""
EARNED = 0.8
"""Least lower bound of a label's precision (Wilson, 95 %) that earns being stated."""


def softmax(logits: Array) -> Array:
    """Return the softmax over the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def temperature(logits: Array, truth: Labels) -> float:
    """Return the temperature that makes the scores most likely (Guo et al. 2017).

    Args:
        logits: (photos, views, labels) or (photos, labels); softmax of each view is
            averaged, as serving does.
        truth: (photos,), the index of each photo's label.

    Returns:
        A number in 0.25..4; above 1 the network was too sure of itself.

    >>> sure = np.array([[9.0, 0.0]] * 4)
    >>> temperature(sure, np.array([0, 0, 0, 1])) > 1
    True
    """
    views = logits if logits.ndim == 3 else logits[:, None, :]
    if not len(truth):
        return 1.0

    def loss(log_temperature: float) -> float:
        scores = softmax(views / math.exp(log_temperature)).mean(axis=1)
        return float(-np.log(scores[np.arange(len(truth)), truth] + 1e-12).mean())

    # The loss has one minimum in the temperature; golden sections find it.
    low, high = math.log(0.25), math.log(4)
    ratio = (math.sqrt(5) - 1) / 2
    for _ in range(30):
        a, b = high - ratio * (high - low), low + ratio * (high - low)
        if loss(a) < loss(b):
            high = b
        else:
            low = a
    return math.exp((low + high) / 2)


def thresholds(
    scores: Array, truth: Labels, labels: Sequence[str], unknown: Sequence[str]
) -> Thresholds:
    """Return the scores at which to answer, from validation photos.

    Args:
        scores: (photos, labels), as served.
        truth: (photos,), the index of each photo's label.
        labels: the label list.
        unknown: those of them that are no motif.
    """
    is_unknown = np.isin(np.asarray(labels), list(unknown))
    shows_motif = ~is_unknown[truth]
    motifs = scores[shows_motif][:, ~is_unknown]
    if not len(motifs):
        return Thresholds()
    position = np.cumsum(~is_unknown) - 1
    right = position[truth[shows_motif]]
    rejection = scores[shows_motif][:, is_unknown].sum(axis=1)
    best = np.sort(motifs, axis=1)[:, ::-1]
    offered = best[:, :3].sum(axis=1)
    return Thresholds(
        # Validation photos are kinder than visitors', so no limit is drawn tighter
        # than these bounds, however well the network does here.
        unknown=_bounded(float(np.quantile(rejection, KEPT)), 0.5, 0.9),
        single=_bounded(
            _precise(best[:, 0], motifs.argmax(axis=1) == right), 0.6, 0.99
        ),
        either=_bounded(float(np.quantile(offered, 1 - KEPT)), 0.2, 0.5),
    )


def earned(
    scores: Array,
    truth: Labels,
    labels: Sequence[str],
    unknown: Sequence[str],
    single: float,
) -> list[str]:
    """Return the motifs that a model has shown it may state alone.

    A label earns it when, among the photos whose best score is that label's and at
    least ``single``, so many are right that the Wilson interval's lower bound is at
    least ``EARNED``. That takes about 16 photos without a mistake.
    """
    best = scores.argmax(axis=1)
    is_stated = scores.max(axis=1) >= single
    found = []
    for index, label in enumerate(labels):
        said = is_stated & (best == index)
        hits = int((truth[said] == index).sum())
        low, _ = wilson(hits, int(said.sum()))
        if label not in unknown and low >= EARNED:
            found.append(label)
    return found


def _precise(best: Array, is_right: NDArray[np.bool_]) -> float:
    """Return the least score from which on ``PRECISION`` of the photos are right."""
    order = np.argsort(-best)
    precision = np.cumsum(is_right[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(precision >= PRECISION)
    return float(best[order[enough[-1]]]) if len(enough) else 1.0


def _bounded(value: float, low: float, high: float) -> float:
    return round(min(high, max(low, value)), 4)

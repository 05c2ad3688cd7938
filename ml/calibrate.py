"""From scores to decisions: temperature and thresholds, fitted on validation photos."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ml.artifact import Thresholds
from ml.metrics import wilson

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Labels = NDArray[np.int64]

KEPT = 0.95
"""Share of the validation photos of motifs that may not be rejected as unknown."""
COVERAGE = 0.90
"""How often the motif of a known photo is in the conformal set of its answer."""
FALSE_ACCEPTS = 0.05
"""Share of the photos of no motif that may be taken for one."""
LEAST_KEPT = 0.9
"""Share of the photos of motifs that no limit on false accepts may reject."""
PRECISION = 0.95
"""Share of the motifs stated alone that must be right on validation photos."""
LEAST_SCORE = 1e-9
"""A view's score is at least this where views are pooled: none has a veto."""
EARNED = 0.8
"""Least lower bound of a label's precision (Wilson, 95 %) that earns being stated."""


def softmax(logits: Array) -> Array:
    """Return the softmax over the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def pool(scores: NDArray[Any]) -> Array:
    """Return the scores of photos from those of each of their views.

    They are the views' geometric mean, so two views that contradict each other leave
    both labels possible, and two that agree make the answer no surer than they are.

    Args:
        scores: (…, views, labels), each row summing to 1.

    Returns:
        (…, labels), each row summing to 1.

    >>> pool(np.array([[0.9, 0.1], [0.1, 0.9]])).tolist()
    [0.5, 0.5]
    """
    logs = np.log(np.maximum(np.asarray(scores, np.float64), LEAST_SCORE))
    return softmax(logs.mean(axis=-2))


def temperature(logits: Array, truth: Labels) -> float:
    """Return the temperature that makes the scores most likely (Guo et al. 2017).

    Args:
        logits: (photos, views, labels) or (photos, labels), up to a constant for each
            view; their mean over the views counts, as in ``pool``.
        truth: (photos,), the index of each photo's label.

    Returns:
        A number in 0.25..4; above 1 the network was too sure of itself.

    >>> sure = np.array([[9.0, 0.0]] * 4)
    >>> temperature(sure, np.array([0, 0, 0, 1])) > 1
    True
    """
    pooled = logits.mean(axis=1) if logits.ndim == 3 else logits
    if not len(truth):
        return 1.0

    def loss(log_temperature: float) -> float:
        scores = softmax(pooled / math.exp(log_temperature))
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
        conformal=_below(conformal(motifs, right)),
    )


def false_accepts(
    known: Array, unknown: Array, rate: float = FALSE_ACCEPTS, kept: float = LEAST_KEPT
) -> float:
    """Return the rejection score from which on a photo is rejected.

    Args:
        known: (photos,), rejection scores of held-back photos of motifs.
        unknown: (others,), those of held-back photos of anything else.
        rate: which share of the unknown may be taken for known at most.
        kept: which share of the known is kept whatever the rate, 0..1. Where the two
            cannot both be had, the known are kept and the rate is missed.

    Returns:
        Where the unknown are so easy that any limit does, the one that keeps all but
        the last 2 % of the known.

    >>> false_accepts(np.arange(100.0), np.arange(90.0, 190.0), rate=0.05)
    95.0
    """
    if not len(known):
        return math.inf
    limit = float(np.quantile(known, 0.98, method="higher"))
    if len(unknown):
        let_in = math.floor(rate * len(unknown))
        strict = float(np.sort(unknown)[min(let_in, len(unknown) - 1)])
        limit = min(limit, strict)
    # Rejected is what reaches the limit, so it lies just above those to be kept.
    least = float(np.quantile(known, kept, method="higher"))
    return max(limit, float(np.nextafter(least, math.inf)))


def conformal(scores: Array, truth: Labels, coverage: float = COVERAGE) -> float:
    """Return the score from which on a label belongs to the set of an answer.

    Split conformal prediction with the smallest sets on average (LAC: Sadinle, Lei and
    Wasserman 2019): for new photos like the held-back ones, the true label is in the
    set with at least the chosen probability, whatever the network.

    Args:
        scores: (photos, labels), as served, of held-back photos.
        truth: (photos,), the index of each photo's label.
        coverage: the probability, 0..1.

    Returns:
        A score in 0..1; 0, which takes every label, where there are too few photos to
        promise the coverage.

    >>> conformal(np.array([[0.9, 0.1]] * 18 + [[0.3, 0.7]]), np.zeros(19, int))
    0.9
    """
    total = len(truth)
    place = math.ceil((total + 1) * coverage)
    if place > total:
        return 0.0
    of_truth = np.sort(scores[np.arange(total), truth])[::-1]
    return float(of_truth[place - 1])


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


def _below(value: float) -> float:
    """Return a limit with four digits, never above what was promised."""
    return math.floor(value * 10_000) / 10_000


def _bounded(value: float, low: float, high: float) -> float:
    return round(min(high, max(low, value)), 4)

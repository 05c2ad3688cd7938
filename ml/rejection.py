"""How unlike everything that it knows a photo is, in one number.

How far the best motif's score is from sure speaks of photos between motifs and of the
kinds of image that the network was trained to turn away; how little of an embedding any
motif claims also speaks of kinds that it was never shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ml import embeddings, portable, ridge, whitening
from ml.artifact import Artifact, ArtifactError, Manifest
from ml.embeddings import FILE, Embeddings
from ml.metrics import auroc
from ml.portable import Portable
from ml.whitening import Whitening

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Vectors = NDArray[np.float32]

DOUBT = "doubt"
"""The part that is what the best motif's score lacks of 1."""
DISTANCE = "distance_to_motifs"
"""The part that is how far an embedding is from every motif."""
FORMER = "distance"
"""The part that was how far an embedding is from the nearest photo of a motif."""
COUNTS = {DISTANCE: 1.0, DOUBT: 0.25}
"""How much each part counts."""
AXES = 64
"""Directions of a layer that are whitened; more measured no better."""
RIDGE = 1 / 6000
"""Decay of the regression."""
WORSE = 0.005
"""How much AUROC on the unknown labels a distance may cost for what it adds."""


def odds(scores: Array) -> Array:
    """Return the logarithm of the odds of scores in 0..1.

    >>> odds(np.array([0.5])).tolist()
    [0.0]
    """
    kept = np.clip(np.asarray(scores, np.float64), 1e-6, 1 - 1e-6)
    return np.asarray(np.log(kept / (1 - kept)))


@dataclass(frozen=True)
class Rule:
    """Which parts make the rejection score, and from where on a photo is rejected."""

    parts: dict[str, tuple[float, float]]
    """Per part the middle and the spread of its values on known motifs' photos."""
    threshold: float = float("inf")
    layers: tuple[int, ...] = ()
    """The features of each layer of the network; all are one where this is empty."""

    def score(self, values: dict[str, Array]) -> Array:
        """Return the rejection score: the mean of the parts, each in its spreads.

        Args:
            values: every part's values of the same photos; further ones are ignored.
        """
        rows = [
            (np.asarray(values[name]) - middle) / spread
            for name, (middle, spread) in self.parts.items()
        ]
        return np.asarray(np.mean(rows, axis=0))

    def rejects(self, score: float | None) -> bool:
        """Return whether a photo of this rejection score shows nothing known."""
        return score is not None and score >= self.threshold

    def as_dict(self) -> dict[str, Any]:
        """Return the rule as the manifest holds it."""
        parts = {name: list(pair) for name, pair in self.parts.items()}
        layers = list(self.layers)
        return {"parts": parts, "threshold": self.threshold, "layers": layers}

    @classmethod
    def from_dict(cls, given: dict[str, Any]) -> Rule:
        """Return the rule that a manifest holds.

        Raises ValueError, KeyError or TypeError when it holds none.
        """
        parts = {
            str(name): (float(middle), float(spread))
            for name, (middle, spread) in given["parts"].items()
        }
        if not parts or set(parts) - {DOUBT, DISTANCE}:
            raise ValueError(f"no rejection score is made of {', '.join(parts)}")
        if any(spread <= 0 for _, spread in parts.values()):
            raise ValueError("a part of the rejection score has no spread")
        layers = tuple(map(int, given.get("layers", ())))
        return cls(parts, float(given["threshold"]), layers)


def rule_of(manifest: Manifest) -> Rule | None:
    """Return a model's rule; None when it rejects by the unknown labels' score alone.

    So does a model whose rule is of the time when distances were of single photos,
    until it is trained again: its limit says nothing of today's distance.

    Raises ArtifactError when the rule is faulty or takes embeddings that are missing.
    """
    if manifest.rejection is None:
        return None
    try:
        if FORMER in manifest.rejection["parts"]:
            return None
        rule = Rule.from_dict(manifest.rejection)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ArtifactError(
            f"The manifest's rejection rule is faulty: {error!r}."
        ) from error
    if FILE not in manifest.files:
        raise ArtifactError(f"The model rejects by embeddings but has no {FILE}.")
    return rule


@dataclass(frozen=True)
class Distance:
    """How far photos are from every motif: 1 minus how much the nearest claims them.

    A motif claims 1 of its own photos and 0 of all others, as far as a line through
    the whitened embeddings can tell.
    """

    whitened: Whitening
    rows: Vectors
    """(rows, features): a motif's, or a photo's of a motif that was not learned."""
    offsets: Vectors
    """(rows,): a row claims its product with a whitened embedding, and this."""
    slope: float
    """What the cosine with a photo is to be multiplied by to be a claim."""
    start: float
    """What is then added."""

    def __call__(self, vectors: Vectors) -> Array:
        """Return the distances, (…), of embeddings (…, features)."""
        claims = self.whitened(vectors) @ self.rows.T + self.offsets
        return np.asarray(1.0 - claims.max(axis=-1), np.float64)

    def knowing(self, vectors: Vectors) -> Distance:
        """Return this with photos of further motifs, which claim what is like them.

        No line can be drawn through a few photos; each claims as the nearest photo of
        a motif that was learned would.
        """
        rows, offsets = self.claims(vectors)
        return replace(
            self,
            rows=np.concatenate([self.rows, rows]),
            offsets=np.concatenate([self.offsets, offsets]),
        )

    def claims(self, vectors: Vectors) -> tuple[Vectors, Vectors]:
        """Return the rows and offsets of single photos, (photos, features)."""
        rows = np.float32(self.slope) * self.whitened(vectors)
        return rows, np.full(len(rows), self.start, np.float32)


@dataclass(frozen=True)
class Rejector:
    """A rule with the distance that it takes, ready for photos."""

    rule: Rule
    distance: Distance | None

    def score(self, doubt: float, embedding: Vectors) -> float:
        """Return one photo's rejection score; higher is less known.

        Args:
            doubt: one minus the best motif's score, 0..1.
            embedding: (features,), unit length.
        """
        values = {DOUBT: odds(np.array([doubt]))}
        if self.distance is not None:
            values[DISTANCE] = self.distance(embedding[None])
        return float(self.rule.score(values)[0])

    def knowing(self, vectors: Vectors) -> Rejector:
        """Return this for photos of further motifs: far from all, but known."""
        if self.distance is None:
            return self
        return Rejector(self.rule, self.distance.knowing(vectors))

    def portable(self) -> Portable | None:
        """Return what it measures the distance by, for a browser; None for nothing."""
        if self.distance is None:
            return None
        whitened, rows = self.distance.whitened, self.distance.rows
        return portable.pack(
            whitened, portable.kernels(whitened, rows), offsets=self.distance.offsets
        )


def rejector_of(artifact: Artifact) -> Rejector | None:
    """Return what a model rejects by; None when it is its unknown labels' score alone.

    Raises ArtifactError when the rule is faulty or the embeddings were altered.
    """
    rule = rule_of(artifact.manifest)
    memory = embeddings.read(artifact) if rule is not None else None
    if rule is None or memory is None:
        return None
    return rejector(rule, memory, artifact.manifest.motifs)


def rejector(rule: Rule, memory: Embeddings, motifs: Sequence[str]) -> Rejector:
    """Return a rule made ready with all remembered photos.

    Args:
        rule: which parts it takes.
        memory: photos of motifs and of unknown labels.
        motifs: the labels that are motifs.
    """
    is_far = DISTANCE in rule.parts
    return Rejector(rule, distance(memory, motifs, rule.layers) if is_far else None)


def distance(
    memory: Embeddings, motifs: Sequence[str], layers: Sequence[int] = ()
) -> Distance:
    """Return the distance to the nearest motif.

    Embeddings are whitened by what photos of one label vary in, layer by layer. Claims
    are a ridge regression of belonging to each motif, in which a label of few photos
    counts for more (weights by the square root of how many there are).

    Args:
        memory: photos of motifs and of unknown labels.
        motifs: the labels that are motifs.
        layers: the features of each layer of the network; one by default.
    """
    named = np.asarray(memory.labels)
    whitened = whitening.learn(
        memory.vectors, labels=memory.labels, layers=layers, most_axes=AXES
    )
    photos = whitened(memory.vectors)
    belongs = (named[:, None] == np.asarray(motifs)).astype(np.float64)
    _labels, place, counts = np.unique(named, return_inverse=True, return_counts=True)
    weights = np.sqrt(counts.mean() / counts)[place]
    given = (photos.astype(np.float64), belongs, weights)
    lines = ridge.learn(*given, decay=RIDGE)
    claims = lines.left_out(*given).max(axis=1)
    slope, start = _from_cosine(photos, np.isin(named, motifs), claims)
    return Distance(
        whitened,
        lines.slopes.T.astype(np.float32),
        lines.offsets.astype(np.float32),
        slope,
        start,
    )


def _from_cosine(
    photos: Vectors, is_motif: NDArray[np.bool_], claims: Array
) -> tuple[float, float]:
    """Return what makes the cosine with the nearest photo of a motif a claim.

    Both are then in the middle, and spread, alike over the photos of motifs.
    """
    near = photos[is_motif] @ photos[is_motif].T
    np.fill_diagonal(near, -1.0)
    middle, spread = _measure(near.max(axis=1))
    target, width = _measure(claims[is_motif])
    return width / spread, target - middle * width / spread


def choose(
    memory: Embeddings,
    vectors: Vectors,
    labels: Sequence[str],
    doubt: Array,
    motifs: Sequence[str],
    layers: Sequence[int] = (),
) -> tuple[Rule, Array, dict[str, Any]]:
    """Choose by AUROC on held-back photos what the rejection score is made of.

    The distance is what turns away kinds that were never learned, of which held-back
    photos know nothing (``docs/recogniser.md``). It joins the doubt about the best
    motif unless that costs more than ``WORSE`` on the unknown labels' photos.

    Args:
        memory: training photos of motifs and of unknown labels.
        vectors: (photos, features), held-back photos, unit length.
        labels: their labels; those that are not in ``motifs`` are unknown.
        doubt: (photos,), one minus the best motif's score.
        motifs: the labels that are motifs.
        layers: as for ``distance``.

    Returns:
        The rule, without a threshold yet, the rejection scores of the photos by it,
        (photos,), and the AUROCs that decided.
    """
    shows = np.isin(np.asarray(labels), list(motifs))
    far = distance(memory, motifs, layers)(vectors)
    values = {DISTANCE: far, DOUBT: odds(doubt)}
    parts = {}
    for name, one in values.items():
        middle, spread = _measure(one[shows])
        parts[name] = (middle, round(spread / COUNTS[name], 6))
    alone = Rule({DOUBT: parts[DOUBT]})
    both = Rule(parts, layers=tuple(layers))
    if shows.all():  # nothing unknown was held back, nor perhaps learned
        return both, both.score(values), {"chosen": sorted(both.parts)}
    scores = {DOUBT: alone.score(values), "both": both.score(values)}
    compared = {name: auroc(one[shows], one[~shows]) for name, one in scores.items()}
    is_apart = compared["both"] >= compared[DOUBT] - WORSE
    chosen, score = (both, scores["both"]) if is_apart else (alone, scores[DOUBT])
    return (
        chosen,
        score,
        {
            "unknown_labels": {name: round(x, 4) for name, x in compared.items()},
            "chosen": sorted(chosen.parts),
        },
    )


def _measure(values: Array) -> tuple[float, float]:
    """Return middle and spread, unmoved by a few outliers."""
    low, middle, high = np.quantile(values, [0.16, 0.5, 0.84])
    return round(float(middle), 6), round(max(float(high - low) / 2, 1e-3), 6)

"""How unlike everything that it knows a photo is, in one number.

How far the best motif's score is from sure speaks of photos between motifs and of the
kinds of image that the network was trained to turn away; how far an embedding lies from
the remembered ones also speaks of kinds that it was never shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ml import embeddings, portable, whitening
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
DISTANCE = "distance"
"""The part that is how far an embedding is from those remembered."""
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
        return {"parts": parts, "threshold": self.threshold}

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
        return cls(parts, float(given["threshold"]))


def rule_of(manifest: Manifest) -> Rule | None:
    """Return a model's rule; None when it rejects by the unknown labels' score alone.

    Raises ArtifactError when the rule is faulty or takes embeddings that are missing.
    """
    if manifest.rejection is None:
        return None
    try:
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
    """How far photos are from the nearest of some, as 1 - cosine, whitened."""

    whitened: Whitening
    near: Vectors
    """(photos, features), whitened, unit length."""

    def __call__(self, vectors: Vectors) -> Array:
        """Return the distances, (…), of embeddings (…, features)."""
        similarity = self.whitened(vectors) @ self.near.T
        return np.asarray(1.0 - similarity.max(axis=-1), np.float64)

    def knowing(self, vectors: Vectors) -> Distance:
        """Return this with further photos to be near to; the yardstick stays."""
        near = np.concatenate([self.near, self.whitened(vectors)])
        return Distance(self.whitened, near)

    def kernels(self, vectors: Vectors) -> Vectors:
        """Return photos as ``ml.portable`` takes them."""
        return portable.kernels(self.whitened, self.whitened(vectors))


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
        """Return the photos that it compares with, for a browser; None for none."""
        if self.distance is None:
            return None
        whitened, near = self.distance.whitened, self.distance.near
        rows = portable.kernels(whitened, near)
        return portable.pack(whitened, rows, steps=portable.COARSE)


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
    return Rejector(rule, distance(memory, motifs) if is_far else None)


def distance(memory: Embeddings, motifs: Sequence[str]) -> Distance:
    """Return the distance to the nearest photo of a motif.

    Cosines are of embeddings whitened by the photos of unknown labels; where there are
    none, only standardised, because what motifs vary in is what tells them apart.

    Args:
        memory: photos of motifs and of unknown labels.
        motifs: the labels that are motifs.
    """
    known = memory.of(motifs)
    others = memory.of([label for label in memory.labels if label not in motifs])
    whitened = (
        whitening.learn(others.vectors)
        if others.labels
        else whitening.learn(known.vectors, shrinkage=1.0)
    )
    return Distance(whitened, whitened(known.vectors))


def choose(
    memory: Embeddings,
    vectors: Vectors,
    labels: Sequence[str],
    doubt: Array,
    motifs: Sequence[str],
) -> tuple[Rule, dict[str, Any]]:
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

    Returns:
        The rule, without a threshold yet, and the AUROCs that decided.
    """
    shows = np.isin(np.asarray(labels), list(motifs))
    values = {DISTANCE: distance(memory, motifs)(vectors), DOUBT: odds(doubt)}
    alone = Rule({DOUBT: _measure(values[DOUBT][shows])})
    both = Rule({name: _measure(one[shows]) for name, one in values.items()})
    if shows.all():  # nothing unknown was held back, nor perhaps learned
        return both, {"chosen": sorted(both.parts)}
    compared = {}
    for name, rule in ((DOUBT, alone), ("both", both)):
        score = rule.score(values)
        compared[name] = auroc(score[shows], score[~shows])
    chosen = both if compared["both"] >= compared[DOUBT] - WORSE else alone
    return chosen, {
        "unknown_labels": {name: round(x, 4) for name, x in compared.items()},
        "chosen": sorted(chosen.parts),
    }


def _measure(values: Array) -> tuple[float, float]:
    """Return middle and spread, unmoved by a few outliers."""
    low, middle, high = np.quantile(values, [0.16, 0.5, 0.84])
    return round(float(middle), 6), round(max(float(high - low) / 2, 1e-3), 6)

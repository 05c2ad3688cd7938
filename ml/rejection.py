"""How unlike everything that it knows a photo is, in one number.

How far the best motif's score is from sure speaks of photos between motifs and of the
kinds of image that the network was trained to turn away; how far an embedding lies from
the remembered ones also speaks of kinds that it was never shown.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ml import prototypes, whitening
from ml.artifact import ArtifactError, Manifest
from ml.embeddings import FILE, Embeddings
from ml.metrics import auroc

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Vectors = NDArray[np.float32]
    Distance = Callable[[Vectors], Array]

DOUBT = "doubt"
"""The part that is what the best motif's score lacks of 1; the others are distances."""
NEIGHBOURS = 5
WORSE = 0.005
"""How much AUROC on the unknown labels a distance may cost for what it adds."""


def to_prototype(memory: Embeddings) -> Distance:
    """Return the distance to the nearest label's prototype, as 1 - cosine."""
    whitened = whitening.learn(memory.vectors)
    known = prototypes.build(memory.vectors, memory.labels, whitened)
    return lambda found: np.asarray(1.0 - known.similarity(found).max(axis=-1), float)


def to_neighbours(memory: Embeddings) -> Distance:
    """Return the distance to the k-th nearest photo (Sun, Ming, Zhu and Li 2022)."""
    k = min(NEIGHBOURS, len(memory.labels))

    def distance(found: Vectors) -> Array:
        cosines = found @ memory.vectors.T
        kth = np.partition(cosines, -k, axis=-1)[..., -k]
        return np.asarray(1.0 - kth, float)

    return distance


def relative(memory: Embeddings) -> Distance:
    """Return the relative Mahalanobis distance (Ren et al. 2021).

    Labels share one diagonal covariance: a few hundred photos do not say more about
    thousands of features. It is how much further a photo is from the nearest label than
    from the middle of all photos, each in its own measure.
    """
    named = np.asarray(memory.labels)
    labels = list(dict.fromkeys(memory.labels))
    vectors = memory.vectors.astype(np.float64)
    means = np.stack([vectors[named == label].mean(axis=0) for label in labels])
    own = vectors - means[[labels.index(label) for label in memory.labels]]
    # A feature that hardly varies would outweigh all others.
    least = 1e-3 * float(vectors.var(axis=0).mean()) + 1e-12
    within, overall = own.var(axis=0) + least, vectors.var(axis=0) + least
    middle, width = vectors.mean(axis=0), vectors.shape[1]

    def distance(found: Vectors) -> Array:
        given = np.asarray(found, np.float64)
        to_labels = [(((given - mean) ** 2) / within).sum(axis=-1) for mean in means]
        to_all = (((given - middle) ** 2) / overall).sum(axis=-1)
        return np.asarray((np.min(to_labels, axis=0) - to_all) / width, float)

    return distance


DISTANCES: dict[str, Callable[[Embeddings], Distance]] = {
    "neighbours": to_neighbours,
    "prototype": to_prototype,
    "mahalanobis": relative,
}


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
        if not parts or set(parts) - {DOUBT, *DISTANCES}:
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
class Rejector:
    """A rule with the distances that it takes, ready for photos."""

    rule: Rule
    distances: dict[str, Distance]

    def score(self, doubt: float, embedding: Vectors) -> float:
        """Return one photo's rejection score; higher is less known.

        Args:
            doubt: one minus the best motif's score, 0..1.
            embedding: (features,), unit length.
        """
        values = {name: one(embedding[None]) for name, one in self.distances.items()}
        values[DOUBT] = odds(np.array([doubt]))
        return float(self.rule.score(values)[0])


def rejector(rule: Rule, memory: Embeddings) -> Rejector:
    """Return a rule made ready with the motifs' remembered photos."""
    names = [name for name in rule.parts if name != DOUBT]
    return Rejector(rule, {name: DISTANCES[name](memory) for name in names})


def leave_out(
    memory: Embeddings, vectors: Vectors, labels: Sequence[str]
) -> dict[str, float]:
    """Return per distance how well it tells a label left out from the others.

    Each label in turn is forgotten; its photos are then to be told from the other
    labels' photos. The mean AUROC over the labels is returned, none for fewer than
    three labels.

    Args:
        memory: training photos of motifs.
        vectors: (photos, features): held-back photos of motifs.
        labels: their labels.
    """
    named = np.asarray(labels)
    every = sorted(set(memory.labels) & set(labels))
    if len(every) < 3:
        return {}
    found: dict[str, list[float]] = {name: [] for name in DISTANCES}
    for label in every:
        rest = memory.of([other for other in set(memory.labels) if other != label])
        for name, made in DISTANCES.items():
            far = made(rest)(vectors)
            found[name].append(auroc(far[named != label], far[named == label]))
    return {name: float(np.mean(values)) for name, values in found.items()}


def choose(
    memory: Embeddings,
    vectors: Vectors,
    labels: Sequence[str],
    doubt: Array,
    motifs: Sequence[str],
) -> tuple[Rule, dict[str, Any]]:
    """Choose by AUROC on held-back photos what the rejection score is made of.

    The distance is the one that best tells labels left out. It joins the doubt about
    the best motif unless that costs more than ``WORSE`` on the unknown labels' photos.

    Args:
        memory: training photos of motifs.
        vectors: (photos, features), held-back photos, unit length.
        labels: their labels; those that are not in ``motifs`` are unknown.
        doubt: (photos,), one minus the best motif's score.
        motifs: the labels that are motifs.

    Returns:
        The rule, without a threshold yet, and the AUROCs that decided.
    """
    shows = np.isin(np.asarray(labels), list(motifs))
    left_out = leave_out(memory, vectors[shows], [x for x in labels if x in motifs])
    best = max(left_out, key=lambda name: left_out[name], default="neighbours")
    values = {best: DISTANCES[best](memory)(vectors), DOUBT: odds(doubt)}
    alone = Rule({DOUBT: _measure(values[DOUBT][shows])})
    both = Rule({name: _measure(one[shows]) for name, one in values.items()})
    figures: dict[str, Any] = {
        "left_out": {name: round(one, 4) for name, one in left_out.items()}
    }
    if shows.all():  # nothing unknown was held back, nor perhaps learned
        figures["chosen"] = sorted(both.parts)
        return both, figures
    compared = {}
    for name, rule in ((DOUBT, alone), ("both", both)):
        score = rule.score(values)
        compared[name] = auroc(score[shows], score[~shows])
    figures["unknown_labels"] = {name: round(x, 4) for name, x in compared.items()}
    chosen = both if compared["both"] >= compared[DOUBT] - WORSE else alone
    figures["chosen"] = sorted(chosen.parts)
    return chosen, figures


def _measure(values: Array) -> tuple[float, float]:
    """Return middle and spread, unmoved by a few outliers."""
    low, middle, high = np.quantile(values, [0.16, 0.5, 0.84])
    return round(float(middle), 6), round(max(float(high - low) / 2, 1e-3), 6)

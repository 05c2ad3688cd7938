"""From scores to what is said, by the rules in the manifest.

``static/js/rules.js`` decides the same in the browser.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from ml.artifact import Manifest

Kind = Literal["motif", "either", "unknown"]
Reason = Literal[
    "recognised",
    "close_scores",
    "seed_model",
    "not_cloth",
    "other_cloth",
    "unusable",
    "low_scores",
]
OTHER_CLOTH = "other-cloth"
"""The unknown label that is cloth; every other unknown label is no cloth."""


@dataclass(frozen=True)
class Answer:
    """What is said of a cloth: one motif, one of two or three, or not known."""

    kind: Kind
    labels: tuple[str, ...]
    """One label for "motif", two or three for "either", none for "unknown"."""
    reason: Reason


class Suggestion(NamedTuple):
    """A motif that the photos may show."""

    label: str
    score: float
    """0..1."""
    provisional: bool = False
    """Whether it is recognised by a few photos' prototype, not by the network."""


def suggest(
    scores: dict[str, float], manifest: Manifest, provisional: Sequence[str] = ()
) -> list[Suggestion]:
    """Return the motifs with the best scores, provisional ones too, best first."""
    motifs = (*manifest.motifs, *provisional)
    ranked = sorted(motifs, key=lambda label: -scores[label])[: manifest.most]
    return [Suggestion(x, scores[x], x in provisional) for x in ranked]


def answer(
    scores: dict[str, float],
    manifest: Manifest,
    *,
    usable: bool,
    provisional: Sequence[str] = (),
    rejected: bool = False,
) -> Answer:
    """Decide what to say, by the rules in the manifest.

    Args:
        scores: every label's score.
        manifest: the thresholds and the labels that may be stated alone.
        usable: whether any photo was good enough to judge.
        provisional: motifs recognised by a prototype; they are never stated alone.
        rejected: whether the rejection score says that nothing known is shown.
    """
    limits = manifest.thresholds
    if not usable:
        return Answer("unknown", (), "unusable")
    unknown = {label: scores[label] for label in manifest.unknown_labels}
    if unknown and sum(unknown.values()) >= limits.unknown:
        is_cloth = max(unknown, key=lambda label: unknown[label]) == OTHER_CLOTH
        return Answer("unknown", (), "other_cloth" if is_cloth else "not_cloth")
    if rejected:
        return Answer("unknown", (), "low_scores")
    ranked = suggest(scores, manifest, provisional)
    best, score, _ = ranked[0]
    runner_up = ranked[1].score if len(ranked) > 1 else 0.0
    is_clear = score >= limits.single and score - runner_up >= limits.either_margin
    if limits.conformal is not None:
        motifs = (*manifest.motifs, *provisional)
        likely = sum(scores[label] >= limits.conformal for label in motifs)
        # Too many to choose from says as little as none.
        if not 1 <= likely <= min(3, manifest.most):
            return Answer("unknown", (), "low_scores")
        is_clear = is_clear and likely == 1
    if is_clear and best in manifest.single:
        return Answer("motif", (best,), "recognised")
    if len(ranked) < 2:
        return Answer("unknown", (), "low_scores")
    if limits.conformal is not None:
        near = [one.label for one in ranked if one.score >= limits.conformal]
    elif sum(one.score for one in ranked) < limits.either:
        return Answer("unknown", (), "low_scores")
    else:
        least = score - limits.either_margin
        near = [one.label for one in ranked if one.score >= least]
    offered = near if len(near) > 1 else [one.label for one in ranked[:2]]
    reason: Reason = "seed_model" if is_clear else "close_scores"
    return Answer("either", tuple(offered), reason)

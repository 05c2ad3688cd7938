"""From what the network said of a photo to what the visitor is told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import F, FilteredRelation, Q

from classifier import words
from classifier.predictor import Prediction
from motifs.languages import Language
from motifs.models import Motif, MotifName

MERGES_FOLLOWED = 10


@dataclass(frozen=True)
class Suggestion:
    """A motif that the photo may show; ``score`` is softmax output in 0..1."""

    motif: Motif
    score: float


@dataclass(frozen=True)
class Answer:
    """What one prediction means in this catalogue, today.

    Attributes:
        kind: ``motif`` (it is this one), ``either`` (it is one of these two or
            three) or ``unknown``.
        motifs: those the answer names, best first; empty when unknown.
        reason: why, as a stable code.
        suggestions: the best motifs whatever the answer, best first.
        prediction: what the network said.
    """

    kind: str
    motifs: tuple[Motif, ...]
    reason: str
    suggestions: tuple[Suggestion, ...]
    prediction: Prediction

    @property
    def message(self) -> str:
        return words.message(self.reason, [m.preferred_name for m in self.motifs])


def answer(prediction: Prediction) -> Answer:
    """Read a prediction with the catalogue beside it.

    A label whose motif is not published is passed over; that of a merged motif counts
    for the motif it was merged into. An answer that loses a motif this way becomes
    ``unknown`` rather than more certain than the network was.
    """
    said = prediction.answer
    motifs = published_motifs(prediction.scores)
    scores: dict[Motif, float] = {}
    for label, score in prediction.scores.items():
        if label in motifs:
            scores[motifs[label]] = scores.get(motifs[label], 0.0) + score
    best = sorted(scores, key=lambda motif: -scores[motif])
    best = best[: len(prediction.suggestions)]
    kind: str = said.kind
    reason: str = said.reason
    named = tuple(dict.fromkeys(motifs[x] for x in said.labels if x in motifs))
    if any(label not in motifs for label in said.labels):
        kind, reason, named = "unknown", "not_in_catalogue", ()
    elif len(named) < len(said.labels):
        # Two labels have become one motif, which no evaluation has looked at yet.
        kind, named = "unknown", ()
    return Answer(
        kind=kind,
        motifs=named,
        reason=reason,
        suggestions=tuple(Suggestion(motif, scores[motif]) for motif in best),
        prediction=prediction,
    )


def published_motifs(labels: Iterable[str]) -> dict[str, Motif]:
    """Return the published motif of each label that has one, with its name.

    A merged motif's label leads to its successor. One query, and one more for each
    link in the longest chain of merges.
    """
    found = {motif.slug: motif for motif in _with_names(Q(slug__in=list(labels)))}
    known = {motif.pk: motif for motif in found.values()}
    for _step in range(MERGES_FOLLOWED):
        merged = {
            label: motif.merged_into_id
            for label, motif in found.items()
            if motif.merged_into_id is not None
        }
        if not merged:
            break
        if unknown := set(merged.values()) - set(known):
            known |= {motif.pk: motif for motif in _with_names(Q(pk__in=unknown))}
        found |= {label: known[successor] for label, successor in merged.items()}
    return {x: m for x, m in found.items() if m.state == Motif.State.PUBLISHED}


def _with_names(which: Q) -> Iterator[Motif]:
    """Yield motifs with their preferred names.

    ``with_labels`` gives more, at three times the price; an answer must be quick.
    """
    preferred = FilteredRelation(
        "names",
        condition=Q(
            names__kind=MotifName.Kind.PREFERRED, names__language=Language.BANJAR
        ),
    )
    rows = Motif.objects.filter(which).annotate(
        preferred=preferred, filed_under=F("preferred__name")
    )
    for motif in rows:
        # The annotation is there, though the iterator's type has lost sight of it.
        name: str | None = getattr(motif, "filed_under", None)
        motif.preferred_name = name or motif.slug
        yield motif


def as_json(answer: Answer, elapsed_ms: float) -> dict[str, Any]:
    """Return the answer as the API gives it; ``elapsed_ms`` is the server's time."""
    prediction = answer.prediction
    region = prediction.region
    return {
        "answer": {
            "kind": answer.kind,
            "motifs": [motif.slug for motif in answer.motifs],
            "reason": answer.reason,
        },
        "message": answer.message,
        "suggestions": [
            {
                "slug": suggestion.motif.slug,
                "name": suggestion.motif.preferred_name,
                "score": round(suggestion.score, 4),
            }
            for suggestion in answer.suggestions
        ],
        "unknown_score": round(prediction.unknown_score, 4),
        "quality": {
            "usable": prediction.quality.usable,
            "reasons": list(prediction.quality.reasons),
        },
        "region": {
            "x": round(region.x, 4),
            "y": round(region.y, 4),
            "width": round(region.width, 4),
            "height": round(region.height, 4),
            "share": round(region.share, 4),
        },
        "colours": [
            {"name": dye.name, "hex": dye.hex, "share": round(dye.share, 4)}
            for dye in prediction.colours
        ],
        "model": {
            "version": prediction.model_version,
            "sha256": prediction.sha256,
        },
        "elapsed_ms": round(elapsed_ms, 1),
    }

"""From what the network said of a photo to what the visitor is told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext

from classifier import words
from classifier.predictor import Prediction
from motifs.languages import Language
from motifs.models import Access, Motif, MotifName

MERGES_FOLLOWED = 10
PUBLISHED_MOTIFS = """
    WITH RECURSIVE followed AS (
        SELECT slug AS label, id, merged_into_id, 0 AS merges
        FROM motifs_motif WHERE slug = ANY(%(labels)s)
        UNION ALL
        SELECT followed.label, next.id, next.merged_into_id, followed.merges + 1
        FROM followed JOIN motifs_motif AS next ON next.id = followed.merged_into_id
        WHERE followed.merges < %(merges)s
    )
    SELECT motif.*, followed.label, name.name AS preferred
    FROM followed
    JOIN motifs_motif AS motif ON motif.id = followed.id
    LEFT JOIN motifs_motifname AS name
        ON name.motif_id = motif.id
        AND name.kind = %(preferred)s AND name.language = %(banjar)s
    WHERE motif.state = %(published)s AND motif.access = %(public)s
"""


@dataclass(frozen=True)
class Suggestion:
    """A motif that the photo may show.

    Attributes:
        score: softmax output in 0..1.
        photos: how many photos it is known from where that is all: it is provisional.
    """

    motif: Motif
    score: float
    photos: int | None = None


@dataclass(frozen=True)
class Restored:
    """An answer given earlier, with today's motifs beside what was said."""

    motifs: tuple[Motif, ...]
    suggestions: tuple[Suggestion, ...]


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
    provisional = {
        motifs[label]: count
        for label, count in prediction.provisional.items()
        if label in motifs
    }
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
        suggestions=tuple(
            Suggestion(motif, scores[motif], provisional.get(motif)) for motif in best
        ),
        prediction=prediction,
    )


def published_motifs(labels: Iterable[str]) -> dict[str, Motif]:
    """Return the published motif of each label that has one, with its name.

    A merged motif's label leads to its successor. One query, written out: composing it
    afresh would take longer than its answer does.
    """
    found = Motif.objects.raw(
        PUBLISHED_MOTIFS,
        {
            "labels": list(labels),
            "merges": MERGES_FOLLOWED,
            "published": Motif.State.PUBLISHED,
            "public": Access.PUBLIC,
            "preferred": MotifName.Kind.PREFERRED,
            "banjar": Language.BANJAR,
        },
    )
    motifs: dict[str, Motif] = {}
    for motif in found:
        # The query adds these two to the columns of a motif.
        label, name = getattr(motif, "label"), getattr(motif, "preferred")  # noqa: B009
        motif.preferred_name = name or motif.slug
        motifs[label] = motif
    return motifs


def restored(said: dict[str, Any]) -> tuple[Restored, dict[str, Any]]:
    """Return an answer as it was given, readable today.

    What was said stays; names and sentences are of now and in the reader's language. A
    motif that is not published any more is left out, and a restricted one is not even
    named.
    """
    named = list(said["answer"]["motifs"])
    slugs = [row["slug"] for row in said["suggestions"]]
    motifs = published_motifs([*named, *slugs])
    here = tuple(motifs[slug] for slug in named if slug in motifs)
    rows = [row for row in said["suggestions"] if row["slug"] in motifs]
    # A name that is gone keeps its place in the sentence as its slug.
    hidden = _restricted([slug for slug in named if slug not in motifs])
    names = [
        motifs[slug].preferred_name
        if slug in motifs
        else (gettext("a motif that is not shown") if slug in hidden else slug)
        for slug in named
    ]
    return (
        Restored(here, tuple(Suggestion(motifs[r["slug"]], r["score"]) for r in rows)),
        {
            **said,
            "message": words.message(said["answer"]["reason"], names),
            "track_record": _record(said.get("track_record"), motifs),
            "suggestions": [
                {**row, "name": motifs[row["slug"]].preferred_name} for row in rows
            ],
        },
    )


def _record(
    said: dict[str, Any] | None, motifs: dict[str, Motif]
) -> dict[str, Any] | None:
    """Return the record that was told; answers of earlier versions tell none."""
    if said is None or said["motif"] not in motifs:
        return None
    name = motifs[said["motif"]].preferred_name
    return {**said, "sentence": words.track_record(name, said)}


def _restricted(slugs: list[str]) -> set[str]:
    if not slugs:
        return set()
    found = Motif.objects.filter(slug__in=slugs, access=Access.RESTRICTED)
    return set(found.values_list("slug", flat=True))


def as_json(
    answer: Answer, elapsed_ms: float, track_record: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Return the answer as the API gives it.

    Args:
        elapsed_ms: the server's time.
        track_record: of the motif that it names first (``classifier.track_record``).
    """
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
                "provisional_photos": suggestion.photos,
            }
            for suggestion in answer.suggestions
        ],
        "unknown_score": round(prediction.unknown_score, 4),
        "track_record": track_record,
        "quality": {
            "usable": prediction.quality.usable,
            "reasons": list(prediction.quality.reasons),
        },
        "hints": list(prediction.hints),
        "region": {
            "x": round(region.x, 4),
            "y": round(region.y, 4),
            "width": round(region.width, 4),
            "height": round(region.height, 4),
            "share": round(region.share, 4),
        },
        "heat": _heat(prediction),
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


def _heat(prediction: Prediction) -> dict[str, Any] | None:
    """Return where the first suggestion was seen, or None if it was seen nowhere."""
    places, box = prediction.map, prediction.map_box
    if not places.any():
        return None
    return {
        "x": round(box.x, 4),
        "y": round(box.y, 4),
        "width": round(box.width, 4),
        "height": round(box.height, 4),
        "values": [[round(float(value), 2) for value in row] for row in places],
    }

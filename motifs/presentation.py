"""Gathers what the pages and the API show of a motif, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypedDict

from django.db.models import Case, F, Prefetch, Q, When, Window
from django.db.models.functions import RowNumber

from motifs import contributors
from motifs.galleries import SUGGESTION_STANDS
from motifs.languages import preference
from motifs.models import (
    Citation,
    Claim,
    Contribution,
    LookAlike,
    Motif,
    MotifName,
    Photo,
    Source,
)


class NameGroup(TypedDict):
    kind: str
    label: str
    names: list[MotifName]


class Statement(TypedDict):
    key: str
    text: str
    language: str
    confidence: str
    confidence_label: str
    citations: list[Citation]
    is_main: bool
    anchor: str
    credits: list[str]


class ClaimGroup(TypedDict):
    kind: str
    label: str
    statements: list[Statement]


class LookAlikeRow(TypedDict):
    motif: Motif
    tell: str
    tell_language: str
    is_sourced: bool


class MotifRecord(TypedDict):
    """Everything that is shown of one motif besides its labels."""

    names: list[NameGroup]
    claims: list[ClaimGroup]
    look_alikes: list[LookAlikeRow]
    sources: list[Source]
    missing_meaning: bool


def record_of(motif: Motif, language: str) -> MotifRecord:
    """Gather a motif's record in seven queries, however long it is."""
    claims, sources = _claims(motif, language)
    return {
        "names": _names(motif, language),
        "claims": claims,
        "look_alikes": _look_alikes(motif, language),
        "sources": sources,
        "missing_meaning": all(c["kind"] != Claim.Kind.MEANING for c in claims),
    }


def accepted_photos(motifs: Iterable[Motif], most: int) -> dict[int, list[Photo]]:
    """Return real photos that everybody may see as a motif's examples, by its id.

    One query; at most ``most`` of each motif. Those determined as the motif come first;
    what its giver calls it counts until something else is determined.
    """
    ids = [motif.pk for motif in motifs]
    is_suggested = Q(determined_motif=None, determined_outcome__in=SUGGESTION_STANDS)
    ranked = (
        Photo.objects.shown()
        .filter(contribution__is_demonstration=False)
        .annotate(
            shows=Case(
                When(is_suggested, then=F("contribution__motif")),
                default=F("determined_motif"),
            )
        )
        .filter(
            Q(determined_motif__in=ids)
            | (is_suggested & Q(contribution__motif__in=ids))
        )
        .select_related("contribution")
        .annotate(
            place=Window(
                RowNumber(),
                partition_by="shows",
                order_by=[
                    F("determined_motif").desc(nulls_last=True),
                    "-is_good",
                    "-contribution__accepted_at",
                    "-pk",
                ],
            )
        )
        .filter(place__lte=most)
        .order_by("place")
    )
    found: dict[int, list[Photo]] = {}
    for photo in ranked:
        found.setdefault(photo.shows, []).append(photo)  # type: ignore[attr-defined]
    return found


def _names(motif: Motif, language: str) -> list[NameGroup]:
    names = list(motif.names.in_reading_order(language))
    groups: list[NameGroup] = [
        {
            "kind": kind.value,
            "label": str(kind.label),
            "names": [name for name in names if name.kind == kind],
        }
        for kind in MotifName.Kind
    ]
    return [group for group in groups if group["names"]]


def _claims(motif: Motif, language: str) -> tuple[list[ClaimGroup], list[Source]]:
    """Claims by kind, each in one language, and their sources as numbered there."""
    citations = Citation.objects.select_related("source").order_by("position", "pk")
    edits = Contribution.objects.accepted().select_related("given_by")
    found = list(
        motif.claims.in_reading_order(language).prefetch_related(
            Prefetch("citations", citations),
            Prefetch("edits", edits.order_by("accepted_at", "pk")),
        )
    )
    places = {code: place for place, code in enumerate(preference(language))}
    texts: dict[str, Claim] = {}
    for claim in found:
        shown = texts.get(claim.key)
        if shown is None or places[claim.language] < places[shown.language]:
            texts[claim.key] = claim
    numbered: dict[int, Source] = {}
    groups: list[ClaimGroup] = []
    for kind in Claim.Kind:
        statements = [
            _statement(claim, numbered)
            for claim in texts.values()
            if claim.kind == kind
        ]
        if statements:
            groups.append(
                {
                    "kind": kind.value,
                    "label": str(kind.label),
                    "statements": statements,
                }
            )
    return groups, list(numbered.values())


def _statement(claim: Claim, numbered: dict[int, Source]) -> Statement:
    citations = list(claim.citations.all())
    for citation in citations:
        source = numbered.setdefault(citation.source_id, citation.source)
        source.number = source.number or len(numbered)
        citation.source = source
    return {
        "key": claim.key,
        "text": claim.text,
        "language": claim.language,
        "confidence": claim.confidence,
        "confidence_label": claim.get_confidence_display(),
        "citations": citations,
        "is_main": claim.is_main,
        "anchor": claim.anchor,
        "credits": list(
            dict.fromkeys(filter(None, map(contributors.credit, claim.edits.all())))
        ),
    }


def _look_alikes(motif: Motif, language: str) -> list[LookAlikeRow]:
    pairs = list(LookAlike.objects.of(motif))
    motifs = (
        Motif.objects.published()
        .with_labels(language)
        .filter(pk__in=[pair.other(motif) for pair in pairs])
        .in_bulk()
    )
    rows: list[LookAlikeRow] = []
    for pair in pairs:
        other = motifs.get(pair.other(motif))
        if other is None:
            continue
        tell, tell_language = pair.tell(language)
        rows.append(
            {
                "motif": other,
                "tell": tell,
                "tell_language": tell_language,
                "is_sourced": pair.is_sourced,
            }
        )
    # What a source says before what we read from drawings.
    rows.sort(key=lambda row: (not row["is_sourced"], row["motif"].preferred_name))
    return rows

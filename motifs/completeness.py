"""What is there of each motif, and what would help most to add next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from motifs import drawings
from motifs.languages import READER_LANGUAGES, reader_language
from motifs.models import Claim, LookAlike, Motif, Outcome, Photo

ENOUGH_PHOTOS = 10
"""Confirmed photos with which a motif can be recognised (docs/recogniser.md)."""
ENOUGH_SOURCES = 2


@dataclass(frozen=True)
class Step:
    """Something that is missing.

    Args:
        code: which one; stable.
        sentence: what to do, for a curator.
        share: how much of completeness it is worth, 0 to 1.
    """

    code: str
    sentence: str | Promise
    share: float


@dataclass(frozen=True)
class Completeness:
    """One motif: ``share`` of what a whole record has, 0 to 1, and what is next.

    Args:
        confirmed: photos determined by rule as this motif that may train.
        determined: photos determined by rule as this motif, whatever their consent.
    """

    motif: Motif
    share: float
    steps: tuple[Step, ...]
    confirmed: int
    determined: int

    @property
    def percent(self) -> int:
        return round(self.share * 100)

    @property
    def next_step(self) -> str | Promise:
        return self.steps[0].sentence if self.steps else ""


# What a whole record has, and what each part is worth; they add up to 1.
WORTH = {
    "photos": 0.30,
    "sources": 0.20,
    "drawing": 0.15,
    "rendering": 0.05,
    "texts": 0.15,
    "tell": 0.15,
}


def completeness(motifs: Iterable[Motif] | None = None) -> list[Completeness]:
    """Measure motifs, those first that one step helps most; six queries at most.

    Args:
        motifs: with their labels; without, all that are published, restricted ones too.
    """
    if motifs is None:
        labelled = Motif.objects.with_labels(reader_language())
        motifs = labelled.filter(state=Motif.State.PUBLISHED)
    measured = list(motifs)
    facts = _Facts([motif.pk for motif in measured])
    found = [_measured(motif, facts) for motif in measured]
    found.sort(
        key=lambda one: (
            -(one.steps[0].share if one.steps else 0),
            one.share,
            one.motif.slug,
        )
    )
    return found


class _Facts:
    """Counts of all motifs, gathered at once."""

    def __init__(self, ids: list[int]) -> None:
        shown = Photo.objects.filter(
            determined_motif__in=ids, determined_outcome=Outcome.MOTIF
        ).order_by()
        self.determined = _counted(shown)
        self.confirmed = _counted(
            Photo.objects.trainable().filter(determined_motif__in=ids).order_by()
        )
        claims = Claim.objects.filter(motif__in=ids).order_by()
        sourced = claims.annotate(sources=Count("citations__source", distinct=True))
        self.statements: dict[int, dict[str, set[str]]] = {}
        self.well_sourced: dict[int, set[str]] = {}
        for row in sourced.values("motif_id", "key", "language", "sources"):
            texts = self.statements.setdefault(row["motif_id"], {})
            texts.setdefault(row["key"], set()).add(row["language"])
            if row["sources"] >= ENOUGH_SOURCES:
                self.well_sourced.setdefault(row["motif_id"], set()).add(row["key"])
        self.told: set[int] = set()
        self.paired: set[int] = set()
        pairs = LookAlike.objects.filter(Q(first__in=ids) | Q(second__in=ids))
        for first, second, tell in pairs.values_list("first", "second", "tell_id"):
            self.paired |= {first, second}
            if tell:
                self.told |= {first, second}


def _counted(photos: object) -> dict[int, int]:
    rows = photos.values_list("determined_motif").annotate(Count("pk"))  # type: ignore[attr-defined]
    return dict(rows)


def _measured(motif: Motif, facts: _Facts) -> Completeness:
    confirmed = facts.confirmed.get(motif.pk, 0)
    statements = facts.statements.get(motif.pk, {})
    complete = [key for key, codes in statements.items() if _both(codes)]
    shares = {
        "photos": min(1.0, confirmed / ENOUGH_PHOTOS),
        "sources": _share(len(facts.well_sourced.get(motif.pk, ())), len(statements)),
        "drawing": float(motif.slug in drawings.slugs(drawings.DRAWINGS, ".svg")),
        "rendering": float(motif.slug in drawings.slugs(drawings.RENDERINGS, ".webp")),
        "texts": _share(len(complete), len(statements)),
        "tell": float(motif.pk in facts.told),
    }
    steps = [
        Step(code, _sentence(code, motif, facts), WORTH[code] * (1 - share))
        for code, share in shares.items()
        if share < 1
    ]
    steps.sort(key=lambda step: -step.share)
    return Completeness(
        motif=motif,
        share=sum(WORTH[code] * share for code, share in shares.items()),
        steps=tuple(steps),
        confirmed=confirmed,
        determined=facts.determined.get(motif.pk, 0),
    )


def _both(codes: set[str]) -> bool:
    return {str(code) for code in READER_LANGUAGES} <= codes


def _share(some: int, every: int) -> float:
    return some / every if every else 0.0


def _sentence(code: str, motif: Motif, facts: _Facts) -> str | Promise:
    if code == "photos":
        missing = ENOUGH_PHOTOS - facts.confirmed.get(motif.pk, 0)
        return ngettext_lazy(
            "needs %(count)d more confirmed photo",
            "needs %(count)d more confirmed photos",
            missing,
        ) % {"count": missing}
    if code == "tell" and motif.pk not in facts.paired:
        return _("name a motif that it is taken for, and what tells them apart")
    if not facts.statements.get(motif.pk) and code in ("sources", "texts"):
        return _("write a first sourced claim, in Indonesian and in English")
    return {
        "sources": _("find a second source for its claims"),
        "drawing": _("needs a drawing"),
        "rendering": _("needs a rendering of cloth from its drawing"),
        "texts": _("write its claims in both languages"),
        "tell": _("say what tells it from the motif it is taken for"),
    }[code]

"""How often experts agreed with what a model version said first.

Counted are photos that experts determined blind, for only those views owe nothing to
what the recogniser said; whose first motif the version named, alone or as one of two or
three; and of whose cloth it, or a version that it went on from, learned nothing.
Demonstrations and whatever is restricted do not count.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import (
    Case,
    Count,
    Exists,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from classifier import predictor, words
from classifier.answer import published_motifs
from classifier.models import DatasetPhoto, ModelVersion, Prediction
from motifs.models import Motif, Outcome, Photo

if TYPE_CHECKING:
    from classifier.answer import Answer

BANDS = ((0.0, 0.5), (0.5, 0.7), (0.7, 0.9), (0.9, 1.0))
"""Scores counted together: from the first on and below the second, but 1 counts."""
LEAST = 5
"""Photos of a motif and band below which nothing is said: the interval would be all."""
FRESH_S = 60.0
"""How long a process tells what it counted before it counts again."""
LEARNED = (DatasetPhoto.Split.TRAIN, DatasetPhoto.Split.VAL)
MOST_ANCESTORS = 50


@dataclass(frozen=True)
class Record:
    """How often experts agreed; ``low`` and ``high`` bound the share by 95 %."""

    agreed: int
    cases: int
    low: float
    high: float

    @classmethod
    def of(cls, agreed: int, cases: int) -> Record:
        low, high = predictor.wilson(agreed, cases)
        return cls(agreed, cases, low, high)


@dataclass(frozen=True)
class Row:
    """One published motif in a version's table.

    ``bands`` are in the order of ``BANDS``, None where there are fewer than ``LEAST``
    cases; ``total`` is of all scores together.
    """

    motif: Motif
    bands: tuple[Record | None, ...]
    total: Record


Counts = Mapping[tuple[str, int], tuple[int, int]]
"""Per slug of a published motif and place in ``BANDS``: agreed, and of how many."""
_counted: dict[tuple[str, str], tuple[float, Counts]] = {}


def forget() -> None:
    """Count again at the next question."""
    _counted.clear()


def band_of(score: float) -> int:
    """Return the place in ``BANDS`` of a score in 0..1.

    >>> [band_of(x) for x in (0.0, 0.49, 0.5, 0.9, 1.0)]
    [0, 0, 1, 3, 3]
    """
    return sum(score >= start for start, _ in BANDS[1:])


def table(version: ModelVersion) -> list[Row]:
    """Return a version's record, a row per published motif that it named first."""
    counts = _counts(version)
    totals: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for (slug, _band), (agreed, cases) in counts.items():
        totals[slug][0] += agreed
        totals[slug][1] += cases
    motifs = published_motifs(totals)
    return [
        Row(
            motifs[slug],
            tuple(_record(counts, slug, band) for band in range(len(BANDS))),
            Record.of(*totals[slug]),
        )
        for slug in sorted(motifs, key=lambda slug: motifs[slug].preferred_name)
    ]


def of_answer(answer: Answer) -> dict[str, Any] | None:
    """Return what is on record of the motif that an answer names first, as JSON.

    None where it names none, and below ``LEAST`` cases.
    """
    if not answer.motifs:
        return None
    first = answer.motifs[0]
    score = next(x.score for x in answer.suggestions if x.motif == first)
    said = answer.prediction
    counts = _fresh(said.model_version, said.sha256)
    record = _record(counts, first.slug, band_of(score))
    if record is None:
        return None
    said_of_it = {
        "motif": first.slug,
        "score_from": BANDS[band_of(score)][0],
        "score_to": BANDS[band_of(score)][1],
        "agreed": record.agreed,
        "cases": record.cases,
        "low": round(record.low, 4),
        "high": round(record.high, 4),
    }
    sentence = words.track_record(first.preferred_name, said_of_it)
    return {**said_of_it, "sentence": sentence}


def for_browsers(
    version: str, sha256: str, motifs: Mapping[str, Motif]
) -> dict[str, Any]:
    """Return a version's record for answers that are found on a device.

    Args:
        version: with ``sha256``, the model that it is of.
        motifs: published motifs by label.

    Returns:
        The bands' first scores, and per label and band agreed, cases and the bounds in
        percent, or null.
    """
    counts = _fresh(version, sha256)
    records = {}
    for label, motif in motifs.items():
        found = [_record(counts, motif.slug, band) for band in range(len(BANDS))]
        if any(found):
            records[label] = [
                one
                and [one.agreed, one.cases, round(100 * one.low), round(100 * one.high)]
                for one in found
            ]
    return {
        "sha256": sha256,
        "bands": [start for start, _ in BANDS],
        "motifs": records,
    }


def _record(counts: Counts, slug: str, band: int) -> Record | None:
    agreed, cases = counts.get((slug, band), (0, 0))
    return Record.of(agreed, cases) if cases >= LEAST else None


def _fresh(version: str, sha256: str) -> Counts:
    """Return a version's counts, at most ``FRESH_S`` seconds old."""
    key, now = (version, sha256), time.monotonic()
    counted_at, counts = _counted.get(key, (float("-inf"), {}))
    if now - counted_at >= FRESH_S:
        row = ModelVersion.objects.filter(version=version, sha256=sha256).first()
        counts = {} if row is None else _counts(row)
        _counted[key] = now, counts
    return counts


def _counts(version: ModelVersion) -> Counts:
    """Count a version's record: a query for all, one to follow merged motifs."""
    rows = list(
        cases(version)
        .annotate(
            band=Case(
                *(
                    When(top_score__gte=start, then=Value(place))
                    for place, (start, _) in reversed(list(enumerate(BANDS)))
                ),
                default=Value(0),
                output_field=IntegerField(),
            ),
            outcome=Coalesce("photo__determined_outcome", Value("")),
            first=_followed("photo__determined_motif"),
            second=_followed("photo__determined_second_motif"),
        )
        .values_list("top_motif", "band", "outcome", "first", "second")
        .annotate(count=Count("pk"))
    )
    motifs = published_motifs({label for label, *_ in rows})
    counts: dict[tuple[str, int], list[int]] = defaultdict(lambda: [0, 0])
    for label, band, outcome, first, second, count in rows:
        motif = motifs.get(label)
        if motif is None:
            continue
        # Of a cloth with two motifs, either is right to be named first.
        agrees = outcome in (Outcome.MOTIF, Outcome.TWO_MOTIFS) and motif.pk in (
            first,
            second,
        )
        counts[motif.slug, band][0] += count * agrees
        counts[motif.slug, band][1] += count
    return {key: (agreed, cases) for key, (agreed, cases) in counts.items()}


def _followed(motif: str) -> Coalesce:
    return Coalesce(f"{motif}__merged_into_id", f"{motif}_id")


def cases(version: ModelVersion) -> QuerySet[Prediction]:
    """Return the predictions of a version that its record counts."""
    photos = (
        Photo.objects.for_experts()
        .blindly_determined()
        .filter(contribution__is_demonstration=False)
    )
    # Another photo of a cloth that it learned is no test either.
    learned = DatasetPhoto.objects.filter(
        dataset__in=_datasets(version),
        split__in=LEARNED,
        photo__contribution=OuterRef("photo__contribution"),
    )
    return version.predictions.filter(
        ~Q(kind="unknown"), ~Exists(learned), photo__in=photos
    )


def _datasets(version: ModelVersion) -> list[int]:
    """Datasets that a version, or one that it went on from, learned from."""
    found: list[int] = []
    at: ModelVersion | None = version
    while at is not None and len(found) < MOST_ANCESTORS:
        run = getattr(at, "run", None)
        if run is None:
            break
        found.append(run.dataset_id)
        at = run.starts_from
    return found

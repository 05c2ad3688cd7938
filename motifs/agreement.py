"""How far people agree who judged the same photos without seeing each other's views.

Cohen's kappa (1960) is agreement beyond what two people would reach by chance, each
using the answers as often as they do. Its 95 % interval is the asymptotic one of
Fleiss, Cohen and Everitt (1969), with photos of one cloth counted together, because
they are no independent evidence.

Only what each person said first and blind counts, taken back later or not. Whoever
cannot tell has said nothing that could agree. That it is a print is one answer,
whatever motif is named with it, as for a determination.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from django.db.models.functions import Coalesce

from motifs.languages import reader_language
from motifs.models import Identification, Motif, Outcome

if TYPE_CHECKING:
    from heritage.models import User

TWO_SIDED_95 = 1.959964


@dataclass(frozen=True)
class Kappa:
    """Agreement of two ratings of the same things.

    Args:
        n: how many things both rated.
        cloths: how many independent groups they come in.
        observed: share on which they agree, 0 to 1.
        kappa: -1 to 1; None where chance alone would make them agree always.
        low: lower end of the 95 % interval; None where there is no spread to judge by.
        high: its upper end.
    """

    n: int
    cloths: int
    observed: float
    kappa: float | None
    low: float | None = None
    high: float | None = None


def cohens_kappa(
    pairs: Sequence[tuple[Hashable, Hashable]],
    cloths: Sequence[Hashable] | None = None,
) -> Kappa:
    """Return Cohen's kappa of pairs of ratings, at least one.

    Args:
        pairs: what the first and the second person said of each thing.
        cloths: the group that each thing belongs to; each its own if left out.

    Two clinicians gave 100 patients one of three diagnoses (Fleiss, Levin and Paik,
    Statistical Methods for Rates and Proportions, 3rd edition, 2003, table 18.1):

    >>> table = [[75, 1, 4], [5, 4, 1], [0, 0, 10]]
    >>> pairs = [(i, j) for i in range(3) for j in range(3) for _ in range(table[i][j])]
    >>> found = cohens_kappa(pairs)
    >>> found.n, round(found.observed, 2), round(found.kappa, 3)
    (100, 0.89, 0.676)
    >>> round(found.low, 3), round(found.high, 3)
    (0.505, 0.848)
    """
    n = len(pairs)
    first = Counter(one for one, _other in pairs)
    second = Counter(other for _one, other in pairs)
    observed = sum(one == other for one, other in pairs) / n
    expected = sum(first[said] * second[said] for said in first) / n**2
    groups = range(n) if cloths is None else cloths
    number = len(set(groups))
    if math.isclose(expected, 1):
        return Kappa(n, number, observed, None)
    kappa = (observed - expected) / (1 - expected)
    # How much each thing moves kappa; its variance follows from their spread.
    influence: dict[Hashable, float] = defaultdict(float)
    for (one, other), group in zip(pairs, groups, strict=True):
        moves_expected = (second[one] + first[other]) / n - 2 * expected
        influence[group] += ((one == other) - observed) / (1 - expected)
        influence[group] -= moves_expected * (1 - observed) / (1 - expected) ** 2
    error = math.sqrt(sum(moved**2 for moved in influence.values())) / n
    if error < 1e-12:
        return Kappa(n, number, observed, kappa)
    return Kappa(
        n,
        number,
        observed,
        kappa,
        max(-1.0, kappa - TWO_SIDED_95 * error),
        min(1.0, kappa + TWO_SIDED_95 * error),
    )


@dataclass(frozen=True)
class Said:
    """One first, blind statement, with merged motifs as what they became."""

    cloth: int
    answer: tuple[str, int | None, int | None]

    @property
    def compared(self) -> tuple[str, int | None, int | None]:
        """The answer as far as it must be the same to agree."""
        if self.answer[0] == Outcome.PRINTED:
            return (Outcome.PRINTED.value, None, None)
        return self.answer

    @property
    def motifs(self) -> set[int]:
        return {motif_id for motif_id in self.answer[1:] if motif_id}


@dataclass(frozen=True)
class PairAgreement:
    """Two people, by pk in this order, and how far they agree."""

    first: User
    second: User
    agreement: Kappa


@dataclass(frozen=True)
class MotifAgreement:
    """A motif, and how far people agree on whether a photo shows it.

    Args:
        named: in how many of the pairs of statements at least one names it.
    """

    motif: Motif
    named: int
    agreement: Kappa


@dataclass(frozen=True)
class Agreement:
    """All that is known of agreement, the most evidence first."""

    statements: int
    pairs: list[PairAgreement]
    motifs: list[MotifAgreement]


def agreement() -> Agreement:
    """Measure agreement per pair of people and per motif, in three queries."""
    said = _said()
    by_photo: dict[int, dict[int, Said]] = defaultdict(dict)
    for (photo_id, person_id), one in said.items():
        by_photo[photo_id][person_id] = one
    both: dict[tuple[int, int], list[tuple[Said, Said]]] = defaultdict(list)
    for views in by_photo.values():
        for first, second in combinations(sorted(views), 2):
            both[first, second].append((views[first], views[second]))
    return Agreement(len(said), _of_pairs(both), _of_motifs(both))


def _said() -> dict[tuple[int, int], Said]:
    rows = (
        Identification.objects.first_blind()
        .filter(photo__contribution__is_demonstration=False)
        .exclude(outcome=Outcome.CANNOT_TELL)
        .order_by("pk")
        .values_list(
            "photo_id",
            "identified_by_id",
            "photo__contribution_id",
            "outcome",
            Coalesce("motif__merged_into", "motif"),
            Coalesce("second_motif__merged_into", "second_motif"),
        )
    )
    said = {}
    for photo_id, person_id, cloth, outcome, motif_id, second_id in rows:
        answer = (outcome, motif_id, second_id)
        if motif_id and motif_id == second_id:
            answer = (Outcome.MOTIF.value, motif_id, None)
        elif motif_id and second_id:
            answer = (outcome, min(motif_id, second_id), max(motif_id, second_id))
        said[photo_id, person_id] = Said(cloth, answer)
    return said


def _of_pairs(
    both: dict[tuple[int, int], list[tuple[Said, Said]]],
) -> list[PairAgreement]:
    people = _people({pk for pair in both for pk in pair})
    found = [
        PairAgreement(
            people[first],
            people[second],
            cohens_kappa(
                [(one.compared, other.compared) for one, other in views],
                [one.cloth for one, _other in views],
            ),
        )
        for (first, second), views in both.items()
    ]
    return sorted(found, key=lambda pair: -pair.agreement.n)


def _of_motifs(
    both: dict[tuple[int, int], list[tuple[Said, Said]]],
) -> list[MotifAgreement]:
    """One motif against the rest: the pairs of all people in one table each."""
    views = [view for pair in both.values() for view in pair]
    cloths = [one.cloth for one, _other in views]
    named = Counter(pk for one, other in views for pk in one.motifs | other.motifs)
    motifs = Motif.objects.with_labels(reader_language()).in_bulk(list(named))
    found = [
        MotifAgreement(
            motif,
            named[pk],
            cohens_kappa(
                [(pk in one.motifs, pk in other.motifs) for one, other in views],
                cloths,
            ),
        )
        for pk, motif in motifs.items()
    ]
    return sorted(found, key=lambda row: (-row.named, row.motif.slug))


def _people(ids: set[int]) -> dict[int, User]:
    from django.contrib.auth import get_user_model

    return get_user_model().objects.in_bulk(ids)

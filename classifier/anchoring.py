"""How often experts change a blind answer to what the recogniser guessed.

Counted are photos that somebody judged blind and was then shown a guess that names
motifs. Their next statement, if there is one, says whether they were drawn along.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from classifier.models import Prediction
from classifier.predictor import wilson
from motifs.expert_queue import revealed_to
from motifs.models import Identification


@dataclass(frozen=True)
class Anchoring:
    """What became of blind answers once the guess was shown.

    Args:
        differed: blind answers that named none of the motifs guessed.
        towards: those of them that were changed to one of the motifs guessed.
        elsewhere: those that were changed, but to none of them.
        agreed: blind answers that named a motif guessed.
        away: those of them that were changed to none of the motifs guessed.
    """

    differed: int = 0
    towards: int = 0
    elsewhere: int = 0
    agreed: int = 0
    away: int = 0

    @property
    def share(self) -> float | None:
        """Of the answers that differed, the share drawn towards the guess."""
        return self.towards / self.differed if self.differed else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The share's 95 % interval (Wilson 1927).

        >>> [round(x, 3) for x in Anchoring(differed=10, towards=0).interval]
        [0.0, 0.278]
        """
        return wilson(self.towards, self.differed) if self.differed else None


def anchoring() -> Anchoring:
    """Count over all that was judged; one query more per person."""
    spoken: dict[tuple[int, int], list[Identification]] = defaultdict(list)
    people = {}
    for one in (
        Identification.objects.filter(photo__contribution__is_demonstration=False)
        .select_related(
            "identified_by", "motif__merged_into", "second_motif__merged_into"
        )
        .order_by("pk")
    ):
        if one.is_blind or (one.photo_id, one.identified_by_id) in spoken:
            spoken[one.photo_id, one.identified_by_id].append(one)
            people[one.identified_by_id] = one.identified_by
    shown = {
        (photo_id, pk)
        for pk, person in people.items()
        for photo_id in revealed_to(person).values_list("pk", flat=True)
    }
    guesses = _guesses({photo_id for photo_id, _pk in spoken})
    counted: dict[str, int] = defaultdict(int)
    for key, statements in spoken.items():
        blind, later = statements[0], statements[1:2]
        seen = [
            guess
            for guess in guesses.get(key[0], ())
            if not later or guess.made_at <= later[0].identified_at
        ]
        if key not in shown or not seen or not seen[-1].motifs:
            continue
        guessed = set(seen[-1].motifs)
        was = bool(_named(blind) & guessed)
        counted["agreed" if was else "differed"] += 1
        if later:
            now = bool(_named(later[0]) & guessed)
            if was:
                counted["away"] += not now
            elif now:
                counted["towards"] += 1
            elif _said(later[0]) != _said(blind):
                counted["elsewhere"] += 1
    return Anchoring(**counted)


def _guesses(photo_ids: set[int]) -> dict[int, list[Prediction]]:
    found: dict[int, list[Prediction]] = defaultdict(list)
    for guess in Prediction.objects.filter(photo__in=photo_ids).order_by("made_at"):
        found[guess.photo_id].append(guess)
    return found


def _named(statement: Identification) -> set[str]:
    """Slugs of the motifs that a statement names, now and before any merge."""
    motifs = [motif for motif in (statement.motif, statement.second_motif) if motif]
    return {motif.slug for motif in motifs} | {
        motif.merged_into.slug for motif in motifs if motif.merged_into
    }


def _said(statement: Identification) -> tuple[str, int | None, int | None]:
    return statement.outcome, statement.motif_id, statement.second_motif_id

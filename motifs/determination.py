"""What stands of all that people said of a photo, by a rule that anybody can check.

A photo is determined when two experts agree, or an expert and a curator. Who gave the
photo does not count, nor who cannot tell. Where different things are said, the photo
is disputed; what more people say than say anything else still stands. A motif that
was merged counts as the one it was merged into.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from motifs.models import Identification, Motif, Outcome, Photo

Role = Identification.Role


@dataclass(frozen=True)
class Determination:
    """What stands; an empty outcome is nothing yet."""

    outcome: str = ""
    motif_id: int | None = None
    second_motif_id: int | None = None
    rule: str = ""
    is_disputed: bool = False


def determine(standing: Iterable[Identification]) -> Determination:
    """Return what stands of the standing identifications of one photo."""
    votes: dict[tuple[str, int | None, int | None], list[str]] = defaultdict(list)
    for one in standing:
        if one.role != Role.GIVER and one.outcome != Outcome.CANNOT_TELL:
            votes[_now(one)].append(one.role)
    is_disputed = len(votes) > 1
    most = max((len(roles) for roles in votes.values()), default=0)
    leading = [said for said, roles in votes.items() if len(roles) == most]
    if len(leading) == 1 and (rule := _rule(votes[leading[0]])):
        outcome, motif_id, second_motif_id = leading[0]
        return Determination(outcome, motif_id, second_motif_id, rule, is_disputed)
    return Determination(is_disputed=is_disputed)


def _now(one: Identification) -> tuple[str, int | None, int | None]:
    """What a statement says of the motifs as they are now."""
    motif_id, second_id = _followed(one.motif), _followed(one.second_motif)
    if one.outcome == Outcome.TWO_MOTIFS and motif_id and second_id:
        if motif_id == second_id:
            return Outcome.MOTIF, motif_id, None
        motif_id, second_id = sorted((motif_id, second_id))
    return one.outcome, motif_id, second_id


def _followed(motif: Motif | None) -> int | None:
    return None if motif is None else motif.merged_into_id or motif.pk


def _rule(roles: list[str]) -> str:
    experts = roles.count(Role.EXPERT)
    if experts >= 2:
        return Photo.Rule.TWO_EXPERTS
    if experts and roles.count(Role.CURATOR):
        return Photo.Rule.EXPERT_AND_CURATOR
    return ""

"""What stands of all that people said of a photo, by a rule that anybody can check.

A photo is determined when two experts agree, or an expert and a curator. Who gave the
photo does not count, nor who cannot tell. Where different things are said, the photo
is disputed; what more people say than say anything else still stands.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from motifs.models import Identification, Outcome, Photo

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
            said = (one.outcome, one.motif_id, one.second_motif_id)
            votes[said].append(one.role)
    is_disputed = len(votes) > 1
    most = max((len(roles) for roles in votes.values()), default=0)
    leading = [said for said, roles in votes.items() if len(roles) == most]
    if len(leading) == 1 and (rule := _rule(votes[leading[0]])):
        outcome, motif_id, second_motif_id = leading[0]
        return Determination(outcome, motif_id, second_motif_id, rule, is_disputed)
    return Determination(is_disputed=is_disputed)


def _rule(roles: list[str]) -> str:
    experts = roles.count(Role.EXPERT)
    if experts >= 2:
        return Photo.Rule.TWO_EXPERTS
    if experts and roles.count(Role.CURATOR):
        return Photo.Rule.EXPERT_AND_CURATOR
    return ""

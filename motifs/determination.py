"""What stands of all that people said of a photo, by a rule that anybody can check.

A photo is determined when two experts agree, or an expert and a curator. Who gave the
photo does not count, nor who cannot tell. Where different things are said, the photo
is disputed; what more people say than say anything else still stands. A motif that
was merged counts as the one it was merged into.

That it is a print is agreed on whatever motif is named with it, or none: many can tell
a print who cannot name its motif. Which motif was printed stands if those who name it
meet the rule among themselves; two different ones are a dispute.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from motifs.models import Identification, Motif, Outcome, Photo

Role = Identification.Role


class Said(NamedTuple):
    """One answer: people who give equal ones agree."""

    outcome: str = ""
    motif_id: int | None = None
    second_motif_id: int | None = None


Votes = dict[Said, list[str]]


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
    votes: Votes = defaultdict(list)
    prints: Votes = defaultdict(list)
    for one in standing:
        if one.role == Role.GIVER or one.outcome == Outcome.CANNOT_TELL:
            continue
        said = _now(one)
        if one.outcome == Outcome.PRINTED:
            if said.motif_id:
                prints[said].append(one.role)
            said = Said(Outcome.PRINTED)
        votes[said].append(one.role)
    is_disputed = len(votes) > 1 or len(prints) > 1
    stands, rule = _leading(votes)
    if stands == Said(Outcome.PRINTED):
        stands = _leading(prints)[0] or stands
    return Determination(*stands or Said(), rule, is_disputed)


def _leading(votes: Votes) -> tuple[Said | None, str]:
    """What more people say than anything else, and its rule, if it meets one."""
    most = max((len(roles) for roles in votes.values()), default=0)
    leading = [said for said, roles in votes.items() if len(roles) == most]
    if len(leading) == 1 and (rule := _rule(votes[leading[0]])):
        return leading[0], rule
    return None, ""


def _now(one: Identification) -> Said:
    """What a statement says of the motifs as they are now."""
    motif_id, second_id = _followed(one.motif), _followed(one.second_motif)
    if one.outcome == Outcome.TWO_MOTIFS and motif_id and second_id:
        if motif_id == second_id:
            return Said(Outcome.MOTIF, motif_id)
        motif_id, second_id = sorted((motif_id, second_id))
    return Said(one.outcome, motif_id, second_id)


def _followed(motif: Motif | None) -> int | None:
    return None if motif is None else motif.merged_into_id or motif.pk


def _rule(roles: list[str]) -> str:
    experts = roles.count(Role.EXPERT)
    if experts >= 2:
        return Photo.Rule.TWO_EXPERTS
    if experts and roles.count(Role.CURATOR):
        return Photo.Rule.EXPERT_AND_CURATOR
    return ""

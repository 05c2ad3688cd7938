"""A suggested text beside the one that the catalogue has, word by word."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from rapidfuzz import fuzz

from motifs.models import Claim, Contribution

# Least likeness, 0 to 100, at which a suggestion counts as a new version of a claim
# that it does not name; below that it is a new statement.
LIKE = 55.0
SAME, GONE, NEW = "same", "gone", "new"
_WORD = re.compile(r"\s+|\w+|[^\w\s]")


@dataclass(frozen=True)
class Part:
    """A run of words; ``kind`` is one of ``SAME``, ``GONE`` and ``NEW``."""

    kind: str
    text: str


@dataclass(frozen=True)
class Edit:
    """What a suggestion would change of the claim it is about, if of one.

    ``beside`` is a claim that it says in another language.
    """

    claim: Claim | None
    parts: tuple[Part, ...]
    beside: Claim | None = None


def edits(contributions: Iterable[Contribution]) -> dict[int, Edit]:
    """Return what each suggested edit would change, by the contribution's id.

    One query however many; contributions of photos are left out.
    """
    suggested = [c for c in contributions if c.kind == Contribution.Kind.EDIT]
    if not suggested:
        return {}
    claims: dict[int, list[Claim]] = {}
    motif_ids = {c.motif_id for c in suggested}
    for claim in Claim.objects.filter(motif__in=motif_ids).order_by("position", "pk"):
        claims.setdefault(claim.motif_id, []).append(claim)
    return {c.pk: _edit(c, claims.get(c.motif_id or 0, [])) for c in suggested}


def about(
    contribution: Contribution, claim: Claim | None, beside: Claim | None = None
) -> Edit:
    """What the suggestion would change of this claim; without one, all of it is new."""
    was = claim.text if claim else ""
    parts = difference(was, contribution.suggested_text)
    return Edit(claim, tuple(parts), beside)


def _edit(contribution: Contribution, claims: Sequence[Claim]) -> Edit:
    claim = _meant(contribution, claims)
    if (
        claim is None
        or claim.language == contribution.language
        or _likeness(claim, contribution) >= LIKE
    ):
        return about(contribution, claim)
    # Who reads a text that their language lacks suggests it in theirs.
    spoken = {one.language for one in claims if one.key == claim.key}
    if contribution.language and contribution.language not in spoken:
        return about(contribution, None, claim)
    return about(contribution, claim)


def _meant(contribution: Contribution, claims: Sequence[Claim]) -> Claim | None:
    """The claim that is named, in its giver's language; else the likest one."""
    key = getattr(contribution, "claim_key", "")
    named = [claim for claim in claims if key and claim.key == key]
    named.sort(key=lambda claim: claim.language != contribution.language)
    if named:
        return named[0]
    ranked = sorted(
        ((_likeness(claim, contribution), claim) for claim in claims),
        key=lambda found: -found[0],
    )
    return ranked[0][1] if ranked and ranked[0][0] >= LIKE else None


def _likeness(claim: Claim, contribution: Contribution) -> float:
    return fuzz.ratio(claim.text, contribution.suggested_text)


def difference(was: str, becomes: str) -> list[Part]:
    """Return the words of both texts in order, each once where they agree.

    >>> [(part.kind, part.text) for part in difference("a red cloth", "a blue cloth")]
    [('same', 'a '), ('gone', 'red'), ('new', 'blue'), ('same', ' cloth')]
    """
    before, after = _WORD.findall(was), _WORD.findall(becomes)
    parts: list[Part] = []
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for tag, start, end, new_start, new_end in matcher.get_opcodes():
        if tag == "equal":
            parts.append(Part(SAME, "".join(before[start:end])))
            continue
        if start < end:
            parts.append(Part(GONE, "".join(before[start:end])))
        if new_start < new_end:
            parts.append(Part(NEW, "".join(after[new_start:new_end])))
    return parts

"""Take a suggested edit over into the catalogue, and take it out again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Max
from django.utils.text import slugify

from motifs.actions.recording import ADDED, CITED, recording, values_of
from motifs.models import (
    Citation,
    Claim,
    Contribution,
    HistoryEntry,
    Motif,
    Source,
)
from motifs.models.claim import new_claim_key
from motifs.refusals import ChangedMeanwhile, EditedSince, NoSourceNamed, NoText

if TYPE_CHECKING:
    from heritage.models import User

# Where a claim stands is not what it says: a merge moves it.
PLACE = ("motif", "position", "is_main")
KEY_LENGTH = Source._meta.get_field("key").max_length or 0


@dataclass(frozen=True)
class Wording:
    """What the page is to say, as the curator has it.

    Attributes:
        claim: the one that is changed; without it a new one is made.
        seen: its ``fingerprint`` as the curator saw it.
        key: of the statement that a new claim says in another language.
        keep: ids of the citations that stay; the others go.
        source: one more that it rests on; it is saved with it if it is new.
    """

    text: str
    confidence: str
    claim: Claim | None = None
    seen: str = ""
    key: str = ""
    kind: str = ""
    language: str = ""
    keep: Iterable[int] = ()
    source: Source | None = None
    locator: str = ""


def fingerprint(claim: Claim) -> str:
    """Changes whenever the claim does."""
    values = values_of(Claim, [claim.pk]).get(claim.pk)
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()[:20]


def lock_motif_of(contribution: Contribution) -> None:
    """Hold the motif before the contribution: a merge takes them in this order."""
    if contribution.kind == Contribution.Kind.EDIT:
        list(Motif.objects.select_for_update().filter(pk=contribution.motif_id or 0))


def write(contribution: Contribution, wording: Wording, by: User, why: str) -> Claim:
    """Let the page say what was suggested, as the curator has worded it.

    The contribution and its motif are locked by the caller.

    Raises NoText, NoSourceNamed, ChangedMeanwhile.
    """
    if not wording.text.strip():
        raise NoText
    applied = HistoryEntry.Verb.APPLIED
    with recording(by=by, why=why, verb=applied, contribution=contribution):
        claim = _changed(contribution, wording) or _new(contribution, wording)
        _cite(claim, wording)
    return claim


def take_out(contribution: Contribution, by: User | None) -> None:
    """Let the page say again what it said before the suggestion was taken over.

    The contribution and its motif are locked by the caller, who also unlinks them.
    What is gone already, or says already what it said, is done.

    Raises EditedSince if somebody has changed the claim in the meantime.
    """
    found = _made_by(contribution)
    if found is None:
        return
    claim, row = found
    if not _says_as_before(claim, row):
        if _is_changed(claim, row):
            raise EditedSince
        others = claim.edits.accepted().exclude(pk=contribution.pk)
        if row["did"] == ADDED and others.exists():
            raise EditedSince
        _give_back(claim, row, contribution, by, wholly=True)
    _take_out_withdrawn(claim, contribution, by)


def take_text_out(contribution: Contribution, by: User | None) -> Claim | None:
    """Let the page no longer say the suggestion's text, whatever else was changed.

    Returns the claim if somebody has rewritten it since: that text is theirs too, and
    only people can tell what of it is the suggestion's. Locks as for ``take_out``.
    """
    found = _made_by(contribution)
    if found is None:
        return None
    claim, row = found
    was, became = row["fields"].get("text", (claim.text, claim.text))
    if claim.text not in (was, became):
        return claim
    if not _says_as_before(claim, row):
        _give_back(claim, row, contribution, by, wholly=False)
    _take_out_withdrawn(claim, contribution, by)
    return None


def _made_by(contribution: Contribution) -> tuple[Claim, dict[str, Any]] | None:
    """The claim that an edit made or changed, and how; None if there is nothing."""
    Verb = HistoryEntry.Verb
    verbs = (Verb.APPLIED, Verb.TAKEN_OUT, Verb.REOPENED)
    last = contribution.history.filter(verb__in=verbs).order_by("-pk").first()
    if last is None or last.verb != Verb.APPLIED:
        return None
    row = next(row for row in last.data["rows"] if row["of"] == "claim")
    claim = Claim.objects.select_for_update().filter(pk=row["id"]).first()
    return (claim, row) if claim else None


def _says_as_before(claim: Claim, row: dict[str, Any]) -> bool:
    """Whether a claim that was changed has its old text, or all if that stayed."""
    if row["did"] == ADDED:
        return False
    now = values_of(Claim, [claim.pk])[claim.pk]
    fields = row["fields"]
    names = ["text"] if "text" in fields else [*fields]
    return all(now.get(name) == fields[name][0] for name in names)


def _give_back(
    claim: Claim,
    row: dict[str, Any],
    contribution: Contribution,
    by: User | None,
    *,
    wholly: bool,
) -> None:
    """Take an added claim away; give a changed one back what nobody has changed.

    Raises EditedSince if ``wholly`` and a source that it cited is gone.
    """
    verb = HistoryEntry.Verb.TAKEN_OUT
    with recording(by=by, verb=verb, contribution=contribution):
        if row["did"] == ADDED:
            claim.delete()
            return
        now = values_of(Claim, [claim.pk])[claim.pk]
        was = {
            name: before
            for name, (before, became) in row["fields"].items()
            if now.get(name) == became
        }
        cited = was.pop(CITED, None)
        for name, value in was.items():
            setattr(claim, name, value)
        claim.save(update_fields=list(was))
        if cited is not None:
            _cite_again(claim, cited, wholly=wholly)


def _take_out_withdrawn(
    claim: Claim, contribution: Contribution, by: User | None
) -> None:
    """Take out what was withdrawn while the suggestion's text stood in its place."""
    if claim.pk is None:
        return
    linked = claim.edits.filter(state=Contribution.State.WITHDRAWN)
    others = linked.exclude(pk=contribution.pk)
    for one in others.select_for_update().order_by("-accepted_at", "-pk"):
        found = _made_by(one)
        if found is not None:
            claim, row = found
            was, became = row["fields"].get("text", (None, None))
            if claim.text == became:
                _give_back(claim, row, one, by, wholly=False)
            elif claim.text != was:
                continue
        one.applied_claim = None
        one.save(update_fields=["applied_claim"])


def new_source_key(title: str) -> str:
    """A key of the title's first words that no source has yet."""
    words = slugify(title).upper().split("-")[:3]
    stem = "-".join(filter(None, words))[: KEY_LENGTH - 4] or "SOURCE"
    taken = set(
        Source.objects.filter(key__startswith=stem).values_list("key", flat=True)
    )
    numbered = (f"{stem}-{number}" for number in range(2, len(taken) + 3))
    return next(key for key in (stem, *numbered) if key not in taken)


def _changed(contribution: Contribution, wording: Wording) -> Claim | None:
    if wording.claim is None:
        return None
    found = Claim.objects.select_for_update().filter(
        pk=wording.claim.pk, motif=contribution.motif_id
    )
    claim = found.first()
    if claim is None or fingerprint(claim) != wording.seen:
        raise ChangedMeanwhile
    claim.text, claim.confidence = wording.text.strip(), wording.confidence
    claim.save(update_fields=["text", "confidence"])
    return claim


def _new(contribution: Contribution, wording: Wording) -> Claim:
    claims = Claim.objects.filter(motif=contribution.motif_id)
    same = claims.filter(key=wording.key).first() if wording.key else None
    if wording.key and (
        same is None or claims.filter(key=same.key, language=wording.language).exists()
    ):
        raise ChangedMeanwhile
    last = claims.aggregate(last=Max("position"))["last"]
    return Claim.objects.create(
        motif_id=contribution.motif_id or 0,
        key=same.key if same else new_claim_key(),
        kind=same.kind if same else wording.kind,
        language=wording.language,
        text=wording.text.strip(),
        confidence=wording.confidence,
        is_main=same.is_main if same else not claims.filter(kind=wording.kind).exists(),
        position=same.position if same else (last or 0) + 1,
    )


def _cite(claim: Claim, wording: Wording) -> None:
    """Every claim has a source: one that it had, or the one that comes with it."""
    kept = set(wording.keep)
    for citation in claim.citations.all():
        if citation.pk not in kept:
            citation.delete()
    source = wording.source
    if source is not None:
        if source.pk is None:
            source.save()
        _add(claim, source, wording.locator.strip())
    if not claim.citations.exists():
        raise NoSourceNamed


def _add(claim: Claim, source: Source, locator: str) -> None:
    if claim.citations.filter(source=source, locator=locator).exists():
        return
    last = claim.citations.aggregate(last=Max("position"))["last"]
    position = 0 if last is None else last + 1
    Citation.objects.create(
        claim=claim, source=source, locator=locator, position=position
    )


def _is_changed(claim: Claim, row: dict[str, Any]) -> bool:
    """Whether the claim no longer says what the suggestion made it say."""
    now = values_of(Claim, [claim.pk])[claim.pk]
    return any(
        now.get(name) != became
        for name, (_was, became) in row["fields"].items()
        if name not in PLACE
    )


def _cite_again(claim: Claim, cited: list[str], *, wholly: bool) -> None:
    """Let a claim cite what it cited before; what it cites now stays if that is gone.

    Raises EditedSince instead of the latter if ``wholly``.
    """
    lines = [line.partition(" | ") for line in cited]
    sources = Source.objects.in_bulk([key for key, *_ in lines], field_name="key")
    if len(sources) < len({key for key, *_ in lines}):
        if wholly:
            raise EditedSince
        return
    for citation in claim.citations.all():
        citation.delete()
    for key, _bar, locator in lines:
        _add(claim, sources[key], locator)

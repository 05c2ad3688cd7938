"""Two motifs that turn out to be one."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Max, Q, QuerySet

from motifs.actions.history import record
from motifs.actions.identifications import determine_again
from motifs.locks import lock_motifs_for_merging
from motifs.models import (
    Access,
    Claim,
    Contribution,
    HistoryEntry,
    LookAlike,
    Motif,
    MotifName,
    Photo,
)
from motifs.permissions import is_curator
from motifs.refusals import (
    MergedAlready,
    MergedIntoItself,
    MergeOfADraft,
    MergeWouldPublish,
    NoRationale,
    NotACurator,
)

if TYPE_CHECKING:
    from heritage.models import User


@dataclass(frozen=True)
class MergeEffect:
    """How many rows a merge concerns, for its preview and its record."""

    names: int
    claims: int
    look_alikes: int
    contributions: int
    photos: int
    merged_earlier: int


@transaction.atomic
def merge_motifs(*, motif: Motif, into: Motif, by: User, rationale: str) -> Motif:
    """Make ``motif`` one with ``into``, whose page its address then leads to.

    Names go along as alternatives, claims with their citations, look-alikes and what
    was given under its name. Identifications stay as they were said; what stands of
    them follows, because a merged motif counts as the one it was merged into.

    Raises NotACurator, NoRationale, MergedIntoItself, MergedAlready (which also
    refuses a circle), MergeOfADraft, MergeWouldPublish.
    """
    check_merge(motif=motif, into=into, by=by)
    if not rationale.strip():
        raise NoRationale
    lock_motifs_for_merging()
    pair = Motif.objects.select_for_update().order_by("pk")
    locked = pair.in_bulk([motif.pk, into.pk])
    old, new = locked[motif.pk], locked[into.pk]
    check_merge(motif=old, into=new, by=by)
    effect = merge_effect(old)
    name = old.preferred_name
    photos = list(_photos(old).order_by("pk").values_list("pk", flat=True))

    _move_names(old, new)
    _move_claims(old, new)
    _move_look_alikes(old, new)
    Contribution.objects.filter(motif=old).update(motif=new)
    # One step from every old address to the page, however often motifs are merged.
    Motif.objects.filter(merged_into=old).update(merged_into=new)
    old.state = Motif.State.MERGED
    old.merged_into = new
    old.save(update_fields=["state", "merged_into"])
    for photo in Photo.objects.select_for_update().filter(pk__in=photos).order_by("pk"):
        determine_again(photo)

    data = {"effect": asdict(effect)}
    _record(old, by, rationale, {"into": new.pk, "slug": new.slug, **data})
    _record(new, by, rationale, {"from": old.pk, "slug": old.slug, "name": name} | data)
    motif.refresh_from_db()
    into.refresh_from_db()
    return into


def check_merge(*, motif: Motif, into: Motif, by: User) -> None:
    """Refuse what ``merge_motifs`` refuses, its rationale aside."""
    if not is_curator(by):
        raise NotACurator
    if motif.pk == into.pk:
        raise MergedIntoItself
    states = {motif.state, into.state}
    if Motif.State.MERGED in states:
        raise MergedAlready
    if Motif.State.DRAFT in states:
        raise MergeOfADraft
    if motif.access == Access.RESTRICTED and into.access == Access.PUBLIC:
        raise MergeWouldPublish


def merge_effect(motif: Motif) -> MergeEffect:
    """Count what a merge of this motif into another would concern."""
    return MergeEffect(
        names=motif.names.count(),
        claims=motif.claims.count(),
        look_alikes=LookAlike.objects.of(motif).count(),
        contributions=motif.contributions.count(),
        photos=_photos(motif).count(),
        merged_earlier=motif.merged_from.count(),
    )


def _photos(motif: Motif) -> QuerySet[Photo]:
    """Photos of which somebody says now that they show it."""
    standing = Q(identifications__withdrawn_at=None)
    said = standing & Q(identifications__motif=motif)
    said |= standing & Q(identifications__second_motif=motif)
    found = Photo.objects.filter(said).values("pk")
    return Photo.objects.filter(
        Q(pk__in=found) | Q(determined_motif=motif) | Q(determined_second_motif=motif)
    )


def _move_names(old: Motif, new: Motif) -> None:
    taken = set(new.names.values_list("language", "name"))
    last = new.names.aggregate(last=Max("position"))["last"] or 0
    for name in old.names.in_reading_order("id"):
        if (name.language, name.name) in taken:
            name.delete()
            continue
        last += 1
        name.motif, name.position = new, last
        if name.kind == MotifName.Kind.PREFERRED:
            name.kind = MotifName.Kind.ALTERNATIVE
        name.save(update_fields=["motif", "position", "kind"])


def _move_claims(old: Motif, new: Motif) -> None:
    # What was said of the motif that stays leads; the rest follows it.
    last = new.claims.aggregate(last=Max("position"))["last"] or 0
    claims = list(old.claims.order_by("position", "pk"))
    for claim in claims:
        claim.motif, claim.is_main = new, False
        claim.position += last + 1
    Claim.objects.bulk_update(claims, ["motif", "is_main", "position"])


def _move_look_alikes(old: Motif, new: Motif) -> None:
    for pair in LookAlike.objects.of(old):
        other = pair.other(old)
        first, second = sorted((other, new.pk))
        known = LookAlike.objects.filter(first=first, second=second).first()
        if other == new.pk:
            # What was taken for the other was the other.
            pair.delete()
        elif known is None:
            pair.first_id, pair.second_id = first, second
            pair.save(update_fields=["first", "second"])
        else:
            known.tell_id = known.tell_id or pair.tell_id
            known.tell_en = known.tell_en or pair.tell_en
            known.save(update_fields=["tell_id", "tell_en"])
            pair.delete()


def _record(motif: Motif, by: User, rationale: str, data: dict[str, object]) -> None:
    verb = HistoryEntry.Verb.MERGED
    record(verb, by=by, motif=motif, reason=rationale.strip(), data=data)

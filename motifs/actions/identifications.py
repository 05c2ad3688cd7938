"""Say what a photo shows, take it back, and what stands of all that was said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from motifs import seeing
from motifs.actions.history import record
from motifs.determination import determine
from motifs.locks import lock_motifs_against_merging
from motifs.models import (
    HistoryEntry,
    Identification,
    Motif,
    Photo,
)
from motifs.permissions import is_curator, is_expert
from motifs.refusals import (
    NotAnExpert,
    NotPublished,
    NotThere,
    NotYourStatement,
    StatementWithdrawn,
)

if TYPE_CHECKING:
    from heritage.models import User


@transaction.atomic
def identify_photo(
    *,
    photo: Photo,
    outcome: str,
    by: User,
    motif: Motif | None = None,
    second_motif: Motif | None = None,
    certainty: str = Identification.Certainty.PROBABLE,
    remarks: str = "",
    is_blind: bool = False,
) -> Identification:
    """Record what ``by`` sees in ``photo``; their earlier view is withdrawn.

    The photo is determined anew by rule (``motifs.determination``).

    Args:
        outcome: one of ``Outcome``; ``motif`` and ``second_motif`` go with it.
        is_blind: the page showed neither the recogniser's guess nor others' views. It
            is recorded only if no other page did before: a first statement of somebody
            who neither gave the photo, nor did anything to its contribution, nor was
            shown what is said of the cloth (``motifs.seeing``).

    Raises NotAnExpert, NotPublished, NotThere: this person may not judge the photo.
    """
    if not is_expert(by) and not is_curator(by):
        raise NotAnExpert
    lock_motifs_against_merging()
    # One at a time per photo: the withdrawal, the insert and the determination must
    # not interleave with another request's.
    locked = Photo.objects.select_for_update().get(pk=photo.pk)
    if not Photo.objects.identifiable_by(by).filter(pk=photo.pk).exists():
        raise NotThere
    _check_published(by, motif, second_motif)
    if (
        outcome == "two_motifs"
        and motif
        and second_motif
        and motif.pk > second_motif.pk
    ):
        # A pair has no order; kept in one order, equal pairs are equal rows.
        motif, second_motif = second_motif, motif
    locked.identifications.standing().filter(identified_by=by).update(
        withdrawn_at=timezone.now()
    )
    made = Identification.objects.create(
        photo=locked,
        outcome=outcome,
        motif=motif,
        second_motif=second_motif,
        certainty=certainty,
        remarks=remarks,
        role=_role(locked, by),
        is_blind=is_blind and _has_seen_nothing(locked, by),
        identified_by=by,
    )
    record(
        HistoryEntry.Verb.IDENTIFIED, by=by, photo=locked, motif=motif, data=_said(made)
    )
    determine_again(locked)
    photo.refresh_from_db()
    return made


@transaction.atomic
def withdraw_identification(*, identification: Identification, by: User) -> None:
    """Take one's own statement back. It stays on record, and counts no longer.

    Raises NotYourStatement (a NotYours), StatementWithdrawn (an AlreadyWithdrawn).
    """
    if identification.identified_by_id != by.pk:
        raise NotYourStatement
    lock_motifs_against_merging()
    locked = Photo.objects.select_for_update().get(pk=identification.photo_id)
    standing = locked.identifications.standing().filter(pk=identification.pk)
    if not standing.update(withdrawn_at=timezone.now()):
        raise StatementWithdrawn
    record(
        HistoryEntry.Verb.IDENTIFICATION_WITHDRAWN,
        by=by,
        photo=locked,
        data=_said(identification),
    )
    determine_again(locked)
    identification.refresh_from_db()


def _check_published(by: User, *motifs: Motif | None) -> None:
    """Refuse what is not published now, whatever the caller's own objects say."""
    wanted = {motif.pk for motif in motifs if motif is not None}
    allowed = Motif.objects.visible_to(by).filter(
        pk__in=wanted, state=Motif.State.PUBLISHED
    )
    if wanted and allowed.count() != len(wanted):
        raise NotPublished


def _has_seen_nothing(photo: Photo, by: User) -> bool:
    """Whether nothing that they did or opened showed them what is said of the photo."""
    given = photo.contribution
    if seeing.has_seen(by, given):
        return False
    if by.pk in (given.given_by_id, given.accepted_by_id, given.declined_by_id):
        return False
    if photo.identifications.filter(identified_by=by).exists():
        return False
    # Their statements on other photos of the cloth are blind to this one's: what
    # others say is shown once all of them are judged (motifs.expert_queue).
    deeds = HistoryEntry.objects.filter(
        Q(contribution=given) | Q(photo__contribution=given), by=by
    ).exclude(
        verb__in=(
            HistoryEntry.Verb.IDENTIFIED,
            HistoryEntry.Verb.IDENTIFICATION_WITHDRAWN,
        )
    )
    return not deeds.exists()


def _role(photo: Photo, by: User) -> str:
    if photo.contribution.given_by_id == by.pk:
        return Identification.Role.GIVER
    if is_expert(by) and not by.is_superuser:
        return Identification.Role.EXPERT
    return Identification.Role.CURATOR


def determine_again(photo: Photo) -> None:
    """Let the rule decide on a locked photo, and write down what changed."""
    said = photo.identifications.standing().select_related("motif", "second_motif")
    found = determine(list(said))
    before = (
        photo.determined_outcome,
        photo.determined_motif_id,
        photo.determined_second_motif_id,
        photo.determined_rule,
    )
    after = (found.outcome, found.motif_id, found.second_motif_id, found.rule)
    photo.is_disputed = found.is_disputed
    if before != after:
        (
            photo.determined_outcome,
            photo.determined_motif_id,
            photo.determined_second_motif_id,
            photo.determined_rule,
        ) = after
        photo.determined_at = timezone.now() if found.outcome else None
        record(
            HistoryEntry.Verb.DETERMINED
            if found.outcome
            else HistoryEntry.Verb.UNDETERMINED,
            by=None,
            photo=photo,
            motif=photo.determined_motif,
            data={"was": list(before), "is": list(after)},
        )
    photo.save(
        update_fields=[
            "determined_outcome",
            "determined_motif",
            "determined_second_motif",
            "determined_rule",
            "determined_at",
            "is_disputed",
        ]
    )


def _said(identification: Identification) -> dict[str, object]:
    return {
        "identification": identification.pk,
        "outcome": identification.outcome,
        "motif": identification.motif_id,
        "second_motif": identification.second_motif_id,
        "certainty": identification.certainty,
    }

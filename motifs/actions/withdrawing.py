"""Take a contribution out of the catalogue, for good: its giver's wish, or a duty."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from motifs import reasons
from motifs.actions import applying
from motifs.actions.contributions import own_given
from motifs.actions.flags import forget_copies_of, lock_with_those_naming
from motifs.actions.history import record
from motifs.models import Contribution, HistoryEntry, Photo
from motifs.permissions import is_curator
from motifs.refusals import (
    AlreadyWithdrawn,
    NoReason,
    NotACurator,
    NotYours,
)

if TYPE_CHECKING:
    from heritage.models import User


@transaction.atomic
def withdraw_contribution(
    *, contribution: Contribution, by: User | None
) -> Contribution:
    """Take a contribution back: its giver may at any time, a curator on their behalf.

    Nothing is erased but the notes that name its photos as others' copies; from now on
    its photos are shown to no one else. An edit's text goes from the page with it,
    unless others have rewritten it since: then it stays linked (``applied_claim``).

    Raises NotYours, AlreadyWithdrawn.
    """
    _lock_what_goes_with(contribution)
    locked = own_given(contribution, by, or_curator=True)
    _take_out(locked, by)
    record(HistoryEntry.Verb.WITHDRAWN, by=by, contribution=locked)
    contribution.refresh_from_db()
    return contribution


@transaction.atomic
def take_down_contribution(
    *, contribution: Contribution, by: User, reason: str = "", code: str = ""
) -> Contribution:
    """Take down what may not be in the catalogue, whatever was decided on it.

    It does all that a withdrawal by its giver does, and its giver is told why.

    Args:
        reason: in the curator's own words.
        code: of one of ``reasons.TO_TAKE_DOWN``, as in ``decline_contribution``.

    Raises NotACurator, NoReason, NotYours, AlreadyWithdrawn.
    """
    if not is_curator(by):
        raise NotACurator
    if code not in reasons.CODES_TO_TAKE_DOWN:
        code = ""
    if not code and not reason.strip():
        raise NoReason
    _lock_what_goes_with(contribution)
    locked = Contribution.objects.select_for_update().get(pk=contribution.pk)
    # A draft is its giver's own affair: no curator has seen it.
    if locked.state == Contribution.State.DRAFT:
        raise NotYours
    _take_out(locked, by)
    record(
        HistoryEntry.Verb.TAKEN_DOWN,
        by=by,
        contribution=locked,
        reason=reasons.text(code, reason, locked.mail_language),
        data={"code": code} if code else None,
    )
    contribution.refresh_from_db()
    return contribution


def _lock_what_goes_with(contribution: Contribution) -> None:
    """Hold it before the contribution, as whoever else changes it does."""
    photos = Photo.objects.filter(contribution=contribution)
    applying.lock_motif_of(contribution)
    lock_with_those_naming(photos, contribution.pk)


def _take_out(locked: Contribution, by: User | None) -> None:
    if locked.state == Contribution.State.WITHDRAWN:
        raise AlreadyWithdrawn
    if locked.state == Contribution.State.ACCEPTED:
        locked.applied_claim = applying.take_text_out(locked, by)
    locked.state = Contribution.State.WITHDRAWN
    locked.withdrawn_at = timezone.now()
    locked.withdrawn_by = by
    forget_copies_of(Photo.objects.filter(contribution=locked))
    locked.save(
        update_fields=["state", "withdrawn_at", "withdrawn_by", "applied_claim"]
    )

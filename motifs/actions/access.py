"""Restrict what a community does not want shown, and make it public again."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from django.db import transaction

from motifs.actions.history import record
from motifs.models import Access, HistoryEntry, Motif, Photo
from motifs.permissions import is_curator
from motifs.refusals import NoChange, NoRationale, NotACurator

if TYPE_CHECKING:
    from heritage.models import User

Subject = TypeVar("Subject", Motif, Photo)


def restrict_access(
    *, subject: Subject, by: User, reason: str, protocol_note: str = ""
) -> Subject:
    """Let a motif or a photo exist for curators and its giver only.

    Restricting again with other words of the community changes the words.

    Raises NotACurator, NoRationale, NoChange.
    """
    return _set(subject, Access.RESTRICTED, by, reason, protocol_note)


def open_access(
    *, subject: Subject, by: User, reason: str, protocol_note: str = ""
) -> Subject:
    """Let everybody see it again, as far as consent and state allow.

    Raises NotACurator, NoRationale, NoChange.
    """
    return _set(subject, Access.PUBLIC, by, reason, protocol_note)


@transaction.atomic
def _set(subject: Subject, access: str, by: User, reason: str, note: str) -> Subject:
    if not is_curator(by):
        raise NotACurator
    if not reason.strip():
        raise NoRationale
    locked = type(subject)._default_manager.select_for_update().get(pk=subject.pk)
    was = {"access": locked.access, "protocol_note": locked.protocol_note}
    becomes = {"access": str(access), "protocol_note": note.strip()}
    if was == becomes:
        raise NoChange
    locked.access, locked.protocol_note = becomes["access"], becomes["protocol_note"]
    locked.save(update_fields=["access", "protocol_note"])
    Verb = HistoryEntry.Verb
    record(
        Verb.RESTRICTED if access == Access.RESTRICTED else Verb.OPENED,
        by=by,
        motif=locked if isinstance(locked, Motif) else None,
        photo=locked if isinstance(locked, Photo) else None,
        reason=reason.strip(),
        data={"was": was, "is": becomes},
    )
    subject.refresh_from_db()
    return subject

"""Take back in part: what a gift may be used for, or one photo of several."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from motifs.actions.contributions import new_revision, own_given
from motifs.actions.flags import (
    forget_copies_of,
    lock_with_those_naming,
    reckon_attention,
)
from motifs.actions.history import record
from motifs.models import Contribution, HistoryEntry, Photo
from motifs.refusals import (
    DemonstrationNeverTrains,
    LastPhoto,
    NoChange,
    NotThere,
    NotWaiting,
    PhotoWithdrawn,
)

if TYPE_CHECKING:
    from heritage.models import User

CONSENTS = {"show": "consent_to_show", "train": "consent_to_train"}
"""What a giver agrees to, each for itself, and the field that says so."""


@transaction.atomic
def change_consent(
    *, contribution: Contribution, by: User | None, purpose: str, is_given: bool
) -> Contribution:
    """End one's consent to one purpose, or give it again, whatever was decided.

    The other purpose stays as it is. Only the giver may: nobody consents for another.

    Args:
        purpose: one of ``CONSENTS``.

    Raises NotYours, AlreadyWithdrawn, NotWaiting, NoChange, DemonstrationNeverTrains.
    """
    field = CONSENTS[purpose]
    locked = _handed_in(own_given(contribution, by))
    was = getattr(locked, field)
    if was == is_given:
        raise NoChange
    if is_given and purpose == "train" and locked.is_demonstration:
        raise DemonstrationNeverTrains
    setattr(locked, field, is_given)
    locked.save(update_fields=[field])
    # A new revision also where it was decided on: the decision may be taken back while
    # a curator still looks at what was before.
    record(
        HistoryEntry.Verb.CONSENTED,
        by=by,
        contribution=locked,
        data={
            "was": {field: was},
            "became": {field: is_given},
            **new_revision(locked),
        },
    )
    contribution.refresh_from_db()
    return contribution


@transaction.atomic
def withdraw_photo(*, photo: Photo, by: User | None) -> Photo:
    """Take one photo back, at any time; the rest of its contribution stays.

    As with ``withdraw_contribution`` nothing is erased but the notes that name it as
    another's copy, and a curator may do it on the giver's behalf.

    Raises NotYours, AlreadyWithdrawn, NotWaiting, NotThere, PhotoWithdrawn, LastPhoto.
    """
    this = Photo.objects.filter(pk=photo.pk)
    lock_with_those_naming(this, photo.contribution_id)
    locked = _handed_in(own_given(photo.contribution, by, or_curator=True))
    found = Photo.objects.select_for_update().filter(pk=photo.pk).first()
    if found is None:
        raise NotThere
    if found.withdrawn_at is not None:
        raise PhotoWithdrawn
    if locked.photos.filter(withdrawn_at=None).count() == 1:
        raise LastPhoto
    found.withdrawn_at = timezone.now()
    found.save(update_fields=["withdrawn_at"])
    forget_copies_of(this)
    reckon_attention(locked)
    record(HistoryEntry.Verb.WITHDRAWN, by=by, photo=found, data=new_revision(locked))
    photo.refresh_from_db()
    return photo


def _handed_in(locked: Contribution) -> Contribution:
    """Refuse a draft: it is edited or thrown away, and no history is kept of it."""
    if locked.state == Contribution.State.DRAFT:
        raise NotWaiting
    return locked

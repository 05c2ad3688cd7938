"""What experts do besides saying what a photo shows."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from motifs.actions.identifications import withdraw_identification
from motifs.expert_queue import judgeable_by, revealed_to
from motifs.models import Comment, Identification, Photo, SkippedPhoto
from motifs.permissions import is_curator, is_expert
from motifs.refusals import (
    NoComment,
    NotAnExpert,
    NothingToUndo,
    NotShownYet,
    NotThere,
)

if TYPE_CHECKING:
    from heritage.models import User

UNDO_WITHIN = timedelta(hours=1)
"""What is older was thought over: it is changed on the photo's own page."""


def undo_identification(*, by: User) -> Identification:
    """Withdraw the last standing statement that ``by`` made in the last hour.

    Raises NothingToUndo.
    """
    last = (
        Identification.objects.standing()
        .filter(identified_by=by, identified_at__gte=timezone.now() - UNDO_WITHIN)
        .select_related("photo")
        .order_by("-identified_at", "-pk")
        .first()
    )
    if last is None:
        raise NothingToUndo
    withdraw_identification(identification=last, by=by)
    return last


@transaction.atomic
def skip_photo(*, photo: Photo, by: User) -> SkippedPhoto:
    """Put a photo off; it comes back to this person after some days.

    Raises NotAnExpert, NotThere.
    """
    if not is_expert(by) and not is_curator(by):
        raise NotAnExpert
    if not judgeable_by(by).filter(pk=photo.pk).exists():
        raise NotThere
    skip, _is_new = SkippedPhoto.objects.update_or_create(
        photo=photo, skipped_by=by, defaults={"skipped_at": timezone.now()}
    )
    return skip


@transaction.atomic
def comment_on_photo(*, photo: Photo, by: User, text: str) -> Comment:
    """Say something to those who judged the photo.

    Raises NotAnExpert, NotShownYet: whoever has not judged it sees no comments and
    writes none; curators may, NoComment.
    """
    if not is_curator(by):
        if not is_expert(by):
            raise NotAnExpert
        if not revealed_to(by).filter(pk=photo.pk).exists():
            raise NotShownYet
    if not text.strip():
        raise NoComment
    return Comment.objects.create(
        photo=photo, written_by=by, text=text.strip()[: Comment.LONGEST]
    )


def set_uncertainty(*, photo: Photo, uncertainty: float | None) -> None:
    """Note how unsure the recogniser is of a photo; doing it again replaces it.

    Args:
        uncertainty: 0 (certain) to 1 (knows nothing); None where it has not looked.

    Raises ValueError if it is out of range.
    """
    if uncertainty is not None and not 0 <= uncertainty <= 1:
        raise ValueError(f"uncertainty {uncertainty} is not between 0 and 1")
    # Of one column only: the photo's other columns belong to other actions.
    Photo.objects.filter(pk=photo.pk).update(uncertainty=uncertainty)
    photo.uncertainty = uncertainty

"""Choose the photos that show a motif well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from motifs.actions.history import record
from motifs.models import HistoryEntry, Photo
from motifs.permissions import is_curator
from motifs.refusals import NoChange, NotACurator, NotThere

if TYPE_CHECKING:
    from heritage.models import User


@transaction.atomic
def mark_good(*, photo: Photo, is_good: bool, by: User) -> Photo:
    """Mark a photo as one that shows its motif well, or take the mark off.

    Raises NotACurator, NotThere, NoChange.
    """
    if not is_curator(by):
        raise NotACurator
    locked = Photo.objects.select_for_update().get(pk=photo.pk)
    if not Photo.objects.identifiable_by(by).filter(pk=photo.pk).exists():
        raise NotThere
    if locked.is_good == is_good:
        raise NoChange
    locked.is_good = is_good
    locked.save(update_fields=["is_good"])
    Verb = HistoryEntry.Verb
    record(Verb.MARKED_GOOD if is_good else Verb.UNMARKED_GOOD, by=by, photo=locked)
    photo.refresh_from_db()
    return photo

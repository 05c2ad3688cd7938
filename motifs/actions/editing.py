"""Change what one is giving, until somebody has decided on it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from motifs import pictures
from motifs.actions.contributions import note_change, own_pending
from motifs.actions.flags import (
    forget_copies_of,
    lock_with_those_naming,
    reckon_attention,
)
from motifs.models import Contribution, Motif, Photo
from motifs.refusals import (
    LastPhoto,
    NoLicence,
    NoText,
    NotThere,
    PeopleNotSaid,
    PhotoJudged,
)

if TYPE_CHECKING:
    from heritage.models import User

EDITABLE = (
    "motif",
    "opinion",
    "place",
    "maker",
    "made",
    "technique",
    "story",
    "suggested_text",
    "suggested_source",
    "people",
    "licence",
    "credit_line",
    "consent_to_show",
    "consent_to_train",
)
"""What a giver may change; everything else of a contribution is not theirs to set."""


@transaction.atomic
def edit_contribution(
    *, contribution: Contribution, by: User | None, changes: Mapping[str, Any]
) -> Contribution:
    """Change one's own contribution until somebody has decided on it.

    Of a draft no history is kept, for nobody has seen it. Once submitted, what was and
    what became is on record, and what submitting needs must stay.

    Args:
        changes: new values by name, of ``EDITABLE``; others stay as they are.

    Raises NotYours, AlreadyDecided, NoLicence, PeopleNotSaid, NoText.
    """
    if unknown := set(changes) - set(EDITABLE):
        raise ValueError(f"not for a giver to change: {', '.join(sorted(unknown))}")
    locked = own_pending(contribution, by)
    changed = {
        name: (getattr(locked, name), value)
        for name, value in changes.items()
        if getattr(locked, name) != value
    }
    if not changed:
        contribution.refresh_from_db()
        return contribution
    for name, (_was, became) in changed.items():
        setattr(locked, name, became)
    if locked.state != Contribution.State.DRAFT:
        _check_complete(locked)
    note_change(
        locked,
        by,
        was={name: _plain(was) for name, (was, _new) in changed.items()},
        became={name: _plain(new) for name, (_was, new) in changed.items()},
    )
    locked.edited_at = timezone.now()
    locked.save(update_fields=["edited_at", *changed])
    contribution.refresh_from_db()
    return contribution


@transaction.atomic
def remove_photo(*, photo: Photo, by: User | None) -> None:
    """Take one photo out of one's own contribution until somebody has decided on it.

    It is deleted, its file and its renditions with it, unless somebody has said
    something of it: then it stays on record, and can only be withdrawn with the rest.

    Raises NotYours, AlreadyDecided, LastPhoto, PhotoJudged, NotThere.
    """
    this = Photo.objects.filter(pk=photo.pk)
    lock_with_those_naming(this, photo.contribution_id)
    locked = own_pending(photo.contribution, by)
    found = Photo.objects.select_for_update().filter(pk=photo.pk).first()
    if found is None:
        raise NotThere
    if found.history.exists() or found.identifications.exists():
        raise PhotoJudged
    is_last = locked.photos.filter(withdrawn_at=None).count() == 1
    if locked.state != Contribution.State.DRAFT and is_last:
        raise LastPhoto
    note_change(
        locked,
        by,
        removed_photo={"position": found.position, "sha256": found.sha256},
    )
    image, digest = found.image, found.sha256
    forget_copies_of(this)
    found.delete()
    reckon_attention(locked)
    transaction.on_commit(partial(_delete_files, image, digest))


def _delete_files(image: Any, digest: str) -> None:
    image.delete(save=False)
    # Another contribution may hold the same picture, and shares its renditions.
    if Photo.objects.filter(sha256=digest).exists():
        return
    pictures.forget_renditions(digest)


def _check_complete(contribution: Contribution) -> None:
    if not contribution.licence:
        raise NoLicence
    if contribution.kind == Contribution.Kind.EDIT:
        if not contribution.suggested_text.strip():
            raise NoText
    elif not contribution.people:
        raise PeopleNotSaid


def _plain(value: object) -> object:
    """As JSON holds it; a motif by its slug, which never changes."""
    return value.slug if isinstance(value, Motif) else value

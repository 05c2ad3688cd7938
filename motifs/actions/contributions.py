"""Give, accept, decline, and take a decision back."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from motifs import copies, heic, metadata, pictures, reasons
from motifs.actions import applying
from motifs.actions.applying import lock_motif_of
from motifs.actions.history import record
from motifs.models import Contribution, HistoryEntry, Motif, Photo
from motifs.permissions import is_curator
from motifs.refusals import (
    AlreadyDecided,
    AlreadyWithdrawn,
    ChangedSince,
    EditToApply,
    NoLicence,
    NoPhotos,
    NoReason,
    NotACurator,
    NotADraft,
    NotAPhoto,
    NoText,
    NothingToTakeBack,
    NotWaiting,
    NotYours,
    PeopleNotSaid,
    PhotoGivenAlready,
    TooManyPhotos,
)
from motifs.renditions import queue_renditions
from motifs.signals import photo_added

if TYPE_CHECKING:
    from heritage.models import User

MAX_PHOTOS = 10
WHY_DECLINED = ("decline_reason", "decline_reason_code", "decline_note")
DECISION = ("accepted_at", "accepted_by", "declined_at", "declined_by", *WHY_DECLINED)


class Readable(Protocol):
    """An open file: an upload, or anything that reads bytes."""

    def read(self, size: int = ..., /) -> bytes: ...


@transaction.atomic
def start_contribution(
    *,
    by: User | None,
    motif: Motif | None = None,
    kind: str = Contribution.Kind.PHOTOS,
    language: str = "",
    opinion: str = "",
    place: str = "",
    maker: str = "",
    made: str = "",
    technique: str = "",
    people: str = "",
    story: str = "",
    suggested_text: str = "",
    suggested_source: str = "",
    claim_key: str = "",
    licence: str = "",
    credit_line: str = "",
    consent_to_show: bool = False,
    consent_to_train: bool = False,
    is_demonstration: bool = False,
) -> Contribution:
    """Begin a contribution; it is a draft until ``submit_contribution``.

    Without an account ``by`` is None, here and in what follows; whoever has the
    contribution's key is then its giver.
    """
    return Contribution.objects.create(
        given_by=by,
        motif=motif,
        kind=kind,
        language=language,
        opinion=opinion,
        place=place,
        maker=maker,
        made=made,
        technique=technique,
        people=people,
        story=story,
        suggested_text=suggested_text,
        suggested_source=suggested_source,
        claim_key=claim_key,
        licence=licence,
        credit_line=credit_line,
        consent_to_show=consent_to_show,
        consent_to_train=consent_to_train,
        is_demonstration=is_demonstration,
    )


@transaction.atomic
def add_photo(*, contribution: Contribution, image: Readable, by: User | None) -> Photo:
    """Add a photo to what one is giving and announce it once it is really there.

    The picture is kept byte for byte, under a random name; what its file said of the
    place, the time and the person is not (``metadata.without_personal``). Of a HEIC a
    JPEG is kept (``motifs.heic``).

    Raises NotYours, AlreadyDecided, TooManyPhotos, PhotoGivenAlready, and what
    ``pictures.describe`` raises: NotAPhoto, PhotoTooLarge.
    """
    content, found = _prepared(image)
    locked = own_pending(contribution, by)
    digest = hashlib.sha256(content).hexdigest()
    left = set(locked.photos.given().values_list("sha256", flat=True))
    if digest in left:
        raise PhotoGivenAlready
    if len(left) >= MAX_PHOTOS:
        raise TooManyPhotos
    last = locked.photos.aggregate(last=Max("position"))["last"] or 0
    photo = Photo(
        contribution=locked,
        media_type=found.media_type,
        sha256=digest,
        perceptual_hash=copies.perceptual_hash(content),
        width=found.width,
        height=found.height,
        position=last + 1,
    )
    photo.image.save("photo", ContentFile(content), save=False)
    try:
        photo.save()
    except BaseException:
        photo.image.delete(save=False)
        raise
    note_change(locked, by, added_photo={"position": photo.position, "sha256": digest})
    transaction.on_commit(partial(queue_renditions, photo.pk))
    transaction.on_commit(partial(photo_added.send_robust, Photo, photo_id=photo.pk))
    return photo


def _prepared(image: Readable) -> tuple[bytes, pictures.Description]:
    """Read a picture, check it, and leave what is personal behind.

    Before any lock: decoding takes its time, and others wait for the contribution.
    """
    content = image.read(pictures.MAX_BYTES + 1)
    if heic.is_heic(content) and len(content) <= pictures.MAX_BYTES:
        content = heic.as_jpeg(content, most_pixels=pictures.MAX_PIXELS)
    found = pictures.describe(content)
    try:
        return metadata.without_personal(content), found
    except metadata.Damaged as error:
        raise NotAPhoto from error


@transaction.atomic
def submit_contribution(*, contribution: Contribution, by: User | None) -> Contribution:
    """Hand one's own draft to the curators; or again, once it is mended.

    A draft that was begun signed out is from now on of whoever sends it, so that they
    do not judge it.

    Raises NotYours, NotADraft, NoLicence, NoPhotos, PeopleNotSaid, NoText.
    """
    locked = _locked(contribution)
    if locked.state == Contribution.State.DRAFT and locked.given_by_id is None:
        locked.given_by = by
    if not _gave(locked, by):
        raise NotYours
    is_again = locked.is_mendable
    if locked.state != Contribution.State.DRAFT and not is_again:
        raise NotADraft
    if not locked.licence:
        raise NoLicence
    if locked.kind == Contribution.Kind.EDIT:
        if not locked.suggested_text.strip():
            raise NoText
    elif not locked.photos.exists():
        raise NoPhotos
    elif not locked.people:
        raise PeopleNotSaid
    locked.state = Contribution.State.SUBMITTED
    locked.submitted_at = timezone.now()
    again: dict[str, Any] = {}
    if is_again:
        _forget_decision(locked)
        # Whoever still has it on the screen has not seen that it was declined.
        again = {"again": True, **new_revision(locked)}
    record(HistoryEntry.Verb.SUBMITTED, by=by, contribution=locked, data=again)
    return _saved(locked, contribution, "given_by", "submitted_at", *DECISION)


@transaction.atomic
def accept_contribution(
    *, contribution: Contribution, by: User, seen: int | None = None
) -> Contribution:
    """Take submitted photos into the catalogue; an edit is taken over: ``apply_edit``.

    Args:
        seen: the revision that ``by`` was shown; by default that of ``contribution``.

    Raises NotACurator, NotWaiting, ChangedSince, EditToApply.
    """
    locked = waiting(contribution, by, seen)
    if locked.kind == Contribution.Kind.EDIT:
        raise EditToApply
    return accepted(locked, contribution, by)


def accepted(
    locked: Contribution, contribution: Contribution, by: User, *fields: str
) -> Contribution:
    """Write the acceptance, with what else was decided in ``fields``."""
    locked.state = Contribution.State.ACCEPTED
    locked.accepted_at = timezone.now()
    locked.accepted_by = by
    record(HistoryEntry.Verb.ACCEPTED, by=by, contribution=locked)
    return _saved(locked, contribution, "accepted_at", "accepted_by", *fields)


@transaction.atomic
def decline_contribution(
    *,
    contribution: Contribution,
    by: User,
    reason: str = "",
    code: str = "",
    seen: int | None = None,
) -> Contribution:
    """Decline a submitted contribution, with a reason its giver will read.

    Args:
        reason: in the curator's own words.
        code: of one of ``reasons.REASONS``; its sentence is written in the giver's
            language, and the curator's own words after it.
        seen: as in ``accept_contribution``.

    Raises NotACurator, NoReason, NotWaiting, ChangedSince.
    """
    if not is_curator(by):
        raise NotACurator
    if code not in reasons.CODES:
        code = ""
    if not code and not reason.strip():
        raise NoReason
    locked = waiting(contribution, by, seen)
    locked.state = Contribution.State.DECLINED
    locked.declined_at = timezone.now()
    locked.declined_by = by
    locked.decline_reason_code = code
    locked.decline_note = reason.strip()
    locked.decline_reason = reasons.text(code, reason, locked.mail_language)
    record(
        HistoryEntry.Verb.DECLINED,
        by=by,
        contribution=locked,
        reason=locked.decline_reason,
        data={"code": code} if code else None,
    )
    return _saved(locked, contribution, "declined_at", "declined_by", *WHY_DECLINED)


@transaction.atomic
def reopen_contribution(
    *, contribution: Contribution, by: User, reason: str = ""
) -> Contribution:
    """Take the decision on a contribution back, so that it waits again.

    What the page says after an edit goes with it. The history keeps both.

    Raises NotACurator, NothingToTakeBack, EditedSince.
    """
    if not is_curator(by):
        raise NotACurator
    lock_motif_of(contribution)
    locked = _locked(contribution)
    State = Contribution.State
    if locked.state not in (State.ACCEPTED, State.DECLINED):
        raise NothingToTakeBack
    was = locked.state
    if was == State.ACCEPTED:
        applying.take_out(locked, by)
    locked.state = State.SUBMITTED
    locked.applied_claim = None
    _forget_decision(locked)
    record(
        HistoryEntry.Verb.REOPENED,
        by=by,
        contribution=locked,
        reason=reason.strip(),
        data={"was": was},
    )
    return _saved(locked, contribution, *DECISION, "applied_claim")


def own_given(
    contribution: Contribution, by: User | None, *, or_curator: bool = False
) -> Contribution:
    """Lock one's own contribution as long as it was not taken back.

    Args:
        or_curator: a curator may act on its giver's behalf.
    """
    locked = _locked(contribution)
    is_allowed = or_curator and by is not None and is_curator(by)
    if not is_allowed and not _gave(locked, by):
        raise NotYours
    if locked.state == Contribution.State.WITHDRAWN:
        raise AlreadyWithdrawn
    return locked


def own_pending(contribution: Contribution, by: User | None) -> Contribution:
    """Lock one's own contribution while nobody has decided on it, or to mend it."""
    locked = _locked(contribution)
    if not _gave(locked, by):
        raise NotYours
    if not locked.is_pending and not locked.is_mendable:
        raise AlreadyDecided
    return locked


def note_change(contribution: Contribution, by: User | None, **what: Any) -> None:
    """Put on record what a giver changed of a locked contribution.

    Of a draft nothing is kept, for nobody has seen it.
    """
    if contribution.state == Contribution.State.DRAFT:
        return
    data = {**what, **new_revision(contribution)}
    record(HistoryEntry.Verb.EDITED, by=by, contribution=contribution, data=data)


def new_revision(contribution: Contribution) -> dict[str, int]:
    """Number what a giver has made of a locked contribution; for the history's data.

    A curator may have it on the screen: that is an old revision from now on, and is
    not decided on (``waiting``).
    """
    contribution.revision += 1
    contribution.save(update_fields=["revision"])
    return {"revision": contribution.revision}


def _forget_decision(locked: Contribution) -> None:
    locked.accepted_at = locked.accepted_by = None
    locked.declined_at = locked.declined_by = None
    for name in WHY_DECLINED:
        setattr(locked, name, "")


def waiting(
    contribution: Contribution, by: User, seen: int | None = None
) -> Contribution:
    """Lock what a curator decides on, as long as it is what was looked at.

    Raises NotACurator, NotWaiting, ChangedSince.
    """
    if not is_curator(by):
        raise NotACurator
    locked = _locked(contribution)
    if locked.state != Contribution.State.SUBMITTED:
        raise NotWaiting
    if locked.revision != (contribution.revision if seen is None else seen):
        raise ChangedSince
    return locked


def _gave(contribution: Contribution, by: User | None) -> bool:
    return contribution.given_by_id == (by.pk if by else None)


def _locked(contribution: Contribution) -> Contribution:
    """The row as it is now, held until the transaction ends.

    Two decisions on one contribution must not interleave: the second sees what the
    first decided and is refused.
    """
    return Contribution.objects.select_for_update().get(pk=contribution.pk)


def _saved(locked: Contribution, given: Contribution, *fields: str) -> Contribution:
    """Save the decision and let the caller's own object know of it."""
    locked.save(update_fields=["state", *fields])
    given.refresh_from_db()
    return given

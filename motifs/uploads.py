"""Photos that come in pieces: what is kept of them, and how they become photos.

The rules of tus 1.0 (https://tus.io), without HTTP. What the row says has come is never
more than the file holds: bytes are on the disk before the row is, and what the row does
not count is cut off before the next piece.
"""

from __future__ import annotations

import logging
import os
import uuid
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from motifs import pictures, refusals
from motifs.actions.contributions import MAX_PHOTOS, add_photo, own_pending
from motifs.models import Contribution, Upload
from motifs.refusals import NotAPhoto, PhotoTooLarge, Refusal, TooManyPhotos

if TYPE_CHECKING:
    from heritage.models import User

logger = logging.getLogger(__name__)

MAX_BYTES = pictures.MAX_BYTES
KEPT_FOR = timedelta(hours=24)
"""After the last piece; then the sweep deletes what has come."""
_OF_THE_FILE = {NotAPhoto.__name__, PhotoTooLarge.__name__}
"""Refusals that the same file meets again, whenever it is sent."""


class WrongOffset(Exception):
    """A piece does not begin where the last one ended."""


class TooLong(Exception):
    """A piece goes beyond the length that was said."""


class Refused(Exception):
    """The file is whole and is no photo that can be added; ``str()`` says why."""

    def __init__(self, upload: Upload) -> None:
        super().__init__(upload.pk)
        self.sentence = str(getattr(refusals, upload.refusal)())

    def __str__(self) -> str:
        return self.sentence


@transaction.atomic
def start_upload(
    *, contribution: Contribution, client_id: uuid.UUID, length: int, by: User | None
) -> tuple[Upload, bool]:
    """Begin a file of ``length`` bytes; beginning it again finds what has come.

    Args:
        client_id: chosen by the sender for this file in this contribution.

    Returns the upload and whether it is new.

    Raises PhotoTooLarge, TooManyPhotos, Refused, and as ``own_pending`` NotYours,
    AlreadyDecided.
    """
    if not 0 < length <= MAX_BYTES:
        raise PhotoTooLarge
    locked = own_pending(contribution, by)
    earlier = locked.uploads.filter(client_id=client_id).first()
    if earlier is not None and earlier.length == length and not earlier.refusal:
        return earlier, False
    if earlier is not None:
        if earlier.length == length and earlier.refusal in _OF_THE_FILE:
            raise Refused(earlier)
        _delete(earlier)
    unfinished = locked.uploads.unfinished().count()
    if locked.photos.given().count() + unfinished >= MAX_PHOTOS:
        raise TooManyPhotos
    upload = Upload(contribution=locked, client_id=client_id, length=length)
    upload.file.save("part", ContentFile(b""), save=False)
    try:
        upload.save()
    except BaseException:
        upload.file.delete(save=False)
        raise
    return upload, True


def append(upload: Upload, piece: bytes, *, offset: int, by: User | None) -> Upload:
    """Put a piece at ``offset``; the last one makes the photo, exactly once.

    Sending the last piece again answers as it did the first time.

    Raises WrongOffset, TooLong, Refused, AlreadyDecided, Upload.DoesNotExist.
    """
    with transaction.atomic():
        # Two pieces at once must not interleave: the second sees the first's offset.
        locked = Upload.objects.select_for_update().get(pk=upload.pk)
        if locked.refusal:
            raise Refused(locked)
        if locked.photo_id is not None:
            if offset + len(piece) == locked.length:
                return locked
            raise WrongOffset
        if offset != held(locked):
            raise WrongOffset
        if offset + len(piece) > locked.length:
            raise TooLong
        _write(locked, piece, offset)
        locked.offset = offset + len(piece)
        if locked.offset == locked.length:
            _finish(locked, by)
        else:
            locked.save(update_fields=["offset", "touched_at"])
    if locked.refusal:
        raise Refused(locked)
    return locked


def held(upload: Upload) -> int:
    """Return how many bytes of an upload are really here.

    Less than the row says only where the file was lost, for instance to a restored
    backup; it is then sent again from there.
    """
    if upload.photo_id is not None or upload.refusal:
        return upload.offset
    try:
        return min(upload.offset, default_storage.size(upload.file.name))
    except FileNotFoundError:
        return 0


@transaction.atomic
def cancel_upload(upload: Upload) -> None:
    """Delete what has come of a file that has not become a photo; else do nothing."""
    locked = Upload.objects.select_for_update().filter(pk=upload.pk).first()
    if locked is not None and locked.photo_id is None:
        _delete(locked)


def expires_at(upload: Upload) -> datetime:
    return upload.touched_at + KEPT_FOR


def sweep_uploads() -> int:
    """Delete uploads whose last piece came long ago, and files that no row claims.

    Photos that they became stay. Returns how many uploads and files were deleted.
    """
    long_ago = timezone.now() - KEPT_FOR
    deleted = 0
    for pk in Upload.objects.filter(touched_at__lt=long_ago).values_list("pk"):
        with transaction.atomic():
            old = (
                Upload.objects.select_for_update(skip_locked=True)
                .filter(pk=pk[0], touched_at__lt=long_ago)
                .first()
            )
            if old is not None:
                _delete(old)
                deleted += 1
    return deleted + _sweep_files(long_ago)


def _sweep_files(long_ago: datetime) -> int:
    """A crash may leave a part whose row was never written."""
    try:
        names = [f"uploads/{name}" for name in default_storage.listdir("uploads")[1]]
    except FileNotFoundError:
        return 0
    claimed = set(Upload.objects.filter(file__in=names).values_list("file", flat=True))
    unclaimed = [
        name
        for name in names
        if name not in claimed and default_storage.get_modified_time(name) < long_ago
    ]
    for name in unclaimed:
        default_storage.delete(name)
    return len(unclaimed)


def _write(upload: Upload, piece: bytes, offset: int) -> None:
    """Have the bytes on the disk, behind the first ``offset``, before returning."""
    if not default_storage.exists(upload.file.name):
        upload.file.save("part", ContentFile(b""), save=False)
        Upload.objects.filter(pk=upload.pk).update(file=upload.file.name)
    with default_storage.open(upload.file.name, "r+b") as file:
        file.truncate(offset)
        file.seek(offset)
        file.write(piece)
        file.flush()
        os.fsync(file.fileno())


def _finish(upload: Upload, by: User | None) -> None:
    """Make a whole file a photo, or note why it is none; its part goes either way."""
    try:
        with default_storage.open(upload.file.name) as file:
            upload.photo = add_photo(
                contribution=upload.contribution, image=file, by=by
            )
    except refusals.AlreadyDecided:
        # Nothing is wrong with the file, and nobody wants it any more.
        raise
    except Refusal as refusal:
        upload.refusal = type(refusal).__name__
    try:
        upload.save(update_fields=["offset", "touched_at", "photo", "refusal"])
    except BaseException:
        if upload.photo is not None:
            upload.photo.image.delete(save=False)
        raise
    transaction.on_commit(partial(_delete_part, upload.file.name))


def _delete(upload: Upload) -> None:
    transaction.on_commit(partial(_delete_part, upload.file.name))
    upload.delete()


def _delete_part(name: str) -> None:
    default_storage.delete(name)

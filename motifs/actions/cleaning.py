"""Clean the files of photos that came before a rule of ``metadata`` did."""

from __future__ import annotations

import hashlib
from functools import partial

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from motifs import metadata, pictures
from motifs.actions.history import record
from motifs.locks import lock_originals_for_replacing
from motifs.models import HistoryEntry, Photo
from motifs.refusals import PhotoGivenAlready
from motifs.renditions import queue_renditions


@transaction.atomic
def clean_photo(*, photo: Photo) -> bool:
    """Put a file without what is personal in the place of the photo's; say if it did.

    The picture is the same to the last pixel. The new file is written before the row
    names it, and the old one deleted after that: whoever is killed in between leaves a
    file that nobody names, and never a row without its file. While a backup is being
    written it waits: that has the rows, and still needs their files.

    Raises Photo.DoesNotExist, OSError, metadata.Damaged, PhotoGivenAlready: without
    what is personal it is another photo of its contribution, and both are given.
    """
    lock_originals_for_replacing()
    locked = Photo.objects.select_for_update().get(pk=photo.pk)
    with locked.image.open("rb") as file:
        content = file.read()
    cleaned = metadata.without_personal(content)
    if cleaned == content:
        return False
    name, was = locked.image.name, locked.sha256
    became = hashlib.sha256(cleaned).hexdigest()
    given = Photo.objects.filter(contribution=locked.contribution_id, withdrawn_at=None)
    if given.exclude(pk=locked.pk).filter(sha256=became).exists():
        if not locked.is_withdrawn:
            raise PhotoGivenAlready
        # Of what is there once, the photos that were taken back are no part; this one
        # may have been taken back only with all the others.
        locked.withdrawn_at = locked.withdrawn_at or locked.contribution.withdrawn_at
    locked.image.save("photo", ContentFile(cleaned), save=False)
    locked.sha256, locked.rendered_at = became, None
    try:
        locked.save(update_fields=["image", "sha256", "rendered_at", "withdrawn_at"])
    except BaseException:
        locked.image.delete(save=False)
        raise
    # Whatever was judged may be in a dataset, which knows it by the old digest. What
    # has no history yet must stay without: its giver may still remove it.
    if locked.history.exists():
        record(
            HistoryEntry.Verb.CLEANED,
            by=None,
            photo=locked,
            data={"was": {"sha256": was}, "became": {"sha256": became}},
        )
    transaction.on_commit(partial(_forget, name, was))
    transaction.on_commit(partial(queue_renditions, locked.pk))
    photo.refresh_from_db()
    return True


def _forget(name: str, digest: str) -> None:
    default_storage.delete(name)
    if not Photo.objects.filter(sha256=digest).exists():
        pictures.forget_renditions(digest)

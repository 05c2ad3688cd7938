"""Renditions in modern formats, made by a task and chosen by what the browser takes.

Until they are there, and for browsers that know neither format, a JPEG is made on
demand (``pictures.rendition``).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from django.core.files.storage import FileSystemStorage, default_storage
from django.utils import timezone
from PIL import features

from motifs import pictures
from motifs.models import Photo

if TYPE_CHECKING:
    from django.http.request import MediaType

logger = logging.getLogger(__name__)

PATIENCE = timedelta(minutes=2)
"""A photo that has waited longer may have been lost by the queue."""
PART_AGE_S = 600
"""Nobody writes one rendition for so long; what is older was left by a killed one."""


class Format(NamedTuple):
    extension: str
    name: str
    """Pillow's."""
    subtype: str
    """The media type's, after ``image/``."""
    options: dict[str, Any]


# Best first. One thread: the worker has others' photos to do as well.
FORMATS = [
    Format("avif", "AVIF", "avif", {"quality": 60, "speed": 7, "max_threads": 1}),
    Format("webp", "WEBP", "webp", {"quality": 78, "method": 4}),
]


def formats() -> list[Format]:
    """Return the modern formats that this Pillow can write, best first."""
    return [one for one in FORMATS if features.check(one.extension)]


def render_photo(*, photo: Photo) -> None:
    """Make the photo's renditions that are not there yet, and say so on its row.

    Doing it twice, or in two processes at once, leaves the same files as once. A photo
    that was withdrawn needs none.

    Raises FileNotFoundError: the photo's file is not there.
    """
    if photo.is_withdrawn:
        return
    content = b""
    for size, side in pictures.SIZES.items():
        missing = [
            (name, one)
            for one in formats()
            if not default_storage.exists(
                name := pictures.rendition_name(photo, size, one.extension)
            )
        ]
        if not missing:
            continue
        if not content:
            with photo.image.open("rb") as file:
                content = file.read()
        picture = pictures.drawn(content, side)
        for name, one in missing:
            out = BytesIO()
            picture.save(out, one.name, **one.options)
            pictures.keep(name, out.getvalue())
    _delete_parts(photo)
    Photo.objects.filter(pk=photo.pk).update(rendered_at=timezone.now())


def best(photo: Photo, size: str, accepted: Iterable[MediaType]) -> tuple[str, str]:
    """Return the stored name and media type of the rendition to serve.

    A modern format only where the browser names it: ``*/*`` promises nothing.
    """
    asked = {one.sub_type for one in accepted if one.main_type == "image"}
    for one in FORMATS:
        if one.subtype in asked:
            name = pictures.rendition_name(photo, size, one.extension)
            if default_storage.exists(name):
                return name, f"image/{one.subtype}"
    return pictures.rendition(photo, size), pictures.RENDITION_TYPE


def queue_renditions(photo_id: int) -> bool:
    """Hand a photo to the queue; with the queue down, ``unrendered`` still finds it.

    Returns whether the queue took it.
    """
    from motifs.tasks import render_photo_task

    try:
        render_photo_task.delay(photo_id)
    # A queue can be down in more ways than its library has errors for, and none of
    # them may cost anybody the photo that they gave.
    except Exception as error:
        logger.warning("the queue is down, photo %s waits: %r", photo_id, error)
        return False
    return True


def unrendered(limit: int) -> list[int]:
    """Return ids of photos that have waited for their renditions."""
    waiting = (
        Photo.objects.given()
        .filter(rendered_at=None, added_at__lt=timezone.now() - PATIENCE)
        # At random: one that fails every time must not stand in the others' way.
        .order_by("?")
    )
    return list(waiting.values_list("pk", flat=True)[:limit])


def _delete_parts(photo: Photo) -> None:
    """Delete what somebody who was killed had begun to write of this photo."""
    if not isinstance(default_storage, FileSystemStorage):
        return
    name = pictures.rendition_name(photo, "480", "part")
    folder = Path(default_storage.path(name)).parent
    for part in folder.glob(f".{photo.sha256}-*"):
        try:
            if time.time() - part.stat().st_mtime > PART_AGE_S:
                part.unlink()
        except FileNotFoundError:
            continue

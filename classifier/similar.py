"""Photos like this one: other cloths that the champion sees nearby."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from classifier.checking import champion_version
from classifier.models import ModelVersion, PhotoEmbedding
from classifier.vectors import Near, nearest
from motifs.models import Photo

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractUser, AnonymousUser

LIMIT = 12
MOST = 50
"""As many as anybody may ask for at once."""


class NotLookedAt(Exception):
    """The champion has not looked at this photo, or there is no champion."""


def similar_photos(
    *,
    photo: Photo | None = None,
    embedding: Sequence[float] | None = None,
    user: AbstractUser | AnonymousUser,
    limit: int = LIMIT,
) -> list[Near]:
    """Return photos that resemble a photo or an embedding, the most alike first.

    Only photos that ``user`` may see, and none of the photo's own contribution: those
    show the same cloth. Compared are embeddings of the champion alone.

    Args:
        photo: one that the champion has looked at.
        embedding: instead of a photo; of the champion, as ``predictor`` gives it.
        limit: at most ``MOST``.

    Raises NotLookedAt.
    """
    version = champion_version()
    if version is None:
        raise NotLookedAt
    others = Photo.objects.visible_to(user).select_related(
        "contribution", "determined_motif"
    )
    if photo is not None:
        embedding = _kept(photo, version)
        others = others.exclude(contribution=photo.contribution_id)
    if embedding is None:
        raise ValueError("similar_photos needs a photo or an embedding")
    return nearest(others, version=version, vector=embedding, limit=min(limit, MOST))


def _kept(photo: Photo, version: ModelVersion) -> Sequence[float]:
    kept = PhotoEmbedding.objects.filter(photo=photo, model_version=version).first()
    if kept is None:
        raise NotLookedAt
    vector: Sequence[float] = kept.vector
    return vector

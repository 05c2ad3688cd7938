"""Motifs that the champion never learned, recognised by a few confirmed photos.

A motif counts from ``LEAST`` photos on that are determined and may train now. What is
withdrawn or restricted leaves with the next look. The worker embeds the photos; every
process looks every ``LOOK_S`` seconds whether they are still the same ones.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from django.db import DatabaseError
from django.db.models import Exists, OuterRef
from django.urls import reverse

from classifier import predictor
from classifier.answer import published_motifs
from classifier.models import CloseEmbedding
from motifs.models import Photo

if TYPE_CHECKING:
    from motifs.models import Motif
    from motifs.models.photo import PhotoQuerySet

logger = logging.getLogger(__name__)

LEAST = predictor.LEAST_FOR_A_PROTOTYPE
MOST = 50
"""Photos of a motif at most, the newest: with so many it is time to train."""
LOOK_S = 5.0

Members = tuple[tuple[str, int], ...]
"""A motif's slug and a photo's id, for every photo that prototypes are made of."""


@dataclass
class _Held:
    """The champion as this process answers with it."""

    model: predictor.Predictor
    members: Members
    extended: predictor.Predictor
    looked_at: float

    @cached_property
    def portable(self) -> predictor.Portable | None:
        """What a browser needs for the same."""
        is_same = self.extended is self.model
        return None if is_same else self.extended.portable_prototypes()


_held: _Held | None = None
_looking = threading.Lock()


def forget() -> None:
    """Look again at the next answer."""
    global _held
    _held = None


def extended(model: predictor.Predictor) -> predictor.Predictor:
    """Return a model with the motifs that it never learned; the hook of ``predictor``.

    One thread looks, the others go on with what there was. Where the database does not
    answer, or the prototypes cannot be had, so does that one: no answer fails for it.
    """
    global _held
    held = _held if _held is not None and _held.model is model else None
    now = time.monotonic()
    if held is not None and now - held.looked_at < LOOK_S:
        return held.extended
    if not _looking.acquire(blocking=False):
        return held.extended if held is not None else model
    try:
        _held = _look(model, held, now)
        return _held.extended
    finally:
        _looking.release()


def recognised() -> list[Motif]:
    """Return the motifs that this site knows by prototypes now, in order of slug."""
    try:
        extended(predictor.champion())
    except predictor.NoModel:
        return []
    slugs = sorted({slug for slug, _pk in _held.members}) if _held is not None else []
    if not slugs:
        return []
    motifs = published_motifs(slugs)
    return [motifs[slug] for slug in slugs if slug in motifs]


def for_browsers() -> dict[str, Any] | None:
    """Return what a browser needs to recognise them too, as JSON; None without any.

    ``static/js/prototypes.js`` reads it, and the file at ``url``.
    """
    held = _held
    if held is None or held.portable is None:
        return None
    found = held.portable
    photos = Counter(slug for slug, _pk in held.members)
    return {
        "url": reverse("prototypes-file", args=[found.sha256]),
        "sha256": held.model.artifact.sha256,
        "labels": list(found.labels),
        "photos": {label: photos[label] for label in found.labels if label in photos},
        "axes": found.axes,
        "rows": found.rows,
        "layers": found.layers,
        "sharpness": predictor.SHARPNESS,
    }


def content(digest: str) -> bytes | None:
    """Return the file that ``for_browsers`` names; None once it has changed."""
    held = _held
    if held is None or held.portable is None or held.portable.sha256 != digest:
        return None
    return held.portable.content


def _look(model: predictor.Predictor, held: _Held | None, now: float) -> _Held:
    try:
        found = _members(model)
        if held is not None and found == held.members:
            held.looked_at = now
            return held
        vectors = _vectors(model, found)
    except DatabaseError as error:
        logger.warning("motifs by prototypes stay as they were: %s", error)
        held = held or _Held(model, (), model, now)
        held.looked_at = now
        return held
    answering = model
    try:
        if vectors:
            answering = model.with_provisional(vectors)
    except (predictor.ArtifactError, ValueError) as error:
        # Asked again only when the photos change.
        logger.warning("no motifs by prototypes: %s", error)
    return _Held(model, found, answering, now)


def _members(model: predictor.Predictor) -> Members:
    """Return which photos make the prototypes now, of those that are embedded."""
    embedded = CloseEmbedding.objects.filter(
        photo=OuterRef("pk"), sha256=model.artifact.sha256
    )
    by_motif = _by_motif(_strangers(model.manifest.labels).filter(Exists(embedded)))
    return tuple(
        (slug, pk) for slug in sorted(by_motif) for pk in sorted(by_motif[slug])
    )


def _vectors(model: predictor.Predictor, members: Members) -> dict[str, Any]:
    rows = CloseEmbedding.objects.filter(
        sha256=model.artifact.sha256, photo__in=[pk for _slug, pk in members]
    )
    by_photo = {row.photo_id: row.vector for row in rows}
    vectors: dict[str, list[Any]] = defaultdict(list)
    for slug, pk in members:
        # One that is withdrawn at this moment is away with the next look.
        if pk in by_photo:
            vectors[slug].append(by_photo[pk])
    return {
        slug: np.asarray(found, np.float32)
        for slug, found in vectors.items()
        if len(found) >= LEAST
    }


def _strangers(labels: Iterable[str]) -> PhotoQuerySet:
    """Photos that may train, of motifs that no label stands for; merges followed."""
    learned = [motif.pk for motif in published_motifs(labels).values()]
    return Photo.objects.trainable().exclude(determined_motif__in=learned)


def _by_motif(photos: PhotoQuerySet) -> dict[str, list[int]]:
    """Return the newest photos of each motif that has enough."""
    found: dict[str, list[int]] = defaultdict(list)
    for slug, pk in photos.order_by("-pk").values_list("determined_motif__slug", "pk"):
        if len(found[slug]) < MOST:
            found[slug].append(pk)
    return {slug: pks for slug, pks in found.items() if len(pks) >= LEAST}


def missing(limit: int) -> list[int]:
    """Return ids of photos that the champion still has to look at closely."""
    try:
        model = predictor.champion()
    except predictor.NoModel:
        return []
    wanted = [
        pk
        for pks in _by_motif(_strangers(model.manifest.labels)).values()
        for pk in pks
    ]
    kept = CloseEmbedding.objects.filter(sha256=model.artifact.sha256)
    done = set(kept.filter(photo__in=wanted).values_list("photo", flat=True))
    return [pk for pk in wanted if pk not in done][:limit]


def embed_photo(photo_id: int) -> None:
    """Look at a photo closely and keep what is seen; twice is as once.

    Raises Busy: there is no turn now.
    """
    photo = Photo.objects.trainable().filter(pk=photo_id).first()
    if photo is None:
        return
    try:
        with photo.image.open("rb") as file:
            vector, sha256 = predictor.embed_closely(file)
    except (predictor.BadPhoto, predictor.NoModel, FileNotFoundError) as error:
        logger.warning("photo %s makes no prototype: %r", photo_id, error)
        return
    CloseEmbedding.objects.get_or_create(
        photo=photo, sha256=sha256, defaults={"vector": vector.tolist()}
    )


def embed_missing(limit: int) -> int:
    """Embed photos whose motif has become recognisable; return how many."""
    found = missing(limit)
    for photo_id in found:
        embed_photo(photo_id)
    return len(found)


def delete_withdrawn() -> int:
    """Delete what was seen of photos that may not train any more; return how many."""
    may = Photo.objects.trainable().values("pk")
    deleted, _rows = CloseEmbedding.objects.exclude(photo__in=may).delete()
    return deleted

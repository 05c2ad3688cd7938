"""Embeddings in Postgres: kept apart by model version, searched exactly or by index.

The column is ``halfvec`` without a length. Each version with many photos has an HNSW
index of its own, partial and on the column cast to its length, so a search can only
meet vectors of its own version. Below ``INDEX_FROM`` a scan is as fast, and exact.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import (
    FilteredRelation,
    Q,
    Value,
)
from django.db.models.functions import Cast
from django.utils import timezone
from pgvector.django import CosineDistance, HalfVectorField

from classifier.models import ModelVersion, PhotoEmbedding
from motifs.models import Photo
from motifs.models.photo import PhotoQuerySet

logger = logging.getLogger(__name__)

INDEX_FROM = 10_000
"""From so many photos on, an index pays: a scan of as many takes some 15 ms."""
BREADTHS = (100, 1000)
"""How many of the nearest are looked through for photos that may be seen; where that
does not find enough, every photo that may be seen is compared."""
BUILD_MEMORY = "512MB"
"""Holds the graph of some 130,000 photos; a larger one takes longer to build."""


# Any fixed number: it is the first half of the name of the lock.
_LOCK = 0x564543


class Near(NamedTuple):
    """A photo that resembles another."""

    photo: Photo
    likeness: float
    """1 for the same; the cosine of two embeddings, where it says no other."""


def nearest(
    photos: PhotoQuerySet, *, version: ModelVersion, vector: Sequence[float], limit: int
) -> list[Near]:
    """Return those of ``photos`` that a model version sees nearest, nearest first.

    However few of all photos ``photos`` are, as many are found as there are, up to
    ``limit``.

    Args:
        photos: as ``visible_to`` leaves them; unordered.
        vector: unit length, of the version's embedding size.
    """
    if version.indexed_at is not None:
        # Asked of the one table, because a planner that sees the joins of ``photos``
        # prefers to read every vector.
        for breadth in BREADTHS:
            ids = _candidates(version, vector, breadth)
            among = photos.filter(pk__in=list(ids)).values_list("pk", flat=True)
            visible = set(among)
            chosen = [pk for pk in ids if pk in visible][:limit]
            if len(chosen) == limit:
                rows = photos.in_bulk(chosen)
                return [Near(rows[pk], 1 - ids[pk]) for pk in chosen if pk in rows]
    found: Any = (
        photos.alias(
            embedding=FilteredRelation(
                "embeddings", condition=Q(embeddings__model_version=version)
            )
        )
        .filter(embedding__model_version=version.pk)
        # The sum hides the expression from the index, which gives up after a while.
        .annotate(distance=_distance("embedding__vector", version, vector) + 0.0)
        .order_by("distance")
    )
    return [Near(row, 1 - row.distance) for row in found[:limit]]


def _candidates(
    version: ModelVersion, vector: Sequence[float], breadth: int
) -> dict[int, float]:
    """Return ids of the nearest photos of all, with their distances, nearest first."""
    found = (
        PhotoEmbedding.objects.filter(model_version=version.pk)
        .annotate(distance=_distance("vector", version, vector))
        .order_by("distance")
        .values_list("photo_id", "distance")
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('hnsw.ef_search', %s, true), "
            "set_config('hnsw.iterative_scan', 'strict_order', true)",
            [str(min(breadth, 1000))],
        )
        return dict(found[:breadth])


def likenesses(
    photos: Iterable[Photo], *, version: ModelVersion, vector: Sequence[float]
) -> dict[int, float]:
    """Return the cosines to those of ``photos`` that the version has seen, by id."""
    kept = PhotoEmbedding.objects.filter(photo__in=photos, model_version=version)
    found = kept.annotate(distance=_distance("vector", version, vector))
    return {pk: 1 - far for pk, far in found.values_list("photo", "distance")}


def _distance(field: str, version: ModelVersion, vector: Sequence[float]) -> Any:
    """The cosine distance, 0..2, written as the index has it."""
    size = HalfVectorField(dimensions=version.embedding_size)
    asked = Cast(Value(list(vector), output_field=HalfVectorField()), size)
    return CosineDistance(Cast(field, size), asked)


def index_name(version: ModelVersion) -> str:
    return f"embeddings_of_version_{version.pk}"


def ensure_index(version: ModelVersion, *, at_once: bool = False) -> bool:
    """Build the index of a version that has many embeddings; others may go on writing.

    Doing it twice is the same as once; of two at a time, one does it. Outside of a
    transaction only.

    Args:
        at_once: however few embeddings there are.

    Returns:
        Whether it was built now.
    """
    version.refresh_from_db()
    if version.indexed_at is not None:
        return False
    count = PhotoEmbedding.objects.filter(model_version=version).count()
    if count < INDEX_FROM and not at_once:
        return False
    name, table = index_name(version), PhotoEmbedding._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [_LOCK, version.pk])
        if not cursor.fetchone()[0]:
            return False
        try:
            # Whoever was killed while building left one that no search uses.
            cursor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            cursor.execute(f"SET maintenance_work_mem = '{BUILD_MEMORY}'")
            # Workers of one build share memory of which containers have little.
            cursor.execute("SET max_parallel_maintenance_workers = 0")
            cursor.execute(
                f"CREATE INDEX CONCURRENTLY {name} ON {table} USING hnsw "
                f"((vector::halfvec({version.embedding_size})) halfvec_cosine_ops) "
                f"WHERE model_version_id = {version.pk}"
            )
        finally:
            cursor.execute("RESET maintenance_work_mem")
            cursor.execute("RESET max_parallel_maintenance_workers")
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_LOCK, version.pk])
        cursor.execute(f"ANALYZE {table}")
    ModelVersion.objects.filter(pk=version.pk).update(indexed_at=timezone.now())
    version.refresh_from_db()
    logger.info("indexed %s embeddings of %s", count, version)
    return True

"""What a recogniser would have said of the photos that ``motifs.scale`` makes up.

For measuring only: the embeddings are random, in clusters like those of real cloth.
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import psycopg
from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import Coalesce
from django.utils import timezone
from numpy.typing import NDArray
from pgvector import HalfVector
from pgvector.psycopg import register_vector

from classifier import predictor
from classifier.checking import champion_version, check_photo
from classifier.models import ModelVersion, PhotoCheck, PhotoEmbedding, Prediction
from motifs.models import Photo
from motifs.scale import GIVER

BATCH = 2000
# Directions in which the made-up photos differ; those of real networks are as few.
DIRECTIONS = 48
SHARE_OF_MOTIF, SHARE_OF_CLOTH, SHARE_OF_PHOTO, NOISE = 1.0, 0.8, 0.4, 0.15


class NothingToSee(Exception):
    """There is no model, or there are no photos of ``seed_scale``."""


def seed() -> int:
    """Give each photo of ``seed_scale`` a check, a prediction and an embedding.

    Of the champion, which looks at one of them in truth. Returns how many were given;
    running it again gives none.

    Raises NothingToSee.
    """
    version = _registered()
    made = 0
    clusters = Clusters(version.embedding_size)
    said = predictor.describe()
    known = sorted(said.labels) if said else []
    while batch := _unseen(version):
        with transaction.atomic():
            _copy(version, batch, clusters.vectors(batch))
            Prediction.objects.bulk_create(
                _prediction(version, pk, motif, known) for pk, _cloth, motif in batch
            )
            PhotoCheck.objects.bulk_create(
                (
                    PhotoCheck(photo_id=pk, checked_at=timezone.now())
                    for pk, _cloth, _motif in batch
                ),
                ignore_conflicts=True,
            )
        made += len(batch)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return made


class Clusters:
    """Random unit vectors: near for one cloth, less so for one motif."""

    def __init__(self, size: int, seed: int = 1) -> None:
        self.size = size
        self._chance = np.random.default_rng(seed)
        self._motifs: dict[int, NDArray[np.float64]] = {}
        self._cloths: dict[int, NDArray[np.float64]] = {}
        self._spread = self._chance.normal(size=(DIRECTIONS, size)) / DIRECTIONS**0.5

    def vectors(self, batch: list[tuple[int, int, int]]) -> NDArray[np.float16]:
        """Return an array of shape (photos, size): rows of unit length, none negative.

        A network's embedding is a mean of rectified features, so neither has it
        negative parts.
        """
        places = np.stack(
            [
                SHARE_OF_MOTIF * self._of(self._motifs, motif)
                + SHARE_OF_CLOTH * self._of(self._cloths, cloth)
                + SHARE_OF_PHOTO * self._chance.normal(size=DIRECTIONS)
                for _pk, cloth, motif in batch
            ]
        )
        noise = NOISE * self._chance.normal(size=(len(batch), self.size))
        features = np.maximum(places @ self._spread + noise, 0)
        lengths = np.linalg.norm(features, axis=1, keepdims=True)
        return np.asarray(features / lengths, np.float16)

    def _of(
        self, centres: dict[int, NDArray[np.float64]], key: int
    ) -> NDArray[np.float64]:
        if key not in centres:
            centres[key] = self._chance.normal(size=DIRECTIONS)
        return centres[key]


def _registered() -> ModelVersion:
    photo = (
        Photo.objects.given()
        .filter(contribution__given_by__username__startswith=f"{GIVER}-")
        .select_related("contribution")
        .first()
    )
    if photo is None:
        raise NothingToSee("Run `manage.py seed_scale` first.")
    check_photo(photo=photo)
    version = champion_version()
    if version is None:
        raise NothingToSee("There is no model to look with; see `manage.py check`.")
    return version


def _unseen(version: ModelVersion) -> list[tuple[int, int, int]]:
    """Ids of photo, contribution and motif (0 for none) of the next batch."""
    seen = PhotoEmbedding.objects.filter(photo=OuterRef("pk"), model_version=version)
    rows = (
        Photo.objects.filter(
            ~Exists(seen), contribution__given_by__username__startswith=f"{GIVER}-"
        )
        .order_by("pk")
        .values_list(
            "pk",
            "contribution_id",
            Coalesce("determined_motif_id", "contribution__motif_id", 0),
        )
    )
    return list(rows[:BATCH])


def _copy(
    version: ModelVersion,
    batch: list[tuple[int, int, int]],
    vectors: NDArray[np.float16],
) -> None:
    """Write embeddings as the database takes them fastest."""
    connection.ensure_connection()
    raw = cast("psycopg.Connection[Any]", connection.connection)
    register_vector(raw)
    table = PhotoEmbedding._meta.db_table
    with (
        psycopg.RawCursor(raw) as cursor,
        cursor.copy(
            f"COPY {table} (photo_id, model_version_id, vector) "
            "FROM STDIN (FORMAT binary)"
        ) as copy,
    ):
        copy.set_types(["int8", "int8", "halfvec"])
        for (pk, _cloth, _motif), vector in zip(batch, vectors, strict=True):
            copy.write_row((pk, version.pk, HalfVector(vector)))


def _prediction(
    version: ModelVersion, pk: int, motif_id: int, known: list[str]
) -> Prediction:
    """A suggestion whose certainty differs from photo to photo, and stays the same."""
    best = motif_id % len(known)
    top = 0.05 + 0.9 * ((pk * 2654435761) % 1000) / 1000
    rest = (1 - top) / (len(version.labels) - 1)
    scores = dict.fromkeys(version.labels, rest) | {known[best]: top}
    unknown = rest * (len(version.labels) - len(known))
    is_offered = top >= 0.3
    return Prediction(
        photo_id=pk,
        model_version=version,
        kind="either" if is_offered else "unknown",
        reason="close_scores" if is_offered else "low_scores",
        motifs=[known[best], known[best - 1]] if is_offered else [],
        scores=scores,
        top_motif=known[best],
        top_score=top,
        unknown_score=unknown,
    )

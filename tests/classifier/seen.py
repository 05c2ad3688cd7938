"""Photos that a model has looked at, with embeddings of the test's choosing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from django.utils import timezone

from classifier.models import ModelVersion, PhotoCheck, PhotoEmbedding, Prediction
from motifs.models import Photo
from tests.classifier.fakes import FakePredictor
from tests.factories import PhotoFactory

FEATURES = 1280


def version_of(fake: FakePredictor, **given: Any) -> ModelVersion:
    """The fake's row, as its first check of a photo makes it."""
    return ModelVersion.objects.get_or_create(
        version=fake.manifest.version,
        defaults={
            "sha256": fake.artifact.sha256,
            "labels": list(fake.scores),
            "embedding_size": FEATURES,
            **given,
        },
    )[0]


def unit(*start: float, features: int = FEATURES) -> list[float]:
    """A unit vector that begins as given; the rest of its length is in its last part.

    The cosine of two is the product of what they begin with, but for the rest.
    """
    vector = np.zeros(features)
    vector[: len(start)] = start
    rest = 1 - float(np.square(vector).sum())
    vector[-1] = max(rest, 0.0) ** 0.5
    return vector.tolist()


def seen(
    version: ModelVersion, vector: Sequence[float], photo: Photo | None = None, **given
) -> Photo:
    """A photo that this version has looked at."""
    photo = photo or PhotoFactory(**given)
    PhotoEmbedding.objects.create(
        photo=photo, model_version=version, vector=list(vector)
    )
    Prediction.objects.create(
        photo=photo,
        model_version=version,
        kind="either",
        reason="close_scores",
        motifs=["gigi-haruan", "hiris-pudak"],
        scores={},
        top_motif="gigi-haruan",
        top_score=0.5,
        unknown_score=0.04,
    )
    PhotoCheck.objects.get_or_create(
        photo=photo, defaults={"checked_at": timezone.now()}
    )
    return photo

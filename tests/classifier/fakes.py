"""A predictor with known answers, for tests of everything around the network."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from pathlib import Path

import numpy as np
from PIL import Image

from ml.artifact import MODEL, Artifact, Manifest
from ml.images import Box
from ml.predict import Prediction, answer, look, suggest

MOTIFS = ("gigi-haruan", "hiris-pudak", "kulat-karikit", "naga-balimbur")
UNKNOWN = ("not-cloth", "other-cloth")


class FakePredictor:
    """Looks at photos as the real one does, but has its scores by heart.

    Args:
        scores: of every label; what is missing from 1 goes to ``not-cloth``.
        single: motifs that it may state alone.
        motifs: the labels that are motifs.
    """

    def __init__(
        self,
        scores: Mapping[str, float] | None = None,
        *,
        single: Sequence[str] = (),
        motifs: Sequence[str] = MOTIFS,
    ) -> None:
        labels = (*motifs, *UNKNOWN)
        given = dict.fromkeys(labels, 0.0) | dict(
            scores or {"gigi-haruan": 0.5, "hiris-pudak": 0.4, "kulat-karikit": 0.06}
        )
        given["not-cloth"] += 1 - sum(given.values())
        self.scores = given
        self.manifest = Manifest(
            version="fake",
            created_at="2026-01-01T00:00:00+00:00",
            labels=labels,
            unknown_labels=UNKNOWN,
            single=tuple(single),
            files={MODEL: hashlib.sha256(b"fake").hexdigest()},
        )
        self.artifact = Artifact(Path("fake"), self.manifest)
        self.embedding_size = 1280
        self.photos_seen = 0
        self.provisional: dict[str, np.ndarray] = {}

    def embed(self, image: Image.Image, *, closely: bool = False) -> np.ndarray:
        """Return a vector that says the picture's colour and how it was looked at."""
        vector = np.zeros(1280, np.float32)
        vector[:3] = np.asarray(image.resize((1, 1)))[0, 0] + 1.0
        vector[3] = closely
        return vector / np.linalg.norm(vector)

    def with_provisional(self, provisional: Mapping[str, np.ndarray]) -> FakePredictor:
        """Half of all scores goes to the new motifs."""
        other = copy(self)
        other.provisional = dict(provisional)
        share = 0.5 / len(provisional)
        halved = {label: score / 2 for label, score in self.scores.items()}
        other.scores = halved | dict.fromkeys(provisional, share)
        return other

    def portable_prototypes(self) -> None:
        """Return nothing: its motifs are made up."""

    def portable_memory(self) -> None:
        """Return nothing: it rejects nothing."""

    def predict(self, images: Iterable[Image.Image]) -> Prediction:
        looks = [look(image, self.manifest) for image in images]
        if not looks:
            raise ValueError("predict needs at least one photo")
        self.photos_seen += len(looks)
        first = next((one for one in looks if one.quality.usable), looks[0])
        return Prediction(
            scores=dict(self.scores),
            unknown_score=sum(self.scores[label] for label in UNKNOWN),
            answer=answer(
                self.scores,
                self.manifest,
                usable=first.quality.usable,
                provisional=tuple(self.provisional),
            ),
            suggestions=suggest(self.scores, self.manifest, tuple(self.provisional)),
            provisional={slug: len(v) for slug, v in self.provisional.items()},
            quality=first.quality,
            hints=(),
            region=first.region,
            colours=first.colours,
            map=np.zeros((7, 7), np.float32),
            map_box=Box(0, 0, 1, 1),
            embedding=np.full(1280, 1280**-0.5, np.float32),
            model_version=self.manifest.version,
            sha256=self.artifact.sha256,
        )

"""Photos of one cloth -> an answer, through LiteRT and without TensorFlow."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field
from itertools import compress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ml import (
    calibrate,
    coach,
    colour,
    embeddings,
    prototypes,
    quality,
    region,
    rejection,
)
from ml.artifact import MODEL, Artifact, ArtifactError, Manifest, read
from ml.colour import Dye
from ml.decision import Answer, Suggestion, answer, suggest
from ml.embeddings import Embeddings, Near
from ml.images import Box, View, small_copy, views
from ml.portable import Portable
from ml.quality import Quality
from ml.region import Region
from ml.rejection import Rejector

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

__all__ = ["Answer", "ArtifactError", "Prediction", "Predictor", "load"]

CORNERS = tuple(View(0.5, x, y) for x in (0.0, 1.0) for y in (0.0, 1.0))
"""What is looked at besides the views where a few photos are all that is known."""


@dataclass(frozen=True)
class Look:
    """What was seen in one photo before the network was asked."""

    quality: Quality
    region: Region
    colours: list[Dye]
    pixels: NDArray[np.uint8]
    """(views, size, size, 3)."""
    boxes: list[Box]


@dataclass(frozen=True)
class Prediction:
    """What one model said of the photos of one cloth."""

    scores: dict[str, float]
    """Every label's score, 0..1, those of unknown labels and of provisional motifs
    included; they sum to 1."""
    unknown_score: float
    """The sum of the unknown labels' scores."""
    answer: Answer
    suggestions: list[Suggestion]
    """The motifs with the best scores, best first."""
    quality: Quality
    """Of the best photo."""
    hints: tuple[coach.Hint, ...]
    """What every photo that was judged could do better; none when none is usable."""
    region: Region
    """In the first photo; so are ``colours``, ``map`` and ``map_box``."""
    colours: list[Dye]
    map: NDArray[np.float32]
    """(rows, columns), 0..1: where the first suggestion was seen."""
    map_box: Box
    """The part of the photo that ``map`` covers."""
    embedding: NDArray[np.float32]
    """(features,), unit length: photos of like cloth lie near each other."""
    model_version: str
    sha256: str
    rejection: float | None = None
    """How unlike everything known it is, on the model's own scale, higher is less
    known; None for a model that rejects by the unknown score alone."""
    provisional: dict[str, int] = field(default_factory=dict)
    """Motifs known by their prototypes only, with how many photos each is made of."""


def load(folder: Path) -> Predictor:
    """Return the model in a folder, ready to answer.

    Raises ArtifactError with a sentence that says what is wrong.
    """
    return Predictor(folder)


class Predictor:
    """A model, loaded; may be called from several threads."""

    def __init__(
        self,
        model: Path | Artifact,
        *,
        threads: int = 2,
        provisional: Mapping[str, NDArray[np.float32]] | None = None,
    ):
        """Load a model.

        Args:
            model: a folder as ``ml.artifact`` writes it, or what it read there.
            threads: how many cores one call may use.
            provisional: motifs that it was not trained on; per motif the embeddings
                of at least three confirmed photos, looked at closely, (photos,
                features).

        Raises:
            ArtifactError: it is missing, altered or does not run, or it remembers no
                training photos that provisional motifs could be held against.
            ValueError: a provisional motif has too few photos, is known already or
                has embeddings of another network.
        """
        from ai_edge_litert.interpreter import Interpreter

        self.artifact: Artifact = read(model) if isinstance(model, Path) else model
        self.manifest: Manifest = self.artifact.manifest
        # One interpreter with a lock: a core per call is all there is to share, and
        # each further interpreter would hold the weights again.
        self._lock = threading.Lock()
        try:
            self._interpreter = Interpreter(
                model_path=str(self.artifact.folder / MODEL), num_threads=threads
            )
            self._run = self._interpreter.get_signature_runner()
            given = self._run.get_input_details()
            (self._input,) = given
            outputs = self._run.get_output_details()
            shapes = {name: d["shape"].tolist() for name, d in outputs.items()}
        except (RuntimeError, ValueError) as error:
            raise ArtifactError(
                f"{self.artifact.folder / MODEL} does not run: {error}"
            ) from error
        size, labels = self.manifest.size, len(self.manifest.labels)
        fits = (
            given[self._input]["shape"].tolist() == [1, size, size, 3]
            and shapes.get("scores") == [1, labels]
            and {"embedding", "map"} <= shapes.keys()
        )
        if not fits:
            raise ArtifactError(
                f"{self.artifact.folder / MODEL} is not the network that its "
                f"manifest describes."
            )
        self.embedding_size: int = shapes["embedding"][-1]
        self._memory: Embeddings | None = None
        self._remembers = embeddings.FILE in self.manifest.files
        self._provisional: prototypes.Provisional | None = None
        if provisional:
            self._provisional = self._prototypes(provisional)
        self._rule: rejection.Rule | None = rejection.rule_of(self.manifest)
        self._own: Rejector | None = None
        self._rejector: Rejector | None = None
        self._portable: Portable | None = None

    def with_provisional(
        self, provisional: Mapping[str, NDArray[np.float32]]
    ) -> Predictor:
        """Return this model with other provisional motifs; the network is shared.

        Args:
            provisional: as for a new ``Predictor``; may be empty.

        Raises ArtifactError and ValueError as it does.
        """
        other = copy(self)
        other._provisional = self._prototypes(provisional) if provisional else None
        other._rejector = None
        return other

    def portable_prototypes(self) -> Portable | None:
        """Return the prototypes of provisional motifs for a browser; None without."""
        if self._provisional is None:
            return None
        own = self._own_rejector()
        return self._provisional.portable(None if own is None else own.distance)

    def portable_memory(self) -> Portable | None:
        """Return what it measures the distance from motifs by, for a browser.

        None when the model rejects nothing by distance. Raises ArtifactError when the
        embeddings were altered.
        """
        if self._portable is None:
            own = self._own_rejector()
            self._portable = None if own is None else own.portable()
        return self._portable

    def _prototypes(
        self, provisional: Mapping[str, NDArray[np.float32]]
    ) -> prototypes.Provisional:
        if self.memory is None:
            raise ArtifactError(
                f"{self.artifact.folder} has no {embeddings.FILE}; train it again "
                f"before giving it provisional motifs."
            )
        return prototypes.provisional(provisional, self.memory, self.manifest.labels)

    @property
    def memory(self) -> Embeddings | None:
        """The training photos' embeddings, read when first needed.

        None when the model was made before they were kept. Raises ArtifactError when
        the file was altered.
        """
        if self._memory is None and self._remembers:
            self._memory = embeddings.read(self.artifact)
        return self._memory

    def nearest(self, embedding: NDArray[np.float32], k: int = 5) -> list[Near]:
        """Return the training photos that resemble a photo most, nearest first.

        Args:
            embedding: of the photo, as ``predict`` gives it.
            k: how many; fewer when the model remembers fewer, none when it was made
                before embeddings were kept.

        Raises:
            ArtifactError: the file with the embeddings was altered.
        """
        return [] if self.memory is None else self.memory.nearest(embedding, k)

    def rejection_score(
        self, doubt: float, embedding: NDArray[np.float32]
    ) -> float | None:
        """Return how unlike everything known a photo is; higher is less known.

        Args:
            doubt: one minus the best motif's score, 0..1.
            embedding: (features,), unit length.

        Returns:
            The score that ``ml.rejection`` describes, or None for a model that has no
            rule for it.

        Raises:
            ArtifactError: the embeddings were altered.
        """
        own = self._own_rejector()
        if own is None:
            return None
        if self._rejector is None:
            self._rejector = own
            if self._provisional is not None:
                self._rejector = own.knowing(self._provisional.photos.vectors)
        return self._rejector.score(doubt, embedding)

    def _own_rejector(self) -> Rejector | None:
        """Return what it rejects by without provisional motifs, read at first use."""
        if self._own is None and self._rule is not None:
            self._own = rejection.rejector_of(self.artifact)
        return self._own

    def embed(
        self, image: Image.Image, *, closely: bool = False
    ) -> NDArray[np.float32]:
        """Return one photo's embedding, (features,), unit length.

        Args:
            image: as ``open_image`` gives it.
            closely: also look at the mirrored views and at the corners, as a motif
                that is known from few photos needs it; else it is the embedding that
                ``predict`` gives.
        """
        found = region.find(image, small_copy(image))
        wanted = found if self.manifest.uses_region else None
        usual = self.manifest.views
        looks = (*usual, *CORNERS) if closely else usual
        pixels, _ = views(image, wanted, looks, self.manifest.size)
        if closely:
            pixels = np.concatenate([pixels, pixels[: len(usual), :, ::-1]])
        runs = [self.run(square)["embedding"] for square in pixels]
        return embeddings.unit(np.mean(runs, axis=0))

    def predict(self, images: Iterable[Image.Image]) -> Prediction:
        """Answer for one cloth.

        Args:
            images: one or more photos of the same cloth, as ``open_image`` gives them.
                Unusable ones are left out unless all are. Given one by one, each
                is let go of before the next is asked for.
        """
        looks, close = [], []
        for image in images:
            looks.append(look(image, self.manifest))
            if self._provisional is not None:
                close.append(self.embed(image, closely=True))
            del image
        if not looks:
            raise ValueError("predict needs at least one photo")
        usable = [one.quality.usable for one in looks]
        kept = usable if any(usable) else [True] * len(looks)
        asked = list(compress(looks, kept))
        runs = [[self.run(square) for square in one.pixels] for one in asked]
        every = [run for photo in runs for run in photo]
        views = [np.stack([run["scores"] for run in photo]) for photo in runs]
        scores = np.mean([calibrate.pool(one) for one in views], axis=0)
        embedding = np.mean([run["embedding"] for run in every], axis=0)
        labels = self.manifest.labels
        named = dict(zip(labels, scores.tolist(), strict=True))
        # The network's map shows its own labels only.
        best = labels.index(suggest(named, self.manifest)[0].label)
        embedding = embeddings.unit(embedding)
        new: tuple[str, ...] = ()
        if self._provisional is not None:
            new = self._provisional.labels
            closely = np.mean(list(compress(close, kept)), axis=0)
            named = self._provisional.mix(named, embeddings.unit(closely))
        unknown = sum(named[x] for x in self.manifest.unknown_labels)
        known = max(named[x] for x in (*self.manifest.motifs, *new))
        unlike = self.rejection_score(1 - known, embedding)
        return Prediction(
            scores=named,
            unknown_score=unknown,
            answer=answer(
                named,
                self.manifest,
                usable=asked[0].quality.usable,
                provisional=new,
                rejected=self._rule is not None and self._rule.rejects(unlike),
            ),
            suggestions=suggest(named, self.manifest, new),
            hints=self._hints(asked, runs) if any(usable) else (),
            quality=max((x.quality for x in looks), key=_usability),
            region=asked[0].region,
            colours=asked[0].colours,
            map=_heat(runs[0][0]["map"][..., best]),
            map_box=asked[0].boxes[0],
            embedding=embedding,
            model_version=self.manifest.version,
            sha256=self.artifact.sha256,
            rejection=unlike,
            provisional={
                label: self._provisional.photos.labels.count(label) for label in new
            }
            if self._provisional is not None
            else {},
        )

    def _hints(
        self, asked: list[Look], runs: list[list[dict[str, NDArray[np.float32]]]]
    ) -> tuple[coach.Hint, ...]:
        found = [
            coach.hints(one.region, first["map"], self.manifest)
            for one, (first, *_) in zip(asked, runs, strict=True)
        ]
        return tuple(x for x in found[0] if all(x in one for one in found))

    def run(self, square: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        """Return the network's outputs for one square of (size, size, 3) pixels.

        ``scores`` (labels,), ``embedding`` (features,),
        ``map`` (rows, columns, labels).
        """
        pixels = square[None].astype(np.float32)
        with self._lock:
            found = self._run(**{self._input: pixels})
            return {name: np.array(value[0]) for name, value in found.items()}


def look(image: Image.Image, manifest: Manifest) -> Look:
    """Look at a photo the way that a model wants it looked at."""
    small = small_copy(image)
    found = region.find(image, small)
    pixels, boxes = views(
        image, found if manifest.uses_region else None, manifest.views, manifest.size
    )
    return Look(
        quality=quality.check(image, small),
        region=found,
        colours=colour.dominant(image, found, small=small),
        pixels=pixels,
        boxes=boxes,
    )


def _usability(found: Quality) -> tuple[bool, float]:
    return found.usable, found.sharpness


def _heat(places: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what spoke for a label at each place, 0..1."""
    for_it = np.maximum(places, 0)
    top = float(for_it.max())
    return np.asarray(for_it / top if top > 0 else for_it, np.float32)

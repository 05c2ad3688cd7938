"""A new motif without retraining: recognised by the mean of a few photos' embeddings.

Prototypes are those of Snell, Swersky and Zemel (2017), of embeddings that are first
whitened by what the model learned from and brought to unit length (SimpleShot, Wang et
al. 2019, centred only).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ml import portable, whitening
from ml.embeddings import Embeddings, unit
from ml.portable import Portable
from ml.whitening import Whitening

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ml.rejection import Distance

    Vectors = NDArray[np.float32]

LEAST = 3
"""How many confirmed photos a motif needs before it is recognised by its prototype."""
SHARPNESS = 20.0
"""What similarities are multiplied by before the softmax that makes them scores."""


@dataclass(frozen=True)
class Prototypes:
    """One point per label among whitened embeddings of unit length."""

    labels: tuple[str, ...]
    vectors: Vectors
    """(labels, features), unit length."""
    whitened: Whitening
    """What is done to an embedding first."""

    def similarity(self, embeddings: Vectors) -> Vectors:
        """Return cosines, (…, labels), of embeddings (…, features)."""
        return np.asarray(self.whitened(embeddings) @ self.vectors.T, np.float32)


def build(vectors: Vectors, labels: Sequence[str], whitened: Whitening) -> Prototypes:
    """Return the prototype of every label.

    Args:
        vectors: (photos, features), embeddings of unit length.
        labels: a label for each photo; the prototypes come in order of first mention.
        whitened: what is done to embeddings first.
    """
    moved, named = whitened(vectors), np.asarray(labels)
    order = tuple(dict.fromkeys(labels))
    means = [moved[named == label].mean(axis=0) for label in order]
    return Prototypes(order, unit(np.stack(means)), whitened)


@dataclass(frozen=True)
class Provisional:
    """Motifs that the network was not trained on, beside those that it was."""

    labels: tuple[str, ...]
    """The new motifs."""
    known: Prototypes
    """Of every label that the network has and remembers, and then of the new ones."""
    photos: Embeddings
    """The new motifs' photos."""

    def portable(self, distance: Distance | None = None) -> Portable:
        """Return the prototypes, in the order of their labels, for a browser.

        Args:
            distance: what the model rejects by; the new motifs' photos come as further
                rows, among what is near for it.
        """
        rows = portable.kernels(self.known.whitened, self.known.vectors)
        rows = portable.with_rests(rows)
        offsets = np.zeros(len(rows), np.float32)
        if distance is not None:
            claims, starts = distance.claims(self.photos.vectors)
            claims = portable.kernels(distance.whitened, claims)
            rows = np.concatenate([rows, claims])
            offsets = np.concatenate([offsets, starts])
        named = self.known.labels
        return portable.pack(self.known.whitened, rows, named, offsets=offsets)

    def mix(self, scores: Mapping[str, float], embedding: Vectors) -> dict[str, float]:
        """Return the network's scores with those of the new motifs among them.

        A new motif gets its share in the softmax of the similarities to all
        prototypes; the network's labels divide the rest as the network said, so that
        all scores sum to 1 again.

        Args:
            scores: the network's, summing to 1.
            embedding: (features,), unit length.
        """
        power = np.exp(SHARPNESS * self.known.similarity(embedding).astype(float))
        share = dict(
            zip(self.known.labels, (power / power.sum()).tolist(), strict=True)
        )
        new = {label: share[label] for label in self.labels}
        rest = 1 - sum(new.values())
        return {label: score * rest for label, score in scores.items()} | new


def provisional(
    photos: Mapping[str, Vectors], memory: Embeddings, labels: Sequence[str]
) -> Provisional:
    """Return new motifs' prototypes beside the model's own.

    Args:
        photos: per new motif the embeddings of its confirmed photos, (photos,
            features), as ``ml.predict`` gives them.
        memory: what the model remembers of its training.
        labels: the model's label list.

    Raises:
        ValueError: a motif with fewer than ``LEAST`` photos, one that the model has
            already, or embeddings of another network.
    """
    vectors, named = [memory.vectors], list(memory.labels)
    for label, given in photos.items():
        found = unit(given)
        if label in labels:
            raise ValueError(f"{label} is a label of the model already")
        if found.ndim != 2 or found.shape[1] != memory.vectors.shape[1]:
            raise ValueError(f"the embeddings of {label} are of another network")
        if len(found) < LEAST:
            raise ValueError(
                f"{label} has {len(found)} photos; a prototype takes {LEAST}"
            )
        vectors.append(found)
        named += [label] * len(found)
    known = build(np.concatenate(vectors), named, whitening.learn(memory.vectors))
    count = len(memory.labels)
    new = tuple(named[count:])
    return Provisional(
        tuple(photos), known, Embeddings(np.concatenate(vectors)[count:], new, new)
    )

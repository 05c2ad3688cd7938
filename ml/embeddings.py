"""The training photos' embeddings: what a model remembers of what it learned from.

They lie beside the network in ``embeddings.npz``, so that an answer can show the photos
it resembles, and so that how far a photo is from all of them can be measured.
"""

from __future__ import annotations

import io
import zipfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ml.artifact import Artifact, ArtifactError, digest_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Vectors = NDArray[np.float32]

FILE = "embeddings.npz"
MOST = 200
"""How many photos of a motif are remembered: enough to say how it varies."""
MOST_UNKNOWN = 400
"""How many of an unknown label are: a new motif is held against what varies there."""


class Near(NamedTuple):
    """A training photo that resembles another photo."""

    name: str
    label: str
    similarity: float
    """The cosine of the two embeddings, -1..1."""


@dataclass(frozen=True)
class Embeddings:
    """Embeddings of unit length with their photos' labels and names."""

    vectors: Vectors
    """(photos, features)."""
    labels: tuple[str, ...]
    names: tuple[str, ...]
    """Label and file name, as ``stripes/01.jpg``."""

    def nearest(self, embedding: Vectors, k: int = 5) -> list[Near]:
        """Return the ``k`` photos whose embeddings are nearest, nearest first."""
        similarity = self.vectors @ unit(embedding)
        order = np.argsort(-similarity, kind="stable")[:k]
        return [
            Near(self.names[i], self.labels[i], float(similarity[i])) for i in order
        ]

    def of(self, labels: Sequence[str]) -> Embeddings:
        """Return only the photos under some labels."""
        kept = [i for i, label in enumerate(self.labels) if label in labels]
        return Embeddings(
            self.vectors[kept],
            tuple(self.labels[i] for i in kept),
            tuple(self.names[i] for i in kept),
        )


def joined(first: Embeddings, second: Embeddings) -> Embeddings:
    """Return the photos of both, those of the first first."""
    return Embeddings(
        np.concatenate([first.vectors, second.vectors]),
        first.labels + second.labels,
        first.names + second.names,
    )


def unit(vectors: ArrayLike) -> Vectors:
    """Return vectors at unit length, over the last axis; zero stays zero.

    >>> unit([[3.0, 4.0], [0.0, 0.0]]).round(1).tolist()
    [[0.6000000238418579, 0.800000011920929], [0.0, 0.0]]
    """
    given = np.asarray(vectors, np.float32)
    length = np.linalg.norm(given, axis=-1, keepdims=True)
    at_unit: Vectors = np.zeros_like(given)
    np.divide(given, length, out=at_unit, where=length > 0)
    return at_unit


def remembered(
    labels: Sequence[str], unknown: Sequence[str] = (), most: int = MOST
) -> list[int]:
    """Return which photos to remember: all, or ``most`` of a motif spread over it.

    >>> remembered(["a", "b", "a", "a", "a"], most=2)
    [0, 1, 3]
    """
    places: dict[str, list[int]] = defaultdict(list)
    for place, label in enumerate(labels):
        places[label].append(place)
    kept: list[int] = []
    for label, found in places.items():
        count = min(MOST_UNKNOWN if label in unknown else most, len(found))
        kept += [found[i * len(found) // count] for i in range(count)]
    return sorted(kept)


def write(folder: Path, embeddings: Embeddings) -> None:
    """Write ``embeddings.npz``: 16-bit vectors, labels and names."""
    np.savez_compressed(
        folder / FILE,
        vectors=embeddings.vectors.astype(np.float16),
        labels=np.array(embeddings.labels, np.str_),
        names=np.array(embeddings.names, np.str_),
    )


def read(artifact: Artifact) -> Embeddings | None:
    """Return what a model remembers; None when it is of a time before embeddings.

    Raises ArtifactError when the file is missing, altered or does not hold embeddings.
    """
    path = artifact.folder / FILE
    if FILE not in artifact.manifest.files:
        return None
    try:
        if digest_of(path) != artifact.manifest.files[FILE]:
            raise ArtifactError(f"{path} is not the file that was trained.")
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as held:
            vectors = unit(held["vectors"])
            labels, names = held["labels"].tolist(), held["names"].tolist()
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ArtifactError(f"The embeddings {path} cannot be read: {error}") from error
    if vectors.ndim != 2 or not len(vectors) == len(labels) == len(names):
        raise ArtifactError(
            f"The embeddings {path} lack a label and a name per embedding."
        )
    return Embeddings(vectors, tuple(labels), tuple(names))

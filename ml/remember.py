"""Memory for a model that was made without one: what its training photos look like.

Training writes it by itself. Without it a model cannot hold a new motif's prototype
against anything (``ml.prototypes``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from ml import artifact, embeddings
from ml.dataset import Dataset
from ml.embeddings import Embeddings
from ml.images import open_image
from ml.predict import Predictor


def remember(
    folder: Path, data: Dataset, progress: Callable[[int, int], None]
) -> Embeddings:
    """Embed photos with a model and keep that in its folder.

    Nothing that the model answers changes, nor its version or digest.

    Args:
        folder: the model's.
        data: photos like those that it learned from, under its own labels.
        progress: told how many photos are done, and of how many.

    Raises:
        ArtifactError: the model is missing or altered, remembers already, or has not
            all the labels of the photos.
    """
    predictor = Predictor(folder)
    manifest = predictor.manifest
    if embeddings.FILE in manifest.files:
        raise artifact.ArtifactError(f"{folder} has its {embeddings.FILE} already.")
    if strange := sorted(set(data.labels) - set(manifest.labels)):
        raise artifact.ArtifactError(f"{folder} has no label {', '.join(strange)}.")
    vectors = []
    for at, sample in enumerate(data.samples, start=1):
        vectors.append(predictor.embed(open_image(sample.path)))
        progress(at, len(data.samples))
    labels = tuple(sample.label for sample in data.samples)
    names = tuple(f"{one.label}/{one.path.name}" for one in data.samples)
    found = Embeddings(np.stack(vectors), labels, names)
    embeddings.write(folder, found)
    files = dict(manifest.files)
    files[embeddings.FILE] = artifact.digest_of(folder / embeddings.FILE)
    given = replace(manifest, files=dict(sorted(files.items())))
    # Last: until it is written the folder is the model that it was.
    artifact.write_json(folder / artifact.MANIFEST, given.as_dict())
    return found

"""The champion for programs that run it themselves: what they need to know."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from classifier import model_folders, predictor
from classifier.predictor import MODEL, ArtifactError, NoModel, Portable

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Network:
    """The champion's network.

    Attributes:
        file: the LiteRT file.
        manifest: what must be known to read its outputs, as JSON.
    """

    file: Path
    manifest: dict[str, Any]

    @property
    def sha256(self) -> str:
        """The digest of the file, in hex."""
        return str(self.manifest["sha256"])


def current() -> Network | None:
    """Return the champion's network, or None if there is none."""
    try:
        model = predictor.champion()
    except NoModel:
        return None
    whole = model.manifest.as_dict()
    wanted = ("version", "labels", "unknown_labels", "input", "answer")
    return Network(
        file=model.artifact.folder / MODEL,
        manifest={key: whole[key] for key in wanted}
        | {"sha256": model.artifact.sha256},
    )


def memory() -> Portable | None:
    """Return the photos that the champion compares with before it answers.

    None where it compares with none. Raises ArtifactError when they cannot be read, and
    NoModel.
    """
    return predictor.champion().portable_memory()


def earlier_memory(sha256: str) -> Portable | None:
    """Return those of a model that was live, for pages still open."""
    file = model_folders.earlier_file(sha256)
    return None if file is None else _memory_of(file.parent)


@lru_cache(maxsize=1)
def _memory_of(folder: Path) -> Portable | None:
    try:
        return predictor.memory_of(folder)
    except ArtifactError as error:
        logger.warning("no remembered photos of an earlier model: %s", error)
        return None

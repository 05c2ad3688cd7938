"""The champion for programs that run it themselves: what they need to know."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from classifier import predictor
from classifier.predictor import MODEL, NoModel, Portable


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
    """Return what the champion compares photos with before it answers.

    None where it compares with nothing. Raises ArtifactError when that cannot be read,
    and NoModel.
    """
    return predictor.champion().portable_memory()

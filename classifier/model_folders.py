"""Model folders that need not be the champion's: sealed, described, served."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from classifier import ledger, predictor
from classifier.predictor import CARD, MODEL, ArtifactError, NoModel, read


@dataclass(frozen=True)
class Sealed:
    """What is registered of a model: see ``classifier.models.ModelVersion``."""

    version: str
    sha256: str
    labels: tuple[str, ...]
    embedding_size: int


def verify(folder: Path, sha256: str = "") -> Sealed:
    """Load a model to see that every file is as it was sealed, and that it runs.

    Raises NoModel: it is missing, altered, or another network than ``sha256``.
    """
    try:
        model: predictor.Predictor = predictor.load(folder)
        predictor.expect(model.artifact, sha256)
    except (ArtifactError, OSError) as error:
        raise NoModel(str(error)) from error
    model.predict([Image.new("RGB", (256, 256), "grey")])
    return Sealed(
        version=model.manifest.version,
        sha256=model.artifact.sha256,
        labels=model.manifest.labels,
        embedding_size=model.embedding_size,
    )


def card(folder: Path) -> str:
    """Return a model's card, in Markdown; "" where there is none."""
    try:
        return (folder / CARD).read_text(encoding="utf-8")
    except OSError:
        return ""


def earlier_file(sha256: str) -> Path | None:
    """Return the LiteRT file of a model that was live, for pages still open."""
    for version in ledger.was_live(sha256):
        folder = ledger.folder_of(version)
        try:
            if read(folder, verify=False).sha256 == sha256:
                return folder / MODEL
        except (ArtifactError, OSError):
            continue
    return None

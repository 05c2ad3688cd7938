"""The model folder: written whole or not at all, and checked when it is read.

A model is a folder with ``network.weights.h5`` (Keras weights, for retraining),
``model.tflite`` (what answers), ``manifest.json``, ``metrics.json``, ``MODEL_CARD.md``
and ``log.jsonl`` (one line per epoch). The manifest names the SHA-256 of the others.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from ml import card
from ml.images import INPUT_SIZE, View

FORMAT = 1
MANIFEST = "manifest.json"
MODEL = "model.tflite"
WEIGHTS = "network.weights.h5"
METRICS = "metrics.json"
CARD = "MODEL_CARD.md"
LOG = "log.jsonl"
REQUIRED = (MODEL, WEIGHTS, METRICS, CARD)


class ArtifactError(Exception):
    """A model folder that is missing, incomplete, altered or of another format."""


@dataclass(frozen=True)
class Thresholds:
    """Scores in 0..1 that decide what is answered; calibrated on validation photos."""

    unknown: float = 0.5
    """From this unknown score on, the answer is "unknown"."""
    single: float = 0.9
    """From this score on, one motif may be stated alone, if its label may be."""
    either: float = 0.3
    """Below this sum of the offered motifs' scores, the answer is "unknown"."""
    either_margin: float = 0.15
    """How far below the best score a motif is still offered beside it."""
    conformal: float | None = None
    """From this score on, a motif is in the answer's conformal set; None for models
    made before, whose answers go by the two limits above."""


@dataclass(frozen=True)
class Manifest:
    """What a model is: its labels, its input, its rules and where it comes from."""

    version: str
    created_at: str
    labels: tuple[str, ...]
    unknown_labels: tuple[str, ...]
    size: int = INPUT_SIZE
    views: tuple[View, ...] = (View(),)
    uses_region: bool = True
    single: tuple[str, ...] = ()
    """Labels that the model may state alone."""
    rejection: dict[str, Any] | None = None
    """What ``ml.rejection.Rule`` rejects by; None for the unknown score alone."""
    most: int = 3
    """How many motifs are offered or suggested at most."""
    thresholds: Thresholds = field(default_factory=Thresholds)
    network: dict[str, Any] = field(default_factory=dict)
    """What ``ml.network.build`` needs to rebuild the network for its weights."""
    outputs: dict[str, list[int]] = field(default_factory=dict)
    dataset: dict[str, Any] = field(default_factory=dict)
    recipe: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    seed: int = 0
    commit: str = ""
    libraries: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)

    @property
    def motifs(self) -> tuple[str, ...]:
        """The labels that are motifs, in the network's order."""
        return tuple(x for x in self.labels if x not in self.unknown_labels)

    def as_dict(self) -> dict[str, Any]:
        """Return the manifest as its JSON file holds it."""
        return {
            "format": FORMAT,
            "version": self.version,
            "created_at": self.created_at,
            "labels": list(self.labels),
            "unknown_labels": list(self.unknown_labels),
            "input": {
                "size": self.size,
                "region": self.uses_region,
                "views": [view._asdict() for view in self.views],
            },
            "answer": {
                "single": list(self.single),
                "thresholds": asdict(self.thresholds),
                "most": self.most,
                "rejection": self.rejection,
            },
            "network": self.network,
            "outputs": self.outputs,
            "dataset": self.dataset,
            "recipe": self.recipe,
            "settings": self.settings,
            "seed": self.seed,
            "commit": self.commit,
            "libraries": self.libraries,
            "files": self.files,
        }

    @classmethod
    def from_dict(cls, given: dict[str, Any]) -> Manifest:
        """Return the manifest that a JSON file holds.

        Raises ArtifactError when it is of another format or contradicts itself.
        """
        if given.get("format") != FORMAT:
            raise ArtifactError(
                f"The manifest has format {given.get('format')!r}; "
                f"this version reads format {FORMAT}."
            )
        try:
            manifest = cls(
                version=str(given["version"]),
                created_at=str(given["created_at"]),
                labels=tuple(map(str, given["labels"])),
                unknown_labels=tuple(map(str, given["unknown_labels"])),
                size=int(given["input"]["size"]),
                uses_region=bool(given["input"]["region"]),
                views=tuple(View(**view) for view in given["input"]["views"]),
                single=tuple(map(str, given["answer"]["single"])),
                most=int(given["answer"]["most"]),
                rejection=given["answer"].get("rejection"),
                thresholds=Thresholds(**given["answer"]["thresholds"]),
                network=dict(given["network"]),
                outputs={k: list(v) for k, v in given["outputs"].items()},
                dataset=dict(given["dataset"]),
                recipe=str(given["recipe"]),
                settings=dict(given["settings"]),
                seed=int(given["seed"]),
                commit=str(given["commit"]),
                libraries=dict(given["libraries"]),
                files=dict(given["files"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ArtifactError(f"The manifest is incomplete: {error!r}.") from error
        manifest._check()
        return manifest

    def _check(self) -> None:
        labels = set(self.labels)
        if not self.motifs or len(labels) != len(self.labels):
            raise ArtifactError("The manifest's labels are empty or repeat.")
        if not labels.issuperset({*self.unknown_labels, *self.single}):
            raise ArtifactError("The manifest names labels that it does not list.")
        if set(self.single) & set(self.unknown_labels):
            raise ArtifactError("An unknown label cannot be stated as a motif.")
        if not self.views or any(not 0 < view.fraction <= 1 for view in self.views):
            raise ArtifactError("The manifest's views are not parts of a photo.")


@dataclass(frozen=True)
class Artifact:
    """A model folder whose files are what the manifest says they are."""

    folder: Path
    manifest: Manifest

    @property
    def sha256(self) -> str:
        """The digest of the file that answers, ``model.tflite``."""
        return self.manifest.files[MODEL]

    def metrics(self) -> dict[str, Any]:
        """Return what was measured when the model was made."""
        found: dict[str, Any] = json.loads((self.folder / METRICS).read_text("utf-8"))
        return found


def read(folder: Path, *, verify: bool = True) -> Artifact:
    """Read a model folder and make sure that nothing in it was altered.

    Args:
        folder: the model folder.
        verify: compute every file's SHA-256; about 10 ms for 15 MB.

    Raises:
        ArtifactError: with a sentence that says what is wrong.
    """
    if not folder.is_dir():
        raise ArtifactError(f"There is no model folder {folder}.")
    try:
        given = json.loads((folder / MANIFEST).read_text("utf-8"))
    except FileNotFoundError:
        raise ArtifactError(f"{folder} is not a model: no {MANIFEST}.") from None
    except (OSError, ValueError) as error:
        raise ArtifactError(f"{folder / MANIFEST} cannot be read: {error}") from error
    if not isinstance(given, dict):
        raise ArtifactError(f"{folder / MANIFEST} does not hold a manifest.")
    manifest = Manifest.from_dict(given)
    for name in REQUIRED:
        if name not in manifest.files:
            raise ArtifactError(f"The manifest does not list {name}.")
    for name, digest in manifest.files.items():
        if Path(name).name != name:
            raise ArtifactError(f"The manifest lists a file elsewhere: {name}.")
        if not (folder / name).is_file():
            raise ArtifactError(f"The model folder {folder} has no {name}.")
        if verify and digest_of(folder / name) != digest:
            raise ArtifactError(f"{folder / name} is not the file that was trained.")
    return Artifact(folder, manifest)


def seal(folder: Path, manifest: Manifest, metrics: dict[str, Any]) -> Manifest:
    """Write metrics, card and manifest of a finished folder, with every file's digest.

    Raises ArtifactError when the network is missing from the folder.
    """
    write_json(folder / METRICS, metrics)
    (folder / CARD).write_text(card.text(manifest, metrics), encoding="utf-8")
    for name in REQUIRED:
        if not (folder / name).is_file():
            raise ArtifactError(f"The model folder has no {name}.")
    files = {
        path.name: digest_of(path)
        for path in sorted(folder.iterdir())
        if path.is_file() and path.name != MANIFEST
    }
    given = manifest.as_dict() | {"files": files}
    sealed = Manifest.from_dict(given)
    write_json(folder / MANIFEST, given)
    return sealed


def record(
    folder: Path,
    name: str,
    figures: dict[str, Any],
    *,
    single: Sequence[str] | None = None,
) -> Artifact:
    """Add an evaluation to a model's metrics and card; the network stays as it is.

    Args:
        folder: the model folder; it is exchanged for a new one in one step.
        name: what the evaluation was on; an older one of that name is replaced.
        figures: as ``ml.evaluate`` reports them.
        single: the motifs that it may state alone from now on; None for no change.

    Raises ArtifactError when the folder does not hold a sound model.
    """
    old = read(folder)
    metrics = old.metrics()
    metrics.setdefault("evaluations", {})[name] = figures
    manifest = old.manifest
    if single is not None:
        manifest = replace(manifest, single=tuple(single))
    with writing(folder, replace_out=True) as partial:
        for file in old.manifest.files:
            shutil.copy2(folder / file, partial / file)
        seal(partial, manifest, metrics)
    return read(folder)


@contextmanager
def writing(
    out: Path, *, replace_out: bool = False, mark: str = MANIFEST
) -> Iterator[Path]:
    """Give a folder to write a model into; it becomes ``out`` when all went well.

    The folder is ``out`` with ``.partial`` added, so it can be watched; it has no
    manifest before ``seal``, so it never loads half-way. After an error or an
    interruption it stays, without a manifest, for its log; the next run clears it.

    Args:
        out: the model folder to be; its parent is made when missing.
        replace_out: put the new folder in the place of an old one.
        mark: the file by which an old one is known as such.

    Raises:
        ArtifactError: ``out`` exists (and has no ``mark``, with ``replace_out``), or
            another run is writing it now.
    """
    if out.exists() and not replace_out:
        raise ArtifactError(f"{out} already exists. Choose another --out folder.")
    if out.exists() and not (out / mark).is_file():
        raise ArtifactError(f"{out} exists without a {mark}; it is left alone.")
    partial = out.with_name(out.name + ".partial")
    partial.mkdir(parents=True, exist_ok=True)
    with _alone(partial):
        _clear(partial)
        try:
            yield partial
        except BaseException:
            (partial / MANIFEST).unlink(missing_ok=True)
            raise
        _put(partial, out)


def _clear(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def _put(partial: Path, out: Path) -> None:
    for path in partial.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
    old = out.with_name(out.name + ".old")
    if out.exists():
        if old.exists():
            shutil.rmtree(old)
        out.rename(old)
    partial.rename(out)
    if old.exists():
        shutil.rmtree(old)


@contextmanager
def _alone(partial: Path) -> Iterator[None]:
    """Hold a lock on the folder; the kernel lets go of it however the process ends."""
    import fcntl  # not on Windows, where training is not supported

    busy = ArtifactError(f"Another run is writing {partial} now.")
    handle = os.open(partial, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise busy from None
        # A run that finished in between has renamed the folder that was opened.
        if not partial.exists() or not os.path.samestat(
            partial.stat(), os.fstat(handle)
        ):
            raise busy
        yield
    finally:
        os.close(handle)


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_json(path: Path, content: object) -> None:
    """Write JSON that people can read and that differs only where facts differ."""
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    # One line for a row of numbers: a confusion matrix reads as one.
    text = re.sub(r"\[[\s\d.,-]+\]", lambda row: " ".join(row[0].split()), text)
    path.write_text(text + "\n", encoding="utf-8")

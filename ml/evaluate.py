"""Ask a model about photos whose label is known, and report how it did.

Photos go through the whole of ``ml.predict``, so the figures are those of the service.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ml import calibrate, metrics, robustness
from ml.artifact import MODEL, Manifest
from ml.dataset import Dataset, DatasetError, Sample
from ml.images import ImageError, open_image
from ml.job import Progress
from ml.predict import Answer, Predictor

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Asked:
    """What a model said of photos whose label is known."""

    scores: NDArray[np.float64]
    """(photos, labels)."""
    truth: NDArray[np.int64]
    """(photos,): the index of the true label; -1 for an unknown label of its own."""
    answers: tuple[Answer, ...]
    milliseconds: NDArray[np.float64]
    """(photos,): from the opened file to the answer."""
    embeddings: NDArray[np.float32]
    """(photos, features), unit length."""
    unreadable: tuple[str, ...] = field(default=())
    """Photos that could not be opened, each with the reason."""
    samples: tuple[Sample, ...] = field(default=())
    """The photos asked about, in the order of the other fields."""
    rejection: NDArray[np.float64] | None = None
    """(photos,): the model's own rejection scores, where it has them."""


def ask(
    predictor: Predictor,
    samples: Sequence[Sample],
    progress: Progress = lambda _what, _done, _total: None,
) -> Asked:
    """Ask a model about every sample; one that it has no label for is unknown."""
    labels = predictor.manifest.labels
    scores, truth, answers, taken, unreadable = [], [], [], [], []
    vectors, rejection, opened = [], [], []
    for number, sample in enumerate(samples, start=1):
        started = time.perf_counter()
        try:
            image = open_image(sample.path)
        except (ImageError, OSError) as error:
            unreadable.append(f"{sample.path}: {error}")
            continue
        said = predictor.predict([image])
        taken.append(1000 * (time.perf_counter() - started))
        scores.append([said.scores[label] for label in labels])
        truth.append(labels.index(sample.label) if sample.label in labels else -1)
        answers.append(said.answer)
        vectors.append(said.embedding)
        opened.append(sample)
        if said.rejection is not None:
            rejection.append(said.rejection)
        progress("ask", number, len(samples))
    return Asked(
        np.array(scores, np.float64).reshape(-1, len(labels)),
        np.array(truth, np.int64),
        tuple(answers),
        np.array(taken, np.float64),
        np.array(vectors, np.float32),
        tuple(unreadable),
        tuple(opened),
        np.array(rejection, np.float64) if rejection else None,
    )


def report(asked: Asked, manifest: Manifest) -> dict[str, Any]:
    """Return the figures of an evaluation, as metrics.json and the card hold them."""
    figures = metrics.summary(
        asked.scores,
        asked.truth,
        manifest.labels,
        manifest.unknown_labels,
        asked.rejection,
    )
    if manifest.thresholds.conformal is not None:
        figures["conformal"] = _conformal(asked, manifest)
    unknown = {manifest.labels.index(label) for label in manifest.unknown_labels} | {-1}
    of_motifs: Counter[str] = Counter()
    of_others: Counter[str] = Counter()
    for index, said in zip(asked.truth.tolist(), asked.answers, strict=True):
        if index in unknown:
            of_others["rejected" if said.kind == "unknown" else "taken_for_motif"] += 1
        elif said.kind == "unknown":
            of_motifs["rejected"] += 1
        else:
            is_right = manifest.labels[index] in said.labels
            of_motifs[f"{said.kind}_{'right' if is_right else 'wrong'}"] += 1
    figures["answers"] = {
        "of_motifs": dict(sorted(of_motifs.items())),
        "of_others": dict(sorted(of_others.items())),
    }
    if len(asked.milliseconds):
        figures["milliseconds"] = {
            "p50": round(float(np.percentile(asked.milliseconds, 50)), 1),
            "p95": round(float(np.percentile(asked.milliseconds, 95)), 1),
        }
    if asked.unreadable:
        figures["unreadable"] = len(asked.unreadable)
    return figures


def _conformal(asked: Asked, manifest: Manifest) -> dict[str, Any]:
    """Return how often the set of likely motifs holds the true one, and its size."""
    motifs = [manifest.labels.index(label) for label in manifest.motifs]
    shows = np.isin(asked.truth, motifs)
    likely = asked.scores[shows] >= (manifest.thresholds.conformal or 0.0)
    held = likely[np.arange(len(likely)), asked.truth[shows]]
    sizes = likely[:, motifs].sum(axis=1)
    return {
        "coverage": metrics.share(int(held.sum()), len(held)),
        "mean_size": round(float(sizes.mean()), 4) if len(sizes) else None,
    }


def rejection_scores(
    asked: Asked, manifest: Manifest
) -> dict[str, NDArray[np.float64]]:
    """Return per kind of rejection score its values, (photos,); higher is less known.

    ``model`` is the model's own rejection score, ``max_softmax`` one minus the best
    motif's score, for comparison (Hendrycks and Gimpel 2017).
    """
    motifs = [manifest.labels.index(label) for label in manifest.motifs]
    plain = 1 - asked.scores[:, motifs].max(axis=1)
    own = asked.rejection
    if own is None and manifest.unknown_labels:
        own = 1 - asked.scores[:, motifs].sum(axis=1)
    return ({} if own is None else {"model": own}) | {"max_softmax": plain}


def each(
    asked: Asked, parts: Sequence[Dataset], predictor: Predictor
) -> dict[str, Any]:
    """Return what was said of each photo, so that two models can be compared by photo.

    Args:
        asked: what was said.
        parts: the dataset that was asked about, and those of further unknown photos.

    Returns:
        ``motifs`` that the model knows, ``bytes`` of its network, and ``photos``: per
        photo its path in its dataset (of a further one, after the label and the
        number of this), its ``label``, the label with the best score (``said``) and
        ``rejection``, higher is less known.
    """
    names = {
        sample.path: ("" if not at else f"{sample.label}/{at - 1}:")
        + sample.path.relative_to(part.root).as_posix()
        for at, part in enumerate(parts)
        for sample in part.samples
    }
    manifest = predictor.manifest
    kinds = rejection_scores(asked, manifest)
    unlike = kinds.get("model", kinds["max_softmax"])
    said = asked.scores.argmax(axis=1)
    return {
        "motifs": list(manifest.motifs),
        "bytes": (predictor.artifact.folder / MODEL).stat().st_size,
        "photos": [
            {
                "photo": names[sample.path],
                "label": sample.label,
                "said": manifest.labels[best],
                "rejection": round(float(value), 6),
            }
            for sample, best, value in zip(asked.samples, said, unlike, strict=True)
        ],
    }


def sources(
    asked: Asked, unknown: Sequence[Dataset], manifest: Manifest
) -> dict[str, dict[str, Any]]:
    """Return per source of unknown photos how well each score turns them away."""
    motifs = [manifest.labels.index(label) for label in manifest.motifs]
    kinds = rejection_scores(asked, manifest)
    shows = np.isin(asked.truth, motifs)
    found: dict[str, dict[str, Any]] = {}
    for part in unknown:
        paths = {sample.path for sample in part.samples}
        here = np.array([sample.path in paths for sample in asked.samples], bool)
        if here.any() and shows.any():
            curves = {
                kind: metrics.rejection_curve(values[shows], values[here])
                for kind, values in kinds.items()
            }
            found[str(part.root.name)] = {"photos": int(here.sum()), **curves}
    return found


def evaluate(
    predictor: Predictor,
    known: Dataset,
    unknown: Sequence[Dataset] = (),
    *,
    split: str | None = None,
    is_distorted_too: bool = False,
    limit: int | None = None,
    progress: Progress = lambda _what, _done, _total: None,
) -> tuple[dict[str, Any], Asked]:
    """Evaluate a model on a dataset.

    Args:
        predictor: the model.
        known: photos under labels that the model knows; labels that it does not know
            count as unknown, since that is what it should say.
        unknown: further photos without a known motif.
        split: "train", "val" or "test" takes only that side of a divided dataset.
        is_distorted_too: also measure what distorted photos cost.
        limit: distort at most so many photos; None for all.
        progress: told how far it is.

    Returns:
        The figures, and what was said of each photo.

    Raises:
        DatasetError: the model knows none of the labels, or the split has no motif.
    """
    manifest = predictor.manifest
    if not set(known.motifs) & set(manifest.motifs):
        raise DatasetError(
            f"The model knows none of the motifs in {known.root}: "
            f"{', '.join(known.motifs[:5])} … It knows {', '.join(manifest.motifs)}."
        )
    samples = [s for part in (known, *unknown) for s in part.samples]
    if split is not None:
        samples = [s for s in samples if s.split == split]
        # Whatever else is there: photos of no motif alone say nothing of motifs.
        if not any(s.label in known.motifs for s in known.of(split)):
            raise DatasetError(
                f"{known.root} has no photos of motifs in its {split} split."
            )
    asked = ask(predictor, samples, progress)
    if not len(asked.truth):
        raise DatasetError(f"None of the photos in {known.root} can be read.")
    figures = report(asked, manifest)
    if by_source := sources(asked, unknown, manifest):
        figures["rejection"] = by_source
    if (asked.truth >= 0).any():
        labelled = np.flatnonzero(asked.truth >= 0)
        low, high = metrics.grouped_interval(
            asked.truth[labelled],
            asked.scores[labelled].argmax(axis=1),
            [asked.samples[i].group or str(asked.samples[i].path) for i in labelled],
            len(manifest.labels),
        )
        figures["macro_f1_interval"] = {"low": low, "high": high}
    figures["not_in_model"] = sorted(set(known.motifs) - set(manifest.motifs))
    figures["earned"] = calibrate.earned(
        asked.scores,
        asked.truth,
        manifest.labels,
        manifest.unknown_labels,
        manifest.thresholds.single,
    )
    if is_distorted_too:
        figures["robustness"] = robustness.measure(
            predictor, asked.samples, limit=limit, progress=progress
        )
    return figures, asked

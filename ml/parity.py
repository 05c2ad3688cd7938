"""One network in several runtimes and precisions: do they agree, what do they cost?

Importing this module imports Keras; serving does not need it.
"""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, get_args

import keras
import numpy as np

from ml import artifact, network
from ml.dataset import Dataset, DatasetError
from ml.images import ImageError, open_image
from ml.job import Progress
from ml.network import Precision
from ml.predict import look
from ml.robustness import spread

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ml.artifact import Artifact

CLOSE = 0.005
"""How far a score of the shipped file may lie from the network's own."""
RULE = (
    "The smallest file whose top answer is Keras' on every photo and whose scores "
    f"stay within {CLOSE} of Keras'."
)
EXAMPLES = 100
"""How many squares 8-bit arithmetic measures its ranges on."""
ROUNDS, PER_ROUND = 12, 3

Run = Callable[["NDArray[np.float32]"], "NDArray[np.float32]"]


def compare(
    model: Artifact,
    data: Dataset,
    *,
    limit: int | None = None,
    progress: Progress = lambda _what, _done, _total: None,
) -> dict[str, Any]:
    """Export a model in every precision and compare each with the Keras network.

    Each photo is asked about by its first view, as serving cuts it. The ranges of
    "integer8" come from the training photos where the dataset is divided, otherwise
    from the same photos, which flatters that precision.

    Args:
        model: the model folder.
        data: photos whose label is known.
        limit: at most so many photos, spread over the dataset; None for all.
        progress: told how far it is.

    Returns:
        ``photos``, ``unreadable``; ``variants``: per runtime what ``agreement`` says,
        ``accuracy``, ``kilobytes`` and ``milliseconds``; ``plain``: the size and time
        of an untrained MobileNetV2 of the same input, in float16; ``rule`` and
        ``chosen``, a precision or None.

    Raises:
        DatasetError: none of the photos can be read or has a label of the model.
        WeightsError: the model's weights do not fit its network.
    """
    manifest = model.manifest
    trained = network.build(**manifest.network)
    network.load_network(trained, model.folder / artifact.WEIGHTS)
    known = [s for s in data.samples if s.label in manifest.labels]
    asked = [s for s in known if s.split == "test"] or known
    squares, truth, unreadable = [], [], 0
    wanted = spread(asked, limit)
    for at, sample in enumerate(wanted, start=1):
        try:
            squares.append(look(open_image(sample.path), manifest).pixels[0])
            truth.append(manifest.labels.index(sample.label))
        except (ImageError, OSError):
            unreadable += 1
        progress("look", at, len(wanted))
    if not squares:
        raise DatasetError(f"{data.root} has no readable photo of the model's labels.")
    pixels = np.stack(squares)
    examples = _examples([s for s in known if s.split == "train"], pixels, model)
    files = {}
    for at, precision in enumerate(get_args(Precision), start=1):
        files[precision] = network.to_litert(
            trained, precision=precision, examples=examples, **manifest.network
        )
        progress("export", at, len(get_args(Precision)))
    plain = plain_mobilenet(manifest.size, manifest.network.get("alpha", 1.0))
    wanted_scores = network.predict(network.trained_part(trained), pixels)
    runs = {name: runner(content) for name, content in files.items()}
    said = {"keras": wanted_scores} | {
        name: np.stack([run(one[None].astype(np.float32)) for one in pixels])
        for name, run in runs.items()
    }
    times = latencies({**runs, "plain": runner(plain)}, pixels[:1], progress)
    variants = {}
    for name, scores in said.items():
        variants[name] = {
            **agreement(wanted_scores, scores),
            "accuracy": round(float((scores.argmax(axis=1) == truth).mean()), 4),
        }
        if name in files:
            variants[name]["kilobytes"] = round(len(files[name]) / 1024)
            variants[name]["milliseconds"] = times[name]
    return {
        "photos": len(pixels),
        "unreadable": unreadable,
        "variants": variants,
        "plain": {
            "kilobytes": round(len(plain) / 1024),
            "milliseconds": times["plain"],
        },
        "rule": RULE,
        "chosen": choose(variants),
    }


def agreement(
    wanted: NDArray[np.float32], found: NDArray[np.float32]
) -> dict[str, float]:
    """Return how far scores lie from those of the network, both (photos, labels).

    >>> agreement(np.array([[0.9, 0.1]]), np.array([[0.4, 0.6]]))
    {'same_answer': 0.0, 'largest_difference': 0.5}
    """
    same = wanted.argmax(axis=1) == found.argmax(axis=1)
    return {
        "same_answer": float(same.mean()),
        "largest_difference": round(float(np.abs(wanted - found).max()), 6),
    }


def choose(variants: Mapping[str, Mapping[str, float]]) -> str | None:
    """Return the variant that ``RULE`` picks; None when none is close enough.

    >>> near = {"same_answer": 1.0, "largest_difference": 0.001}
    >>> choose({"float16": {**near, "kilobytes": 5}})
    'float16'
    """
    fit = {
        name: one["kilobytes"]
        for name, one in variants.items()
        if "kilobytes" in one
        and one["same_answer"] == 1
        and one["largest_difference"] <= CLOSE
    }
    return min(fit, key=lambda name: fit[name]) if fit else None


def runner(content: bytes) -> Run:
    """Return what asks a LiteRT file for the scores of one square, on one thread."""
    from ai_edge_litert.interpreter import Interpreter

    signature = Interpreter(model_content=content, num_threads=1).get_signature_runner()
    (name,) = signature.get_input_details()
    outputs = signature.get_output_details()
    wanted = "scores" if "scores" in outputs else next(iter(outputs))

    def run(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.array(signature(**{name: pixels})[wanted][0])

    return run


def latencies(
    runs: Mapping[str, Run],
    pixels: NDArray[np.uint8],
    progress: Progress = lambda _what, _done, _total: None,
) -> dict[str, float]:
    """Return each one's median milliseconds for one square, (1, size, size, 3).

    They take turns, so that whatever else the machine does hits them alike.
    """
    square = pixels.astype(np.float32)
    taken: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(1 + ROUNDS):
        for name, run in runs.items():
            for _ in range(PER_ROUND):
                started = time.perf_counter()
                run(square)
                # The first round warms caches and is not counted.
                if number:
                    taken[name].append(1000 * (time.perf_counter() - started))
        progress("time", number + 1, 1 + ROUNDS)
    return {name: round(float(np.median(t)), 2) for name, t in taken.items()}


def plain_mobilenet(size: int, alpha: float) -> bytes:
    """Return MobileNetV2 with its own 1000 labels as a float16 file, untrained."""
    import tensorflow as tf

    pixels = keras.Input((size, size, 3), batch_size=1)
    whole = keras.applications.MobileNetV2(
        input_shape=(size, size, 3), alpha=alpha, weights=None
    )
    converter = tf.lite.TFLiteConverter.from_keras_model(
        keras.Model(pixels, whole(pixels, training=False))
    )
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_types = [tf.float16]
    with contextlib.redirect_stdout(io.StringIO()):
        content: bytes = converter.convert()
    return content


def _examples(
    samples: Sequence[Any], otherwise: NDArray[np.uint8], model: Artifact
) -> NDArray[np.uint8]:
    found = []
    for sample in spread(samples, EXAMPLES):
        with contextlib.suppress(ImageError, OSError):
            found.append(look(open_image(sample.path), model.manifest).pixels[0])
    return np.stack(found) if found else otherwise[:EXAMPLES]

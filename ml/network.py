"""MobileNetV2 with a new head, and its three outputs.

Importing this module imports Keras; serving does not need it.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import keras
import numpy as np

from ml.images import INPUT_SIZE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

HIDDEN = 256
DROPOUT = 0.2
BLOCKS = 17
"""MobileNetV2 has 17 bottleneck blocks, between its first and its last convolution."""

TAPPED = (
    "block_6_expand_relu",
    "block_10_expand_relu",
    "block_13_expand_relu",
    "out_relu",
)
"""The layers that the linear head reads: strokes, their figures, and what they make."""

Scaling = Literal["signed", "unit"]
Head = Literal["paper", "linear"]
Precision = Literal["float32", "float16", "dynamic8", "integer8"]


class WeightsError(Exception):
    """Weights that cannot be read or do not fit the network."""


def build(
    labels: int,
    *,
    size: int = INPUT_SIZE,
    alpha: float = 1.0,
    scaling: Scaling = "signed",
    head: Head = "paper",
    batch: int | None = None,
) -> keras.Model:
    """Return MobileNetV2 with a new head, random weights.

    The paper's head is global average pooling, dropout 0.2, dense 256 with ReLU,
    dropout 0.2 and softmax. The linear head pools four layers of the backbone, from
    early to last, and is one dense layer with softmax: a motif is a matter of strokes
    as much as of what they make together. The backbone always runs in inference
    mode, also while fine-tuning: a few hundred photos would ruin batch-norm
    statistics learned from a million.

    Args:
        labels: how many labels it tells apart, the unknown ones included.
        size: side of the input square, in pixels.
        alpha: width of the backbone, as in MobileNetV2.
        scaling: "signed" maps pixels to -1..1, which MobileNetV2's weights expect;
            "unit" maps them to 0..1, which is the paper's slip.
        head: "paper" or "linear".
        batch: fixes the batch dimension, as the exported network needs it.

    Returns:
        Model from ``pixels``, shape (batch, size, size, 3), values 0..255, to a dict:
        ``scores``, (batch, labels), each row summing to 1;
        ``embedding``, (batch, features), the pooled features: 1280 with the paper's
        head and alpha 1, 2432 with the linear one;
        ``map``, (batch, rows, columns, labels): what each place adds to each label
        before the softmax. Its mean over the places is exactly what the softmax is
        given, because the head is linear once any ReLU's on and off are known.
    """
    pixels = keras.Input((size, size, 3), batch_size=batch, name="pixels")
    backbone = keras.applications.MobileNetV2(
        input_shape=(size, size, 3),
        alpha=alpha,
        include_top=False,
        weights=None,
        name="backbone",
    )
    if head == "linear":
        taps = [backbone.get_layer(name).output for name in TAPPED]
        backbone = keras.Model(backbone.input, taps, name="backbone")
    backbone.trainable = False
    rescale = (
        keras.layers.Rescaling(_halved(1 / 127.5), offset=-1)
        if scaling == "signed"
        else keras.layers.Rescaling(_halved(1 / 255))
    )
    features = backbone(rescale(pixels), training=False)
    outputs = _linear if head == "linear" else _paper
    return keras.Model(pixels, outputs(features, labels), name="langgundi")


def _linear(features: Any, labels: int) -> dict[str, Any]:
    """Return the outputs of the linear head on the tapped layers."""
    logits = keras.layers.Dense(labels, name="logits")
    rows = features[-1].shape[1]
    # Each layer's grid is a whole multiple of the last one's, so the mean over the
    # pooled grid is the mean over the layer, and the map adds up to the logits.
    grids = [
        keras.layers.AveragePooling2D(one.shape[1] // rows)(one) for one in features
    ]
    places = keras.layers.Concatenate()(grids)
    embedding = keras.layers.GlobalAveragePooling2D(name="embedding")(places)
    scores = keras.layers.Softmax(name="scores")(logits(embedding))
    return {"scores": scores, "embedding": embedding, "map": logits(places)}


def _paper(features: Any, labels: int) -> dict[str, Any]:
    """Return the outputs of the paper's head on the last layer."""
    head = _head(labels)
    embedding = keras.layers.GlobalAveragePooling2D(name="embedding")(features)
    hidden = head["hidden"](keras.layers.Dropout(DROPOUT)(embedding))
    kept = keras.layers.Dropout(DROPOUT)(keras.layers.ReLU()(hidden))
    scores = keras.layers.Softmax(name="scores")(head["logits"](kept))
    # The ReLU of the pooled features decides which hidden units count, everywhere.
    is_on = keras.ops.cast(hidden > 0, "float32")
    places = head["hidden"](features) * keras.ops.reshape(is_on, (-1, 1, 1, HIDDEN))
    return {"scores": scores, "embedding": embedding, "map": head["logits"](places)}


def _head(labels: int) -> dict[str, Any]:
    return {
        "hidden": keras.layers.Dense(HIDDEN, name="hidden"),
        "logits": keras.layers.Dense(labels, name="logits"),
    }


def build_head(width: int, labels: int) -> keras.Model:
    """Return the paper's head alone, from pooled features (batch, width) to scores."""
    features = keras.Input((width,))
    head = _head(labels)
    hidden = head["hidden"](keras.layers.Dropout(DROPOUT)(features))
    kept = keras.layers.Dropout(DROPOUT)(keras.layers.ReLU()(hidden))
    return keras.Model(features, keras.layers.Softmax()(head["logits"](kept)))


def copy_head(source: keras.Model, target: keras.Model) -> None:
    """Copy the head's weights from one network (or head) to another of its kind."""
    for name in _head_layers(source):
        target.get_layer(name).set_weights(source.get_layer(name).get_weights())


def _head_layers(network: keras.Model) -> list[str]:
    names = {layer.name for layer in network.layers}
    return [name for name in ("hidden", "logits") if name in names]


def trained_part(network: keras.Model) -> keras.Model:
    """Return the same network with only its ``scores``, as training needs it."""
    return keras.Model(network.input, network.output["scores"])


def pooled_part(network: keras.Model) -> keras.Model:
    """Return the same network with only its ``embedding``."""
    return keras.Model(network.input, network.output["embedding"])


def unfreeze(network: keras.Model, blocks: int = BLOCKS) -> None:
    """Let the last ``blocks`` bottleneck blocks learn; batch norm stays as it is.

    Freezing batch norm's scale and offset as well costs no accuracy that was
    measured and makes a step twice as fast on a CPU.

    Args:
        network: as ``build`` gives it; compile it afterwards.
        blocks: 0 freezes the whole backbone, 17 lets every convolution learn.
    """
    backbone = network.get_layer("backbone")
    backbone.trainable = blocks > 0
    if blocks <= 0:
        return
    # Layers are named block_1_… to block_16_…; the first block has names of its own.
    first = BLOCKS - blocks
    is_free = blocks >= BLOCKS
    for layer in backbone.layers:
        is_free = is_free or layer.name.startswith(f"block_{first}_")
        is_norm = isinstance(layer, keras.layers.BatchNormalization)
        layer.trainable = is_free and not is_norm


def load_backbone(network: keras.Model, weights: str | Path) -> None:
    """Give the backbone its pretrained weights.

    Args:
        network: as ``build`` gives it.
        weights: "imagenet", which Keras downloads, or the path of an ``.h5`` file.

    Raises:
        WeightsError: the file cannot be read or is of another network.
    """
    backbone = network.get_layer("backbone")
    try:
        if str(weights) == "imagenet":
            size, alpha = network.input_shape[1], _alpha(backbone)
            given = keras.applications.MobileNetV2(
                input_shape=(size, size, 3),
                alpha=alpha,
                include_top=False,
                weights="imagenet",
            )
            backbone.set_weights(given.get_weights())
        else:
            backbone.load_weights(Path(weights))
    except Exception as error:
        raise WeightsError(
            f"{weights} does not hold the weights of this MobileNetV2's backbone: "
            f"{_first_line(error)}"
        ) from error


def _alpha(backbone: keras.Model) -> float:
    return float(backbone.get_layer("Conv1").filters) / 32


def load_network(network: keras.Model, path: Path) -> None:
    """Load a whole network's weights, as ``save_network`` wrote them.

    Raises WeightsError when the file is damaged or of another shape.
    """
    try:
        network.load_weights(path)
    except Exception as error:
        raise WeightsError(
            f"{path.name} does not fit the network: {_first_line(error)}"
        ) from error


def save_network(network: keras.Model, path: Path) -> None:
    """Write the weights; ``path`` ends in ``.weights.h5``."""
    network.save_weights(path)


def adopt_head(
    network: keras.Model,
    labels: Sequence[str],
    source: keras.Model,
    source_labels: Sequence[str],
) -> list[str]:
    """Take over what another network knows of the labels that both have.

    Returns:
        The labels taken over, in the order of ``labels``; none when the heads are of
        two kinds.
    """
    if _head_layers(network) != _head_layers(source):
        return []
    if "hidden" in _head_layers(network):
        network.get_layer("hidden").set_weights(
            source.get_layer("hidden").get_weights()
        )
    kernel, bias = (w.copy() for w in network.get_layer("logits").get_weights())
    old_kernel, old_bias = source.get_layer("logits").get_weights()
    shared = [label for label in labels if label in source_labels]
    for label in shared:
        new, old = labels.index(label), source_labels.index(label)
        kernel[:, new], bias[new] = old_kernel[:, old], old_bias[old]
    network.get_layer("logits").set_weights([kernel, bias])
    return shared


def soften(network: keras.Model, temperature: float) -> None:
    """Divide the last layer by a temperature, so that every runtime agrees on it."""
    layer = network.get_layer("logits")
    layer.set_weights([weights / temperature for weights in layer.get_weights()])


def round_weights(network: keras.Model) -> None:
    """Round all weights to what float16 can hold, batch norm folded in first.

    The exported file keeps weights in float16 and folds each batch norm into the
    convolution before it. A network that is so already answers in Keras as its file
    does; rounded by the export alone, a linear head's scores moved by up to 0.03.
    """
    backbone = network.get_layer("backbone")
    for layer in backbone.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            _fold(layer.input._keras_history.operation, layer)
    for layer in network.layers:
        if layer is not backbone:
            layer.set_weights([_half(weights) for weights in layer.get_weights()])


def _fold(convolution: keras.Layer, norm: keras.layers.BatchNormalization) -> None:
    """Make the norm add a bias only; the convolution does the rest of its work."""
    gamma, beta, mean, variance = (w.astype(np.float64) for w in norm.get_weights())
    scale = gamma / np.sqrt(variance + norm.epsilon)
    (kernel,) = convolution.get_weights()
    # A depthwise kernel is (rows, columns, channels, 1), others end with the channels.
    is_depthwise = isinstance(convolution, keras.layers.DepthwiseConv2D)
    scaled = kernel * (scale[:, None] if is_depthwise else scale)
    convolution.set_weights([_half(scaled)])
    one = np.ones_like(gamma)
    norm.set_weights([one, _half(beta - mean * scale), 0 * one, one - norm.epsilon])


def _half(weights: NDArray[Any]) -> NDArray[np.float32]:
    return weights.astype(np.float16).astype(np.float32)


def _halved(number: float) -> float:
    """Return what the exported file makes of a number: 255 becomes 0.99997, not 1."""
    return float(np.float16(number))


def to_litert(
    network: keras.Model,
    *,
    precision: Precision = "float16",
    examples: NDArray[np.uint8] | None = None,
    **settings: Any,
) -> bytes:
    """Return the network as a LiteRT file with batch 1; its input and output are float.

    Args:
        network: a trained network.
        precision: "float32"; "float16", weights of half the size; "dynamic8", 8-bit
            weights; "integer8", 8-bit weights and 8-bit arithmetic.
        examples: (photos, size, size, 3), squares that "integer8" measures the range
            of every layer on; the others need none.
        settings: what ``build`` was given for it.

    Raises:
        ValueError: "integer8" was given no examples.
    """
    import tensorflow as tf  # Keras may run on another backend; LiteRT needs this one

    if precision == "integer8" and (examples is None or not len(examples)):
        raise ValueError("integer8 needs examples to measure ranges on")
    # The browser's runtime refuses a free batch dimension, so a twin has it fixed.
    twin = build(batch=1, **settings)
    twin.set_weights(network.get_weights())
    converter = tf.lite.TFLiteConverter.from_keras_model(twin)
    if precision != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if precision == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if precision == "integer8" and examples is not None:
        squares = [[one[None].astype(np.float32)] for one in examples]
        converter.representative_dataset = lambda: iter(squares)
    # Keras tells standard output what it saves, which is where answers go.
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        # Input and output stay float, so they have no statistics to state.
        warnings.filterwarnings("ignore", "Statistics for quantized inputs")
        data: bytes = converter.convert()
    return data


def predict(
    model: keras.Model, pixels: NDArray[Any], batch: int = 32
) -> NDArray[np.float32]:
    """Return a one-output model's answer for many squares, (n, …)."""
    parts = [
        np.asarray(model.predict_on_batch(pixels[i : i + batch].astype(np.float32)))
        for i in range(0, len(pixels), batch)
    ]
    return np.concatenate(parts)


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0][:200] or type(error).__name__

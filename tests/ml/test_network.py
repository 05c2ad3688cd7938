"""The network's outputs, its weights and its LiteRT twin."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from ml import network
from tests.ml.conftest import SIZE, enliven

LABELS = 5


@pytest.fixture(scope="module")
def tiny():
    keras.utils.set_random_seed(4)
    model = network.build(LABELS, size=SIZE, alpha=0.35)
    enliven(model)
    return model


@pytest.fixture
def pixels() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (2, SIZE, SIZE, 3), dtype=np.uint8)


def ask(model, pixels: np.ndarray) -> dict[str, np.ndarray]:
    found = model.predict_on_batch(pixels.astype(np.float32))
    return {name: np.asarray(value) for name, value in found.items()}


def test_the_defaults_are_the_papers():
    full = network.build(3)

    assert full.input_shape == (None, 224, 224, 3)
    assert full.output["map"].shape == (None, 7, 7, 3)
    assert full.output["embedding"].shape == (None, 1280)
    assert full.get_layer("hidden").units == 256
    dropouts = [x for x in full.layers if isinstance(x, keras.layers.Dropout)]
    assert [x.rate for x in dropouts] == [0.2, 0.2]


def test_scores_are_shares_and_the_shapes_are_as_said(tiny, pixels):
    found = ask(tiny, pixels)

    assert found["scores"].shape == (2, LABELS)
    assert found["scores"].sum(axis=1) == pytest.approx([1, 1], abs=1e-4)
    assert found["embedding"].shape == (2, 1280)
    assert found["map"].shape == (2, 2, 2, LABELS)


def test_the_mean_of_the_map_is_what_the_softmax_is_given(tiny, pixels):
    found = ask(tiny, pixels)

    logits = found["map"].mean(axis=(1, 2))

    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    assert powers / powers.sum(axis=1, keepdims=True) == pytest.approx(
        found["scores"], abs=1e-5
    )


def test_the_two_scalings_are_the_papers_and_mobilenets():
    signed, unit = (
        network.build(2, size=SIZE, alpha=0.35, scaling=scaling)
        for scaling in ("signed", "unit")
    )

    rescale = {
        name: next(x for x in model.layers if isinstance(x, keras.layers.Rescaling))
        for name, model in (("signed", signed), ("unit", unit))
    }

    black_and_white = np.array([0.0, 255.0], np.float32)
    signed, unit = (np.asarray(rescale[x](black_and_white)) for x in rescale)
    assert signed == pytest.approx([-1, 1], abs=1e-4)
    assert unit == pytest.approx([0, 1], abs=1e-4)


@pytest.mark.parametrize("blocks", [0, 2, 17])
def test_only_the_asked_blocks_learn_and_batch_norm_never(blocks: int):
    model = network.build(2, size=SIZE, alpha=0.35)

    network.unfreeze(model, blocks)

    learning = [
        layer
        for layer in model.get_layer("backbone").layers
        if layer.weights and layer.trainable and model.get_layer("backbone").trainable
    ]
    assert not any(isinstance(x, keras.layers.BatchNormalization) for x in learning)
    names = {layer.name for layer in learning}
    assert ("Conv1" in names) == (blocks == 17)
    assert ("block_16_expand" in names) == (blocks >= 1)
    assert ("block_14_expand" in names) == (blocks >= 3)


def test_batch_norm_is_not_moved_by_training(tiny):
    model = network.build(LABELS, size=SIZE, alpha=0.35)
    model.set_weights(tiny.get_weights())
    network.unfreeze(model)
    learner = network.trained_part(model)
    norms = [
        x
        for x in model.get_layer("backbone").layers
        if isinstance(x, keras.layers.BatchNormalization)
    ]
    before = [w.copy() for x in norms for w in x.get_weights()]
    kernel = model.get_layer("backbone").get_layer("Conv1").get_weights()[0].copy()

    learner.compile(keras.optimizers.SGD(1.0), "categorical_crossentropy")
    noise = np.random.default_rng(1).normal(128, 60, (4, SIZE, SIZE, 3))
    learner.train_on_batch(noise.astype(np.float32), np.eye(LABELS)[[0, 1, 0, 1]])

    after = [w for x in norms for w in x.get_weights()]
    assert all((a == b).all() for a, b in zip(before, after, strict=True))
    moved = model.get_layer("backbone").get_layer("Conv1").get_weights()[0]
    assert (moved != kernel).any()


def test_saved_weights_bring_the_same_answers(tiny, pixels, tmp_path: Path):
    network.save_network(tiny, tmp_path / "a.weights.h5")
    twin = network.build(LABELS, size=SIZE, alpha=0.35)

    network.load_network(twin, tmp_path / "a.weights.h5")

    assert ask(twin, pixels)["scores"] == pytest.approx(ask(tiny, pixels)["scores"])


@pytest.mark.parametrize("content", [b"", b"not weights"])
def test_a_damaged_weights_file_is_named(tmp_path: Path, content: bytes):
    file = tmp_path / "broken.weights.h5"
    file.write_bytes(content)
    model = network.build(2, size=SIZE, alpha=0.35)

    with pytest.raises(network.WeightsError, match=r"broken\.weights\.h5"):
        network.load_backbone(model, file)


def test_weights_of_another_width_do_not_fit(backbone: Path):
    model = network.build(2, size=SIZE, alpha=0.5)

    with pytest.raises(network.WeightsError):
        network.load_backbone(model, backbone)


def test_what_is_known_of_shared_labels_is_taken_over(tiny):
    model = network.build(3, size=SIZE, alpha=0.35)
    old = ["a", "b", "c", "d", "not-cloth"]

    shared = network.adopt_head(model, ["new", "c", "not-cloth"], tiny, old)

    assert shared == ["c", "not-cloth"]
    kernel = model.get_layer("logits").get_weights()[0]
    source = tiny.get_layer("logits").get_weights()[0]
    assert (kernel[:, 1] == source[:, 2]).all()
    assert (kernel[:, 2] == source[:, 4]).all()
    assert not (kernel[:, 0] == source[:, 0]).all()


def test_softening_divides_what_the_softmax_is_given(tiny, pixels):
    twin = network.build(LABELS, size=SIZE, alpha=0.35)
    twin.set_weights(tiny.get_weights())
    before = ask(twin, pixels)["map"]

    network.soften(twin, 2.0)

    assert ask(twin, pixels)["map"] == pytest.approx(before / 2, abs=1e-4)


def test_the_linear_head_reads_four_layers_and_its_map_adds_up(pixels):
    model = network.build(LABELS, size=64, alpha=0.35, head="linear")

    found = ask(model, pixels)

    logits = found["map"].mean(axis=(1, 2))
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares = powers / powers.sum(axis=1, keepdims=True)
    assert found["scores"] == pytest.approx(shares, abs=1e-4)
    widths = [
        model.get_layer("backbone").get_layer(name).output.shape[-1]
        for name in network.TAPPED
    ]
    assert found["embedding"].shape == (2, sum(widths))


def test_rounded_weights_answer_alike_and_export_without_loss():
    from ai_edge_litert.interpreter import Interpreter

    settings = {"labels": 3, "size": SIZE, "alpha": 0.35, "head": "linear"}
    model = network.build(**settings)
    enliven(model)
    rng = np.random.default_rng(4)
    pixels = rng.integers(0, 256, (6, SIZE, SIZE, 3), dtype=np.uint8)
    learner = network.trained_part(model)
    before = network.predict(learner, pixels)

    network.round_weights(model)
    rounded = network.predict(learner, pixels)
    weights = model.get_weights()
    network.round_weights(model)

    assert rounded == pytest.approx(before, abs=0.02)
    same = zip(weights, model.get_weights(), strict=True)
    assert all((a == b).all() for a, b in same)
    run = Interpreter(
        model_content=network.to_litert(model, **settings)
    ).get_signature_runner()
    for one, wanted in zip(pixels, rounded, strict=True):
        found = run(pixels=one[None].astype(np.float32))["scores"][0]
        assert found == pytest.approx(wanted, abs=1e-4)

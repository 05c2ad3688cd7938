"""Exported files answer as the network does, and the shipped one is chosen by rule."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from ml import artifact, dataset, network, parity
from ml.__main__ import main
from ml.commands.parity import print_figures
from ml.network import Precision

NEAR = {"same_answer": 1.0, "largest_difference": 0.001}


@pytest.fixture(scope="module")
def figures(model: Path, photos: Path) -> dict:
    return parity.compare(artifact.read(model), dataset.load(photos), limit=9)


def test_every_precision_is_held_beside_keras_and_plain_mobilenet(figures: dict):
    found = figures["variants"]

    assert set(found) == {"keras", *get_args(Precision)}
    assert found["keras"]["largest_difference"] == 0
    assert figures["photos"] == 9
    assert figures["plain"]["milliseconds"] > 0
    assert found["dynamic8"]["kilobytes"] < found["float16"]["kilobytes"]
    assert found["float16"]["kilobytes"] < found["float32"]["kilobytes"]


def test_float_files_give_the_networks_answers(figures: dict):
    for precision in ("float32", "float16"):
        one = figures["variants"][precision]
        assert one["same_answer"] == 1
        assert one["largest_difference"] <= parity.CLOSE


def test_the_smallest_file_that_agrees_is_chosen():
    found = {
        "float32": {**NEAR, "kilobytes": 9},
        "float16": {**NEAR, "kilobytes": 5},
        "dynamic8": {**NEAR, "same_answer": 0.99, "kilobytes": 3},
        "integer8": {**NEAR, "largest_difference": 0.006, "kilobytes": 2},
    }

    assert parity.choose(found) == "float16"
    assert parity.choose({"dynamic8": found["dynamic8"]}) is None


def test_arithmetic_in_8_bit_needs_examples(model: Path):
    made = artifact.read(model)
    trained = network.build(**made.manifest.network)

    with pytest.raises(ValueError, match="examples"):
        network.to_litert(trained, precision="integer8", **made.manifest.network)


def test_the_command_names_the_rule_and_its_choice(model: Path, photos: Path, capsys):
    given = ["parity", str(model), str(photos), "--limit", "3", "--quiet", "--json"]

    assert main(given) == 0
    found = json.loads(capsys.readouterr().out)
    print_figures("photos", found)
    words = capsys.readouterr().out

    assert parity.RULE in words
    assert found["rule"] == parity.RULE
    assert found["chosen"] in get_args(Precision)
    assert found["chosen"] in words


@pytest.mark.parametrize("precision", ["integer8"])
def test_the_maps_mean_is_what_the_softmax_is_given(
    precision: Precision, model: Path, photos: Path
):
    from ai_edge_litert.interpreter import Interpreter

    made = artifact.read(model)
    trained = network.build(**made.manifest.network)
    network.load_network(trained, made.folder / artifact.WEIGHTS)
    size = made.manifest.size
    rng = np.random.default_rng(2)
    pixels = rng.integers(0, 256, (4, size, size, 3), dtype=np.uint8)
    content = network.to_litert(
        trained, precision=precision, examples=pixels, **made.manifest.network
    )
    run = Interpreter(model_content=content).get_signature_runner()

    found = run(pixels=pixels[:1].astype(np.float32))

    logits = found["map"].mean(axis=(1, 2))
    powers = np.exp(logits - logits.max())
    near = {"float32": 1e-4, "float16": 1e-4, "dynamic8": 0.02, "integer8": 0.05}
    assert powers / powers.sum() == pytest.approx(found["scores"], abs=near[precision])

"""A tiny dataset and a tiny real network, made once for all tests of ``ml``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ml.recipe import FULL, PAPER, Recipe

SIZE = 64
MOTIFS = ("checks", "dots", "stripes")


def draw(label: str, rng: np.random.Generator, side: int = 96) -> Image.Image:
    """Return a picture that even a tiny network can tell from those of other labels."""
    y, x = np.mgrid[:side, :side]
    x, y = x + rng.integers(16), y + rng.integers(16)
    if label == "stripes":
        shape = (y // 8) % 2 == 0
    elif label == "checks":
        shape = ((x // 12) + (y // 12)) % 2 == 0
    elif label == "dots":
        shape = (x % 16 - 8) ** 2 + (y % 16 - 8) ** 2 < 20
    else:
        shape = rng.random((side, side)) < 0.5
    dye, ground = rng.integers(0, 100, 3), rng.integers(150, 256, 3)
    return Image.fromarray(np.where(shape[..., None], dye, ground).astype(np.uint8))


def write_photos(folder: Path, label: str, count: int, seed: int) -> None:
    """Write photos of one label; two in a row are of one cloth."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        draw(label, rng).save(folder / f"{number:02d}.jpg", quality=90)


def enliven(network: Any) -> None:
    """Fit batch norm to noise: in a random backbone, signals die out on their way."""
    backbone = network.get_layer("backbone")
    norms = [layer for layer in backbone.layers if hasattr(layer, "moving_mean")]
    backbone.trainable = True  # a frozen batch norm never looks at its input
    for layer in norms:
        layer.momentum = 0.0
    noise = np.random.default_rng(6).uniform(-1, 1, (16, *network.input_shape[1:]))
    backbone(noise.astype(np.float32), training=True)
    for layer in norms:
        layer.momentum = 0.999
    backbone.trainable = False


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a dataset folder of three motifs, in groups of two."""
    root = tmp_path_factory.mktemp("photos")
    rows = ["path,group"]
    for seed, label in enumerate(MOTIFS):
        write_photos(root / label, label, 12, seed)
        rows += [f"{label}/{n:02d}.jpg,{label}-{n // 2}" for n in range(12)]
    (root / "groups.csv").write_text("\n".join(rows) + "\n")
    return root


@pytest.fixture(scope="session")
def strangers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of photos that show no motif."""
    root = tmp_path_factory.mktemp("strangers") / "not-cloth"
    write_photos(root, "noise", 12, 9)
    return root


@pytest.fixture(scope="session")
def backbone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of random weights for the tiny backbone."""
    import keras

    from ml import network

    # The same one in every run: of some the head is far surer than of others, and then
    # 8 bits cost it more than test_parity allows.
    keras.utils.set_random_seed(6)
    file = tmp_path_factory.mktemp("backbone") / "tiny.weights.h5"
    tiny = network.build(2, size=SIZE, alpha=0.35)
    enliven(tiny)
    tiny.get_layer("backbone").save_weights(file)
    return file


def tiny(recipe: Recipe = FULL) -> Recipe:
    """Return a recipe that takes seconds."""
    from dataclasses import replace

    return replace(
        recipe, epochs=2, size=SIZE, alpha=0.35, head_epochs=3, batch=8, patience=9
    )


@pytest.fixture(scope="session")
def model(
    tmp_path_factory: pytest.TempPathFactory,
    photos: Path,
    strangers: Path,
    backbone: Path,
) -> Path:
    """Return the folder of a tiny model, trained for a moment."""
    from ml import dataset
    from ml.train import train

    out = tmp_path_factory.mktemp("models") / "tiny"
    train(
        photos,
        out,
        recipe=tiny(),
        weights=backbone,
        unknown=[dataset.load_unknown(strangers)],
        seed=3,
    )
    return out


__all__ = ["MOTIFS", "PAPER", "SIZE", "draw", "enliven", "tiny", "write_photos"]

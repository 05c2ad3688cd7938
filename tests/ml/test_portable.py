"""What a browser gets says the same as ``ml``, read as the browser reads it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ml import portable, prototypes, rejection, whitening
from ml.embeddings import Embeddings, unit
from ml.portable import Portable
from ml.rejection import Rejector, Rule

RNG = np.random.default_rng(5)
FEATURES = 24
LABELS = ("a", "b")
NAMES = (*("a",) * 20, *("b",) * 20, *("not-cloth",) * 60)
MEMORY = Embeddings(unit(RNG.normal(0, 1, (100, FEATURES))), NAMES, NAMES)
ASKED = unit(RNG.normal(0, 1, (50, FEATURES)))
RULE = Rule({"distance_to_motifs": (0.3, 0.1), "doubt": (-3.0, 2.0)}, 1.0)
LAYERED = replace(RULE, layers=(10, 14))
CLOSELY = 0.01


def claims(found: Portable, asked: np.ndarray) -> np.ndarray:
    """Return what rows claim, (asked, rows), from the file's content alone."""
    features = sum(count for count, _ in found.layers)
    middle, spread, bends, steps, row_steps, offsets, axes, rows = parts_of(found)
    roots = (whitening.root(asked) - middle) / spread
    along = roots @ (axes * steps[:, None]).T
    ends = np.cumsum(found.layers, axis=0)[:-1]
    of_layers = np.split(roots, ends[:, 0], axis=1)
    of_axes = np.split(along**2 * bends, ends[:, 1], axis=1)
    lengths = [
        np.sqrt((one**2).sum(axis=1) + bent.sum(axis=1))[:, None]
        for one, bent in zip(of_layers, of_axes, strict=True)
    ]
    scaled = np.concatenate(
        [one / length for one, length in zip(of_layers, lengths, strict=True)], axis=1
    )
    assert scaled.shape[1] == features
    products = scaled @ (rows * row_steps[:, None]).T
    return products / np.sqrt(len(found.layers)) + offsets


def parts_of(found: Portable) -> list[np.ndarray]:
    features = sum(count for count, _ in found.layers)
    counts = [features] * 2 + [found.axes] * 2 + [found.rows] * 2
    floats = np.frombuffer(found.content, "<f4", sum(counts))
    bytes_ = np.frombuffer(found.content, np.int8, offset=floats.nbytes)
    small = np.split(bytes_.reshape(-1, features), [found.axes])
    return [*np.split(floats, np.cumsum(counts)[:-1]), *small]


@pytest.fixture
def new() -> prototypes.Provisional:
    photos = unit(np.random.default_rng(7).normal(0, 1, (3, FEATURES)))
    return prototypes.provisional({"new": photos}, MEMORY, (*LABELS, "not-cloth"))


def test_of_prototypes(new):
    found = new.portable()

    assert found.labels == new.known.labels
    assert found.rows == 2 * len(found.labels)
    coarse, rests = np.split(claims(found, ASKED), 2, axis=1)
    exact = new.known.similarity(ASKED)
    assert coarse + rests == pytest.approx(exact, abs=0.002)
    assert np.abs(coarse + rests - exact).max() < np.abs(coarse - exact).max()


@pytest.mark.parametrize("rule", [RULE, LAYERED], ids=["one layer", "two layers"])
def test_of_the_distance(rule):
    rejector = rejection.rejector(rule, MEMORY, LABELS)
    found = rejector.portable()

    assert found.rows == len(LABELS)
    assert [count for count, _ in found.layers] == list(rule.layers or (FEATURES,))
    said = 1 - claims(found, ASKED).max(axis=1)
    assert said == pytest.approx(rejector.distance(ASKED), abs=CLOSELY)


def test_axes_that_change_nothing_stay_at_home():
    only = whitening.learn(MEMORY.vectors, shrinkage=1.0)
    rows = portable.kernels(only, only(MEMORY.vectors))
    found = portable.pack(only, rows)

    assert found.axes == 0
    expected = only(ASKED) @ only(MEMORY.vectors).T
    assert claims(found, ASKED) == pytest.approx(expected, abs=CLOSELY)


def test_new_motifs_come_as_further_rows_of_the_distance(new):
    own = rejection.rejector(RULE, MEMORY, LABELS)
    base, added = own.portable(), new.portable(own.distance)
    count = 2 * len(new.known.labels)

    assert added.rows == count + 3
    *_, steps, offsets, _, rows = parts_of(added)
    further = (rows * steps[:, None])[count:], offsets[count:]
    both = portable.pack(
        own.distance.whitened,
        np.concatenate([rows_of(base), further[0]]),
        offsets=np.concatenate([own.distance.offsets, further[1]]),
    )
    said = 1 - claims(both, ASKED).max(axis=1)
    known = own.knowing(new.photos.vectors)
    assert said == pytest.approx(known.distance(ASKED), abs=CLOSELY)
    assert not np.allclose(known.distance(ASKED), own.distance(ASKED))


def rows_of(found: Portable) -> np.ndarray:
    """Return the kernels of a file."""
    *_, steps, _, _, rows = parts_of(found)
    return rows * steps[:, None]


def test_a_rule_without_distance_needs_no_file():
    assert Rejector(Rule({"doubt": (-3.0, 2.0)}, 1.0), None).portable() is None


def test_its_digest_is_of_its_content():
    assert Portable(0, 0, b"a", ()).sha256 != Portable(0, 0, b"b", ()).sha256

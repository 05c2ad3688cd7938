"""What a browser gets says the same as ``ml``, read as the browser reads it."""

from __future__ import annotations

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
COARSELY = 0.04
"""Rounding to few steps evens out over features, of which there are few here."""
RULE = Rule({"distance": (0.3, 0.1), "doubt": (-3.0, 2.0)}, 1.0)


def similarities(found: Portable, asked: np.ndarray) -> np.ndarray:
    """Return cosines, (asked, rows), from the file's content alone."""
    fixed, each = 2 * found.axes + found.rows, found.axes + found.rows
    features = (len(found.content) - 4 * fixed) // (8 + each)
    floats = np.frombuffer(found.content, "<f4", fixed + 2 * features)
    middle, spread, bends, steps, row_steps = np.split(
        floats, np.cumsum([features, features, found.axes, found.axes])
    )
    bytes_ = np.frombuffer(found.content, np.int8, offset=4 * len(floats))
    axes, rows = np.split(bytes_.reshape(-1, features), [found.axes])
    roots = (whitening.root(asked) - middle) / spread
    along = roots @ (axes * steps[:, None]).T
    length = np.sqrt((roots**2).sum(axis=1) + along**2 @ bends)
    return roots @ (rows * row_steps[:, None]).T / length[:, None]


@pytest.fixture
def new() -> prototypes.Provisional:
    photos = unit(np.random.default_rng(7).normal(0, 1, (3, FEATURES)))
    return prototypes.provisional({"new": photos}, MEMORY, (*LABELS, "not-cloth"))


def test_of_prototypes(new):
    found = new.portable()

    assert found.labels == new.known.labels
    assert found.rows == 2 * len(found.labels)
    coarse, rests = np.split(similarities(found, ASKED), 2, axis=1)
    exact = new.known.similarity(ASKED)
    assert coarse + rests == pytest.approx(exact, abs=0.002)
    assert np.abs(coarse + rests - exact).max() < np.abs(coarse - exact).max()


def test_of_the_distance():
    rejector = rejection.rejector(RULE, MEMORY, LABELS)
    found = rejector.portable()

    assert found.rows == 40
    said = 1 - similarities(found, ASKED).max(axis=1)
    assert said == pytest.approx(rejector.distance(ASKED), abs=COARSELY)


def test_axes_that_change_nothing_stay_at_home():
    own = MEMORY.of(LABELS)
    rejector = rejection.rejector(RULE, own, LABELS)
    found = rejector.portable()

    assert found.axes == 0
    said = 1 - similarities(found, ASKED).max(axis=1)
    assert said == pytest.approx(rejector.distance(ASKED), abs=COARSELY)


def test_new_motifs_come_as_further_rows_of_the_distance(new):
    own = rejection.rejector(RULE, MEMORY, LABELS)
    base, added = own.portable(), new.portable(own.distance)
    count = 2 * len(new.known.labels)

    assert added.rows == count + 3
    rows = np.concatenate([rows_of(base), rows_of(added)[count:]])
    both = portable.pack(own.distance.whitened, rows)
    said = 1 - similarities(both, ASKED).max(axis=1)
    known = own.knowing(new.photos.vectors)
    assert said == pytest.approx(known.distance(ASKED), abs=COARSELY)
    assert not np.allclose(known.distance(ASKED), own.distance(ASKED))


def rows_of(found: Portable) -> np.ndarray:
    """Return the kernels of a file."""
    fixed, each = 2 * found.axes + found.rows, found.axes + found.rows
    features = (len(found.content) - 4 * fixed) // (8 + each)
    steps = np.frombuffer(
        found.content, "<f4", found.rows, offset=8 * (features + found.axes)
    )
    rows = np.frombuffer(found.content, np.int8)[-found.rows * features :]
    return rows.reshape(-1, features) * steps[:, None]


def test_a_rule_without_distance_needs_no_photos():
    assert Rejector(Rule({"doubt": (-3.0, 2.0)}, 1.0), None).portable() is None


def test_its_digest_is_of_its_content():
    assert Portable(0, 0, b"a").sha256 != Portable(0, 0, b"b").sha256

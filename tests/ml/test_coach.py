"""What would make a better photo."""

from __future__ import annotations

import numpy as np
import pytest

from ml import coach
from ml.artifact import Manifest
from ml.region import WHOLE, Region

LABELS = ("a", "b", "not-cloth")
MANIFEST = Manifest("1", "", LABELS, ("not-cloth",))
OUTLINE = ((0.2, 0.2), (0.8, 0.2), (0.8, 0.8))


def places(grid: list[str], logit: float = 6.0) -> np.ndarray:
    """Return a map on which each place speaks for the label that its letter begins."""
    named = {label[0]: at for at, label in enumerate(LABELS)}
    found = np.zeros((len(grid), len(grid[0]), len(LABELS)), np.float32)
    for y, row in enumerate(grid):
        for x, letter in enumerate(row):
            if letter in named:
                found[y, x, named[letter]] = logit
    return found


@pytest.mark.parametrize(
    ("grid", "is_said"),
    [
        (["aabb", "aabb", "aabb", "aabb"], True),
        (["aaaa", "aaaa", "bbbb", "bbbb"], True),
        (["aa.bb", "aa.bb", "aa.bb", "aa.bb", "aa.bb"], True),
        (["aaaa", "aaaa", "aaaa", "aaaa"], False),
        (["aann", "aann", "aann", "aann"], False),
        (["abab", "baba", "abab", "baba"], False),
        (["aa..", "aa..", "aa..", "aa.."], False),
        (["a"], False),
    ],
)
def test_halves_that_are_sure_of_different_motifs(grid, is_said):
    assert coach.has_several(places(grid), MANIFEST) is is_said


def test_halves_that_are_not_sure_say_nothing():
    unsure = places(["aabb"] * 4, logit=0.5)

    assert not coach.has_several(unsure, MANIFEST)
    assert coach.has_several(unsure, MANIFEST, sure=0.4)


@pytest.mark.parametrize(
    ("found", "is_far"),
    [
        (WHOLE, False),
        (Region(0.3, 0.3, 0.4, 0.4, OUTLINE, share=coach.FAR - 0.01), True),
        (Region(0.1, 0.1, 0.8, 0.8, OUTLINE, share=coach.FAR), False),
    ],
)
def test_cloth_that_fills_too_little_is_far(found, is_far):
    said = coach.hints(found, places(["aaaa"] * 4), MANIFEST)

    assert said == (("far",) if is_far else ())

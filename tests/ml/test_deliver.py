"""What a trained model is given before it is sealed."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ml.artifact import Manifest
from ml.dataset import Dataset
from ml.deliver import earned
from ml.evaluate import Asked

LABELS = ("a", "b", "not-cloth")


def asked(right: int) -> Asked:
    """Forty test photos of each label, each of which is named with certainty."""
    truth = np.repeat(np.arange(3), 40)
    scores = np.eye(3)[truth]
    scores[: 40 - right] = np.eye(3)[1]  # those of "a" are taken for "b"
    return Asked(scores, truth, (), np.zeros(120), np.zeros((120, 4), np.float32))


def test_what_is_nearly_always_right_may_be_stated_and_stand_ins_may_not():
    manifest = Manifest("1", "", LABELS, ("not-cloth",))
    real = Dataset(Path(), LABELS, (), ("not-cloth",))
    filled = Dataset(Path(), LABELS, (), ("not-cloth",), filled=("b",))

    assert earned(asked(40), manifest, real) == ("a", "b")
    assert earned(asked(40), manifest, filled) == ("a",)
    assert earned(asked(20), manifest, real) == ("a",)

"""A few photos are enough for a motif to be recognised, and it is marked so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ml import predict, prototypes, whitening
from ml.artifact import Thresholds
from ml.embeddings import Embeddings, unit
from ml.predict import Predictor

RNG = np.random.default_rng(4)
AXES = np.eye(24, dtype=np.float32)


def near(axis: int, count: int = 5) -> np.ndarray:
    return unit(AXES[axis] + RNG.normal(0, 0.01, (count, 24)))


LABELS = tuple("abcdefghijkl")
# As many as whitening needs: with ten photos it is a matter of luck what varies.
MEMORY = Embeddings(
    np.concatenate([near(axis, 20) for axis in range(12)]),
    tuple(label for label in LABELS for _ in range(20)),
    tuple(map(str, range(240))),
)


def test_a_prototype_is_nearest_to_its_own_photos():
    whitened = whitening.learn(unit(RNG.normal(0, 1, (40, 24))))
    found = prototypes.build(MEMORY.vectors, MEMORY.labels, whitened)

    assert found.labels == LABELS
    assert found.similarity(near(0)).argmax(axis=1).tolist() == [0] * 5
    assert np.linalg.norm(found.vectors, axis=1) == pytest.approx(np.ones(12), abs=1e-5)


def test_a_new_motif_takes_its_share_and_all_scores_sum_to_one():
    new = prototypes.provisional({"new": near(12, 3)}, MEMORY, LABELS)

    of_new = new.mix({"a": 0.7, "b": 0.3}, near(12, 1)[0])
    of_old = new.mix({"a": 0.7, "b": 0.3}, near(0, 1)[0])

    assert max(of_new, key=lambda label: of_new[label]) == "new"
    assert max(of_old, key=lambda label: of_old[label]) == "a"
    assert sum(of_new.values()) == pytest.approx(1)
    assert of_new["a"] / of_new["b"] == pytest.approx(7 / 3)


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"new": near(2, 2)}, "has 2 photos"),
        ({"a": near(0, 3)}, "already"),
        ({"new": np.ones((3, 5), np.float32)}, "another network"),
    ],
)
def test_what_cannot_be_a_new_motif_is_refused(given, complaint):
    with pytest.raises(ValueError, match=complaint):
        prototypes.provisional(given, MEMORY, ["a", "b"])


def test_three_photos_bring_a_motif_among_the_suggestions(model: Path):
    def photo(seed: int) -> Image.Image:
        """Return wide rings, which are like nothing that the model has seen."""
        y, x = np.mgrid[:256, :256] - 100 - 10 * seed
        rings = np.where(np.hypot(x, y) % 90 < 45, 20, 230).astype(np.uint8)
        return Image.fromarray(rings).convert("RGB")

    known = predict.load(model)
    shown = np.stack([known.embed(photo(seed), closely=True) for seed in range(3)])
    predictor = Predictor(model, provisional={"grain": shown})

    # One of the three: how alike a random network finds another is a matter of luck.
    said = predictor.predict([photo(1)])

    assert [one.label for one in said.suggestions if one.provisional] == ["grain"]
    assert sum(said.scores.values()) == pytest.approx(1, abs=1e-5)
    assert said.map.shape == known.predict([photo(1)]).map.shape


def test_a_loaded_model_takes_other_motifs_and_shares_its_network(model: Path):
    """Nothing of what it was changes, so answers under way go on with the old ones."""
    alone = Predictor(model)
    looks = [Image.effect_noise((96, 96), spread).convert("RGB") for spread in (40, 80)]
    vectors = np.stack([alone.embed(looks[at % 2], closely=True) for at in range(4)])

    new = alone.with_provisional({"grain": vectors})
    again = new.with_provisional({})

    said = new.predict([looks[0]])
    assert said.provisional == {"grain": 4}
    assert (
        said.scores
        == Predictor(model, provisional={"grain": vectors}).predict([looks[0]]).scores
    )
    assert new._interpreter is alone._interpreter
    for plain in (alone, again):
        assert "grain" not in plain.predict([looks[0]]).scores


def test_a_provisional_motif_is_never_stated_alone():
    manifest = predict.Manifest(
        "1", "", ("a", "b"), (), single=("a",), thresholds=Thresholds(single=0.8)
    )
    scores = {"a": 0.03, "b": 0.02, "new": 0.95}

    said = predict.answer(scores, manifest, usable=True, provisional=["new"])
    known = predict.answer({"a": 0.95, "b": 0.05}, manifest, usable=True)

    assert (said.kind, said.labels) == ("either", ("new", "a"))
    assert (known.kind, known.labels) == ("motif", ("a",))

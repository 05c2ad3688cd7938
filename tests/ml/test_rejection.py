"""What lies far from everything known is rejected, also when no label stands for it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ml import artifact, calibrate, predict, rejection
from ml.artifact import ArtifactError, Manifest, Thresholds
from ml.embeddings import Embeddings, unit
from ml.metrics import auroc
from ml.predict import Answer, Predictor
from ml.rejection import Rule

LABELS = ("a", "b", "c")
MIDDLES = np.random.default_rng(8).normal(0, 1, (5, 40))


def clouds(which: list[int], count: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    middles = np.repeat(MIDDLES[which], count, axis=0)
    return unit(middles + rng.normal(0, 0.4, middles.shape))


TAUGHT = [label for label in LABELS for _ in range(20)]
MEMORY = Embeddings(clouds([0, 1, 2], 20, 1), tuple(TAUGHT), tuple(TAUGHT))


def test_the_distance_tells_what_was_never_seen():
    distance = rejection.distance(MEMORY, LABELS)

    known, strange = distance(clouds([0, 1, 2], 10, 2)), distance(clouds([3], 30, 3))

    assert known.shape == strange.shape == (30,)
    assert auroc(known, strange) > 0.95


def test_a_distance_is_the_same_alone_and_among_others():
    distance, asked = rejection.distance(MEMORY, LABELS), clouds([0, 3], 4, 5)

    alone = [float(distance(one[None])[0]) for one in asked]

    assert alone == pytest.approx(distance(asked).tolist(), abs=1e-4)


def test_what_no_motif_varies_in_does_not_hide_a_stranger():
    """Light moves all photos alike; photos of other things show how."""
    rng = np.random.default_rng(4)
    light = rng.normal(0, 1, 40)

    def lit(which: list[int], count: int, seed: int) -> np.ndarray:
        moved = np.random.default_rng(seed).normal(0, 3, (count * len(which), 1))
        return unit(clouds(which, count, seed) + moved * unit(light))

    taught, others = lit([0, 1, 2], 20, 1), lit([4], 60, 2)
    labels = (*TAUGHT, *["not-cloth"] * 60)
    memory = Embeddings(np.concatenate([taught, others]), labels, labels)
    distance = rejection.distance(memory, LABELS)

    known, strange = distance(lit([0, 1, 2], 20, 5)), distance(lit([3], 60, 6))

    assert auroc(known, strange) > 0.9


def test_no_layer_outvotes_the_others():
    """Of two layers the one with more features must not decide alone."""
    rng = np.random.default_rng(9)
    middles = rng.normal(0, 1, (3, 8))

    def seen(which: int, count: int) -> np.ndarray:
        told = middles[which] + rng.normal(0, 0.5, (count, 8))
        return unit(np.concatenate([told, rng.normal(0, 1, (count, 200))], axis=1))

    taught = np.concatenate([seen(0, 30), seen(1, 30)])
    names = ("a",) * 30 + ("b",) * 30
    memory = Embeddings(taught, names, names)
    known, strange = np.concatenate([seen(0, 40), seen(1, 40)]), seen(2, 80)

    told = {}
    for layers in ((208,), (8, 200)):
        far = rejection.distance(memory, ("a", "b"), layers)
        told[layers] = auroc(far(known), far(strange))

    assert told[8, 200] > told[208,]
    assert told[8, 200] > 0.9


def typical(memory: Embeddings) -> tuple[float, float]:
    """What a remembered photo claims of itself, and what a new motif's is held to."""
    distance = rejection.distance(memory, LABELS)
    whitened = distance.whitened(memory.vectors)
    near = whitened @ whitened.T
    np.fill_diagonal(near, -1)
    held_to = distance.slope * np.median(near.max(axis=1)) + distance.start
    return 1 - float(np.median(distance(memory.vectors))), float(held_to)


def test_a_photo_that_was_learned_from_sets_no_limit():
    """What it claims of itself flatters: a photo's claim is made without it."""
    distance = rejection.distance(MEMORY, LABELS)
    honest = 1 - np.median(distance(clouds([0, 1, 2], 40, 7)))
    rng = np.random.default_rng(1)
    loose = unit(np.repeat(MIDDLES[:3], 20, axis=0) + rng.normal(0, 1.5, (60, 40)))

    flattered, held_to = typical(MEMORY)
    assert held_to == pytest.approx(honest, abs=0.03)
    assert held_to < flattered

    # The less alike a motif's photos are, the more learning from them flatters.
    flattered, held_to = typical(replace(MEMORY, vectors=loose))
    assert held_to < flattered - 0.03


def test_photos_of_a_new_motif_claim_what_is_like_them():
    distance = rejection.distance(MEMORY, LABELS)
    new, others = clouds([3], 20, 3), clouds([4], 20, 4)

    known = distance.knowing(clouds([3], 3, 5))

    assert auroc(distance(clouds([0, 1, 2], 10, 2)), distance(new)) > 0.95
    assert known(new).mean() < distance(new).mean()
    assert auroc(known(new), known(others)) > 0.95


def chosen(of_unknown: np.ndarray, strangers: int) -> tuple[Rule, dict]:
    """Choose on 30 photos of motifs, of which there is little doubt, and 10 others."""
    vectors = clouds([0, 1, 2, strangers], 10, 6)
    labels = [x for x in (*LABELS, "not-cloth") for _ in range(10)]
    scores = np.concatenate([np.linspace(0.01, 0.1, 30), of_unknown])
    rule, score, figures = rejection.choose(MEMORY, vectors, labels, scores, LABELS)
    ready = rejection.rejector(rule, MEMORY, LABELS)
    served = [ready.score(*one) for one in zip(scores, vectors, strict=True)]
    assert score == pytest.approx(served, abs=1e-4)
    return rule, figures


def test_a_distance_joins_a_sure_doubt():
    rule, figures = chosen(np.linspace(0.9, 0.99, 10), strangers=3)

    assert len(rule.parts) == 2
    assert rejection.DOUBT in rule.parts
    assert figures["unknown_labels"]["both"] > 0.99


def test_a_distance_that_misleads_is_left_out():
    # The unknown photos lie where a motif does, so only the label knows them.
    rule, figures = chosen(np.linspace(0.11, 0.2, 10), strangers=0)

    assert list(rule.parts) == [rejection.DOUBT]
    assert figures["unknown_labels"]["doubt"] == 1
    assert figures["unknown_labels"]["both"] < 0.995


def test_without_unknown_photos_both_parts_count():
    vectors = clouds([0, 1, 2], 10, 6)
    labels = [x for x in LABELS for _ in range(10)]

    rule, _, _ = rejection.choose(MEMORY, vectors, labels, np.zeros(30), LABELS)

    assert len(rule.parts) == 2
    assert rejection.DOUBT in rule.parts


def test_a_rule_survives_its_manifest():
    parts = {"doubt": (-3.0, 1.5), "distance_to_motifs": (0.2, 0.1)}
    rule = Rule(parts, 2.5, (192, 384))

    assert Rule.from_dict(rule.as_dict()) == rule


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"parts": {}, "threshold": 1},
        {"parts": {"weather": [0, 1]}, "threshold": 1},
        {"parts": {"doubt": [0, 1], "neighbours": [0, 1]}, "threshold": 1},
        {"parts": {"doubt": [0, 0]}, "threshold": 1},
        {"parts": {"doubt": [0]}, "threshold": 1},
        {"parts": {"doubt": [0, 1]}},
    ],
)
def test_a_faulty_rule_is_refused(given: dict):
    with pytest.raises((ValueError, KeyError, TypeError)):
        Rule.from_dict(given)


def test_the_limit_lets_in_no_more_of_the_unknown_than_was_chosen():
    rng = np.random.default_rng(1)
    known, unknown = rng.normal(0, 1, 400), rng.normal(3, 1, 400)

    limit = calibrate.false_accepts(known, unknown, rate=0.05)

    assert (unknown < limit).mean() <= 0.05
    assert (known < limit).mean() >= 0.9


def test_the_known_are_kept_where_the_unknown_are_like_them():
    rng = np.random.default_rng(1)
    known, unknown = rng.normal(0, 1, 400), rng.normal(0, 1, 400)

    limit = calibrate.false_accepts(known, unknown, rate=0.05, kept=0.9)

    assert (known < limit).mean() == pytest.approx(0.9, abs=0.01)


def test_easy_unknown_photos_do_not_widen_the_limit():
    known = np.arange(100.0)

    assert calibrate.false_accepts(known, known + 1000) == 98


def test_a_conformal_set_holds_the_motif_as_often_as_promised():
    rng = np.random.default_rng(5)

    def drawn(count: int):
        scores = calibrate.softmax(rng.normal(0, 2, (count, 6)))
        return scores, np.array([rng.choice(6, p=row) for row in scores])

    limits = [calibrate.conformal(*drawn(300)) for _ in range(20)]
    scores, truth = drawn(4000)
    of_truth = scores[np.arange(4000), truth]

    held = [float((of_truth >= limit).mean()) for limit in limits]
    assert np.mean(held) == pytest.approx(0.9, abs=0.02)


def test_too_few_photos_promise_nothing():
    scores = np.tile([0.9, 0.1], (8, 1))

    assert calibrate.conformal(scores, np.zeros(8, int)) == 0


RULES = Manifest(
    version="1",
    created_at="",
    labels=("a", "b", "c", "d", "e", "not-cloth"),
    unknown_labels=("not-cloth",),
    single=("a",),
    thresholds=Thresholds(unknown=0.5, single=0.6, conformal=0.15),
)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((0.8, 0.1, 0.1, 0, 0, 0), Answer("motif", ("a",), "recognised")),
        ((0.1, 0.8, 0.1, 0, 0, 0), Answer("either", ("b", "a"), "seed_model")),
        ((0.7, 0.2, 0.1, 0, 0, 0), Answer("either", ("a", "b"), "close_scores")),
        ((0.4, 0.2, 0.3, 0.1, 0, 0), Answer("either", ("a", "c", "b"), "close_scores")),
        ((0.25, 0.25, 0.25, 0.25, 0, 0), Answer("unknown", (), "low_scores")),
        ((0.14, 0.14, 0.14, 0.14, 0.14, 0.3), Answer("unknown", (), "low_scores")),
        ((0.2, 0.1, 0, 0, 0, 0.7), Answer("unknown", (), "not_cloth")),
    ],
)
def test_the_conformal_set_shapes_the_answer(given, expected):
    scores = dict(zip(RULES.labels, given, strict=True))

    assert predict.answer(scores, RULES, usable=True) == expected


def test_what_is_rejected_is_not_known():
    scores = dict(zip(RULES.labels, (0.9, 0.1, 0, 0, 0, 0), strict=True))

    said = predict.answer(scores, RULES, usable=True, rejected=True)

    assert said == Answer("unknown", (), "low_scores")


def test_a_trained_model_rejects_by_its_rule(model: Path, photos: Path):
    from ml.images import open_image

    predictor = predict.load(model)
    image = open_image(photos / "dots" / "03.jpg")
    said = predictor.predict([image])

    assert said.rejection is not None
    rule = predictor.manifest.rejection
    assert rule is not None
    strict = replace(
        predictor.manifest, rejection=rule | {"threshold": said.rejection - 1}
    )
    stern = Predictor(replace(predictor.artifact, manifest=strict)).predict([image])
    assert stern.answer.kind == "unknown"
    assert predictor.artifact.metrics()["rejection"]["kept"] >= 0.9


def test_a_faulty_rule_in_a_manifest_is_said(model: Path, tmp_path: Path):
    copy = Path(shutil.copytree(model, tmp_path / "copy"))
    manifest = artifact.read(model).manifest.as_dict()
    manifest["answer"]["rejection"] = {"parts": {}, "threshold": 0}
    artifact.write_json(copy / artifact.MANIFEST, manifest)

    with pytest.raises(ArtifactError, match="rejection rule is faulty"):
        predict.load(copy)


def test_a_rule_of_the_time_of_single_photos_rejects_nothing(
    model: Path, photos: Path, tmp_path: Path
):
    from ml.images import open_image

    copy = Path(shutil.copytree(model, tmp_path / "copy"))
    manifest = artifact.read(model).manifest.as_dict()
    parts = {"distance": [0.1, 0.1], "doubt": [-3.0, 1.0]}
    manifest["answer"]["rejection"] = {"parts": parts, "threshold": -9.0}
    artifact.write_json(copy / artifact.MANIFEST, manifest)

    predictor = predict.load(copy)
    said = predictor.predict([open_image(photos / "dots" / "03.jpg")])

    assert said.rejection is None
    assert predictor.portable_memory() is None

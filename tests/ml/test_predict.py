"""Photos of one cloth become one answer, by the manifest's rules."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from ml import artifact, predict
from ml.artifact import ArtifactError, Manifest, Thresholds
from ml.predict import Answer, Predictor
from tests.ml.conftest import SIZE, draw

RULES = Manifest(
    version="1",
    created_at="",
    labels=("a", "b", "c", "d", "not-cloth", "other-cloth"),
    unknown_labels=("not-cloth", "other-cloth"),
    single=("a",),
    thresholds=Thresholds(unknown=0.5, single=0.8, either=0.3, either_margin=0.15),
)


def scores(*values: float) -> dict[str, float]:
    return dict(zip(RULES.labels, values, strict=True))


@pytest.mark.parametrize(
    ("given", "kind", "labels", "reason"),
    [
        ((0.9, 0.1, 0, 0, 0, 0), "motif", ("a",), "recognised"),
        ((0.1, 0.9, 0, 0, 0, 0), "either", ("b", "a"), "seed_model"),
        ((0.5, 0.4, 0.1, 0, 0, 0), "either", ("a", "b"), "close_scores"),
        ((0.3, 0.3, 0.25, 0.15, 0, 0), "either", ("a", "b", "c"), "close_scores"),
        ((0.7, 0.1, 0.1, 0.1, 0, 0), "either", ("a", "b"), "close_scores"),
        ((0.3, 0.1, 0, 0, 0.6, 0), "unknown", (), "not_cloth"),
        ((0.3, 0.1, 0, 0, 0.2, 0.4), "unknown", (), "other_cloth"),
        ((0.1, 0.05, 0.05, 0.4, 0.2, 0.2), "either", ("d", "a"), "close_scores"),
        ((0.09, 0.09, 0.06, 0.3, 0.23, 0.23), "either", ("d", "a"), "close_scores"),
    ],
)
def test_the_rules_decide_what_is_said(given, kind, labels, reason):
    said = predict.answer(scores(*given), RULES, usable=True)

    assert said == Answer(kind, labels, reason)


def test_low_scores_are_not_known():
    rules = replace(RULES, thresholds=replace(RULES.thresholds, either=0.9))

    said = predict.answer(scores(0.3, 0.2, 0.2, 0.1, 0.1, 0.1), rules, usable=True)

    assert said == Answer("unknown", (), "low_scores")


def test_an_unusable_photo_is_not_judged():
    said = predict.answer(scores(0.99, 0.01, 0, 0, 0, 0), RULES, usable=False)

    assert said == Answer("unknown", (), "unusable")


@pytest.fixture(scope="module")
def predictor(model: Path) -> Predictor:
    return predict.load(model)


def photo(label: str = "stripes", seed: int = 77) -> Image.Image:
    return draw(label, np.random.default_rng(seed), 256)


def test_a_prediction_says_all_that_is_shown(predictor: Predictor):
    said = predictor.predict([photo()])

    assert sum(said.scores.values()) == pytest.approx(1, abs=1e-5)
    assert tuple(said.scores) == predictor.manifest.labels
    assert said.unknown_score == said.scores["not-cloth"]
    assert [one.label for one in said.suggestions] == sorted(
        ("checks", "dots", "stripes"), key=lambda label: -said.scores[label]
    )
    assert said.map.shape == (2, 2)
    assert 0 <= said.map.min() <= said.map.max() <= 1
    assert np.linalg.norm(said.embedding) == pytest.approx(1, abs=1e-4)
    assert said.embedding.ndim == 1
    assert said.quality.usable
    assert said.colours
    assert said.sha256 == predictor.artifact.sha256
    assert said.model_version == predictor.manifest.version


def test_serving_gives_the_answers_of_the_network_that_was_trained(
    predictor: Predictor, model: Path
):
    from ml import network

    trained = network.build(**predictor.manifest.network)
    network.load_network(trained, model / artifact.WEIGHTS)
    pixels = np.asarray(photo().resize((SIZE, SIZE)))

    served = predictor.run(pixels)
    known = trained.predict_on_batch(pixels[None].astype(np.float32))

    for name in ("scores", "embedding", "map"):
        expected = np.asarray(known[name])[0]
        found = served[name]
        if name == "map":
            # A hidden unit near zero may be on in one file and off in the other; the
            # places then differ, but not their mean, which is what is scored.
            found, expected = found.mean((0, 1)), expected.mean((0, 1))
        # Weights of 16 bits are those of 32 to about three digits.
        assert np.abs(found - expected).mean() < 0.05


def test_several_photos_of_one_cloth_are_averaged(predictor: Predictor):
    one, two = photo(seed=1), photo("dots", seed=2)

    both = predictor.predict([one, two])

    for label in predictor.manifest.labels:
        mean = (
            predictor.predict([one]).scores[label]
            + predictor.predict([two]).scores[label]
        ) / 2
        assert both.scores[label] == pytest.approx(mean, abs=1e-6)


def test_looks_at_one_photo_are_pooled_and_photos_averaged(
    predictor: Predictor, monkeypatch: pytest.MonkeyPatch
):
    from ml.images import View

    looks = (View(), View(0.5, 0, 0))
    monkeypatch.setattr(predictor, "manifest", replace(predictor.manifest, views=looks))
    photos = [photo(seed=1), photo("dots", seed=2)]

    both = predictor.predict(photos)

    wanted = []
    for one in photos:
        seen = predict.look(one, predictor.manifest).pixels
        product = np.prod([predictor.run(x)["scores"] for x in seen], axis=0) ** 0.5
        wanted.append(product / product.sum())
    found = [both.scores[label] for label in predictor.manifest.labels]
    assert found == pytest.approx(np.mean(wanted, axis=0).tolist(), abs=1e-5)


def test_an_unusable_photo_beside_a_good_one_does_not_count(predictor: Predictor):
    dark = photo().point(lambda value: value // 20)

    said = predictor.predict([dark, photo(seed=5)])

    assert said.scores == predictor.predict([photo(seed=5)]).scores
    assert said.quality.usable
    assert predictor.predict([dark]).answer.reason == "unusable"


def test_a_hint_is_given_when_it_holds_of_every_usable_photo(
    predictor: Predictor, monkeypatch: pytest.MonkeyPatch
):
    given = iter([("far", "several"), ("several",), ("far",)])
    monkeypatch.setattr("ml.coach.hints", lambda *_: next(given))
    dark = photo().point(lambda value: value // 20)

    assert predictor.predict([photo(), photo(seed=5)]).hints == ("several",)
    assert predictor.predict([dark]).hints == ()


def test_a_blurred_photo_is_unusable(predictor: Predictor):
    said = predictor.predict([photo().filter(ImageFilter.GaussianBlur(12))])

    assert said.answer == Answer("unknown", (), "unusable")
    assert said.quality.reasons == ("blurred",)


def test_without_photos_there_is_nothing_to_say(predictor: Predictor):
    with pytest.raises(ValueError, match="at least one photo"):
        predictor.predict([])


def test_the_views_of_the_manifest_are_looked_at(predictor: Predictor):
    from ml.images import View

    two = replace(predictor.manifest, views=(View(), View(0.5, 0, 0)))

    seen = predict.look(photo(), two)

    assert seen.pixels.shape == (2, SIZE, SIZE, 3)
    assert seen.boxes[1] == (0, 0, 0.5, 0.5)


def test_threads_get_the_answers_of_one_after_another(predictor: Predictor):
    photos = [photo(seed=seed) for seed in range(6)]
    alone = [predictor.predict([one]).scores for one in photos]
    found: dict[int, dict[str, float]] = {}

    def ask(number: int) -> None:
        for _ in range(3):
            found[number] = predictor.predict([photos[number]]).scores

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [found[n] for n in range(6)] == alone


def test_loading_needs_no_tensorflow(model: Path):
    code = (
        "import sys; from pathlib import Path; from ml.predict import load\n"
        f"load(Path({str(model)!r}))\n"
        "print([m for m in ('tensorflow', 'keras', 'django') if m in sys.modules])"
    )

    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )

    assert run.stdout.strip() == "[]"


def test_a_file_that_is_no_network_is_refused(model: Path, tmp_path: Path):
    copy = Path(shutil.copytree(model, tmp_path / "copy"))
    (copy / artifact.MODEL).write_bytes(b"TFL3" * 100)
    manifest = json.loads((copy / artifact.MANIFEST).read_text())
    manifest["files"][artifact.MODEL] = artifact.digest_of(copy / artifact.MODEL)
    artifact.write_json(copy / artifact.MANIFEST, manifest)

    with pytest.raises(ArtifactError, match="does not run"):
        predict.load(copy)


def test_a_network_with_other_labels_is_refused(model: Path, tmp_path: Path):
    copy = Path(shutil.copytree(model, tmp_path / "copy"))
    manifest = json.loads((copy / artifact.MANIFEST).read_text())
    manifest["labels"].insert(0, "another")
    artifact.write_json(copy / artifact.MANIFEST, manifest)

    with pytest.raises(ArtifactError, match="not the network"):
        predict.load(copy)

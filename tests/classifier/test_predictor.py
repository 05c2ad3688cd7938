"""The one door to ml, and the fake that other tests put behind it."""

from __future__ import annotations

import threading
from io import BytesIO
from pathlib import Path

import pytest
from django.conf import settings

from classifier import predictor
from ml.artifact import ArtifactError
from ml.predict import load
from tests.classifier.fakes import FakePredictor
from tests.classifier.pictures import cloth, encoded

pytestmark = pytest.mark.usefixtures("no_prototypes")


@pytest.fixture(scope="module")
def real():
    return load(Path(settings.MODEL_FOLDER))


@pytest.fixture(params=["fake", "real"])
def model(request):
    return (
        FakePredictor() if request.param == "fake" else request.getfixturevalue("real")
    )


def test_every_label_has_a_score_and_they_sum_to_one(model):
    said = model.predict([cloth()])

    assert tuple(said.scores) == model.manifest.labels
    assert all(0 <= score <= 1 for score in said.scores.values())
    assert sum(said.scores.values()) == pytest.approx(1, abs=1e-3)


def test_the_unknown_score_is_that_of_the_unknown_labels(model):
    said = model.predict([cloth()])

    unknown = sum(said.scores[label] for label in model.manifest.unknown_labels)
    assert said.unknown_score == pytest.approx(unknown)


def test_suggestions_are_the_best_motifs_best_first(model):
    said = model.predict([cloth()])

    motifs = [(x, said.scores[x]) for x in model.manifest.motifs]
    best = sorted(motifs, key=lambda pair: -pair[1])[: model.manifest.most]
    assert [(one.label, one.score) for one in said.suggestions] == best


def test_an_answer_names_as_many_motifs_as_its_kind_says(model):
    said = model.predict([cloth()])

    allowed = {"motif": {1}, "either": {2, 3}, "unknown": {0}}
    assert len(said.answer.labels) in allowed[said.answer.kind]
    assert set(said.answer.labels) <= set(model.manifest.motifs)


def test_a_prediction_says_which_model_made_it(model):
    said = model.predict([cloth()])

    assert said.model_version == model.manifest.version
    assert said.sha256 == model.artifact.sha256
    assert len(said.sha256) == 64


def test_several_photos_of_one_cloth_have_one_prediction(model):
    said = model.predict([cloth(seed=1), cloth(seed=2)])

    assert said.map.ndim == 2
    assert said.embedding.shape == (1280,)
    assert len(said.scores) == len(model.manifest.labels)


def test_no_photo_is_an_error(model):
    with pytest.raises(ValueError, match="at least one photo"):
        model.predict([])


def test_a_dark_picture_is_unusable_and_the_answer_says_so(model):
    black = cloth().point(lambda value: value // 20)

    said = model.predict([black])

    assert not said.quality.usable
    assert said.answer.reason == "unusable"


def test_the_champion_is_loaded_once_however_many_ask(monkeypatch, settings, tmp_path):
    settings.MODEL_FOLDER = tmp_path
    loads = []
    monkeypatch.setattr(predictor, "load", lambda folder: loads.append(folder) or fake)
    fake = FakePredictor()
    threads = [threading.Thread(target=predictor.champion) for _ in range(8)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert loads == [tmp_path]
    predictor.forget()


def test_a_missing_model_is_no_model(no_model, settings):
    with pytest.raises(predictor.NoModel, match="nothing"):
        predictor.champion()

    assert predictor.describe() is None


def test_a_damaged_model_is_no_model_and_is_not_read_again_at_once(
    monkeypatch, settings, tmp_path
):
    settings.MODEL_FOLDER = tmp_path
    reads = []

    def damaged(folder):
        reads.append(folder)
        raise ArtifactError("It was altered.")

    monkeypatch.setattr(predictor, "load", damaged)
    for _ in range(3):
        with pytest.raises(predictor.NoModel, match="altered"):
            predictor.champion()

    assert len(reads) == 1
    predictor.forget()


def test_a_model_put_in_place_later_is_found(monkeypatch, settings, tmp_path):
    settings.MODEL_FOLDER = tmp_path / "later"
    monkeypatch.setattr(predictor, "RETRY_S", 0.0)
    assert predictor.describe() is None
    monkeypatch.setattr(predictor, "load", lambda folder: FakePredictor())

    found = predictor.describe()

    assert found is not None
    predictor.forget()


def test_the_champion_says_which_motifs_it_knows_and_may_state_alone(use_predictor):
    use_predictor(FakePredictor(single=["hiris-pudak"]))

    found = predictor.describe()

    assert found.version == "fake"
    assert "gigi-haruan" in found.labels
    assert "not-cloth" not in found.labels
    assert found.single == {"hiris-pudak"}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "not_an_image"),
        (b"GIF89a", "not_an_image"),
        (encoded()[:200], "unreadable"),
        (encoded(cloth(63, 200)), "too_small"),
    ],
)
def test_a_bad_photo_is_named_by_code_and_position(fake, content, code):
    with pytest.raises(predictor.BadPhoto) as caught:
        predictor.predict([BytesIO(encoded()), BytesIO(content)])

    assert (caught.value.code, caught.value.position) == (code, 1)


def test_only_so_many_photos_are_open_at_once(fake, monkeypatch):
    monkeypatch.setattr(predictor, "WAIT_S", 0.05)
    inside, may_go = threading.Semaphore(0), threading.Event()
    look = fake.predict

    def slow(images):
        inside.release()
        may_go.wait(60)
        return look(images)

    fake.predict = slow
    threads = [
        threading.Thread(target=predictor.predict, args=([BytesIO(encoded())],))
        for _ in range(predictor.AT_ONCE)
    ]
    for thread in threads:
        thread.start()
        assert inside.acquire(timeout=60)

    with pytest.raises(predictor.Busy):
        predictor.predict([BytesIO(encoded())])

    may_go.set()
    for thread in threads:
        thread.join()
    fake.predict = look
    assert predictor.predict([BytesIO(encoded())]).model_version == "fake"


def test_a_bad_photo_gives_its_turn_back(fake):
    for _ in range(predictor.AT_ONCE + 1):
        with pytest.raises(predictor.BadPhoto):
            predictor.predict([BytesIO(b"")])

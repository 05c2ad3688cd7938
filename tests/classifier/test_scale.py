"""What a recogniser would have said of made-up photos: complete, and made once."""

from io import StringIO

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from PIL import Image

from classifier.checking import missing_checks
from classifier.models import PhotoEmbedding, Prediction
from classifier.scale import Clusters
from motifs import scale
from motifs.models import Photo
from tests.classifier.fakes import FakePredictor
from tests.factories import MotifFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def photos(tmp_path, monkeypatch):
    MotifFactory(slug="gigi-haruan")
    Image.new("RGB", (240, 180), "indigo").save(tmp_path / "gigi-haruan.webp")
    scale.seed(30, 3, folder=tmp_path)
    return Photo.objects.all()


def seed() -> str:
    out = StringIO()
    call_command("seed_embeddings", stdout=out)
    return out.getvalue()


def test_each_photo_has_an_embedding_and_a_prediction(photos, use_predictor):
    use_predictor(FakePredictor())

    said = seed()

    assert "30 of version fake" in said
    assert PhotoEmbedding.objects.count() == Prediction.objects.count() == 30
    for kept in PhotoEmbedding.objects.all():
        assert np.linalg.norm(kept.vector) == pytest.approx(1, abs=0.01)
    for said_of_one in Prediction.objects.all():
        assert sum(said_of_one.scores.values()) == pytest.approx(1, abs=0.001)
    Photo.objects.update(added_at="2026-01-01T00:00:00Z")
    assert missing_checks(100) == []


def test_running_it_again_adds_nothing(photos, use_predictor):
    use_predictor(FakePredictor())
    seed()

    assert seed().startswith("0 embeddings added")
    assert PhotoEmbedding.objects.count() == 30


def test_without_photos_it_says_what_to_do(fake):
    with pytest.raises(CommandError, match="seed_scale"):
        seed()


def test_photos_of_one_cloth_lie_nearer_than_those_of_one_motif():
    clusters = Clusters(256)
    batch = [(1, 1, 1), (2, 1, 1), (3, 2, 1), (4, 3, 2)]

    first, same_cloth, same_motif, other = clusters.vectors(batch).astype(float)

    assert first @ same_cloth > first @ same_motif > first @ other

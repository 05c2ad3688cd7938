"""Motifs that the champion never learned, known from a few confirmed photos."""

from __future__ import annotations

import threading
from io import BytesIO
from pathlib import Path

import pytest
from django.db import DatabaseError
from django.db.models.signals import post_save
from django.urls import reverse
from PIL import Image

from classifier import predictor, prototypes, sweeping
from classifier.actions import identify_photos
from classifier.checking import check_photo
from classifier.models import CloseEmbedding, Prediction
from classifier.tasks import embed_missing_task
from motifs.actions.identifications import determine_again
from motifs.models import Contribution, Identification, Motif, Photo
from tests.classifier.fakes import FakePredictor
from tests.classifier.pictures import encoded, photo
from tests.classifier.rows import catalogue, published
from tests.factories import (
    LONG_AGO,
    ContributionFactory,
    CuratorFactory,
    ExpertFactory,
    PhotoFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def new():
    """A motif that the fake never learned."""
    catalogue()
    return published("baru")


def confirmed(motif, count=1, **fields):
    given = {"accepted": True, "motif": None, "consent_to_train": True} | fields
    return [
        PhotoFactory(
            contribution=ContributionFactory(**given),
            determined_outcome="motif",
            determined_motif=motif,
            determined_at=LONG_AGO,
            determined_rule="two_experts",
        )
        for _ in range(count)
    ]


@pytest.fixture
def later(monkeypatch):
    """Let the time pass after which photos are looked at again."""

    def pass_by():
        now = prototypes.time.monotonic()
        monkeypatch.setattr(
            prototypes.time, "monotonic", lambda: now + prototypes.LOOK_S
        )

    return pass_by


def suggested():
    said = identify_photos([photo()])[1]
    return {row["slug"]: row["provisional_photos"] for row in said["suggestions"]}


class TestWhoIsRecognised:
    def test_from_three_confirmed_photos_on(self, fake, new):
        confirmed(new, 3)
        prototypes.embed_missing(50)

        assert suggested()["baru"] == 3

    def test_not_with_fewer(self, fake, new):
        confirmed(new, 2)
        prototypes.embed_missing(50)

        assert not CloseEmbedding.objects.exists()
        assert "baru" not in suggested()

    def test_not_before_three_are_embedded(self, fake, new):
        photos = confirmed(new, 3)
        for one in photos[:2]:
            prototypes.embed_photo(one.pk)

        assert "baru" not in suggested()

    def test_none_that_the_champion_learned(self, fake, new):
        learned = Motif.objects.get(slug="gigi-haruan")
        confirmed(learned, 3)

        assert prototypes.embed_missing(50) == 0

    def test_none_that_a_learned_motif_was_merged_into(self, fake, new):
        Motif.objects.filter(slug="gigi-haruan").update(state="merged", merged_into=new)
        confirmed(new, 3)

        assert prototypes.embed_missing(50) == 0

    @pytest.mark.parametrize(
        "fields",
        [
            {"consent_to_train": False},
            {"is_demonstration": True, "consent_to_train": False},
            {"accepted": False},
        ],
    )
    def test_none_by_photos_that_may_not_train(self, fake, new, fields):
        confirmed(new, 2)
        confirmed(new, 1, **fields)

        assert prototypes.embed_missing(50) == 0

    def test_they_are_looked_at_closely(self, fake, new):
        confirmed(new, 3)
        prototypes.embed_missing(50)

        # The fake says so in its fourth feature.
        for kept in CloseEmbedding.objects.all():
            assert kept.vector[3] > 0
            assert kept.sha256 == fake.artifact.sha256

    def test_another_networks_embeddings_are_none_of_its_own(self, fake, new):
        confirmed(new, 3)
        prototypes.embed_missing(50)
        CloseEmbedding.objects.update(sha256="0" * 64)

        assert "baru" not in suggested()
        assert len(prototypes.missing(50)) == 3

    def test_of_many_photos_the_newest(self, fake, new, monkeypatch):
        monkeypatch.setattr(prototypes, "MOST", 4)
        photos = confirmed(new, 6)

        assert set(prototypes.missing(50)) == {one.pk for one in photos[2:]}

    def test_it_is_never_stated_alone(self, use_predictor, new):
        use_predictor(FakePredictor({"gigi-haruan": 0.1}, single=["gigi-haruan"]))
        confirmed(new, 3)
        prototypes.embed_missing(50)

        assert identify_photos([photo()])[0].kind != "motif"


class TestWhenItChanges:
    @pytest.fixture
    def photos(self, fake, new):
        photos = confirmed(new, 3)
        prototypes.embed_missing(50)
        assert "baru" in suggested()
        return photos

    def withdraw(self, photos):
        Contribution.objects.filter(photos=photos[0]).update(
            state="withdrawn",
            withdrawn_at=LONG_AGO,
            withdrawn_by=photos[0].contribution.given_by,
        )

    def test_a_withdrawn_photo_leaves_with_the_next_look(self, photos, later):
        self.withdraw(photos)

        assert "baru" in suggested()
        later()
        assert "baru" not in suggested()

    @pytest.mark.parametrize("what", ["photo", "motif"])
    def test_so_does_what_is_restricted(self, photos, new, later, what):
        rows = Photo.objects.filter(pk=photos[0].pk)
        rows = rows if what == "photo" else Motif.objects.filter(pk=new.pk)
        rows.update(access="restricted")
        later()

        assert "baru" not in suggested()

    def test_one_more_joins(self, photos, new, later):
        confirmed(new, 1)
        prototypes.embed_missing(50)
        later()

        assert suggested()["baru"] == 4

    def test_a_new_champion_is_looked_at_at_once(self, photos, use_predictor):
        other = FakePredictor(motifs=("gigi-haruan", "hiris-pudak", "baru"))
        use_predictor(other)

        assert suggested().get("baru") is None

    def test_nothing_is_built_again_while_nothing_changes(
        self, photos, later, django_assert_num_queries
    ):
        before = predictor.with_prototypes(predictor.champion())
        with django_assert_num_queries(0):
            predictor.with_prototypes(predictor.champion())
        later()

        with django_assert_num_queries(2):
            assert predictor.with_prototypes(predictor.champion()) is before

    def test_no_answer_fails_for_a_database_that_does_not_answer(
        self, photos, later, monkeypatch
    ):
        def dead(model):
            raise DatabaseError("gone")

        monkeypatch.setattr(prototypes, "_members", dead)
        later()

        assert "baru" in suggested()

    def test_nor_for_a_model_without_a_memory(self, photos, new, later, monkeypatch):
        def forgetful(self, provisional):
            raise predictor.ArtifactError("no memory")

        monkeypatch.setattr(FakePredictor, "with_provisional", forgetful)
        confirmed(new, 1)
        prototypes.embed_missing(50)
        later()

        assert "baru" not in suggested()

    def test_while_one_looks_the_others_answer_with_what_there_was(
        self, photos, later, monkeypatch
    ):
        later()
        looks = threading.Event()
        with prototypes._looking:
            monkeypatch.setattr(prototypes, "_look", lambda *_: looks.set())
            assert "baru" in suggested()
        assert not looks.is_set()

    def test_what_is_kept_of_a_version_does_not_change_with_it(self, photos):
        other = PhotoFactory()
        check_photo(photo=other)

        assert "baru" not in Prediction.objects.get(photo=other).scores


class TestTheWorkersPart:
    def test_a_determination_asks_for_embeddings(
        self, fake, new, monkeypatch, django_capture_on_commit_callbacks
    ):
        asked = []
        monkeypatch.setattr(embed_missing_task, "delay", lambda: asked.append(1))
        given = PhotoFactory()
        for by, role in ((ExpertFactory(), "expert"), (CuratorFactory(), "curator")):
            Identification.objects.create(
                photo=given,
                outcome="motif",
                motif=new,
                identified_by=by,
                role=role,
                is_blind=True,
            )
        with django_capture_on_commit_callbacks(execute=True):
            determine_again(given)

        assert given.determined_motif == new
        assert asked == [1]

    def test_another_change_does_not(
        self, monkeypatch, django_capture_on_commit_callbacks
    ):
        asked = []
        monkeypatch.setattr(embed_missing_task, "delay", lambda: asked.append(1))
        given = PhotoFactory()
        assert post_save.has_listeners(Photo)
        with django_capture_on_commit_callbacks(execute=True):
            given.is_good = True
            given.save(update_fields=["is_good"])

        assert asked == []

    def test_a_queue_that_is_down_costs_nobody_a_determination(
        self, fake, new, monkeypatch, django_capture_on_commit_callbacks
    ):
        def down():
            raise OSError("no broker")

        monkeypatch.setattr(embed_missing_task, "delay", down)
        given = PhotoFactory()
        with django_capture_on_commit_callbacks(execute=True):
            given.save(update_fields=["determined_motif"])

    def test_the_sweep_does_what_the_queue_lost(self, fake, new, monkeypatch):
        monkeypatch.setattr(sweeping, "queue_embeddings", lambda: False)
        confirmed(new, 3)

        assert sweeping.sweep_prototypes()["to_embed"] == 3
        assert CloseEmbedding.objects.count() == 3
        assert sweeping.sweep_prototypes()["to_embed"] == 0

    def test_the_sweep_deletes_what_may_not_train_any_more(self, fake, new):
        photos = confirmed(new, 3)
        prototypes.embed_missing(50)
        Contribution.objects.filter(photos=photos[0]).update(consent_to_train=False)

        assert sweeping.sweep_prototypes()["deleted"] == 1
        assert not CloseEmbedding.objects.filter(photo=photos[0]).exists()

    def test_the_task_may_run_twice(self, fake, new):
        confirmed(new, 3)
        embed_missing_task()
        embed_missing_task()

        assert CloseEmbedding.objects.count() == 3

    def test_a_photo_whose_file_cannot_be_read_is_passed_over(self, fake, new):
        broken, *_ = confirmed(new, 3)
        Path(broken.image.path).write_bytes(b"nothing")
        prototypes.embed_missing(50)

        assert CloseEmbedding.objects.count() == 2


def test_the_page_says_what_a_device_does_not_recognise(client, fake, new):
    def said():
        page = client.get(
            reverse("classifier:identify"), headers={"accept-language": "en"}
        )
        return page.context["facts"]["server_only"]

    assert said() == ""
    confirmed(new, 3)
    prototypes.embed_missing(50)
    prototypes.forget()

    assert said().endswith(": Baru.")


def test_the_page_marks_it(client, fake, new):
    confirmed(new, 3)
    prototypes.embed_missing(50)

    page = client.post("/en/identify/", {"image": photo()}).content.decode()

    assert page.count("provisional, recognised from 3 photos") == 1


def test_the_starter_recognises_a_new_motif_without_training(settings):
    """Of the starter itself: black and white squares, which no drawing shows."""

    def squares(side, turn):
        board = Image.new("RGB", (320, 320), "white")
        for x in range(0, 320, side):
            for y in range(0, 320, side):
                if (x + y) // side % 2:
                    board.paste("black", (x, y, x + side, y + side))
        return encoded(board.rotate(turn))

    def named(file):
        said = predictor.predict([file])
        return [one.label for one in said.suggestions]

    new = published("kotak-catur")
    asked = squares(38, 4)
    predictor.forget()
    assert "kotak-catur" not in named(BytesIO(asked))
    for one, look in zip(confirmed(new, 3), [(32, 0), (40, 2), (44, 0)], strict=True):
        Path(one.image.path).write_bytes(squares(*look))
    prototypes.embed_missing(50)
    prototypes.forget()

    assert named(BytesIO(asked))[0] == "kotak-catur"
    with (settings.BASE_DIR / "motifs/data/renderings/gigi-haruan.webp").open(
        "rb"
    ) as file:
        assert named(file)[0] == "gigi-haruan"
    predictor.forget()


class TestTheFileForBrowsers:
    @pytest.fixture
    def about(self, use_predictor, new, monkeypatch):
        monkeypatch.setattr(
            FakePredictor,
            "portable_prototypes",
            lambda self: predictor.Portable(
                0, 1, b"numbers", ((4, 0),), (*self.provisional,)
            ),
        )
        use_predictor(FakePredictor())
        confirmed(new, 3)
        prototypes.embed_missing(50)
        prototypes.recognised()
        return prototypes.for_browsers()

    def test_it_is_found_by_its_content_and_kept_for_a_while(self, about, client, fake):
        assert about["labels"] == ["baru"]
        assert about["photos"] == {"baru": 3}
        assert about["layers"] == ((4, 0),)
        given = client.get(about["url"])
        assert b"".join(given.streaming_content) == b"numbers"
        assert given["Cache-Control"] == "public, max-age=600"

    def test_it_is_gone_once_a_photo_is_withdrawn(self, about, client, later):
        Photo.objects.filter(determined_outcome="motif").update(access="restricted")
        later()

        assert client.get(about["url"]).status_code == 404
        assert prototypes.for_browsers() is None

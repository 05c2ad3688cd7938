"""Automatic checks: they flag and suggest, once, and lose nothing when they die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import timedelta
from io import BytesIO, StringIO
from urllib.parse import urlsplit

import numpy as np
import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from kombu.exceptions import OperationalError
from PIL import Image, ImageFilter

from classifier import checking, predictor, sweeping
from classifier.checking import check_photo, missing_checks
from classifier.models import ModelVersion, PhotoCheck, PhotoEmbedding, Prediction
from classifier.tasks import check_photo_task
from heritage.sweep import sweep
from ml import images
from motifs import pictures
from motifs.actions import (
    add_photo,
    start_contribution,
    withdraw_contribution,
    withdraw_photo,
)
from motifs.copies import perceptual_hash
from motifs.models import Flag, Photo
from motifs.tasks import render_photo_task
from tests.classifier.fakes import FakePredictor
from tests.classifier.pictures import cloth, encoded
from tests.classifier.seen import seen, unit, version_of
from tests.factories import ContributionFactory, PhotoFactory, UserFactory

pytestmark = pytest.mark.django_db


def given(content: bytes | None = None, **how) -> Photo:
    """A photo of cloth as ``add_photo`` leaves it, with its perceptual hash."""
    content = content or encoded(cloth())
    return PhotoFactory(
        content=content, perceptual_hash=perceptual_hash(content), **how
    )


def flags(photo: Photo) -> dict[str, float | None]:
    return dict(photo.flags.values_list("kind", "measure"))


def age(*photos: Photo, minutes: int = 10) -> None:
    added = timezone.now() - timedelta(minutes=minutes)
    Photo.objects.filter(pk__in=[one.pk for one in photos]).update(added_at=added)


def let_time_pass() -> None:
    """Every lease and pause has ended."""
    PhotoCheck.objects.exclude(retry_at=None).update(
        retry_at=timezone.now() - timedelta(seconds=1)
    )


class TestSuggestion:
    def test_what_the_model_says_is_kept_with_its_version(self, fake):
        photo = given()

        check_photo(photo=photo)

        said = Prediction.objects.get()
        version = ModelVersion.objects.get()
        assert (said.photo, said.model_version) == (photo, version)
        assert (version.version, version.sha256) == ("fake", fake.artifact.sha256)
        assert version.labels == list(fake.scores)
        assert (said.kind, said.reason) == ("either", "close_scores")
        assert said.motifs == ["gigi-haruan", "hiris-pudak"]
        assert (said.top_motif, said.top_score) == ("gigi-haruan", 0.5)
        assert said.scores == pytest.approx(fake.scores)
        assert said.unknown_score == pytest.approx(0.04)

    def test_its_embedding_is_kept_with_unit_length(self, fake):
        photo = given()

        check_photo(photo=photo)

        kept = PhotoEmbedding.objects.get(photo=photo)
        assert kept.model_version.embedding_size == len(kept.vector) == 1280
        assert np.linalg.norm(kept.vector) == pytest.approx(1, abs=1e-2)

    def test_a_new_champion_says_its_own_beside_the_old_one(self, use_predictor):
        use_predictor(FakePredictor())
        photo = given()
        check_photo(photo=photo)

        use_predictor(another())
        check_photo(photo=photo)

        assert Prediction.objects.count() == PhotoEmbedding.objects.count() == 2
        assert ModelVersion.objects.count() == 2

    def test_another_network_of_the_same_name_says_nothing(self, fake, caplog):
        version_of(fake, sha256="1" * 64)
        photo = given()

        check_photo(photo=photo)

        assert not Prediction.objects.exists()
        assert "give it a version of its own" in caplog.text
        assert PhotoCheck.objects.get().checked_at
        age(photo)
        assert missing_checks(10) == []

    def test_without_a_model_the_rest_is_checked(self, no_model):
        dark = given(encoded(Image.new("RGB", (300, 300), (9, 9, 9))))

        check_photo(photo=dark)

        assert Flag.Kind.TOO_DARK in flags(dark)
        assert not Prediction.objects.exists()

    def test_a_model_that_comes_later_finds_what_it_has_not_seen(
        self, use_predictor, settings, tmp_path
    ):
        there = settings.MODEL_FOLDER
        settings.MODEL_FOLDER = tmp_path / "nothing"
        photo = given()
        age(photo)
        check_photo(photo=photo)
        assert missing_checks(10) == []

        settings.MODEL_FOLDER = there
        use_predictor(FakePredictor())

        assert missing_checks(10) == [photo.pk]


def another() -> FakePredictor:
    """A predictor of another version."""
    fake = FakePredictor()
    fake.manifest = replace(fake.manifest, version="fake-2")
    return fake


class TestQuality:
    @pytest.mark.parametrize(
        ("picture", "kind", "measure"),
        [
            (lambda: Image.new("RGB", (300, 300), (9, 9, 9)), "too_dark", 9 / 255),
            (lambda: Image.new("RGB", (300, 300), "white"), "too_bright", 1),
            (lambda: cloth(110, 200), "too_small", 110),
        ],
    )
    def test_each_flaw_is_flagged_with_what_was_measured(
        self, fake, picture, kind, measure
    ):
        photo = given(encoded(picture(), quality=95))

        check_photo(photo=photo)

        assert flags(photo)[kind] == pytest.approx(measure, abs=0.01)

    def test_a_blurred_photo_is_flagged(self, fake):
        photo = given(encoded(cloth(600, 600).filter(ImageFilter.GaussianBlur(12))))

        check_photo(photo=photo)

        assert list(flags(photo)) == ["blurred"]
        assert 0 <= flags(photo)["blurred"] < 0.07

    def test_a_good_photo_has_no_flag(self, fake):
        photo = given()

        check_photo(photo=photo)

        assert flags(photo) == {}

    def test_perhaps_no_cloth(self, use_predictor):
        use_predictor(FakePredictor({"not-cloth": 0.9}))
        photo = given()

        check_photo(photo=photo)

        assert flags(photo) == {"not_cloth": pytest.approx(1, abs=0.01)}

    def test_other_cloth_is_cloth(self, use_predictor):
        use_predictor(FakePredictor({"other-cloth": 0.9}))
        photo = given()

        check_photo(photo=photo)

        assert flags(photo) == {}

    def test_a_new_champion_takes_back_what_it_does_not_find(self, use_predictor):
        use_predictor(FakePredictor({"not-cloth": 0.9}))
        photo = given()
        check_photo(photo=photo)

        use_predictor(another())
        check_photo(photo=photo)

        assert flags(photo) == {}
        photo.contribution.refresh_from_db()
        assert photo.contribution.attention == 0

    @pytest.mark.parametrize(
        ("content", "kind"),
        [
            (lambda: encoded(cloth(60, 200)), "too_small"),
            (lambda: encoded(cloth())[:900], "unreadable"),
        ],
    )
    def test_what_cannot_be_looked_at_is_flagged_and_left(self, fake, content, kind):
        photo = given()
        photo.image.save("photo", ContentFile(content()))

        check_photo(photo=photo)

        assert list(flags(photo)) == [kind]
        age(photo)
        assert missing_checks(10) == []

    def test_flags_decide_nothing(self, use_predictor):
        use_predictor(FakePredictor({"not-cloth": 0.9}))
        photo = given(contribution=ContributionFactory())

        check_photo(photo=photo)

        photo.refresh_from_db()
        photo.contribution.refresh_from_db()
        assert photo.contribution.state == "submitted"
        assert photo.determined_outcome == ""
        assert photo.contribution.attention == 3


class TestCopies:
    @pytest.fixture(autouse=True)
    def _model(self, no_model):
        """Copies by content need no model."""

    def test_the_same_file_is_flagged_on_the_newer_photo(self):
        older, newer = given(), given()

        check_photo(photo=newer)

        flag = Flag.objects.get()
        assert (flag.photo, flag.kind, flag.other) == (newer, "exact_copy", older)
        assert flag.measure == 1

    def test_checked_in_the_other_order_it_is_the_same(self):
        older, newer = given(), given()

        check_photo(photo=older)
        check_photo(photo=newer)

        flag = Flag.objects.get()
        assert (flag.photo, flag.other) == (newer, older)

    @pytest.mark.parametrize("state", ["draft", "declined", "accepted"])
    def test_the_whole_catalogue_is_compared(self, state):
        older = given(contribution=ContributionFactory(**{state: True}))
        newer = given(contribution=ContributionFactory())

        check_photo(photo=newer)

        assert Flag.objects.get().other == older

    def test_a_smaller_file_saved_again_is_a_near_copy(self):
        picture = cloth(800, 600)
        older = given(encoded(picture, quality=95))
        newer = given(encoded(picture.resize((400, 300)), quality=60))

        check_photo(photo=newer)

        flag = Flag.objects.get()
        assert (flag.photo, flag.kind, flag.other) == (newer, "near_copy", older)
        assert flag.measure >= 1 - 6 / 64

    @pytest.mark.parametrize(("bits", "near"), [(6, True), (7, False)])
    def test_so_many_bits_may_differ(self, bits, near):
        older = given()
        newer = given(encoded(cloth(seed=8)))
        # The sign is a bit like the others: it is among those that differ.
        differing = (1 << 63) | ((1 << (bits - 1)) - 1)
        other = (older.perceptual_hash ^ differing) & ((1 << 64) - 1)
        newer.perceptual_hash = other - (1 << 64) if other >= 1 << 63 else other
        newer.save()

        check_photo(photo=newer)

        assert Flag.objects.exists() is near

    def test_plain_pictures_are_no_copies_of_each_other(self):
        given(encoded(Image.new("RGB", (300, 300), "gray")))
        newer = given(encoded(Image.new("RGB", (300, 300), "brown")))

        check_photo(photo=newer)

        assert not Flag.objects.filter(kind="near_copy").exists()

    def test_photos_of_one_contribution_are_of_one_cloth(self):
        older = given(encoded(cloth(), quality=95))
        newer = given(encoded(cloth(), quality=60), contribution=older.contribution)

        check_photo(photo=newer)

        assert not Flag.objects.exists()

    def test_what_was_withdrawn_is_compared_with_nothing(self):
        given(contribution=ContributionFactory(withdrawn=True))
        newer = given()

        check_photo(photo=newer)

        assert not Flag.objects.exists()

    def test_withdrawing_takes_back_the_flags_that_name_it(self):
        older, newer = given(), given()
        check_photo(photo=newer)
        newer.contribution.refresh_from_db()
        assert newer.contribution.attention == 5

        withdraw_contribution(
            contribution=older.contribution, by=older.contribution.given_by
        )

        assert not Flag.objects.exists()
        newer.contribution.refresh_from_db()
        assert newer.contribution.attention == 0

    def test_so_does_withdrawing_it_alone(self):
        older, newer = given(), given()
        PhotoFactory(contribution=older.contribution)
        check_photo(photo=newer)
        newer.contribution.refresh_from_db()
        assert newer.contribution.attention == 5

        withdraw_photo(photo=older, by=older.contribution.given_by)
        check_photo(photo=given())

        assert not Flag.objects.filter(other=older).exists()
        newer.contribution.refresh_from_db()
        assert newer.contribution.attention == 0

    def test_a_photo_that_was_withdrawn_alone_is_not_looked_at(self):
        photo = given()
        PhotoFactory(contribution=photo.contribution)
        withdraw_photo(photo=photo, by=photo.contribution.given_by)

        check_photo(photo=photo)

        assert not PhotoCheck.objects.exists()


class TestCopiesByEmbedding:
    def check(self, likeness: float, use_predictor) -> Photo:
        fake = use_predictor(another())
        older = seen(version_of(fake), unit(likeness))
        newer = given()
        vector = np.asarray(unit(1), np.float32)
        predict = fake.predict

        def embedding_of_our_choice(images):
            return replace(predict(images), embedding=vector)

        fake.predict = embedding_of_our_choice
        check_photo(photo=newer)
        self.newer = newer
        return older

    def test_very_like_embeddings_are_near_copies(self, use_predictor):
        older = self.check(0.93, use_predictor)

        flag = Flag.objects.get()
        assert (flag.photo, flag.kind, flag.other) == (self.newer, "near_copy", older)
        assert flag.measure == pytest.approx(0.93, abs=0.001)

    @pytest.mark.parametrize(("likeness", "is_flagged"), [(0.45, False), (0.55, True)])
    def test_one_hash_of_two_unlike_cloths_is_chance(
        self, use_predictor, likeness, is_flagged
    ):
        older = self.check(likeness, use_predictor)
        Photo.objects.filter(pk__in=[older.pk, self.newer.pk]).update(
            perceptual_hash=0b1010101
        )
        self.newer.refresh_from_db()

        checking.flag_copies(self.newer, ModelVersion.objects.get())

        assert Flag.objects.filter(kind="near_copy").exists() is is_flagged

    def test_like_cloth_is_no_copy(self, use_predictor):
        self.check(0.87, use_predictor)

        assert not Flag.objects.exists()

    def test_versions_are_not_compared(self, use_predictor, fake):
        seen(version_of(fake), unit(1))

        self.check(0.2, use_predictor)

        assert not Flag.objects.exists()


class TestOnce:
    def test_twice_is_once(self, fake):
        given()
        photo = given()
        check_photo_task(photo.pk)

        check_photo_task(photo.pk)

        assert fake.photos_seen == 1
        assert Prediction.objects.count() == PhotoEmbedding.objects.count() == 1
        assert Flag.objects.count() == 1

    @pytest.mark.django_db(transaction=True)
    def test_eight_at_once_are_one(self, fake):
        older = given()
        photo = given()
        failed = []

        def work():
            try:
                check_photo_task(photo.pk)
            except Exception as error:
                failed.append(error)
            finally:
                connection.close()

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert failed == []
        assert fake.photos_seen == 1
        assert Prediction.objects.count() == PhotoEmbedding.objects.count() == 1
        assert Flag.objects.get().other == older

    @pytest.mark.django_db(transaction=True)
    def test_two_copies_checked_at_the_same_time_find_each_other(self, no_model):
        photos = [given(), given()]

        def work(photo):
            check_photo_task(photo.pk)
            connection.close()

        threads = [threading.Thread(target=work, args=[one]) for one in photos]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        flag = Flag.objects.get()
        assert [flag.other, flag.photo] == photos

    def test_a_photo_that_is_gone_is_no_error(self, fake):
        check_photo_task(999_999)

    @pytest.mark.django_db(transaction=True)
    def test_a_photo_that_goes_while_it_is_checked_is_no_error(self, fake):
        photo = given()
        predict = fake.predict

        def and_then_it_is_gone(images):
            said = predict(images)
            PhotoCheck.objects.all().delete()
            Photo.objects.filter(pk=photo.pk).delete()
            return said

        fake.predict = and_then_it_is_gone

        check_photo_task(photo.pk)

        assert not Prediction.objects.exists()

    def test_a_withdrawn_photo_is_left_alone(self, fake):
        photo = given(contribution=ContributionFactory(withdrawn=True))
        age(photo)

        check_photo_task(photo.pk)

        assert fake.photos_seen == 0
        assert missing_checks(10) == []


class TestNothingLost:
    def test_no_turn_costs_the_photo_nothing(self, fake, monkeypatch):
        photo = given()
        age(photo)

        def busy(photos, *, alone):
            raise predictor.Busy

        monkeypatch.setattr(predictor, "predict", busy)
        with pytest.raises(predictor.Busy):
            check_photo(photo=photo)

        assert missing_checks(10) == [photo.pk]
        assert PhotoCheck.objects.get().attempts == 0

    def test_pauses_grow_and_a_person_is_asked_in_the_end(self, fake, monkeypatch):
        photo = given()
        age(photo)

        def die(photos, *, alone):
            raise MemoryError

        monkeypatch.setattr(predictor, "predict", die)
        pauses = []
        for _ in range(checking.DOUBTS + 1):
            let_time_pass()
            started = timezone.now()
            with pytest.raises(MemoryError):
                check_photo(photo=photo)
            pauses.append(PhotoCheck.objects.get().retry_at - started)

        assert missing_checks(10) == []
        assert pauses == sorted(pauses)
        assert pauses[-1] > timedelta(minutes=60)
        assert list(flags(photo)) == ["unreadable"]

    def test_what_works_in_the_end_is_no_longer_doubted(self, fake):
        photo = given()
        PhotoCheck.objects.create(photo=photo, attempts=checking.DOUBTS)

        check_photo(photo=photo)

        assert flags(photo) == {}
        assert PhotoCheck.objects.get().attempts == 0

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize(
        "step", ["_look", "_remember", "_flag_looks", "flag_copies"]
    )
    def test_killed_after_any_step_nothing_is_lost_or_doubled(
        self, fake, step, settings
    ):
        older = given(encoded(Image.new("RGB", (300, 300), (9, 9, 9))))
        photo = given(encoded(Image.new("RGB", (300, 300), (9, 9, 9))))
        age(photo)
        PhotoCheck.objects.create(
            photo=older, checked_at=timezone.now(), problem="unreadable"
        )

        child = start_and_kill_after(step, photo.pk, settings.MEDIA_ROOT)

        assert child.returncode == -signal.SIGKILL
        let_time_pass()
        assert missing_checks(10) == [photo.pk]
        check_photo_task(photo.pk)
        assert missing_checks(10) == []
        assert Prediction.objects.filter(photo=photo).count() == 1
        assert PhotoEmbedding.objects.filter(photo=photo).count() == 1
        assert sorted(flags(photo)) == ["exact_copy", "too_dark"]


CHILD = """
import sys, time
import django
django.setup()
from django.conf import settings
settings.MEDIA_ROOT = sys.argv[3]
from classifier import checking, predictor
from classifier.tasks import check_photo_task
from tests.classifier.fakes import FakePredictor
fake = FakePredictor()
predictor.load = lambda folder: fake
step = getattr(checking, sys.argv[1])
def and_wait(*args, **kwargs):
    result = step(*args, **kwargs)
    print("done", flush=True)
    time.sleep(60)
    return result
setattr(checking, sys.argv[1], and_wait)
check_photo_task(int(sys.argv[2]))
"""


def start_and_kill_after(step: str, photo_id: int, media: str):
    name = connection.settings_dict["NAME"]
    address = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}")
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, step, str(photo_id), str(media)],
        cwd=settings.BASE_DIR,
        env=os.environ
        | {
            "DATABASE_URL": address.geturl(),
            "DJANGO_SETTINGS_MODULE": "heritage.settings",
        },
        stdout=subprocess.PIPE,
        text=True,
    )
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == "done\n"
        child.kill()
    return child


class TestQueue:
    def add(self) -> Photo:
        person = UserFactory()
        draft = start_contribution(by=person, licence="CC0-1.0", consent_to_show=True)
        return add_photo(contribution=draft, image=BytesIO(encoded()), by=person)

    @pytest.mark.django_db(transaction=True)
    def test_an_added_photo_is_queued_to_be_checked_and_rendered(self, queued):
        photo = self.add()

        assert sorted(queued) == [("check", photo.pk), ("render", photo.pk)]

    @pytest.mark.django_db(transaction=True)
    def test_with_the_broker_down_the_photo_is_kept_and_found(
        self, fake, monkeypatch, caplog
    ):
        def down(photo_id):
            raise OperationalError("no broker")

        monkeypatch.setattr(check_photo_task, "delay", down)
        monkeypatch.setattr(render_photo_task, "delay", down)

        photo = self.add()

        assert caplog.text.count("the queue is down") == 2
        assert Photo.objects.get() == photo
        age(photo)
        out = StringIO()
        call_command("check_missing", stdout=out)
        assert "1 photos to check and 1 to render, 2 of them done here" in (
            out.getvalue()
        )
        assert Prediction.objects.count() == 1
        photo.refresh_from_db()
        assert photo.rendered_at is not None
        assert missing_checks(10) == []

    def test_the_sweep_hands_over_what_was_lost_and_only_that(self, fake, queued):
        fresh, lost, done = given(), given(), given()
        age(lost, done)
        check_photo(photo=done)
        render_photo_task(done.pk)

        assert sweep()["photos, to_check"] == 1

        assert sorted(queued) == [("check", lost.pk), ("render", lost.pk)]
        assert fresh.pk not in {pk for _name, pk in queued}

    def test_a_sweep_is_a_small_batch_newest_first(self, fake, queued):
        photos = [given(encoded(cloth(seed=n))) for n in range(3)]
        age(*photos)

        sweeping.check_missing(limit=2)

        checked = [pk for name, pk in queued if name == "check"]
        assert checked == [photos[2].pk, photos[1].pk]

    def test_a_photo_in_somebodys_hands_is_not_handed_over(self, fake, queued):
        photo = given()
        age(photo)
        PhotoCheck.objects.create(
            photo=photo, attempts=1, retry_at=timezone.now() + timedelta(minutes=1)
        )

        assert missing_checks(10) == []


def test_a_jpeg_that_is_taken_as_a_photo_is_not_too_large_to_be_looked_at():
    assert images.MAX_PIXELS["JPEG"] >= pictures.MAX_PIXELS
    assert pictures.MAX_BYTES <= images.MAX_BYTES

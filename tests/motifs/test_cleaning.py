"""Photos that were stored before a rule are cleaned by it, and none is ever lost."""

import struct
import zlib

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import IntegrityError

from motifs import actions, pictures, refusals
from motifs.actions import cleaning
from motifs.management.commands import clean_originals
from motifs.metadata import Damaged, without_personal
from motifs.models import HistoryEntry, Photo
from motifs.renditions import render_photo
from tests.factories import ContributionFactory, PhotoFactory, picture_bytes

pytestmark = pytest.mark.django_db
CLEAN = picture_bytes(format="PNG")
SAID = b"Siti, Rumah"


def signed(content=CLEAN):
    """The same picture with a statement of who made it where."""
    body = b"caBX" + SAID
    chunk = struct.pack(">I", len(SAID)) + body + struct.pack(">I", zlib.crc32(body))
    return content[:-12] + chunk + content[-12:]


def stored(**fields):
    photo = PhotoFactory(content=signed(), **fields)
    photo.refresh_from_db()
    return photo


def bytes_of(photo):
    with photo.image.open("rb") as file:
        return file.read()


class TestPhoto:
    def test_its_file_says_no_more_and_shows_the_same(
        self, queued, django_capture_on_commit_callbacks
    ):
        photo = stored()
        pictures.rendition(photo, "480")
        render_photo(photo=photo)
        name, old = photo.image.name, photo.sha256

        with django_capture_on_commit_callbacks(execute=True):
            assert actions.clean_photo(photo=photo)

        assert bytes_of(photo) == CLEAN
        assert photo.sha256 == pictures.describe(CLEAN).sha256 != old
        assert photo.rendered_at is None
        assert ("render", photo.pk) in queued
        assert not default_storage.exists(name)
        assert not default_storage.listdir(f"renditions/{old[:2]}")[1]

    def test_twice_is_the_same_as_once(self):
        photo = stored()
        actions.clean_photo(photo=photo)
        name = photo.image.name

        assert not actions.clean_photo(photo=photo)

        assert photo.image.name == name

    def test_renditions_that_another_gift_shares_stay(
        self, django_capture_on_commit_callbacks
    ):
        photo, other = stored(), stored()
        name = pictures.rendition(photo, "480")

        with django_capture_on_commit_callbacks(execute=True):
            actions.clean_photo(photo=photo)

        assert pictures.rendition(other, "480") == name
        assert default_storage.exists(name)

    def test_what_was_judged_remembers_its_earlier_digest(self):
        judged, fresh = stored(), stored()
        actions.record("identified", by=None, photo=judged)
        old = judged.sha256

        for photo in (judged, fresh):
            actions.clean_photo(photo=photo)

        assert judged.had_digest(old)
        assert judged.had_digest(judged.sha256)
        assert not judged.had_digest("0" * 64)
        entry = HistoryEntry.objects.get(photo=judged, verb="cleaned")
        assert entry.data == {
            "was": {"sha256": old},
            "became": {"sha256": judged.sha256},
        }
        assert not fresh.history.exists()

    def test_one_that_is_then_another_of_its_cloth_stays_as_it_is(self):
        contribution = ContributionFactory()
        photo = stored(contribution=contribution)
        PhotoFactory(contribution=contribution, content=CLEAN)

        with pytest.raises(refusals.PhotoGivenAlready):
            actions.clean_photo(photo=photo)

        assert bytes_of(photo) == signed()

    @pytest.mark.parametrize("which", ["this", "the other", "all"])
    def test_once_one_of_the_two_was_taken_back_it_is_cleaned(self, which):
        contribution = ContributionFactory()
        photo = stored(contribution=contribution)
        other = PhotoFactory(contribution=contribution, content=CLEAN)
        giver = contribution.given_by
        if which == "all":
            actions.withdraw_contribution(contribution=contribution, by=giver)
        else:
            one = photo if which == "this" else other
            actions.withdraw_photo(photo=one, by=giver)

        assert actions.clean_photo(photo=Photo.objects.get(pk=photo.pk))

        photo.refresh_from_db()
        assert bytes_of(photo) == CLEAN
        assert photo.is_withdrawn == (which != "the other")


class TestKilled:
    """Wherever it ends, the row has its file and the next run finishes."""

    @pytest.mark.parametrize("step", ["record", "queue_renditions", "_forget"])
    def test_at_every_step(self, monkeypatch, step, django_capture_on_commit_callbacks):
        class Killed(BaseException):
            pass

        def die(*args, **kwargs):
            raise Killed

        photo = stored()
        actions.record("identified", by=None, photo=photo)
        with monkeypatch.context() as patch:
            patch.setattr(cleaning, step, die)
            with (
                pytest.raises(Killed),
                django_capture_on_commit_callbacks(execute=True),
            ):
                actions.clean_photo(photo=photo)

        photo.refresh_from_db()
        assert bytes_of(photo) in (CLEAN, signed())
        assert pictures.describe(bytes_of(photo)).sha256 == photo.sha256
        call_command("clean_originals")
        photo.refresh_from_db()
        assert bytes_of(photo) == CLEAN

    def test_a_row_that_is_not_saved_leaves_no_file(self, monkeypatch):
        photo = stored()
        files = default_storage.listdir

        def refuse(*args, **kwargs):
            raise IntegrityError

        before = {one for d in files("photos")[0] for one in files(f"photos/{d}")[1]}
        monkeypatch.setattr(Photo, "save", refuse)
        with pytest.raises(IntegrityError):
            actions.clean_photo(photo=photo)

        after = {one for d in files("photos")[0] for one in files(f"photos/{d}")[1]}
        assert after == before


class TestCommand:
    def test_it_cleans_all_and_fails_after_what_it_cannot(self, capsys):
        lost, broken, withdrawn, clean = (
            stored(),
            stored(),
            stored(contribution=ContributionFactory(withdrawn=True)),
            PhotoFactory(content=CLEAN),
        )
        default_storage.delete(lost.image.name)
        name = default_storage.save("photos/00/x.png", ContentFile(signed()[:-40]))
        Photo.objects.filter(pk=broken.pk).update(image=name)

        with pytest.raises(CommandError, match="2 photos are left"):
            call_command("clean_originals")

        said = capsys.readouterr()
        assert "cleaned: 1" in said.out
        assert f"photo {lost.pk} is left" in said.err
        assert f"photo {broken.pk} is left" in said.err
        withdrawn.refresh_from_db()
        assert bytes_of(withdrawn) == CLEAN
        clean.refresh_from_db()
        assert bytes_of(clean) == CLEAN

    def test_of_one_that_is_then_another_it_says_what_to_do(self, capsys):
        contribution = ContributionFactory()
        photo = stored(contribution=contribution)
        other = PhotoFactory(contribution=contribution, content=CLEAN)

        with pytest.raises(CommandError, match="1 photo is left"):
            call_command("clean_originals")
        said = capsys.readouterr().err
        assert f"photo {photo.pk} is left" in said
        assert contribution.get_absolute_url() in said
        actions.withdraw_photo(photo=other, by=contribution.given_by)
        call_command("clean_originals")

        photo.refresh_from_db()
        assert bytes_of(photo) == CLEAN

    def test_a_file_that_cannot_be_read_or_a_row_that_goes_stops_nothing(
        self, capsys, monkeypatch
    ):
        locked, gone, last = stored(), stored(), stored()
        really = clean_originals.clean_photo

        def clean(*, photo):
            if photo == locked:
                raise PermissionError
            if photo == gone:
                Photo.objects.filter(pk=photo.pk).delete()
            return really(photo=photo)

        monkeypatch.setattr(clean_originals, "clean_photo", clean)

        with pytest.raises(CommandError, match="1 photo is left"):
            call_command("clean_originals")

        last.refresh_from_db()
        assert bytes_of(last) == CLEAN
        assert f"photo {gone.pk} " not in capsys.readouterr().err


def test_the_picture_of_these_tests_is_one_that_would_be_cleaned():
    assert SAID in signed()
    assert without_personal(signed()) == CLEAN
    with pytest.raises(Damaged):
        without_personal(signed()[:-40])

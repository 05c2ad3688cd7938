"""Files that no photo has are deleted after a while, and no other file ever is."""

import os
from contextlib import suppress
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from motifs import orphans, pictures, sweeping
from motifs.actions import add_photo
from motifs.models import Photo
from motifs.renditions import render_photo
from tests.factories import ContributionFactory, PhotoFactory, picture_bytes

pytestmark = pytest.mark.django_db
OLD = timedelta(days=31)


def files():
    root = Path(default_storage.location)
    return {p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file()}


def age(names, by=OLD):
    then = (timezone.now() - by).timestamp()
    for name in names:
        os.utime(default_storage.path(name), (then, then))


def sweep():
    return sum(orphans.sweep_files(f"{shard:02x}") for shard in range(256))


@pytest.fixture
def named():
    """A photo with all its renditions, older than all that the sweep may delete."""
    photo = PhotoFactory()
    photo.refresh_from_db()
    pictures.rendition(photo, "480")
    render_photo(photo=photo)
    Photo.objects.update(added_at=timezone.now() - 2 * OLD)
    kept = files()
    age(kept)
    return kept


class RolledBack(Exception):
    pass


def rolled_back():
    """Add a photo in a transaction that comes to nothing; return its file's name."""
    before = files()
    draft = ContributionFactory(draft=True)
    with suppress(RolledBack), transaction.atomic():
        add_photo(contribution=draft, image=BytesIO(picture_bytes()), by=draft.given_by)
        raise RolledBack
    (left,) = files() - before
    return left


class TestOriginals:
    def test_what_a_rolled_back_transaction_left_goes_after_a_month(self, named):
        left = rolled_back()
        assert sweep() == 0

        age([left], timedelta(days=29))
        assert sweep() == 0

        age([left])
        assert sweep() == 1
        assert sweep() == 0

        assert files() == named

    @pytest.mark.parametrize("fields", [{}, {"withdrawn": True}, {"declined": True}])
    def test_what_a_row_names_stays_whatever_became_of_it(self, named, fields):
        PhotoFactory(contribution=ContributionFactory(**fields))
        kept = files()
        age(kept)

        assert sweep() == 0
        assert files() == kept

    def test_what_is_older_than_the_first_photo_is_of_another_database(self, named):
        left = rolled_back()
        age([left])
        Photo.objects.update(added_at=timezone.now() - timedelta(days=29))

        assert sweep() == 0

        Photo.objects.all().delete()
        assert sweep() == 0
        assert left in files()

    @pytest.mark.parametrize(
        "name", ["photos/ab/README.txt", "photos/ab/.keep", "photos/notes.jpg"]
    )
    def test_what_is_none_of_ours_stays(self, named, name):
        default_storage.save(name, ContentFile(b"x"))
        age([name])

        assert sweep() == 0
        assert name in files()


class TestRenditions:
    def test_those_of_no_photo_go_and_half_written_ones_too(self, named):
        digest = "ab" * 32
        for name in (f"{digest}-480.jpg", f"{digest}-1600.avif"):
            default_storage.save(f"renditions/ab/{name}", ContentFile(b"x"))
        part = Path(default_storage.path(f"renditions/ab/.{digest}-480.webp.0f0f"))
        part.write_bytes(b"x")
        age(files() - named)

        assert sweep() == 3

        assert files() == named


def test_the_site_s_sweep_does_it_bit_by_bit(named, monkeypatch):
    left = rolled_back()
    age([left])
    shard = int(Path(left).parent.name, 16)
    monkeypatch.setattr(orphans.secrets, "randbelow", lambda most: shard)

    assert sweeping.sweep_contributions()["files_deleted"] == 1

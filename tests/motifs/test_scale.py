"""Rows for measuring: many, labelled, and never among what people gave."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from PIL import Image

from motifs import scale
from motifs.models import Contribution, Flag, Identification, Photo
from tests.factories import ContributionFactory, MotifFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def renderings(tmp_path, monkeypatch):
    """A folder with two rendered cloths, in place of the project's own."""
    for slug, colour in [("gigi-haruan", "indigo"), ("ular-lidi", "maroon")]:
        MotifFactory(slug=slug)
        Image.new("RGB", (240, 180), colour).save(tmp_path / f"{slug}.webp")
    monkeypatch.setitem(scale.seed.__kwdefaults__, "folder", tmp_path)
    return tmp_path


def seed(**options):
    out = StringIO()
    call_command("seed_scale", stdout=out, **options)
    return out.getvalue().strip()


def test_there_are_as_many_photos_and_waiting_contributions_as_asked(renderings):
    line = seed(photos=301, pending=20)

    assert Photo.objects.count() == 301
    assert Contribution.objects.waiting().count() == 20
    assert line.startswith("301 photos in ")


def test_every_state_occurs_and_none_may_train(renderings):
    seed(photos=300, pending=10)

    states = set(Contribution.objects.values_list("state", flat=True))
    assert states == set(Contribution.State.values)
    assert not Contribution.objects.exclude(
        is_demonstration=True, consent_to_train=False
    ).exists()


def test_photos_can_be_served_and_are_no_copies_of_each_other(renderings):
    seed(photos=120, pending=10)

    photos = Photo.objects.all()
    assert len({photo.image.name for photo in photos}) == 2
    assert all(photo.image.storage.exists(photo.image.name) for photo in photos)
    assert len({photo.sha256 for photo in photos}) == 120


def test_attention_is_the_sum_of_the_flags(renderings):
    seed(photos=300, pending=60)

    assert Flag.objects.exists()
    for contribution in Contribution.objects.waiting():
        flags = Flag.objects.filter(photo__contribution=contribution)
        assert contribution.attention == sum(Flag.WEIGHTS[x.kind] for x in flags)


def test_determined_photos_rest_on_two_experts(renderings):
    seed(photos=200, pending=5)

    determined = Photo.objects.exclude(determined_motif=None)
    assert determined.exists()
    for photo in determined:
        said = Identification.objects.filter(photo=photo)
        assert {one.motif_id for one in said} == {photo.determined_motif_id}
        assert len({one.identified_by_id for one in said}) == 2


def test_running_it_again_adds_nothing(renderings):
    seed(photos=30, pending=2)

    line = seed(photos=60, pending=2)

    assert Photo.objects.count() == 30
    assert "already" in line


def test_it_refuses_beside_what_people_gave(renderings):
    ContributionFactory()

    with pytest.raises(CommandError, match="People have given"):
        seed(photos=30, pending=2)

    assert not Photo.objects.exists()


def test_it_can_be_forced(renderings):
    ContributionFactory()

    seed(photos=30, pending=2, force=True)

    assert Photo.objects.count() == 30


def test_more_waiting_contributions_than_photos_are_refused(renderings):
    with pytest.raises(CommandError, match="take 300 photos"):
        seed(photos=30, pending=100)


def test_without_a_motif_it_says_what_to_do(db, tmp_path, monkeypatch):
    monkeypatch.setitem(scale.seed.__kwdefaults__, "folder", tmp_path)

    with pytest.raises(CommandError, match="import_catalogue"):
        seed(photos=30, pending=2)

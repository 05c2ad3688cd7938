"""Drafts that nobody goes on with are deleted, and nothing else is."""

from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.utils import timezone

from motifs import actions, sweeping
from motifs.models import Contribution, Photo
from tests.factories import ContributionFactory, PhotoFactory

pytestmark = pytest.mark.django_db


def age(contribution, days, **fields):
    then = timezone.now() - timedelta(days=days)
    Contribution.objects.filter(pk=contribution.pk).update(given_at=then, **fields)
    contribution.photos.update(added_at=then)
    return then


def test_an_old_draft_goes_with_its_photos(django_capture_on_commit_callbacks):
    draft = ContributionFactory(draft=True)
    photo = PhotoFactory(contribution=draft)
    age(draft, 31)

    with django_capture_on_commit_callbacks(execute=True):
        assert sweeping.sweep_drafts() == 1

    assert not Contribution.objects.exists()
    assert not Photo.objects.exists()
    assert not default_storage.exists(photo.image.name)


@pytest.mark.parametrize("state", ["accepted", "declined", "withdrawn"])
def test_what_was_given_stays_however_old(state):
    age(ContributionFactory(**{state: True}), 1000)
    age(ContributionFactory(), 1000)

    assert sweeping.sweep_drafts() == 0


def test_a_draft_that_was_touched_stays():
    young, edited, added = (ContributionFactory(draft=True) for _ in range(3))
    age(young, 29)
    age(edited, 31)
    actions.edit_contribution(
        contribution=edited, by=edited.given_by, changes={"place": "Amuntai"}
    )
    age(added, 31)
    PhotoFactory(contribution=added)

    assert sweeping.sweep_drafts() == 0


def test_a_draft_that_something_refers_to_does_not_stop_the_sweep():
    kept, gone = (ContributionFactory(draft=True) for _ in range(2))
    actions.record("reported", by=None, contribution=kept)
    age(kept, 40)
    age(gone, 31)

    assert sweeping.sweep_drafts() == 1

    assert list(Contribution.objects.all()) == [kept]


def test_the_site_s_one_sweep_does_it(capsys):
    age(ContributionFactory(draft=True), 31)

    call_command("sweep")

    assert "contributions, drafts_deleted: 1" in capsys.readouterr().out

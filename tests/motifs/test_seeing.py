"""Whoever was shown what is said of a cloth is not blind, wherever it was shown."""

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from heritage.closing import close_account
from motifs.actions import identify_photo
from motifs.models import Identification, SeenCloth
from motifs.permissions import EXPERT_GROUP
from tests.factories import (
    ContributionFactory,
    CuratorFactory,
    ExpertFactory,
    MotifFactory,
    PhotoFactory,
    UserFactory,
)
from tests.motifs.judging import choose_public_name, determine

pytestmark = pytest.mark.django_db


def both():
    """A curator who is an expert too: every page is open to them."""
    person = CuratorFactory()
    person.groups.add(Group.objects.get(name=EXPERT_GROUP))
    return person


def blindly(client, photo):
    """Answer on the expert's screen, and say whether that counts as blind."""
    response = client.post(
        reverse("experts:photo", args=[photo.pk]),
        {"outcome": "not_cloth", "certainty": "probable", "after": ""},
    )
    assert response.status_code == 302
    return Identification.objects.get(photo=photo, outcome="not_cloth").is_blind


@pytest.fixture
def photo(monkeypatch):
    """A determined photo of somebody with a public name, and one of the same cloth."""
    motif = MotifFactory(slug="gigi-haruan")
    given = ContributionFactory(accepted=True, motif=motif)
    choose_public_name(given.given_by, "Rusmini", monkeypatch)
    monkeypatch.setattr("motifs.drawings.drawing_url", lambda slug: "")
    return determine(PhotoFactory(contribution=given), motif)


def admin(name, of=None):
    def address(photo):
        return reverse(f"admin:motifs_{name}", args=[of(photo)] if of else [])

    return address


def its_contribution(photo):
    return photo.contribution_id


def itself(photo):
    return photo.pk


def its_statement(photo):
    return photo.identifications.first().pk


PAGES = {
    "its page": lambda photo: photo.get_absolute_url(),
    "the page to report it": lambda photo: f"/id/photos/{photo.pk}/report/",
    "the motif's page": lambda photo: "/id/motifs/gigi-haruan/",
    "the motif's photos": lambda photo: "/id/motifs/gigi-haruan/photos/",
    "the list of motifs": lambda photo: "/id/motifs/",
    "the contributor's page": lambda photo: (
        f"/id/contributors/{photo.contribution.given_by_id}/"
    ),
    "the contribution's page": lambda photo: photo.contribution.get_absolute_url(),
    "the desk": admin("contribution_desk", its_contribution),
    "the queue": lambda photo: (
        reverse("admin:motifs_contribution_changelist") + "?state=accepted"
    ),
    "the contribution in the admin": admin("contribution_change", its_contribution),
    "its history": admin("contribution_history", its_contribution),
    "the photos in the admin": admin("photo_changelist"),
    "the photo in the admin": admin("photo_change", itself),
    "the photo's history": admin("photo_history", itself),
    "the statements": admin("identification_changelist"),
    "a statement": admin("identification_change", its_statement),
}


class TestShown:
    @pytest.mark.parametrize("address", PAGES.values(), ids=PAGES)
    def test_whoever_saw_it_there_is_not_blind(self, client, photo, address):
        client.force_login(both())

        assert client.get(address(photo)).status_code == 200

        assert not blindly(client, photo)

    def test_nor_is_who_saw_the_views_of_a_dispute(self, client, photo):
        identify_photo(photo=photo, outcome="printed", by=ExpertFactory())
        client.force_login(both())

        assert client.get(reverse("experts:disputes")).context["total"] == 1

        assert not blindly(client, photo)

    def test_nor_who_was_asked_why_to_decline_it(self, client):
        waiting = PhotoFactory(contribution=ContributionFactory())
        curator = both()
        client.force_login(curator)

        client.get(
            reverse("admin:motifs_contribution_decline"),
            {"ids": waiting.contribution_id},
        )

        assert SeenCloth.objects.get().seen_by == curator

    def test_what_is_said_of_one_photo_gives_the_cloth_away(self, client, photo):
        other = PhotoFactory(contribution=photo.contribution)
        client.force_login(ExpertFactory())

        client.get(photo.get_absolute_url())

        assert not blindly(client, other)

    def test_the_experts_own_screen_shows_nothing(self, client, photo):
        client.force_login(ExpertFactory())

        client.get(reverse("experts:photo", args=[photo.pk]))

        assert blindly(client, photo)

    def test_what_one_saw_leaves_others_blind(self, client, photo):
        client.force_login(ExpertFactory())
        client.get(photo.get_absolute_url())
        client.force_login(ExpertFactory())

        assert blindly(client, photo)

    def test_a_photo_in_a_list_of_which_nothing_is_said_leaves_one_blind(
        self, client, monkeypatch
    ):
        given = ContributionFactory(accepted=True, motif=None)
        choose_public_name(given.given_by, "Rusmini", monkeypatch)
        photo = PhotoFactory(contribution=given)
        client.force_login(ExpertFactory())

        client.get(f"/id/contributors/{given.given_by_id}/")

        assert blindly(client, photo)


class TestNoting:
    def test_seeing_it_again_is_the_same_row(self, client, photo):
        client.force_login(ExpertFactory())
        client.get(photo.get_absolute_url())
        first = SeenCloth.objects.get()

        client.get(photo.get_absolute_url())

        assert SeenCloth.objects.get().seen_at == first.seen_at

    @pytest.mark.parametrize("person", [None, UserFactory])
    def test_only_of_those_who_may_judge(self, client, photo, person):
        if person:
            client.force_login(person())

        with CaptureQueriesContext(connection) as queries:
            client.get(photo.get_absolute_url())

        assert not SeenCloth.objects.exists()
        assert not [one for one in queries if "seencloth" in one["sql"]]

    def test_a_long_list_costs_one_query(self, client, photo):
        for _ in range(5):
            given = ContributionFactory(accepted=True, motif=photo.determined_motif)
            PhotoFactory(contribution=given)
        client.force_login(ExpertFactory())

        with CaptureQueriesContext(connection) as queries:
            client.get("/id/motifs/gigi-haruan/photos/")

        assert len([one for one in queries if "seencloth" in one["sql"]]) == 1
        assert SeenCloth.objects.count() == 6

    def test_it_goes_with_the_account(self, client, photo):
        person = ExpertFactory()
        client.force_login(person)
        client.get(photo.get_absolute_url())

        close_account(user=person, withdraw=False)

        assert not SeenCloth.objects.exists()

    def test_it_holds_no_contribution_back(self, client):
        draft = ContributionFactory(draft=True)
        client.force_login(ExpertFactory())
        client.get(draft.get_absolute_url())

        draft.delete()

        assert not SeenCloth.objects.exists()

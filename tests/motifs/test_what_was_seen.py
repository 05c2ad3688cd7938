"""A curator decides on what they saw: not on what its giver changed meanwhile."""

import io

import pytest
from django.urls import reverse

from motifs import actions, refusals
from motifs.models import Contribution, HistoryEntry, Identification
from tests.factories import (
    ContributionFactory,
    CuratorFactory,
    MotifFactory,
    PhotoFactory,
    picture_bytes,
)
from tests.motifs.test_admin import address, form_of

pytestmark = pytest.mark.django_db

CHANGES = {
    "a text": lambda given: edit(given, story="Beli di http://spam.example"),
    "a photo more": lambda given: add_photo(given),
    "a photo less": lambda given: actions.remove_photo(
        photo=given.photos.last(), by=given.given_by
    ),
}


@pytest.fixture
def curator(client):
    curator = CuratorFactory()
    client.force_login(curator)
    return curator


@pytest.fixture
def given():
    contribution = ContributionFactory(story="Dari nenek.")
    for position in (1, 2):
        PhotoFactory(contribution=contribution, position=position)
    return contribution


def edit(given, **changes):
    giver = given.given_by
    actions.edit_contribution(contribution=given, by=giver, changes=changes)


def add_photo(given):
    image = io.BytesIO(picture_bytes((200, 200), "red"))
    actions.add_photo(contribution=given, image=image, by=given.given_by)


def desk(given):
    return reverse("admin:motifs_contribution_desk", args=[given.pk])


def fields(page, name="revision"):
    """What hidden fields of this name hold."""
    parts = page.content.decode().split(f'name="{name}" value="')[1:]
    return [part.partition('"')[0] for part in parts]


def state(given):
    return Contribution.objects.get(pk=given.pk).state


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
class TestChangedMeanwhile:
    @pytest.mark.parametrize("deed", ["accept", "decline"])
    def test_the_desk_refuses_and_shows_what_changed(
        self, client, curator, given, change, deed
    ):
        (seen, *others) = fields(client.get(desk(given)))
        assert set(others) == {seen}
        change(given)

        refused = client.post(
            desk(given), {"deed": deed, "code": "blurred", "revision": seen}
        )

        assert (refused.status_code, state(given)) == (422, "submitted")
        assert str(refusals.ChangedSince()) in refused.content.decode()
        assert len(refused.context["changes"]) == 1
        again = {"deed": deed, "code": "blurred", "revision": fields(refused)[0]}
        assert client.post(desk(given), again).status_code == 302
        assert state(given) != "submitted"

    @pytest.mark.parametrize("deed", ["accept", "decline"])
    def test_many_at_once_are_decided_on_but_for_those(
        self, client, curator, given, change, deed
    ):
        other = ContributionFactory()
        page = f"{address('contribution', deed)}?ids={given.pk},{other.pk}"
        sent = {"code": "blurred", "revision": fields(client.get(page))}
        change(given)

        refused = client.post(page, sent)

        assert refused.status_code == 422
        assert (state(given), state(other)) == ("submitted", deed.rstrip("e") + "ed")
        (row,) = refused.context["rows"]
        assert (row["contribution"], len(row["changes"])) == (given, 1)
        assert (
            client.post(page, sent | {"revision": fields(refused)}).status_code == 302
        )
        assert state(given) != "submitted"

    def test_its_own_page_leads_to_the_desk(self, client, curator, given, change):
        page = address("contribution", "change", given.pk)
        shown = client.get(page)
        sent = form_of(shown) | {"_accept": "1", "revision": fields(shown)[0]}
        change(given)
        sent["photos-INITIAL_FORMS"] = sent["photos-TOTAL_FORMS"] = "0"

        response = client.post(page, sent, follow=True)

        assert state(given) == "submitted"
        assert response.redirect_chain[-1][0].startswith(desk(given))
        assert len(response.context["changes"]) == 1


def test_what_does_not_say_what_was_shown_decides_nothing(client, curator, given):
    bulk = f"{address('contribution', 'accept')}?ids={given.pk}"

    for seen in ("", "x", "-1", "9" * 40):
        for page in (desk(given), bulk):
            client.post(page, {"deed": "accept", "revision": seen})

    assert state(given) == "submitted"


def test_old_and_new_stand_beside_each_other(client, curator, given):
    edit(given, story="Dari pasar.", consent_to_train=True)

    page = client.get(desk(given), {"revision": "0"})

    (change,) = page.context["changes"]
    assert "Dari nenek. → Dari pasar." in change.what


def test_an_action_refuses_what_its_caller_has_not_read_again(given):
    shown = Contribution.objects.get(pk=given.pk)
    edit(given, story="Lain.")

    with pytest.raises(refusals.ChangedSince):
        actions.accept_contribution(contribution=shown, by=CuratorFactory())

    actions.accept_contribution(contribution=given, by=CuratorFactory())


def test_a_draft_has_no_revisions():
    draft = ContributionFactory(draft=True)

    edit(draft, story="Lain.")
    add_photo(draft)

    draft.refresh_from_db()
    assert draft.revision == 0
    assert not HistoryEntry.objects.exists()


def test_another_motif_than_the_one_shown_is_not_confirmed(client, curator, given):
    photo = given.photos.first()
    page = client.get(desk(given), {"photo": photo.pk})
    sent = {"deed": "confirm", "photo": photo.pk, "named": fields(page, "named")[0]}
    Contribution.objects.filter(pk=given.pk).update(motif=MotifFactory())

    assert client.post(desk(given), sent).status_code == 422
    assert not Identification.objects.exists()


def test_of_a_photo_that_is_gone_nothing_is_said_of_another(client, curator, given):
    gone = given.photos.first()
    actions.remove_photo(photo=gone, by=given.given_by)

    response = client.post(desk(given), {"deed": "printed", "photo": gone.pk})

    assert response.status_code == 422
    assert not Identification.objects.exists()

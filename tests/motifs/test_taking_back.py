"""Givers take back a purpose or one photo, and nobody else does it for them."""

import threading
from io import BytesIO

import pytest
from django.db import connection

from motifs import actions, refusals, renditions
from motifs.contribution_history import told
from motifs.models import Contribution, HistoryEntry, Photo
from tests.factories import (
    ContributionFactory,
    CuratorFactory,
    PhotoFactory,
    UserFactory,
    picture_bytes,
)

pytestmark = pytest.mark.django_db
FIELDS = {"show": "consent_to_show", "train": "consent_to_train"}


def change(contribution, purpose, is_given, by="giver"):
    return actions.change_consent(
        contribution=contribution,
        by=contribution.given_by if by == "giver" else by,
        purpose=purpose,
        is_given=is_given,
    )


def two_photos(**fields):
    contribution = ContributionFactory(**{"accepted": True} | fields)
    return [PhotoFactory(contribution=contribution) for _ in range(2)]


def texts(contribution):
    return [event["text"] for event in told(contribution)]


class TestConsent:
    @pytest.mark.parametrize("state", ["submitted", "accepted", "declined"])
    @pytest.mark.parametrize("purpose", FIELDS)
    def test_it_ends_and_begins_again_and_the_other_stays(self, purpose, state):
        traits = {} if state == "submitted" else {state: True}
        contribution = ContributionFactory(consent_to_train=True, **traits)
        other = next(field for name, field in FIELDS.items() if name != purpose)

        change(contribution, purpose, is_given=False)
        ended = getattr(contribution, FIELDS[purpose]), getattr(contribution, other)
        change(contribution, purpose, is_given=True)

        assert ended == (False, True)
        assert getattr(contribution, FIELDS[purpose])
        assert contribution.state == state

    @pytest.mark.parametrize("purpose", FIELDS)
    def test_of_a_draft_it_is_changed_with_the_rest(self, purpose):
        contribution = ContributionFactory(draft=True, consent_to_train=True)

        with pytest.raises(refusals.NotWaiting):
            change(contribution, purpose, is_given=False)

        contribution.refresh_from_db()
        assert getattr(contribution, FIELDS[purpose])
        assert not HistoryEntry.objects.exists()

    def test_both_are_in_the_history_in_the_givers_words(self):
        contribution = ContributionFactory(accepted=True)

        change(contribution, "show", is_given=False)
        change(contribution, "train", is_given=True)

        first, second = HistoryEntry.objects.order_by("pk")
        assert (first.verb, first.by) == ("consented", contribution.given_by)
        assert first.data == {
            "was": {"consent_to_show": True},
            "became": {"consent_to_show": False},
            "revision": 1,
        }
        assert second.data["became"] == {"consent_to_train": True}
        assert len(set(texts(contribution))) == 2

    def test_nobody_consents_for_another(self):
        contribution = ContributionFactory(accepted=True)

        for other in (None, UserFactory(), CuratorFactory()):
            with pytest.raises(refusals.NotYours):
                change(contribution, "show", is_given=False, by=other)

        assert not HistoryEntry.objects.exists()

    def test_what_is_so_already_is_no_change(self):
        contribution = ContributionFactory(accepted=True)

        with pytest.raises(refusals.NoChange):
            change(contribution, "show", is_given=True)
        with pytest.raises(refusals.AlreadyWithdrawn):
            change(ContributionFactory(withdrawn=True), "show", is_given=False)

    def test_a_demonstration_never_trains(self):
        demonstration = ContributionFactory(accepted=True, is_demonstration=True)

        with pytest.raises(refusals.DemonstrationNeverTrains):
            change(demonstration, "train", is_given=True)


def accept(shown):
    return actions.accept_contribution(contribution=shown, by=CuratorFactory())


class TestWhatACuratorWasShown:
    """While it waits, whoever has it on the screen decides on what it is now."""

    def test_a_consent_that_changed_since_is_shown_anew(self):
        waiting = ContributionFactory()
        shown = Contribution.objects.get(pk=waiting.pk)

        change(waiting, "show", is_given=False)

        with pytest.raises(refusals.ChangedSince):
            accept(shown)
        assert accept(waiting).state == "accepted"

    def test_also_if_it_was_accepted_meanwhile_and_reopened(self):
        waiting = ContributionFactory()
        shown = Contribution.objects.get(pk=waiting.pk)

        accept(waiting)
        change(waiting, "show", is_given=False)
        actions.reopen_contribution(contribution=waiting, by=CuratorFactory())

        with pytest.raises(refusals.ChangedSince):
            accept(shown)

    def test_so_is_a_photo_that_was_taken_back(self):
        photo, _other = two_photos(accepted=False)
        shown = Contribution.objects.get(pk=photo.contribution_id)

        actions.withdraw_photo(photo=photo, by=photo.contribution.given_by)

        with pytest.raises(refusals.ChangedSince):
            accept(shown)


class TestPhoto:
    def test_it_goes_and_the_rest_stays(self):
        photo, other = two_photos()

        actions.withdraw_photo(photo=photo, by=photo.contribution.given_by)

        assert photo.withdrawn_at is not None
        assert list(Photo.objects.shown()) == [other]
        assert list(Photo.objects.given()) == [other]
        assert photo.contribution.state == "accepted"
        entry = HistoryEntry.objects.get()
        assert (entry.verb, entry.photo, entry.by) == (
            "withdrawn",
            photo,
            photo.contribution.given_by,
        )

    def test_there_is_room_for_another_instead(self, monkeypatch):
        monkeypatch.setattr(actions.contributions, "MAX_PHOTOS", 2)
        photo, _ = two_photos(accepted=False)
        contribution, giver = photo.contribution, photo.contribution.given_by

        def add():
            another = BytesIO(picture_bytes(colour="red"))
            actions.add_photo(contribution=contribution, image=another, by=giver)

        with pytest.raises(refusals.TooManyPhotos):
            add()
        actions.withdraw_photo(photo=photo, by=giver)
        add()

        assert contribution.photos.given().count() == 2

    def test_the_same_file_may_be_given_again(self):
        photo, other = two_photos(accepted=False)
        contribution, giver = photo.contribution, photo.contribution.given_by
        with photo.image.open() as file:
            content = file.read()

        actions.withdraw_photo(photo=photo, by=giver)
        again = actions.add_photo(
            contribution=contribution, image=BytesIO(content), by=giver
        )

        assert (again.sha256, again.position) == (photo.sha256, other.position + 1)
        with pytest.raises(refusals.PhotoGivenAlready):
            actions.add_photo(
                contribution=contribution, image=BytesIO(content), by=giver
            )

    def test_a_curator_may_on_the_givers_behalf_and_the_history_says_so(self):
        photo, other = two_photos()
        third = PhotoFactory(contribution=photo.contribution)

        actions.withdraw_photo(photo=photo, by=photo.contribution.given_by)
        actions.withdraw_photo(photo=other, by=CuratorFactory())

        mine, theirs = texts(photo.contribution)
        assert str(photo.position) in mine
        assert str(other.position) in theirs
        assert mine.replace(str(photo.position), "") != theirs.replace(
            str(other.position), ""
        )
        assert not third.is_withdrawn

    def test_a_stranger_may_not(self):
        photo, _other = two_photos()

        for stranger in (None, UserFactory()):
            with pytest.raises(refusals.NotYours):
                actions.withdraw_photo(photo=photo, by=stranger)

    def test_of_a_draft_it_is_removed_and_not_taken_back(self):
        photo, _other = two_photos(accepted=False, draft=True)

        for by in (photo.contribution.given_by, CuratorFactory()):
            with pytest.raises(refusals.NotWaiting):
                actions.withdraw_photo(photo=photo, by=by)

        photo.refresh_from_db()
        assert photo.withdrawn_at is None
        assert not HistoryEntry.objects.exists()

    def test_one_that_was_removed_meanwhile_is_no_error(self):
        photo, _other = two_photos(accepted=False)
        shown = Photo.objects.get(pk=photo.pk)
        actions.remove_photo(photo=photo, by=photo.contribution.given_by)

        with pytest.raises(refusals.NotThere):
            actions.withdraw_photo(photo=shown, by=shown.contribution.given_by)

    def test_only_once_and_never_the_last(self):
        photo, other = two_photos()
        giver = photo.contribution.given_by
        actions.withdraw_photo(photo=photo, by=giver)

        with pytest.raises(refusals.PhotoWithdrawn):
            actions.withdraw_photo(photo=photo, by=giver)
        with pytest.raises(refusals.LastPhoto):
            actions.withdraw_photo(photo=other, by=giver)

    def test_the_last_that_is_left_is_not_removed_either(self):
        contribution = ContributionFactory()
        photo, other = (PhotoFactory(contribution=contribution) for _ in range(2))
        actions.withdraw_photo(photo=photo, by=contribution.given_by)

        with pytest.raises(refusals.LastPhoto):
            actions.remove_photo(photo=other, by=contribution.given_by)

    def test_nobody_judges_renders_or_sees_it_any_more(self):
        photo, other = two_photos()
        actions.withdraw_photo(photo=photo, by=photo.contribution.given_by)
        curator = CuratorFactory()

        renditions.render_photo(photo=photo)

        photo.refresh_from_db()
        assert photo.rendered_at is None
        for found in (
            Photo.objects.visible_to(curator),
            Photo.objects.originals_visible_to(curator),
            Photo.objects.identifiable_by(curator),
            Photo.objects.for_experts(),
        ):
            assert list(found) == [other]


@pytest.mark.django_db(transaction=True)
def test_of_two_photos_taken_back_at_once_one_stays():
    photos = two_photos()
    giver = photos[0].contribution.given_by
    outcomes = []
    start = threading.Barrier(2)

    def take_back(photo):
        try:
            start.wait()
            actions.withdraw_photo(photo=photo, by=giver)
            outcomes.append("done")
        except refusals.LastPhoto:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=take_back, args=(photo,)) for photo in photos]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["done", "refused"]


def address(contribution, what=""):
    return f"/en/contributions/{contribution.key}/{what}"


def of_account():
    contribution = ContributionFactory(accepted=True)
    return contribution, contribution.given_by


def of_key():
    return ContributionFactory(accepted=True, given_by=None), None


class TestPage:
    @pytest.mark.parametrize("make", [of_account, of_key])
    def test_the_giver_ends_a_consent_and_gives_it_again(self, client, make):
        contribution, giver = make()
        photo = PhotoFactory(contribution=contribution)
        if giver:
            client.force_login(giver)

        asked = client.get(address(contribution)).content.decode()
        client.post(
            address(contribution, "consent/"), {"purpose": "show", "answer": "no"}
        )
        hidden = not Photo.objects.shown().exists()
        page = client.get(address(contribution)).content.decode()
        client.post(
            address(contribution, "consent/"), {"purpose": "show", "answer": "yes"}
        )

        assert "Show it no longer" in asked
        assert hidden
        assert "Let it be shown" in page
        assert "It is on no public page" in page
        assert list(Photo.objects.shown()) == [photo]

    @pytest.mark.parametrize("make", [of_account, of_key])
    def test_taking_a_photo_back_asks_once_and_is_at_once(self, client, make):
        contribution, giver = make()
        photo, other = (PhotoFactory(contribution=contribution) for _ in range(2))
        if giver:
            client.force_login(giver)
        there = address(contribution, f"photos/{photo.pk}/withdraw/")
        assert there in client.get(address(contribution)).content.decode()

        asked = client.get(there)
        still = Photo.objects.given().count()
        done = client.post(there, follow=True).content.decode()

        assert "Take this photo back?" in asked.content.decode()
        assert still == 2
        assert list(Photo.objects.shown()) == [other]
        assert photo.thumbnail_url not in done
        assert other.thumbnail_url in done
        # The last one goes with all of it.
        assert "/withdraw/" in done
        assert f"photos/{other.pk}/withdraw/" not in done

    @pytest.mark.parametrize(
        "said",
        [
            {},
            {"purpose": "show"},
            {"purpose": "sell", "answer": "yes"},
            {"purpose": "show", "answer": "maybe"},
        ],
    )
    def test_what_is_not_asked_for_is_refused(self, client, said):
        contribution, _nobody = of_key()

        assert client.post(address(contribution, "consent/"), said).status_code == 400

    def test_of_a_suggested_edit_there_is_nothing_to_consent_to(self, client):
        edit = ContributionFactory(kind="edit", given_by=None, accepted=True)
        said = {"purpose": "show", "answer": "no"}

        assert client.post(address(edit, "consent/"), said).status_code == 404

    @pytest.mark.parametrize(
        ("what", "said"),
        [
            ("withdraw/", {}),
            ("photos/{photo}/withdraw/", {}),
            ("consent/", {"purpose": "show", "answer": "no"}),
            ("edit/", {"place": "Amuntai", "save": "yes"}),
        ],
    )
    def test_the_key_of_an_accounts_contribution_changes_nothing(
        self, client, what, said
    ):
        contribution = ContributionFactory()
        photo, _other = (PhotoFactory(contribution=contribution) for _ in range(2))
        there = address(contribution, what.format(photo=photo.pk))

        as_visitor = client.post(there, said)
        client.force_login(UserFactory())
        as_another = client.post(there, said)

        assert as_visitor.status_code == 302
        assert "/login/" in as_visitor["Location"]
        assert as_another.status_code == 403
        assert not HistoryEntry.objects.exists()
        contribution.refresh_from_db()
        assert (contribution.state, contribution.place) == ("submitted", "")

    @pytest.mark.parametrize(
        ("method", "what"),
        [
            ("post", "save/"),
            ("post", "photos/{photo}/remove/"),
            ("post", "uploads/"),
        ],
    )
    def test_nor_does_a_script_that_has_it(self, client, method, what):
        contribution = ContributionFactory(draft=True)
        photo = PhotoFactory(contribution=contribution)
        there = address(contribution, what.format(photo=photo.pk))

        answer = getattr(client, method)(there)

        assert answer.status_code == 403
        assert answer["Content-Type"].startswith("text/plain")
        assert Photo.objects.filter(pk=photo.pk).exists()

    def test_whoever_only_has_the_key_is_told_who_may(self, client):
        contribution = ContributionFactory(accepted=True)
        for _ in range(2):
            PhotoFactory(contribution=contribution)

        page = client.get(address(contribution)).content.decode()

        assert "Only that account changes it" in page
        assert "/withdraw/" not in page
        assert "given-consent" not in page

    def test_a_curator_takes_back_for_the_giver_and_the_history_says_so(self, client):
        contribution = ContributionFactory(accepted=True)
        curator = CuratorFactory()
        client.force_login(curator)

        client.post(address(contribution, "withdraw/"))

        contribution.refresh_from_db()
        assert contribution.state == Contribution.State.WITHDRAWN
        assert contribution.withdrawn_by == curator
        assert texts(contribution) == ["A curator took it back for you."]


def test_a_curator_reads_in_the_history_what_is_still_allowed(client):
    contribution = ContributionFactory(accepted=True)
    change(contribution, "show", is_given=False)
    curator = CuratorFactory()
    client.force_login(curator)

    page = client.get(f"/en/admin/motifs/contribution/{contribution.pk}/history/")

    assert "consent to show: yes → no" in page.content.decode()

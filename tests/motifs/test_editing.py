"""What a giver may change until somebody has decided, and what stays on record."""

import threading

import pytest
from django.core.files.storage import default_storage
from django.db import connection

from motifs import actions, pictures, refusals
from motifs.models import Contribution, Flag, HistoryEntry, Photo
from tests.factories import (
    ContributionFactory,
    CuratorFactory,
    MotifFactory,
    PhotoFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def edit(contribution, **changes):
    return actions.edit_contribution(
        contribution=contribution, by=contribution.given_by, changes=changes
    )


class TestEdit:
    def test_a_draft_changes_without_history(self):
        draft = ContributionFactory(draft=True)

        edit(draft, place="Martapura", consent_to_train=True)

        assert (draft.place, draft.consent_to_train) == ("Martapura", True)
        assert draft.edited_at is not None
        assert not draft.history.exists()

    def test_of_what_is_submitted_the_history_says_what_was_and_what_became(self):
        submitted = ContributionFactory(place="Amuntai")
        before, after = submitted.motif, MotifFactory()

        edit(submitted, place="Martapura", motif=after, maker="")

        entry = submitted.history.get()
        assert (entry.verb, entry.by) == ("edited", submitted.given_by)
        assert entry.data == {
            "was": {"place": "Amuntai", "motif": before.slug},
            "became": {"place": "Martapura", "motif": after.slug},
            "revision": 1,
        }

    def test_changing_nothing_is_no_history(self):
        submitted = ContributionFactory(place="Amuntai")

        edit(submitted, place="Amuntai")

        assert not submitted.history.exists()
        assert submitted.edited_at is None

    def test_only_ones_own(self):
        submitted = ContributionFactory()

        with pytest.raises(refusals.NotYours):
            actions.edit_contribution(
                contribution=submitted, by=CuratorFactory(), changes={"place": "x"}
            )

    @pytest.mark.parametrize(
        "state",
        [
            {"accepted": True},
            {"declined": True, "decline_reason_code": "rights"},
            {"withdrawn": True},
        ],
        ids=["accepted", "declined", "withdrawn"],
    )
    def test_only_until_somebody_has_decided(self, state):
        decided = ContributionFactory(**state)

        with pytest.raises(refusals.AlreadyDecided):
            edit(decided, place="Martapura")

        decided.refresh_from_db()
        assert decided.place == ""

    @pytest.mark.parametrize(
        ("fields", "changes", "refusal"),
        [
            ({}, {"licence": ""}, refusals.NoLicence),
            ({}, {"people": ""}, refusals.PeopleNotSaid),
            (
                {"kind": "edit", "suggested_text": "Ganti."},
                {"suggested_text": " "},
                refusals.NoText,
            ),
        ],
    )
    def test_what_submitting_needs_must_stay(self, fields, changes, refusal):
        submitted = ContributionFactory(**fields)

        with pytest.raises(refusal):
            edit(submitted, **changes)

        assert not submitted.history.exists()

    @pytest.mark.parametrize("name", ["state", "given_by", "is_demonstration", "key"])
    def test_nothing_else_is_theirs_to_set(self, name):
        with pytest.raises(ValueError, match=name):
            edit(ContributionFactory(draft=True), **{name: "accepted"})


class TestRemovePhoto:
    def test_a_photo_goes_with_its_file_and_its_renditions(
        self, django_capture_on_commit_callbacks
    ):
        photo = PhotoFactory(contribution=ContributionFactory(draft=True))
        name, rendition = photo.image.name, pictures.rendition(photo, "480")

        with django_capture_on_commit_callbacks(execute=True):
            actions.remove_photo(photo=photo, by=photo.contribution.given_by)

        assert not Photo.objects.exists()
        assert not default_storage.exists(name)
        assert not default_storage.exists(rendition)

    def test_renditions_that_another_contribution_shares_stay(
        self, django_capture_on_commit_callbacks
    ):
        photo = PhotoFactory(contribution=ContributionFactory(draft=True))
        PhotoFactory(content=photo.image.open("rb").read())
        rendition = pictures.rendition(photo, "480")

        with django_capture_on_commit_callbacks(execute=True):
            actions.remove_photo(photo=photo, by=photo.contribution.given_by)

        assert default_storage.exists(rendition)

    def test_of_what_is_submitted_it_is_on_record(self):
        photo = PhotoFactory(contribution=ContributionFactory())
        PhotoFactory(contribution=photo.contribution)

        actions.remove_photo(photo=photo, by=photo.contribution.given_by)

        entry = HistoryEntry.objects.get()
        assert entry.data == {
            "removed_photo": {"position": photo.position, "sha256": photo.sha256},
            "revision": 1,
        }

    def test_what_the_checks_noted_of_it_asks_for_attention_no_longer(self):
        photo = PhotoFactory(contribution=ContributionFactory())
        PhotoFactory(contribution=photo.contribution)
        actions.flag_photo(photo=photo, kind=Flag.Kind.BLURRED)

        actions.remove_photo(photo=photo, by=photo.contribution.given_by)

        photo.contribution.refresh_from_db()
        assert photo.contribution.attention == 0

    def test_what_is_submitted_keeps_one(self):
        photo = PhotoFactory(contribution=ContributionFactory())

        with pytest.raises(refusals.LastPhoto):
            actions.remove_photo(photo=photo, by=photo.contribution.given_by)

    def test_what_a_curator_has_judged_stays_on_record(self):
        photo = PhotoFactory(contribution=ContributionFactory())
        PhotoFactory(contribution=photo.contribution)
        actions.identify_photo(
            photo=photo, outcome="motif", motif=MotifFactory(), by=CuratorFactory()
        )

        with pytest.raises(refusals.PhotoJudged):
            actions.remove_photo(photo=photo, by=photo.contribution.given_by)

        assert Photo.objects.count() == 2

    def test_only_ones_own(self):
        photo = PhotoFactory(contribution=ContributionFactory(draft=True))

        with pytest.raises(refusals.NotYours):
            actions.remove_photo(photo=photo, by=UserFactory())

    def test_only_until_somebody_has_decided(self):
        photo = PhotoFactory()

        with pytest.raises(refusals.AlreadyDecided):
            actions.remove_photo(photo=photo, by=photo.contribution.given_by)

    def test_only_once(self):
        photo = PhotoFactory(contribution=ContributionFactory(draft=True))
        again = Photo.objects.get(pk=photo.pk)
        actions.remove_photo(photo=photo, by=photo.contribution.given_by)

        with pytest.raises(refusals.NotThere):
            actions.remove_photo(photo=again, by=photo.contribution.given_by)


@pytest.mark.django_db(transaction=True)
def test_accepted_and_edited_at_once_one_sees_the_other():
    curator = CuratorFactory()
    for _round in range(4):
        contribution = ContributionFactory(place="Amuntai")
        giver = contribution.given_by
        start = threading.Barrier(2)
        outcomes = []

        def accept(contribution=contribution, start=start, outcomes=outcomes):
            start.wait()
            try:
                actions.accept_contribution(contribution=contribution, by=curator)
                outcomes.append("accepted")
            except refusals.ChangedSince:
                outcomes.append("changed")
            finally:
                connection.close()

        def change(
            contribution=contribution, start=start, outcomes=outcomes, giver=giver
        ):
            mine = Contribution.objects.get(pk=contribution.pk)
            start.wait()
            try:
                actions.edit_contribution(
                    contribution=mine, by=giver, changes={"place": "Martapura"}
                )
                outcomes.append("edited")
            except refusals.AlreadyDecided:
                outcomes.append("refused")
            finally:
                connection.close()

        threads = [threading.Thread(target=act) for act in (accept, change)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        now = Contribution.objects.get(pk=contribution.pk)
        verbs = list(now.history.order_by("pk").values_list("verb", flat=True))
        # What was accepted is what stands: never changed after the decision.
        if "refused" in outcomes:
            assert (now.place, verbs) == ("Amuntai", ["accepted"])
        else:
            assert sorted(outcomes) == ["changed", "edited"]
            assert (now.state, now.place, verbs) == (
                "submitted",
                "Martapura",
                ["edited"],
            )

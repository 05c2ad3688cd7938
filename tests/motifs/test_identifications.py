"""Saying what a photo shows: rules, refusals, and what the database itself keeps."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils import timezone, translation

from motifs import refusals
from motifs.actions import (
    accept_contribution,
    comment_on_photo,
    identify_photo,
    set_uncertainty,
    skip_photo,
    undo_identification,
    withdraw_identification,
)
from motifs.models import Comment, HistoryEntry, Identification, Motif, Photo
from tests.at_once import at_once
from tests.factories import (
    ContributionFactory,
    CuratorFactory,
    ExpertFactory,
    MotifFactory,
    PhotoFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def say(photo, by, motif=None, **how):
    outcome = "motif" if motif else "cannot_tell"
    return identify_photo(photo=photo, by=by, motif=motif, **{"outcome": outcome} | how)


def blindly(photo, by, motif=None, **how):
    return say(photo, by, motif, is_blind=True, **how)


class TestIdentify:
    def test_what_was_said_is_on_record_with_its_role(self):
        photo, motif, person = PhotoFactory(), MotifFactory(), ExpertFactory()

        made = say(photo, person, motif, certainty="certain", remarks="Tepinya jelas.")

        made.refresh_from_db()
        assert (made.photo, made.motif, made.identified_by) == (photo, motif, person)
        assert (made.role, made.certainty) == ("expert", "certain")
        assert made.remarks == "Tepinya jelas."
        (entry,) = HistoryEntry.objects.filter(verb="identified")
        assert (entry.photo, entry.motif, entry.by) == (photo, motif, person)
        assert entry.data["identification"] == made.pk

    def test_changing_ones_mind_keeps_the_old_statement(self):
        photo, person = PhotoFactory(), ExpertFactory()
        first = say(photo, person, MotifFactory())

        second = say(photo, person, MotifFactory())

        first.refresh_from_db()
        assert first.withdrawn_at is not None
        assert list(photo.identifications.standing()) == [second]

    def test_others_keep_their_view(self):
        photo, motif = PhotoFactory(), MotifFactory()
        other = say(photo, ExpertFactory(), motif)

        mine = say(photo, ExpertFactory(), motif)

        assert set(photo.identifications.standing()) == {other, mine}

    def test_a_pair_is_kept_in_one_order(self):
        photo, first, second = PhotoFactory(), MotifFactory(), MotifFactory()

        made = say(
            photo, ExpertFactory(), second, second_motif=first, outcome="two_motifs"
        )

        assert (made.motif, made.second_motif) == (first, second)

    def test_a_curator_who_is_also_an_expert_speaks_as_one(self):
        both = CuratorFactory()
        both.groups.add(*ExpertFactory().groups.all())
        person = get_user_model().objects.get(pk=both.pk)

        assert say(PhotoFactory(), person, MotifFactory()).role == "expert"
        assert say(PhotoFactory(), CuratorFactory(), MotifFactory()).role == "curator"

    def test_a_superuser_has_every_right_and_is_no_expert(self):
        person = UserFactory(is_superuser=True)

        assert say(PhotoFactory(), person, MotifFactory()).role == "curator"

    def test_of_their_own_photo_they_speak_as_its_giver(self):
        photo = PhotoFactory()
        photo.contribution.given_by.groups.add(*ExpertFactory().groups.all())
        giver = get_user_model().objects.get(pk=photo.contribution.given_by_id)

        assert say(photo, giver, MotifFactory()).role == "giver"

    def test_only_experts_and_curators(self):
        with pytest.raises(refusals.NotAnExpert):
            say(PhotoFactory(), UserFactory(), MotifFactory())

    @pytest.mark.parametrize("state", ["draft", "merged"])
    def test_only_published_motifs(self, state):
        motif = MotifFactory()
        changed = {"state": state, "published_at": None}
        if state == "merged":
            changed["merged_into"] = MotifFactory()
        Motif.objects.filter(pk=motif.pk).update(**changed)

        with pytest.raises(refusals.NotPublished):
            say(PhotoFactory(), ExpertFactory(), motif)
        with pytest.raises(refusals.NotPublished):
            say(
                PhotoFactory(),
                ExpertFactory(),
                MotifFactory(),
                second_motif=motif,
                outcome="two_motifs",
            )

    def test_an_expert_says_nothing_of_a_motif_hidden_from_them(self):
        motif = MotifFactory(access="restricted")

        with pytest.raises(refusals.NotPublished):
            say(PhotoFactory(), ExpertFactory(), motif)

    @pytest.mark.parametrize(
        "given",
        [
            pytest.param({}, id="submitted"),
            pytest.param({"declined": True}, id="declined"),
            pytest.param({"withdrawn": True}, id="withdrawn"),
            pytest.param({"accepted": True, "consent_to_show": False}, id="no consent"),
        ],
    )
    def test_experts_judge_only_what_was_accepted_with_consent(self, given):
        photo = PhotoFactory(contribution=ContributionFactory(**given))

        with pytest.raises(refusals.NotThere):
            say(photo, ExpertFactory(), MotifFactory())

        assert not Identification.objects.exists()

    def test_experts_judge_nothing_restricted(self):
        hidden = MotifFactory(access="restricted")
        for photo in (
            PhotoFactory(access="restricted"),
            PhotoFactory(contribution__motif=hidden),
            PhotoFactory(
                determined_outcome="motif",
                determined_motif=hidden,
                determined_rule="two_experts",
                determined_at=timezone.now(),
            ),
        ):
            with pytest.raises(refusals.NotThere):
                say(photo, ExpertFactory(), MotifFactory())

    def test_consent_to_train_is_enough_for_experts(self):
        given = ContributionFactory(
            accepted=True, consent_to_show=False, consent_to_train=True
        )

        assert say(PhotoFactory(contribution=given), ExpertFactory(), MotifFactory())

    @pytest.mark.parametrize("state", ["withdrawn", "declined"])
    def test_nor_do_curators_judge_what_is_not_theirs_to_see(self, state):
        photo = PhotoFactory(contribution=ContributionFactory(**{state: True}))

        with pytest.raises(refusals.NotThere):
            say(photo, CuratorFactory(), MotifFactory())

    def test_curators_judge_what_waits(self):
        photo = PhotoFactory(contribution=ContributionFactory())

        assert say(photo, CuratorFactory(), MotifFactory())


class TestBlind:
    def test_a_first_statement_may_be_blind(self):
        assert blindly(PhotoFactory(), ExpertFactory(), MotifFactory()).is_blind

    def test_it_is_not_unless_the_page_hid_everything(self):
        assert not say(PhotoFactory(), ExpertFactory(), MotifFactory()).is_blind

    def test_the_second_is_not_whatever_is_claimed(self):
        photo, person = PhotoFactory(), ExpertFactory()
        blindly(photo, person, MotifFactory())

        assert not blindly(photo, person, MotifFactory()).is_blind

    def test_nor_after_an_undo(self):
        photo, person = PhotoFactory(), ExpertFactory()
        blindly(photo, person, MotifFactory())
        undo_identification(by=person)

        assert not blindly(photo, person, MotifFactory()).is_blind

    def test_whoever_accepted_the_contribution_saw_what_its_giver_said(self):
        photo = PhotoFactory(contribution=ContributionFactory())
        curator = CuratorFactory()
        accept_contribution(contribution=photo.contribution, by=curator)

        assert not blindly(photo, curator, MotifFactory()).is_blind
        assert blindly(photo, CuratorFactory(), MotifFactory()).is_blind

    def test_nor_is_whoever_did_something_else_to_the_cloth(self):
        photo, curator = PhotoFactory(), CuratorFactory()
        HistoryEntry.objects.create(
            verb="marked_good",
            photo=PhotoFactory(contribution=photo.contribution),
            by=curator,
        )

        assert not blindly(photo, curator, MotifFactory()).is_blind

    def test_another_photo_of_the_cloth_shows_nothing_of_this_one(self):
        photo, person = PhotoFactory(), ExpertFactory()
        blindly(PhotoFactory(contribution=photo.contribution), person, MotifFactory())

        assert blindly(photo, person, MotifFactory()).is_blind

    def test_the_giver_is_never_blind(self):
        photo = PhotoFactory()
        photo.contribution.given_by.groups.add(*ExpertFactory().groups.all())
        giver = get_user_model().objects.get(pk=photo.contribution.given_by_id)

        assert not blindly(photo, giver, MotifFactory()).is_blind


class TestBlindlyDetermined:
    def test_only_if_all_that_count_were_blind(self):
        motif = MotifFactory()
        both, one, none = PhotoFactory(), PhotoFactory(), PhotoFactory()
        for photo, hows in ((both, (1, 1)), (one, (1, 0)), (none, ())):
            for is_blind in hows:
                say(photo, ExpertFactory(), motif, is_blind=bool(is_blind))

        assert one.determined_motif == motif
        assert list(Photo.objects.blindly_determined()) == [both]

    def test_a_third_who_saw_and_agrees_spoils_it(self):
        photo, motif = PhotoFactory(), MotifFactory()
        for is_blind in (True, True, False):
            say(photo, ExpertFactory(), motif, is_blind=is_blind)

        assert not Photo.objects.blindly_determined().exists()

    def test_whoever_disagrees_or_gave_it_does_not_count(self):
        photo, motif = PhotoFactory(), MotifFactory()
        photo.contribution.given_by.groups.add(*ExpertFactory().groups.all())
        say(
            photo,
            get_user_model().objects.get(pk=photo.contribution.given_by_id),
            motif,
        )
        for _ in range(2):
            blindly(photo, ExpertFactory(), motif)
        say(photo, ExpertFactory(), MotifFactory())
        say(photo, ExpertFactory())

        photo.refresh_from_db()
        assert (photo.determined_motif, photo.is_disputed) == (motif, True)
        assert list(Photo.objects.blindly_determined()) == [photo]

    def test_what_was_said_of_a_merged_motif_counts(self):
        photo, old, new = PhotoFactory(), MotifFactory(), MotifFactory()
        say(photo, ExpertFactory(), old)
        Motif.objects.filter(pk=old.pk).update(state="merged", merged_into=new)
        for _ in range(2):
            blindly(photo, ExpertFactory(), new)

        assert photo.determined_motif == new
        assert not Photo.objects.blindly_determined().exists()

    def test_whoever_calls_it_a_print_counts_whatever_motif_they_name(self):
        blind, seen = PhotoFactory(), PhotoFactory()
        for photo in (blind, seen):
            for motif, is_blind in ((MotifFactory(), True), (None, photo is blind)):
                say(photo, ExpertFactory(), motif, outcome="printed", is_blind=is_blind)

        assert seen.determined_outcome == "printed"
        assert list(Photo.objects.blindly_determined()) == [blind]

    def test_printed_copies_and_what_names_no_motif(self):
        blind, seen = PhotoFactory(), PhotoFactory()
        for photo, is_blind in ((blind, True), (seen, False)):
            for _ in range(2):
                say(photo, ExpertFactory(), outcome="not_cloth", is_blind=is_blind)

        assert list(Photo.objects.blindly_determined()) == [blind]


class TestDeterminationOnThePhoto:
    def test_it_appears_with_when_and_why_and_is_in_the_history(self):
        photo, motif = PhotoFactory(), MotifFactory()
        say(photo, ExpertFactory(), motif)
        assert photo.determined_outcome == ""

        say(photo, ExpertFactory(), motif)

        assert (photo.determined_outcome, photo.determined_motif) == ("motif", motif)
        assert photo.determined_rule == "two_experts"
        assert photo.determined_at is not None
        (entry,) = HistoryEntry.objects.filter(verb="determined")
        assert (entry.photo, entry.by, entry.motif) == (photo, None, motif)

    def test_an_expert_and_a_curator_agree_on_a_print_though_one_names_its_motif(self):
        photo = PhotoFactory()
        say(photo, ExpertFactory(), MotifFactory(), outcome="printed")

        say(photo, CuratorFactory(), outcome="printed")

        assert (photo.determined_outcome, photo.determined_motif) == ("printed", None)
        assert not photo.is_disputed

    def test_it_is_lifted_when_a_view_it_rests_on_is_withdrawn(self):
        photo, motif, person = PhotoFactory(), MotifFactory(), ExpertFactory()
        say(photo, ExpertFactory(), motif)
        mine = say(photo, person, motif)

        withdraw_identification(identification=mine, by=person)

        photo.refresh_from_db()
        assert photo.determined_outcome == ""
        assert photo.determined_at is None
        assert HistoryEntry.objects.filter(verb="undetermined").count() == 1

    def test_a_view_more_does_not_determine_it_again(self):
        photo, motif = PhotoFactory(), MotifFactory()
        for _ in range(2):
            say(photo, ExpertFactory(), motif)
        since = photo.determined_at

        say(photo, ExpertFactory(), motif)

        assert photo.determined_at == since
        assert HistoryEntry.objects.filter(verb="determined").count() == 1

    def test_a_dispute_shows_on_the_photo_and_ends_when_they_agree(self):
        photo, motif, person = PhotoFactory(), MotifFactory(), ExpertFactory()
        say(photo, ExpertFactory(), motif)
        say(photo, person, MotifFactory())
        assert photo.is_disputed

        say(photo, person, motif)

        assert not photo.is_disputed
        assert photo.determined_motif == motif


class TestWithdraw:
    def test_it_stays_on_record(self):
        photo, person = PhotoFactory(), ExpertFactory()
        made = say(photo, person, MotifFactory())

        withdraw_identification(identification=made, by=person)

        assert made.withdrawn_at is not None
        assert list(photo.identifications.all()) == [made]
        assert HistoryEntry.objects.filter(verb="unidentified", by=person).exists()

    def test_only_ones_own(self):
        made = say(PhotoFactory(), ExpertFactory(), MotifFactory())

        with pytest.raises(refusals.NotYours) as refused:
            withdraw_identification(identification=made, by=CuratorFactory())

        with translation.override("en"):
            assert "said this" in str(refused.value)

    def test_only_once(self):
        person = ExpertFactory()
        made = say(PhotoFactory(), person, MotifFactory())
        withdraw_identification(identification=made, by=person)

        with pytest.raises(refusals.AlreadyWithdrawn):
            withdraw_identification(identification=made, by=person)

    def test_it_can_be_taken_back_when_the_photo_is_gone(self):
        photo, person = PhotoFactory(), ExpertFactory()
        made = say(photo, person, MotifFactory())
        Photo.objects.filter(pk=photo.pk).update(access="restricted")

        withdraw_identification(identification=made, by=person)

        assert made.withdrawn_at is not None


class TestUndo:
    def test_the_last_of_ones_own_then_the_one_before(self):
        person, motif = ExpertFactory(), MotifFactory()
        first = say(PhotoFactory(), person, motif)
        second = say(PhotoFactory(), person, motif)
        say(PhotoFactory(), ExpertFactory(), motif)

        assert undo_identification(by=person) == second
        assert undo_identification(by=person) == first
        with pytest.raises(refusals.NothingToUndo):
            undo_identification(by=person)

    def test_what_is_older_than_an_hour_was_thought_over(self, monkeypatch):
        person = ExpertFactory()
        say(PhotoFactory(), person, MotifFactory())
        later = timezone.now() + timedelta(minutes=61)
        monkeypatch.setattr(timezone, "now", lambda: later)

        with pytest.raises(refusals.NothingToUndo):
            undo_identification(by=person)


class TestSkipAndComment:
    def test_skipping_again_is_one_skip(self):
        photo, person = PhotoFactory(), ExpertFactory()
        first = skip_photo(photo=photo, by=person)

        second = skip_photo(photo=photo, by=person)

        assert first.pk == second.pk
        assert second.skipped_at > first.skipped_at

    def test_who_may_not_judge_may_not_skip(self):
        with pytest.raises(refusals.NotAnExpert):
            skip_photo(photo=PhotoFactory(), by=UserFactory())
        with pytest.raises(refusals.NotThere):
            skip_photo(photo=PhotoFactory(access="restricted"), by=ExpertFactory())

    def test_a_comment_is_for_those_who_have_judged(self):
        photo, person = PhotoFactory(), ExpertFactory()
        with pytest.raises(refusals.NotShownYet):
            comment_on_photo(photo=photo, by=person, text="Lihat tepinya.")
        say(photo, person, MotifFactory())

        comment_on_photo(photo=photo, by=person, text=" Lihat tepinya. ")
        comment_on_photo(photo=photo, by=CuratorFactory(), text="Ya.")

        said = list(photo.comments.values_list("text", flat=True))
        assert said == ["Lihat tepinya.", "Ya."]
        with pytest.raises(refusals.NoComment):
            comment_on_photo(photo=photo, by=person, text="  ")
        with pytest.raises(refusals.NotAnExpert):
            comment_on_photo(photo=photo, by=UserFactory(), text="Ya.")

    def test_an_empty_comment_is_refused_by_the_database(self):
        with pytest.raises(IntegrityError):
            Comment.objects.create(
                photo=PhotoFactory(), written_by=ExpertFactory(), text=""
            )


class TestUncertainty:
    def test_it_is_a_number_on_the_photo(self):
        photo = PhotoFactory()
        set_uncertainty(photo=photo, uncertainty=0.7)
        photo.refresh_from_db()
        assert photo.uncertainty == 0.7

        set_uncertainty(photo=photo, uncertainty=None)
        photo.refresh_from_db()
        assert photo.uncertainty is None

    def test_it_is_a_share(self):
        photo = PhotoFactory()
        with pytest.raises(ValueError, match="not between 0 and 1"):
            set_uncertainty(photo=photo, uncertainty=1.2)
        with pytest.raises(IntegrityError):
            Photo.objects.filter(pk=photo.pk).update(uncertainty=-0.1)


def row(**fields):
    return Identification.objects.create(
        **{
            "photo": PhotoFactory(),
            "outcome": "cannot_tell",
            "role": "expert",
            "is_blind": False,
            "identified_by": ExpertFactory(),
        }
        | fields
    )


class TestTheDatabase:
    def refuses(self, name, act):
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            act()

    def test_one_standing_statement_per_person(self):
        first = row()

        self.refuses(
            "one_standing_identification_per_person",
            lambda: row(photo=first.photo, identified_by=first.identified_by),
        )

    def test_one_blind_statement_per_person_taken_back_or_not(self):
        first = row(is_blind=True, withdrawn_at=timezone.now())

        self.refuses(
            "one_blind_identification_per_person",
            lambda: row(
                photo=first.photo, identified_by=first.identified_by, is_blind=True
            ),
        )
        assert row(photo=first.photo, identified_by=first.identified_by)

    def test_an_outcome_names_as_many_motifs_as_it_says(self):
        one, two = MotifFactory(), MotifFactory()
        for wrong in (
            {"outcome": "motif"},
            {"outcome": "motif", "motif": one, "second_motif": two},
            {"outcome": "two_motifs", "motif": one},
            {"outcome": "two_motifs"},
            {"outcome": "printed", "motif": one, "second_motif": two},
            {"outcome": "other_motif", "motif": one},
            {"outcome": "not_cloth", "motif": one},
            {"outcome": "cannot_tell", "motif": one},
            {"outcome": "maybe"},
        ):
            self.refuses(
                "identification_names_what_it_says", lambda wrong=wrong: row(**wrong)
            )
        for right in (
            {"outcome": "motif", "motif": one},
            {"outcome": "two_motifs", "motif": one, "second_motif": two},
            {"outcome": "printed"},
            {"outcome": "printed", "motif": one},
        ):
            assert row(**right)

    def test_two_motifs_differ(self):
        motif = MotifFactory()

        self.refuses(
            "identification_two_motifs_differ",
            lambda: row(outcome="two_motifs", motif=motif, second_motif=motif),
        )

    def test_known_words_only(self):
        self.refuses("certainty_is_known_word", lambda: row(certainty="sure"))
        self.refuses("role_is_known_word", lambda: row(role="visitor"))
        self.refuses(
            "of_ones_own_is_not_blind", lambda: row(role="giver", is_blind=True)
        )

    def test_no_statement_is_deleted(self):
        made = row()

        self.refuses("withdrawn, never changed or deleted", made.delete)

    def test_a_photo_of_which_something_was_said_is_not_deleted(self):
        made = row()

        with pytest.raises(ProtectedError):
            made.photo.delete()

    @pytest.mark.parametrize(
        "change",
        [
            {"remarks": "Lain."},
            {"is_blind": True},
            {"certainty": "certain"},
            {"role": "curator"},
            {"outcome": "not_cloth"},
            {"identified_at": timezone.now()},
            {"remarks": "Lain.", "withdrawn_at": timezone.now()},
        ],
    )
    def test_no_statement_is_changed(self, change):
        made = Identification.objects.filter(pk=row().pk)

        self.refuses("never changed or deleted", lambda: made.update(**change))

    def test_it_is_withdrawn_once_and_not_restored(self):
        made = Identification.objects.filter(pk=row().pk)
        assert made.update(withdrawn_at=timezone.now()) == 1

        for change in ({"withdrawn_at": None}, {"withdrawn_at": timezone.now()}):
            self.refuses("never changed or deleted", lambda c=change: made.update(**c))

    def test_history_is_only_added_to(self):
        say(PhotoFactory(), ExpertFactory(), MotifFactory())
        entries = HistoryEntry.objects.all()

        self.refuses("only ever added to", lambda: entries.update(reason="Lain."))
        self.refuses("only ever added to", entries.delete)


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_eight_people_on_one_photo(self):
        photo, motif = PhotoFactory(), MotifFactory()
        people = [ExpertFactory() for _ in range(8)]

        raised = at_once(
            *(
                lambda person=person: blindly(
                    Photo.objects.get(pk=photo.pk), person, motif
                )
                for person in people
            )
        )

        assert raised == [None] * 8
        photo.refresh_from_db()
        standing = photo.identifications.standing()
        assert {one.identified_by for one in standing} == set(people)
        assert standing.count() == 8
        assert photo.determined_motif == motif
        assert HistoryEntry.objects.filter(verb="identified").count() == 8
        # Decided once, by the second of them; the others found it decided.
        assert HistoryEntry.objects.filter(verb="determined").count() == 1

    def test_eight_clicks_of_one_person(self):
        photo, person = PhotoFactory(), ExpertFactory()
        motifs = [MotifFactory() for _ in range(8)]

        raised = at_once(
            *(
                lambda motif=motif: blindly(
                    Photo.objects.get(pk=photo.pk), person, motif
                )
                for motif in motifs
            )
        )

        assert raised == [None] * 8
        said = photo.identifications.order_by("pk")
        assert {one.motif for one in said} == set(motifs)
        assert said.standing().count() == 1
        assert said.last() == said.standing().get()
        assert [one.is_blind for one in said] == [True] + [False] * 7

    def test_half_take_back_while_half_speak(self):
        photo, motif = PhotoFactory(), MotifFactory()
        early = [ExpertFactory() for _ in range(4)]
        made = [say(photo, person, motif) for person in early]
        late = [ExpertFactory() for _ in range(4)]

        raised = at_once(
            *(
                lambda one=one, person=person: withdraw_identification(
                    identification=one, by=person
                )
                for one, person in zip(made, early, strict=True)
            ),
            *(
                lambda person=person: say(Photo.objects.get(pk=photo.pk), person, motif)
                for person in late
            ),
        )

        assert raised == [None] * 8
        photo.refresh_from_db()
        standing = photo.identifications.standing()
        assert {one.identified_by for one in standing} == set(late)
        assert photo.determined_motif == motif
        entries = HistoryEntry.objects.filter(photo=photo)
        determined = entries.filter(verb="determined").count()
        lifted = entries.filter(verb="undetermined").count()
        assert determined == lifted + 1

    def test_all_take_back_at_once(self):
        photo, motif = PhotoFactory(), MotifFactory()
        people = [ExpertFactory() for _ in range(8)]
        made = [say(photo, person, motif) for person in people]

        raised = at_once(
            *(
                lambda one=one, person=person: withdraw_identification(
                    identification=one, by=person
                )
                for one, person in zip(made, people, strict=True)
            )
        )

        assert raised == [None] * 8
        photo.refresh_from_db()
        assert not photo.identifications.standing().exists()
        assert photo.determined_outcome == ""

    def test_a_statement_is_taken_back_once(self):
        person = ExpertFactory()
        made = say(PhotoFactory(), person, MotifFactory())

        raised = at_once(
            *(
                lambda: withdraw_identification(
                    identification=Identification.objects.get(pk=made.pk), by=person
                ),
            )
            * 4
        )

        assert sorted(type(one).__name__ for one in raised) == [
            "NoneType",
            *["StatementWithdrawn"] * 3,
        ]
        assert HistoryEntry.objects.filter(verb="unidentified").count() == 1

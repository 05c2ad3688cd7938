"""What curators do to photos, motifs and decisions: each rule, each refusal."""

import pytest

from motifs import actions, reasons, refusals
from motifs.models import (
    Claim,
    Contribution,
    HistoryEntry,
    Identification,
    LookAlike,
    Motif,
    Photo,
    ProblemReport,
)
from tests.at_once import at_once
from tests.factories import (
    CitationFactory,
    ClaimFactory,
    ContributionFactory,
    CuratorFactory,
    LookAlikeFactory,
    MotifFactory,
    MotifNameFactory,
    PhotoFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def expert():
    from django.contrib.auth.models import Group

    person = UserFactory()
    person.groups.add(Group.objects.get(name="expert"))
    return person


def verbs(**of):
    return [entry.verb for entry in HistoryEntry.objects.filter(**of)]


class TestDeclineReasons:
    @pytest.mark.parametrize(("language", "begins"), [("en", "The photo is blurred")])
    def test_a_chosen_reason_is_written_in_the_givers_language(self, language, begins):
        contribution = ContributionFactory(given_by__mail_language=language)

        actions.decline_contribution(
            contribution=contribution, by=CuratorFactory(), code="blurred"
        )

        assert contribution.decline_reason.startswith(begins)
        assert contribution.decline_reason_code == "blurred"

    def test_own_words_follow_the_sentence(self):
        contribution = ContributionFactory(given_by__mail_language="en")

        actions.decline_contribution(
            contribution=contribution,
            by=CuratorFactory(),
            code="light",
            reason=" Second photo too. ",
        )

        assert contribution.decline_reason.endswith("direct sun. Second photo too.")
        assert contribution.decline_note == "Second photo too."

    def test_the_giver_may_read_it_in_another_language_later(self):
        from django.utils import translation

        contribution = ContributionFactory(given_by__mail_language="id")
        actions.decline_contribution(
            contribution=contribution,
            by=CuratorFactory(),
            code="rights",
            reason="Maaf.",
        )

        with translation.override("en"):
            text = contribution.decline_text

        assert text.startswith("The photo seems")
        assert text.endswith("Maaf.")
        assert contribution.decline_reason.startswith("Foto ini tampaknya")

    def test_own_words_alone_are_enough_and_an_unknown_code_is_not(self):
        contribution = ContributionFactory()

        with pytest.raises(refusals.NoReason):
            actions.decline_contribution(
                contribution=contribution, by=CuratorFactory(), code="nonsense"
            )
        actions.decline_contribution(
            contribution=contribution, by=CuratorFactory(), reason="Maaf."
        )

        assert contribution.decline_text == "Maaf."

    def test_codes_fit_their_column_and_keys(self):
        longest = Contribution._meta.get_field("decline_reason_code").max_length

        assert len(reasons.REASONS) <= 9
        assert all(len(reason.code) <= longest for reason in reasons.REASONS)


class TestReopen:
    @pytest.mark.parametrize("state", ["accepted", "declined"])
    def test_a_decision_taken_back_waits_again_and_both_are_on_record(self, state):
        contribution, curator = ContributionFactory(), CuratorFactory()
        if state == "accepted":
            actions.accept_contribution(contribution=contribution, by=curator)
        else:
            actions.decline_contribution(
                contribution=contribution, by=curator, code="blurred"
            )

        actions.reopen_contribution(contribution=contribution, by=curator)

        assert contribution.state == "submitted"
        assert contribution.decline_reason == contribution.decline_reason_code == ""
        assert verbs(contribution=contribution) == [state, "reopened"]

    @pytest.mark.parametrize("state", ["draft", "submitted", "withdrawn"])
    def test_only_what_was_decided(self, state):
        traits = {} if state == "submitted" else {state: True}
        contribution = ContributionFactory(**traits)

        with pytest.raises(refusals.NothingToTakeBack):
            actions.reopen_contribution(contribution=contribution, by=CuratorFactory())

    def test_only_by_a_curator(self):
        contribution = ContributionFactory(accepted=True)

        with pytest.raises(refusals.NotACurator):
            actions.reopen_contribution(
                contribution=contribution, by=contribution.given_by
            )


class TestTakeDown:
    @pytest.mark.parametrize("state", ["submitted", "accepted", "declined"])
    def test_it_is_withdrawn_by_a_curator_who_says_why(self, state):
        traits = {} if state == "submitted" else {state: True}
        contribution = ContributionFactory(given_by__mail_language="en", **traits)
        curator = CuratorFactory()

        actions.take_down_contribution(
            contribution=contribution, by=curator, code="claimed", reason=" Mail. "
        )

        assert contribution.state == "withdrawn"
        assert contribution.withdrawn_by == curator
        entry = HistoryEntry.objects.get(contribution=contribution)
        assert (entry.verb, entry.by) == ("taken_down", curator)
        assert entry.data == {"code": "claimed"}
        assert entry.reason.startswith("Somebody else has rights")
        assert entry.reason.endswith("Mail.")

    def test_nobody_is_told_any_more_that_it_was_copied(self):
        photo, copy = PhotoFactory(), PhotoFactory()
        actions.flag_photo(photo=copy, kind="exact_copy", other=photo)

        actions.take_down_contribution(
            contribution=photo.contribution, by=CuratorFactory(), code="asked"
        )

        assert not copy.flags.exists()

    def test_refusals(self):
        contribution, curator = ContributionFactory(accepted=True), CuratorFactory()
        draft = ContributionFactory(draft=True)
        withdrawn = ContributionFactory(withdrawn=True)

        for refusal, of, by, why in [
            (refusals.NotACurator, contribution, contribution.given_by, "x"),
            (refusals.NoReason, contribution, curator, " "),
            (refusals.NotYours, draft, curator, "x"),
            (refusals.AlreadyWithdrawn, withdrawn, curator, "x"),
        ]:
            with pytest.raises(refusal):
                actions.take_down_contribution(
                    contribution=of, by=by, reason=why, code="blurred"
                )
        assert not HistoryEntry.objects.exists()


class TestMend:
    MENDABLE = ("blurred", "light", "partial", "not_cloth", "people", "unsourced")

    def declined(self, **why):
        contribution = ContributionFactory(language="en")
        PhotoFactory(contribution=contribution)
        return actions.decline_contribution(
            contribution=contribution, by=CuratorFactory(), **why
        )

    def send(self, contribution):
        return actions.submit_contribution(
            contribution=contribution, by=contribution.given_by
        )

    def test_what_was_declined_is_mended_and_sent_again(self):
        contribution = self.declined(code="light", reason="Foto kedua.")
        giver = contribution.given_by

        actions.edit_contribution(
            contribution=contribution, by=giver, changes={"story": "Siang hari."}
        )
        assert contribution.state == "declined"
        self.send(contribution)

        assert contribution.state == "submitted"
        assert contribution.decline_reason == contribution.decline_reason_code == ""
        assert contribution.declined_by is None
        declined, _edited, again = contribution.history.order_by("pk")
        assert declined.reason.endswith("Foto kedua.")
        assert (again.verb, again.by) == ("submitted", giver)
        assert again.data["again"]

    def test_whoever_still_has_it_on_the_screen_looks_again(self):
        contribution = self.declined(code="light")
        shown = contribution.revision

        self.send(contribution)

        with pytest.raises(refusals.ChangedSince):
            actions.accept_contribution(
                contribution=contribution, by=CuratorFactory(), seen=shown
            )

    @pytest.mark.parametrize("code", [*reasons.CODES, ""])
    def test_the_reason_says_whether(self, code):
        contribution = self.declined(code=code, reason="Maaf.")
        is_mendable = code in (*self.MENDABLE, "")

        assert contribution.is_mendable is is_mendable
        if is_mendable:
            self.send(contribution)
            return
        with pytest.raises(refusals.NotADraft):
            self.send(contribution)
        with pytest.raises(refusals.AlreadyDecided):
            actions.edit_contribution(
                contribution=contribution,
                by=contribution.given_by,
                changes={"story": "Lain."},
            )

    def test_what_was_taken_down_is_not_sent_again(self):
        contribution = self.declined(code="light")
        actions.take_down_contribution(
            contribution=contribution, by=CuratorFactory(), code="protocol"
        )

        with pytest.raises(refusals.NotADraft):
            self.send(contribution)

    def test_only_by_its_giver(self):
        contribution = self.declined(code="light")

        with pytest.raises(refusals.NotYours):
            actions.submit_contribution(contribution=contribution, by=CuratorFactory())

    def test_what_sending_needs_it_needs_again(self):
        contribution = self.declined(code="people")
        Contribution.objects.filter(pk=contribution.pk).update(people="")

        with pytest.raises(refusals.PeopleNotSaid):
            self.send(contribution)


class TestGoodPhotos:
    def test_a_mark_is_put_on_and_taken_off_on_record(self):
        photo, curator = PhotoFactory(), CuratorFactory()

        actions.mark_good(photo=photo, is_good=True, by=curator)
        assert photo.is_good
        actions.mark_good(photo=photo, is_good=False, by=curator)

        assert not photo.is_good
        assert verbs(photo=photo) == ["marked_good", "unmarked_good"]

    def test_refusals(self):
        photo = PhotoFactory()
        withdrawn = PhotoFactory(contribution=ContributionFactory(withdrawn=True))

        with pytest.raises(refusals.NotACurator):
            actions.mark_good(photo=photo, is_good=True, by=expert())
        with pytest.raises(refusals.NoChange):
            actions.mark_good(photo=photo, is_good=False, by=CuratorFactory())
        with pytest.raises(refusals.NotThere):
            actions.mark_good(photo=withdrawn, is_good=True, by=CuratorFactory())


class TestAccess:
    @pytest.mark.parametrize("factory", [MotifFactory, PhotoFactory])
    def test_restricting_and_opening_say_who_and_why(self, factory):
        subject, curator = factory(), CuratorFactory()
        which = "motif" if factory is MotifFactory else "photo"

        actions.restrict_access(
            subject=subject, by=curator, reason="Tetuha.", protocol_note="Sakral."
        )
        assert (subject.access, subject.protocol_note) == ("restricted", "Sakral.")
        actions.open_access(subject=subject, by=curator, reason="Sepakat.")

        assert (subject.access, subject.protocol_note) == ("public", "")
        entries = HistoryEntry.objects.filter(**{which: subject}, by=curator)
        assert [(e.verb, e.reason) for e in entries] == [
            ("restricted", "Tetuha."),
            ("opened", "Sepakat."),
        ]
        assert entries[0].data["was"]["access"] == "public"

    def test_refusals(self):
        motif = MotifFactory()

        with pytest.raises(refusals.NotACurator):
            actions.restrict_access(subject=motif, by=expert(), reason="x")
        with pytest.raises(refusals.NoRationale):
            actions.restrict_access(subject=motif, by=CuratorFactory(), reason=" ")
        with pytest.raises(refusals.NoChange):
            actions.open_access(subject=motif, by=CuratorFactory(), reason="x")


class TestProblems:
    def test_resolving_says_what_was_done(self):
        problem = ProblemReport.objects.create(
            kind="wrong", motif=MotifFactory(), text="Bukan begitu."
        )
        curator = CuratorFactory()

        actions.resolve_problem(problem=problem, by=curator, resolution=" Diperbaiki. ")

        assert problem.resolution == "Diperbaiki."
        assert problem.resolved_by == curator
        entry = HistoryEntry.objects.get(motif=problem.motif)
        assert (entry.verb, entry.reason) == ("resolved", "Diperbaiki.")
        with pytest.raises(refusals.AlreadyResolved):
            actions.resolve_problem(problem=problem, by=curator, resolution="Lagi.")

    def test_refusals(self):
        problem = ProblemReport.objects.create(
            kind="wrong", photo=PhotoFactory(), text="Salah."
        )

        with pytest.raises(refusals.NotACurator):
            actions.resolve_problem(problem=problem, by=expert(), resolution="x")
        with pytest.raises(refusals.NoResolution):
            actions.resolve_problem(
                problem=problem, by=CuratorFactory(), resolution=" "
            )


class TestMerge:
    def merge(self, motif, into, **more):
        how = {"by": CuratorFactory(), "rationale": "Satu motif, dua nama.", **more}
        return actions.merge_motifs(motif=motif, into=into, **how)

    def test_names_go_along_as_alternatives_and_a_spelling_is_not_repeated(self):
        old, new = MotifFactory(name="Iris Pudak"), MotifFactory(name="Hiris Pudak")
        MotifNameFactory(motif=old, name="Hiris Pudak")
        MotifNameFactory(motif=old, name="Iris Puduk", kind="misspelling")

        self.merge(old, new)

        assert set(new.names.values_list("name", "kind")) == {
            ("Hiris Pudak", "preferred"),
            ("Iris Pudak", "alternative"),
            ("Iris Puduk", "misspelling"),
        }
        assert not old.names.exists()

    def test_claims_go_along_with_their_citations_behind_those_that_are_there(self):
        old, new = MotifFactory(), MotifFactory()
        own = ClaimFactory(motif=new, is_main=True, position=3)
        moved = CitationFactory(
            claim=ClaimFactory(motif=old, is_main=True, position=0)
        ).claim

        self.merge(old, new)

        assert list(Claim.objects.filter(motif=new).in_reading_order("id")) == [
            own,
            moved,
        ]
        assert moved.citations.count() == 1

    def test_look_alikes_go_along_and_the_pair_of_both_disappears(self):
        old, new, third, fourth = MotifFactory.create_batch(4)
        LookAlikeFactory(first=old, second=new)
        LookAlikeFactory(first=old, second=third, tell_id="Lebih rapat.")
        LookAlikeFactory(first=new, second=third, tell_id="", tell_en="")
        LookAlikeFactory(first=old, second=fourth)

        self.merge(old, new)

        pairs = {(p.first_id, p.second_id): p for p in LookAlike.objects.all()}
        assert set(pairs) == {(new.pk, third.pk), (new.pk, fourth.pk)}
        assert pairs[new.pk, third.pk].tell_id == "Lebih rapat."

    def test_what_was_given_goes_along_and_old_addresses_lead_there_in_one_step(
        self, client
    ):
        oldest, old, new = MotifFactory.create_batch(3)
        contribution = ContributionFactory(motif=oldest)

        self.merge(oldest, old)
        self.merge(old, new)

        contribution.refresh_from_db()
        oldest.refresh_from_db()
        assert contribution.motif == new
        assert (old.state, oldest.merged_into) == ("merged", new)
        response = client.get(oldest.get_absolute_url())
        assert response.status_code == 301
        assert response["Location"] == new.get_absolute_url()

    def test_what_people_said_stays_and_what_stands_follows(self):
        old, new = MotifFactory.create_batch(2)
        photo = PhotoFactory()
        first, second = expert(), expert()
        actions.identify_photo(photo=photo, outcome="motif", motif=old, by=first)
        actions.identify_photo(photo=photo, outcome="motif", motif=new, by=second)
        assert photo.is_disputed

        self.merge(old, new)

        photo.refresh_from_db()
        said = photo.identifications.order_by("pk").values_list("motif", flat=True)
        assert list(said) == [old.pk, new.pk]
        assert (photo.determined_motif, photo.is_disputed) == (new, False)
        assert verbs(photo=photo)[-1] == "determined"

    def test_two_motifs_that_become_one_are_one(self):
        old, new = MotifFactory.create_batch(2)
        photo = PhotoFactory()
        for person in (expert(), expert()):
            actions.identify_photo(
                photo=photo,
                outcome="two_motifs",
                motif=old,
                second_motif=new,
                by=person,
            )

        self.merge(old, new)

        photo.refresh_from_db()
        assert (photo.determined_outcome, photo.determined_motif) == ("motif", new)
        assert photo.determined_second_motif is None

    def test_the_reason_stands_in_the_history_of_both(self):
        old, new = MotifFactory(slug="lama", name="Lama"), MotifFactory()

        self.merge(old, new, rationale="Menurut dua penenun.")

        for motif, key in ((old, "into"), (new, "from")):
            entry = HistoryEntry.objects.of_motif(motif).get()
            assert (entry.verb, entry.reason) == ("merged", "Menurut dua penenun.")
            assert key in entry.data
        assert entry.data["name"] == "Lama"

    def test_refusals(self):
        motif, into = MotifFactory.create_batch(2)
        draft = MotifFactory(draft=True)
        merged = MotifFactory(state="merged", merged_into=into)
        restricted = MotifFactory(access="restricted")

        for refusal, one, other, more in [
            (refusals.NotACurator, motif, into, {"by": expert()}),
            (refusals.NoRationale, motif, into, {"rationale": " "}),
            (refusals.MergedIntoItself, motif, motif, {}),
            (refusals.MergedAlready, motif, merged, {}),
            (refusals.MergedAlready, merged, motif, {}),
            (refusals.MergeOfADraft, motif, draft, {}),
            (refusals.MergeOfADraft, draft, motif, {}),
            (refusals.MergeWouldPublish, restricted, motif, {}),
        ]:
            with pytest.raises(refusal):
                self.merge(one, other, **more)
        assert not HistoryEntry.objects.exists()

    def test_a_merge_into_a_restricted_motif_leads_strangers_nowhere(self, client):
        motif, into = MotifFactory(), MotifFactory(access="restricted")

        self.merge(motif, into)

        assert client.get(motif.get_absolute_url()).status_code == 404

    def test_the_catalogues_files_do_not_bring_a_merged_motif_back(self):
        from django.core.management import call_command

        call_command("import_catalogue", verbosity=0)
        old, new = Motif.objects.filter(slug__in=["gigi-haruan", "hiris-pudak"])
        claims = new.claims.count() + old.claims.count()
        self.merge(old, new)
        names = set(new.names.values_list("name", flat=True))

        call_command("import_catalogue", verbosity=0)

        assert not old.names.exists()
        assert new.claims.count() == claims
        assert set(new.names.values_list("name", flat=True)) == names


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_eight_people_on_one_photo_lose_nothing_and_determine_it_once(self):
        photo, motif = PhotoFactory(), MotifFactory()
        people = [expert() for _ in range(8)]

        raised = at_once(
            *(
                lambda by=by: actions.identify_photo(
                    photo=Photo.objects.get(pk=photo.pk),
                    outcome="motif",
                    motif=motif,
                    by=by,
                )
                for by in people
            )
        )

        assert raised == [None] * 8
        standing = Identification.objects.standing().filter(photo=photo)
        assert {one.identified_by_id for one in standing} == {p.pk for p in people}
        photo.refresh_from_db()
        assert photo.determined_motif == motif
        assert verbs(photo=photo).count("determined") == 1
        assert verbs(photo=photo).count("identified") == 8

    def test_eight_curators_decide_once(self):
        contribution = ContributionFactory()
        people = [CuratorFactory() for _ in range(8)]

        raised = at_once(
            *(
                lambda by=by: actions.accept_contribution(
                    contribution=Contribution.objects.get(pk=contribution.pk), by=by
                )
                for by in people
            )
        )

        assert sum(one is None for one in raised) == 1
        assert all(isinstance(one, refusals.NotWaiting) for one in raised if one)
        assert verbs(contribution=contribution) == ["accepted"]

    def test_eight_marks_are_one(self):
        photo = PhotoFactory()
        people = [CuratorFactory() for _ in range(8)]

        raised = at_once(
            *(
                lambda by=by: actions.mark_good(photo=photo, is_good=True, by=by)
                for by in people
            )
        )

        assert sum(one is None for one in raised) == 1
        assert verbs(photo=photo) == ["marked_good"]

    def test_two_merges_that_would_make_a_circle(self):
        one, other = MotifFactory(), MotifFactory()
        curator = CuratorFactory()

        raised = at_once(
            *(
                lambda motif=motif, into=into: actions.merge_motifs(
                    motif=Motif.objects.get(pk=motif.pk),
                    into=Motif.objects.get(pk=into.pk),
                    by=curator,
                    rationale="Sama.",
                )
                for motif, into in [(one, other), (other, one)] * 2
            )
        )

        assert sum(error is None for error in raised) == 1
        assert all(
            isinstance(error, refusals.MergedAlready) for error in raised if error
        )

    def test_a_merge_amid_identifications_leaves_no_photo_behind(self):
        old, new = MotifFactory(), MotifFactory()
        photos = PhotoFactory.create_batch(4)
        curator = CuratorFactory()
        people = [expert(), expert()]

        raised = at_once(
            lambda: actions.merge_motifs(
                motif=old, into=new, by=curator, rationale="Sama."
            ),
            *(
                lambda photo=photo, by=by: actions.identify_photo(
                    photo=Photo.objects.get(pk=photo.pk),
                    outcome="motif",
                    motif=Motif.objects.get(pk=old.pk),
                    by=by,
                )
                for photo in photos
                for by in people
            ),
        )

        assert raised[0] is None
        assert all(
            error is None or isinstance(error, refusals.NotPublished)
            for error in raised
        )
        assert not Photo.objects.filter(determined_motif=old).exists()

"""The queue and the desk as pages: what they show, refuse, undo, and cost."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.safestring import SafeString

from motifs import actions, completeness, edits
from motifs.admin import showing
from motifs.admin.deeds import DECISIONS, PHOTO_VERBS
from motifs.groups import CURATOR_RIGHTS
from motifs.models import Contribution, HistoryEntry, Identification, ProblemReport
from tests.factories import (
    LONG_AGO,
    CitationFactory,
    ClaimFactory,
    ContributionFactory,
    CuratorFactory,
    LookAlikeFactory,
    MotifFactory,
    PhotoFactory,
    SourceFactory,
    UserFactory,
)
from tests.motifs.test_admin import confirm

pytestmark = pytest.mark.django_db

LIST = "admin:motifs_contribution_changelist"


def desk(contribution):
    return reverse("admin:motifs_contribution_desk", args=[contribution.pk])


@pytest.fixture
def curator(client):
    curator = CuratorFactory()
    client.force_login(curator)
    return curator


def waiting(**fields):
    contribution = ContributionFactory(**fields)
    PhotoFactory(contribution=contribution, position=1)
    return contribution


def listed(client, **query):
    return list(client.get(reverse(LIST), query).context["cl"].result_list)


class TestQueue:
    def test_what_needs_attention_comes_first_then_what_waits_longest(
        self, client, curator
    ):
        old, older, flagged = waiting(), waiting(), waiting()
        Contribution.objects.filter(pk=older.pk).update(
            submitted_at=LONG_AGO - timedelta(days=1)
        )
        actions.flag_photo(photo=flagged.photos.get(), kind="blurred")

        assert listed(client) == [flagged, older, old]

    def test_it_narrows_by_each_question(self, client, curator):
        motif = MotifFactory(slug="hiris-pudak")
        plain = waiting(motif=motif, licence="CC0-1.0", language="en")
        other = waiting(technique="printed", consent_to_train=True, motif=None)
        edit = ContributionFactory(kind="edit", suggested_text="Lain.", language="id")
        flagged = waiting(is_demonstration=True)
        actions.flag_photo(
            photo=flagged.photos.get(), kind="near_copy", other=plain.photos.get()
        )
        declined = ContributionFactory(declined=True)

        for query, found in [
            ({"motif": "hiris-pudak"}, [plain]),
            ({"motif": "none"}, [other]),
            ({"licence": "CC0-1.0"}, [plain]),
            ({"language": "en"}, [plain]),
            ({"language": "none"}, [flagged, other]),
            ({"technique": "printed"}, [other]),
            ({"consent": "train"}, [other]),
            ({"kind": "edit"}, [edit]),
            ({"flag": "near_copy"}, [flagged]),
            ({"flag": "none"}, [plain, other, edit]),
            ({"copies": "yes"}, [flagged]),
            ({"copies": "no"}, [plain, other, edit]),
            ({"demonstration": "yes"}, [flagged]),
            ({"state": "declined"}, [declined]),
            ({"q": f"#{other.pk}"}, [other]),
            ({"motif": "x", "licence": "nonsense"}, []),
        ]:
            assert listed(client, **query) == found, query

    def test_what_was_noted_of_a_photo_taken_back_narrows_nothing(
        self, client, curator
    ):
        plain, flagged = waiting(), waiting()
        photo = flagged.photos.get()
        PhotoFactory(contribution=flagged, position=2)
        actions.flag_photo(photo=photo, kind="near_copy", other=plain.photos.get())
        actions.withdraw_photo(photo=photo, by=curator)

        assert listed(client, flag="near_copy") == []
        assert listed(client, flag="none") == [plain, flagged]
        assert listed(client, copies="yes") == []
        assert listed(client, copies="no") == [plain, flagged]

    def test_flags_are_marks_with_words_and_numbers(self, client, curator):
        contribution = waiting()
        PhotoFactory(contribution=contribution, position=2)
        for photo in contribution.photos.all():
            actions.flag_photo(photo=photo, kind="blurred", measure=3)

        page = client.get(reverse(LIST).replace("/id/", "/en/")).content.decode()

        assert '<li class="flag flag-blurred">Blurred × 2</li>' in page

    def test_a_suggested_edit_shows_what_it_takes_away_and_adds(self, client, curator):
        motif = MotifFactory()
        ClaimFactory(motif=motif, text="Gigi ikan <b>haruan</b> besar.")
        ContributionFactory(
            kind="edit", motif=motif, suggested_text="Gigi ikan <b>gabus</b> besar."
        )

        page = client.get(reverse(LIST)).content.decode()

        assert "<del>haruan</del><ins>gabus</ins>" in page
        assert "<b>" not in page.replace("&lt;b&gt;", "")

    def test_other_apps_say_what_they_think_in_one_go(self, client, curator):
        asked = []

        def source(photos):
            asked.append(len(photos))
            return {photo.pk: SafeString("<b>Gelombang</b> 0.91") for photo in photos}

        showing.offer_suggestions(source)
        waiting()
        waiting()
        try:
            page = client.get(reverse(LIST)).content.decode()
        finally:
            showing._suggestions.remove(source)

        assert page.count("<b>Gelombang</b> 0.91") == 2
        assert asked == [2]

    def test_photos_that_were_taken_back_are_not_shown(self, client, curator):
        photo = PhotoFactory(contribution=ContributionFactory(withdrawn=True))

        page = client.get(reverse(LIST), {"state": "withdrawn"}).content.decode()

        assert f"#{photo.contribution_id}" in page
        assert photo.thumbnail_url not in page

    def test_it_stays_under_twelve_queries(self, client, curator):
        for n in range(6):
            contribution = waiting()
            actions.flag_photo(photo=contribution.photos.get(), kind="blurred")
            ContributionFactory(kind="edit", suggested_text=f"Lain {n}.")
        client.get(reverse(LIST))

        with CaptureQueriesContext(connection) as queries:
            client.get(reverse(LIST))

        assert len(queries) < 12, [query["sql"][:100] for query in queries]

    def test_what_somebody_else_decided_meanwhile_is_said(self, client, curator):
        contribution, taken = waiting(), waiting()
        pks = [contribution.pk, taken.pk]
        asked = {"action": "accept_selected", "_selected_action": pks}
        page = client.post(reverse(LIST), asked, follow=True)
        actions.accept_contribution(contribution=taken, by=CuratorFactory())

        response = confirm(client, page)

        said = [str(message) for message in response.context["messages"]]
        assert len(said) == 2
        assert str(taken) in said[0]


def do(client, contribution, deed, **sent):
    """Press a button of the page as it would be shown now."""
    photo = contribution.photos.first()
    shown = Contribution.objects.select_related("motif").get(pk=contribution.pk)
    data = {
        "deed": deed,
        "photo": photo.pk if photo else "",
        "revision": shown.revision,
        "named": shown.motif.slug if shown.motif else "",
    }
    return client.post(desk(contribution), data | sent)


class TestDesk:
    def test_accepting_goes_on_to_the_next_in_the_queue(self, client, curator):
        first, second = waiting(), waiting()

        response = do(client, first, "accept")

        first.refresh_from_db()
        assert (first.state, first.accepted_by) == ("accepted", curator)
        assert response["Location"] == desk(second)

    def test_at_the_end_what_was_passed_over_comes_back_and_then_the_list(
        self, client, curator
    ):
        passed, last = waiting(), waiting()

        back = do(client, last, "accept")
        end = do(client, passed, "accept")

        assert back["Location"] == desk(passed)
        assert end["Location"] == reverse(LIST)

    def test_the_queues_questions_stay_asked(self, client, curator):
        waiting(licence="CC0-1.0")
        first = waiting(licence="CC-BY-4.0")
        waiting(licence="CC0-1.0")
        second = waiting(licence="CC-BY-4.0")
        query = "licence=CC-BY-4.0"

        page = client.get(desk(first), {"queue": query})
        response = do(client, first, "accept", queue=query)

        assert page.context["waiting"] == 2
        assert response["Location"].startswith(f"{desk(second)}?queue=licence")

    def test_next_and_previous_walk_the_whole_queue_in_its_order(self, client, curator):
        rows = [waiting() for _ in range(4)]
        actions.flag_photo(photo=rows[2].photos.get(), kind="not_cloth")
        actions.flag_photo(photo=rows[3].photos.get(), kind="not_cloth")
        order = listed(client)
        walked, at = [], desk(order[0])

        while at:
            context = client.get(at).context
            walked.append(context["contribution"])
            back, at = context["before_url"], context["after_url"]

        assert walked == order
        assert back == desk(order[-2])

    @pytest.mark.parametrize(
        ("deed", "outcome"),
        [
            ("confirm", "motif"),
            ("unknown", "other_motif"),
            ("printed", "printed"),
            ("not_cloth", "not_cloth"),
        ],
    )
    def test_verbs_are_identifications_of_this_curator(
        self, client, curator, deed, outcome
    ):
        contribution = waiting()

        response = do(client, contribution, deed)

        said = Identification.objects.get()
        assert response.status_code == 302
        assert (said.outcome, said.identified_by) == (outcome, curator)
        assert (said.role, said.is_blind) == ("curator", False)
        assert said.motif == (contribution.motif if deed == "confirm" else None)

    def test_an_expert_agrees_with_a_curator_and_the_photo_is_determined(
        self, client, curator
    ):
        contribution = waiting()
        photo = contribution.photos.get()
        actions.accept_contribution(contribution=contribution, by=curator)
        person = UserFactory()
        person.groups.add(Group.objects.get(name="expert"))
        actions.identify_photo(
            photo=photo, outcome="motif", motif=contribution.motif, by=person
        )

        do(client, contribution, "confirm")

        photo.refresh_from_db()
        assert photo.determined_rule == "expert_and_curator"

    def test_another_motif_by_any_spelling(self, client, curator):
        wanted = MotifFactory(slug="hiris-pudak", name="Hiris Pudak")
        contribution = waiting()

        do(client, contribution, "other", motif_name="iris pudak")

        assert Identification.objects.get().motif == wanted

    def test_a_spelling_that_may_mean_several_asks_which(self, client, curator):
        MotifFactory(slug="a", name="Kambang Kacang")
        second = MotifFactory(slug="b", name="Kambang Sakaki")
        contribution = waiting()

        response = do(client, contribution, "other", motif_name="kambang")
        do(client, contribution, "other", motif_name="kambang", motif="b")

        assert response.status_code == 422
        assert response.content.decode().count('type="radio"') == 2
        assert Identification.objects.get().motif == second

    def test_two_motifs_and_the_same_twice_is_one(self, client, curator):
        one, other = MotifFactory(slug="a"), MotifFactory(slug="b")
        contribution = waiting()

        do(client, contribution, "two", motif="b", second="a")
        two = Identification.objects.standing().get()
        do(client, contribution, "two", motif="a", second="a")

        assert (two.outcome, two.motif, two.second_motif) == ("two_motifs", one, other)
        assert Identification.objects.standing().get().outcome == "motif"

    @pytest.mark.parametrize(
        ("deed", "sent"),
        [
            ("decline", {}),
            ("decline", {"code": "nonsense"}),
            ("confirm", {}),
            ("other", {"motif_name": "zzzz"}),
            ("other", {"motif": "konsep"}),
            ("two", {"motif": "ada"}),
            ("nonsense", {}),
            ("undo", {}),
        ],
    )
    def test_what_cannot_be_done_is_said_and_changes_nothing(
        self, client, curator, deed, sent
    ):
        MotifFactory(slug="ada")
        MotifFactory(slug="konsep", draft=True)
        contribution = waiting(motif=None)

        response = do(client, contribution, deed, **sent)

        contribution.refresh_from_db()
        assert response.status_code == 422
        assert 'role="alert"' in response.content.decode()
        assert contribution.state == "submitted"
        assert not Identification.objects.exists()

    def test_a_good_photo_is_marked_and_unmarked_by_the_same_key(self, client, curator):
        contribution = waiting()

        do(client, contribution, "good")
        marked = contribution.photos.get().is_good
        do(client, contribution, "good")

        assert (marked, contribution.photos.get().is_good) == (True, False)

    def test_a_reason_and_own_words(self, client, curator):
        contribution = waiting(given_by__mail_language="en")

        do(client, contribution, "decline", code="partial", reason="Corner only.")

        contribution.refresh_from_db()
        assert contribution.decline_reason.startswith("Too little of the cloth")
        assert contribution.decline_reason.endswith("Corner only.")


class TestUndo:
    def undo(self, client, contribution):
        return client.post(desk(contribution), {"deed": "undo"})

    def test_deeds_are_undone_one_after_the_other(self, client, curator):
        contribution, after = waiting(), waiting()
        photo = contribution.photos.get()
        do(client, contribution, "printed")
        do(client, contribution, "confirm")
        do(client, contribution, "good")
        do(client, contribution, "accept")

        response = self.undo(client, after)
        contribution.refresh_from_db()
        assert response["Location"] == desk(contribution)
        assert contribution.state == "submitted"
        self.undo(client, contribution)
        photo.refresh_from_db()
        assert not photo.is_good
        self.undo(client, contribution)
        assert Identification.objects.standing().get().outcome == "printed"
        self.undo(client, contribution)
        assert not Identification.objects.standing().exists()
        assert Identification.objects.count() == 3

    def test_a_colleagues_decision_is_not_ones_own_to_undo(self, client, curator):
        contribution = waiting()
        do(client, contribution, "accept")
        colleague = CuratorFactory()
        actions.reopen_contribution(contribution=contribution, by=colleague)
        actions.accept_contribution(contribution=contribution, by=colleague)

        response = self.undo(client, contribution)

        contribution.refresh_from_db()
        assert response.status_code == 422
        assert contribution.accepted_by == colleague


class TestAfterwards:
    @pytest.mark.parametrize("state", ["accepted", "declined"])
    def test_a_decision_is_reopened_with_a_reason(self, client, curator, state):
        contribution = waiting(**{state: True})

        missing = do(client, contribution, "reopen", reason=" ")
        assert missing.status_code == 422
        response = do(client, contribution, "reopen", reason="Keliru.")

        contribution.refresh_from_db()
        assert response["Location"] == f"{desk(contribution)}?photo=" + str(
            contribution.photos.get().pk
        )
        assert contribution.state == "submitted"
        entry = contribution.history.get()
        assert (entry.verb, entry.by, entry.reason) == ("reopened", curator, "Keliru.")

    @pytest.mark.parametrize("state", ["submitted", "accepted", "declined"])
    def test_it_is_taken_down_in_one_act(self, client, curator, state):
        traits = {} if state == "submitted" else {state: True}
        contribution = waiting(**traits)
        page = client.get(desk(contribution)).content.decode()
        assert 'value="take_down"' in page
        assert ('value="reopen"' in page) is (state != "submitted")

        missing = do(client, contribution, "take_down")
        assert missing.status_code == 422
        response = do(client, contribution, "take_down", code="claimed")

        contribution.refresh_from_db()
        assert response.status_code == 302
        assert (contribution.state, contribution.withdrawn_by) == (
            "withdrawn",
            curator,
        )
        after = client.get(desk(contribution)).content.decode()
        assert 'value="take_down"' not in after
        assert 'value="reopen"' not in after

    def test_undo_reaches_neither(self, client, curator):
        contribution = waiting()
        do(client, contribution, "accept")
        do(client, contribution, "take_down", code="asked")

        client.post(desk(contribution), {"deed": "undo"})

        contribution.refresh_from_db()
        assert contribution.state == "withdrawn"

    def test_what_is_sent_again_says_why_it_was_declined(self, client, curator):
        contribution = waiting(language="en")
        do(client, contribution, "decline", code="light", reason="Both.")
        contribution.refresh_from_db()
        actions.submit_contribution(contribution=contribution, by=contribution.given_by)

        page = client.get(desk(contribution))

        (decline,) = page.context["declines"]
        assert decline.why.endswith("Both.")
        assert decline.why in page.content.decode()

    def test_an_undone_decline_is_not_held_against_it(self, client, curator):
        contribution = waiting()
        do(client, contribution, "decline", code="light")
        client.post(desk(contribution), {"deed": "undo"})

        assert client.get(desk(contribution)).context["declines"] == []


class TestPage:
    def test_copies_stand_beside_the_photo_both_ways(self, client, curator):
        one, other = waiting(), waiting()
        gone = PhotoFactory(contribution=ContributionFactory(draft=True))
        photo = one.photos.get()
        actions.flag_photo(photo=photo, kind="near_copy", other=other.photos.get())
        actions.flag_photo(photo=photo, kind="exact_copy", other=gone)

        beside = client.get(desk(one)).context["copies"]
        back = client.get(desk(other)).context["copies"]

        assert {(c.photo.pk, c.is_visible) for c in beside} == {
            (other.photos.get().pk, True),
            (gone.pk, False),
        }
        assert [c.photo for c in back] == [photo]
        assert gone.thumbnail_url not in client.get(desk(one)).content.decode()

    def test_it_shows_terms_words_history_and_what_was_said(self, client, curator):
        contribution = waiting(story="Dari nenek.", place="Kandangan")
        photo = contribution.photos.get()
        said = actions.identify_photo(photo=photo, outcome="printed", by=curator)
        actions.withdraw_identification(identification=said, by=curator)

        page = client.get(desk(contribution).replace("/id/", "/en/"))
        text = page.content.decode()

        for words in ("Dari nenek.", "Kandangan", "CC BY 4.0", "A printed copy"):
            assert words in text
        assert 'class="withdrawn"' in text
        assert [entry.verb for entry in page.context["history"]] == [
            "Identified",
            "Identification withdrawn",
        ]

    def test_a_key_and_a_button_for_each_verb(self, client, curator):
        text = client.get(desk(waiting())).content.decode()

        for verb in (*DECISIONS, *PHOTO_VERBS):
            assert f'data-key="{verb.key}"' in text
        assert len({verb.key for verb in (*DECISIONS, *PHOTO_VERBS)}) == 9

    def test_a_decided_contribution_offers_no_decision(self, client, curator):
        contribution = waiting(accepted=True)

        context = client.get(desk(contribution)).context

        assert context["decisions"] == ()
        assert context["verbs"] == PHOTO_VERBS

    def test_who_may_not_and_what_is_not_there(self, client, curator):
        contribution, draft = waiting(), ContributionFactory(draft=True)

        assert client.get(desk(draft)).status_code == 404
        looker = UserFactory(is_staff=True)
        looker.user_permissions.set(
            Group.objects.get(name="curator").permissions.filter(
                codename="view_contribution"
            )
        )
        client.force_login(looker)
        for address in (
            desk(contribution),
            reverse("admin:motifs_contribution_start"),
            reverse("admin:motifs_contribution_names"),
        ):
            assert client.get(address).status_code == 403
        assert client.post(desk(contribution), {"deed": "accept"}).status_code == 403
        client.logout()
        assert client.get(desk(contribution)).status_code == 302

    def test_names_are_proposed_in_any_spelling_with_restricted_ones(
        self, client, curator
    ):
        MotifFactory(slug="hiris-pudak", name="Hiris Pudak", access="restricted")

        found = client.get(reverse("admin:motifs_contribution_names"), {"q": "iris p"})

        assert [row["slug"] for row in found.json()["motifs"]] == ["hiris-pudak"]

    def test_it_costs_the_same_however_long_the_queue_and_the_history(
        self, client, curator, django_assert_num_queries
    ):
        contribution, other = waiting(), waiting()
        waiting()
        photo = contribution.photos.get()

        def said(outcome):
            actions.identify_photo(photo=photo, outcome=outcome, by=curator)

        def copied(by):
            actions.flag_photo(photo=photo, kind="near_copy", other=by.photos.get())

        said("printed")
        copied(other)
        address = desk(contribution)
        client.get(address)
        with CaptureQueriesContext(connection) as before:
            client.get(address)
        for outcome in ("not_cloth", "printed", "other_motif"):
            said(outcome)
            copied(waiting())

        with django_assert_num_queries(len(before)):
            client.get(address)


class TestHistory:
    @pytest.mark.parametrize("name", ["contribution", "photo", "motif"])
    def test_each_record_tells_its_own(self, client, curator, name):
        photo = PhotoFactory(contribution=ContributionFactory())
        contribution, motif = photo.contribution, photo.contribution.motif
        actions.restrict_access(subject=motif, by=curator, reason="Tetuha.")
        actions.mark_good(photo=photo, is_good=True, by=curator)
        actions.decline_contribution(
            contribution=contribution, by=curator, reason="Kabur."
        )
        subject = {"contribution": contribution, "photo": photo, "motif": motif}[name]

        page = client.get(reverse(f"admin:motifs_{name}_history", args=[subject.pk]))

        told = {(e.verb, e.why) for e in page.context["history"]}
        assert len(told) == {"contribution": 2, "photo": 1, "motif": 1}[name]

    def test_an_edit_in_the_admin_is_in_the_one_history(self, client, curator):
        from tests.motifs.test_admin import form_of

        contribution, motif = ContributionFactory(), MotifFactory()
        page = reverse("admin:motifs_contribution_change", args=[contribution.pk])

        client.post(page, form_of(client.get(page)) | {"motif": motif.pk})

        entry = HistoryEntry.objects.get(contribution=contribution)
        assert (entry.verb, entry.by) == ("edited", curator)

    def test_it_is_searched_by_person_and_never_written(self, client, curator):
        other = CuratorFactory(username="galuh")
        actions.accept_contribution(contribution=ContributionFactory(), by=other)
        actions.accept_contribution(contribution=ContributionFactory(), by=curator)
        address = reverse("admin:motifs_historyentry_changelist")

        found = client.get(address, {"q": "galuh"}).context["cl"].result_list

        assert [entry.by for entry in found] == [other]
        assert client.get(reverse("admin:motifs_historyentry_add")).status_code == 403
        pk = found[0].pk
        for page in ("change", "delete"):
            where = reverse(f"admin:motifs_historyentry_{page}", args=[pk])
            assert client.post(where, {"post": "yes"}).status_code == 403

    def test_what_nobody_has_given_yet_is_not_told(self, client, curator):
        draft = ContributionFactory(draft=True)
        actions.record("edited", by=draft.given_by, contribution=draft)

        address = reverse("admin:motifs_historyentry_changelist")

        assert not client.get(address).context["cl"].result_list


class TestProblems:
    def test_open_ones_are_listed_and_resolved_with_words(self, client, curator):
        problem = ProblemReport.objects.create(
            kind="wrong", motif=MotifFactory(), text="Salah."
        )
        listed = reverse("admin:motifs_problemreport_changelist")
        page = reverse("admin:motifs_problemreport_resolve", args=[problem.pk])

        assert client.get(listed).context["cl"].result_count == 1
        assert client.post(page, {"resolution": " "}).status_code == 422
        assert client.post(page, {"resolution": "Diperbaiki."}).status_code == 302

        problem.refresh_from_db()
        assert problem.resolved_by == curator
        assert client.get(listed).context["cl"].result_count == 0
        every = client.get(listed, {"state": "all"})
        assert every.context["cl"].result_count == 1

    def test_whose_rights_are_touched_comes_first(self, client, curator):
        motif = MotifFactory()
        for kind in ("wrong", "rights", "other"):
            ProblemReport.objects.create(kind=kind, motif=motif, text="Salah.")

        listed = client.get(reverse("admin:motifs_problemreport_changelist"))

        kinds = [problem.kind for problem in listed.context["cl"].result_list]
        assert kinds == ["rights", "wrong", "other"]


class TestMergePage:
    def test_it_previews_then_merges_with_a_reason(self, client, curator):
        motif, into = MotifFactory(slug="a"), MotifFactory(slug="b")
        page = reverse("admin:motifs_motif_merge", args=[motif.pk])

        preview = client.get(page, {"into": "b"})
        missing = client.post(page, {"into": "b", "rationale": ""})
        motif.refresh_from_db()
        assert (preview.context["effect"].names, motif.state) == (1, "published")
        assert missing.status_code == 422
        client.post(page, {"into": "b", "rationale": "Sama."})

        motif.refresh_from_db()
        assert motif.merged_into == into

    def test_it_says_why_not(self, client, curator):
        motif = MotifFactory(access="restricted")
        MotifFactory(slug="b")
        page = reverse("admin:motifs_motif_merge", args=[motif.pk])

        response = client.post(page, {"into": "b", "rationale": "Sama."})

        motif.refresh_from_db()
        assert (response.status_code, motif.state) == (422, "published")
        assert response.context["trouble"]


class TestCompleteness:
    def test_an_empty_record_lacks_everything_and_says_what(self):
        found = completeness.completeness([MotifFactory()])[0]

        assert found.percent == 0
        assert {step.code for step in found.steps} == set(completeness.WORTH)
        assert sum(completeness.WORTH.values()) == pytest.approx(1)

    def test_a_whole_record_lacks_nothing(self):
        motif = MotifFactory(slug="gigi-haruan")
        sources = SourceFactory.create_batch(2)
        for language in ("id", "en"):
            claim = ClaimFactory(motif=motif, key="x", language=language)
            for source in sources:
                CitationFactory(claim=claim, source=source)
        LookAlikeFactory(first=motif)
        self.confirm(motif, completeness.ENOUGH_PHOTOS)

        found = completeness.completeness([motif])[0]

        assert (found.percent, found.steps) == (100, ())

    def confirm(self, motif, count, **given):
        for _ in range(count):
            PhotoFactory(
                contribution=ContributionFactory(
                    accepted=True, **{"consent_to_train": True, **given}
                ),
                determined_outcome="motif",
                determined_motif=motif,
                determined_at=LONG_AGO,
                determined_rule="two_experts",
            )

    def test_it_counts_the_photos_that_are_still_needed(self):
        motif = MotifFactory()
        self.confirm(motif, 3)
        self.confirm(motif, 2, consent_to_train=False)

        found = completeness.completeness([motif])[0]

        assert (found.confirmed, found.determined) == (3, 5)
        needed = completeness.ENOUGH_PHOTOS - 3
        assert any(str(needed) in str(step.sentence) for step in found.steps)

    def test_what_helps_most_comes_first_on_the_page(
        self, client, curator, django_assert_num_queries
    ):
        near, far = MotifFactory(), MotifFactory()
        self.confirm(near, 9)
        page = reverse("admin:motifs_motif_completeness")

        with CaptureQueriesContext(connection) as before:
            rows = client.get(page).context["rows"]
        assert [row.motif for row in rows[:1]] == [far] or rows[-1].motif == near
        CitationFactory.create_batch(4)

        with django_assert_num_queries(len(before)):
            client.get(page)


def test_a_difference_keeps_both_texts_word_by_word():
    parts = edits.difference("satu dua tiga", "satu tiga empat")

    assert "".join(p.text for p in parts if p.kind != "new") == "satu dua tiga"
    assert "".join(p.text for p in parts if p.kind != "gone") == "satu tiga empat"


def test_curators_have_a_right_for_each_page():
    assert {"view_photo", "view_historyentry", "view_problemreport"} <= set(
        CURATOR_RIGHTS
    )

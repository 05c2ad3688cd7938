"""A suggested edit: taken over into the page, credited, linked, and taken out again."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from motifs import actions, refusals
from motifs.actions.applying import fingerprint, new_source_key
from motifs.models import Claim, Contribution, HistoryEntry, Source
from tests.at_once import at_once
from tests.factories import (
    CitationFactory,
    ClaimFactory,
    ContributionFactory,
    CuratorFactory,
    MotifFactory,
    SourceFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def curator(client):
    curator = CuratorFactory()
    client.force_login(curator)
    return curator


def suggested(claim=None, text="Gigi ikan gabus.", **fields):
    """An edit that waits, of a claim or of a motif as a whole."""
    if claim is not None:
        fields |= {"motif": claim.motif, "claim_key": claim.key}
    return ContributionFactory(
        kind="edit", suggested_text=text, **{"language": "id", **fields}
    )


def sourced(**fields):
    return CitationFactory(claim=ClaimFactory(**fields)).claim


def wording(claim=None, **fields):
    of_claim = {}
    if claim is not None:
        of_claim = {
            "claim": claim,
            "seen": fingerprint(claim),
            "keep": [citation.pk for citation in claim.citations.all()],
        }
    given = {"text": "Gigi ikan gabus.", "confidence": "high"} | of_claim | fields
    return actions.Wording(**given)


def apply(edit, claim=None, by=None, why="", **fields):
    return actions.apply_edit(
        contribution=edit,
        wording=wording(claim, **fields),
        by=by or CuratorFactory(),
        why=why,
    )


def desk(edit):
    return reverse("admin:motifs_contribution_desk", args=[edit.pk])


def in_english(address):
    return address.replace("/id/", "/en/", 1)


def form_of(page):
    """What the form that takes a suggestion over would send, unchanged."""
    form = page.text.partition('class="apply"')[2].partition("</form>")[0]
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))
    sent = {bound.html_name: bound.value() for bound in page.context["apply"]}
    return hidden | {name: value for name, value in sent.items() if value is not None}


def send(client, edit, **changes):
    """Press the button of the form as the desk shows it, with changes."""
    return client.post(desk(edit), form_of(client.get(desk(edit))) | changes)


class TestApplying:
    def test_the_page_says_it_at_once_and_the_edit_is_accepted(self, client):
        claim, curator = sourced(text="Gigi ikan haruan."), CuratorFactory()
        edit = suggested(claim)

        apply(edit, claim, by=curator, why="Lebih tepat.")

        claim.refresh_from_db()
        assert claim.text == "Gigi ikan gabus."
        assert (edit.state, edit.accepted_by) == ("accepted", curator)
        assert edit.applied_claim == claim
        assert "Gigi ikan gabus." in client.get(claim.motif.get_absolute_url()).text

    def test_the_history_of_both_says_what_was_who_and_why(self):
        claim, curator = sourced(text="Gigi ikan haruan."), CuratorFactory()
        edit = suggested(claim)

        apply(edit, claim, by=curator, why="Lebih tepat.")

        entry = HistoryEntry.objects.of_motif(claim.motif).get()
        assert (entry.verb, entry.by, entry.reason) == (
            "applied",
            curator,
            "Lebih tepat.",
        )
        assert entry.contribution == edit
        (row,) = entry.data["rows"]
        assert row["fields"]["text"] == ["Gigi ikan haruan.", "Gigi ikan gabus."]
        verbs = [e.verb for e in HistoryEntry.objects.of_contribution(edit)]
        assert verbs == ["applied", "accepted"]

    def test_a_new_statement_with_a_new_source(self):
        edit = suggested(motif=MotifFactory())
        source = Source(key="SEMAN", title="Buku Seman")

        apply(edit, kind="meaning", language="id", source=source, locator="hlm. 3")

        claim = edit.motif.claims.get()
        assert (claim.kind, claim.language, claim.is_main) == ("meaning", "id", True)
        assert [str(citation) for citation in claim.citations.all()] == ["SEMAN hlm. 3"]
        assert HistoryEntry.objects.of_source(source).get().verb == "created"

    def test_the_same_statement_in_another_language(self):
        claim = sourced(kind="meaning", language="id")
        edit = suggested(claim, language="en")

        apply(edit, key=claim.key, language="en", source=SourceFactory())

        both = Claim.objects.filter(key=claim.key, kind="meaning")
        assert {one.language for one in both} == {"id", "en"}

    def test_a_source_that_is_not_kept_goes_and_one_from_the_list_comes(self):
        claim, source = sourced(), SourceFactory(key="BARU")
        edit = suggested(claim)

        apply(edit, claim, keep=[], source=source)

        assert [c.source for c in claim.citations.all()] == [source]

    def test_what_the_page_says_already_is_linked_and_changes_nothing(self):
        claim = sourced(text="Gigi ikan gabus.")
        edit = suggested(claim)

        apply(edit, claim)

        assert edit.applied_claim == claim
        assert not HistoryEntry.objects.of_motif(claim.motif).exists()

    def test_refusals(self):
        claim = sourced(text="Lama.")
        edit = suggested(claim)
        photos, draft = ContributionFactory(), suggested(claim, draft=True)

        for expected, act in (
            (refusals.NotACurator, lambda: apply(edit, claim, by=UserFactory())),
            (refusals.NoText, lambda: apply(edit, claim, text=" ")),
            (refusals.NoSourceNamed, lambda: apply(edit, claim, keep=[])),
            (refusals.ChangedMeanwhile, lambda: apply(edit, claim, seen="x")),
            (refusals.ChangedMeanwhile, lambda: apply(edit, sourced())),
            (
                refusals.ChangedMeanwhile,
                lambda: apply(edit, key=claim.key, language="id"),
            ),
            (refusals.NotWaiting, lambda: apply(draft, claim)),
            (refusals.EditToApply, lambda: accept(edit)),
        ):
            with pytest.raises(expected):
                act()
        accept(photos)

        claim.refresh_from_db()
        edit.refresh_from_db()
        assert (claim.text, edit.state) == ("Lama.", "submitted")
        assert not HistoryEntry.objects.of_motif(claim.motif).exists()

    def test_only_an_accepted_edit_is_linked(self):
        from django.db import IntegrityError, transaction

        edit = suggested(sourced())

        with pytest.raises(IntegrityError), transaction.atomic():
            Contribution.objects.filter(pk=edit.pk).update(
                applied_claim=ClaimFactory().pk
            )

    def test_keys_of_new_sources_are_short_and_their_own(self):
        SourceFactory(key="RAGAM-HIAS-KAIN")

        assert new_source_key("Ragam hias kain Banjar") == "RAGAM-HIAS-KAIN-2"
        assert new_source_key("x" * 90) == "X" * 36
        assert new_source_key("?") == "SOURCE"


def accept(contribution):
    return actions.accept_contribution(contribution=contribution, by=CuratorFactory())


class TestTakingOut:
    def reopen(self, edit):
        return actions.reopen_contribution(contribution=edit, by=CuratorFactory())

    def test_the_page_says_again_what_it_said(self):
        claim = sourced(text="Lama.", confidence="low")
        (before,) = claim.citations.all()
        edit = suggested(claim)
        apply(edit, claim, keep=[], source=SourceFactory())

        self.reopen(edit)

        claim.refresh_from_db()
        assert (claim.text, claim.confidence) == ("Lama.", "low")
        assert [c.source for c in claim.citations.all()] == [before.source]
        assert (edit.state, edit.applied_claim) == ("submitted", None)
        told = [e.verb for e in HistoryEntry.objects.of_motif(claim.motif)]
        assert told == ["applied", "taken_out"]

    def test_a_statement_that_it_made_goes(self):
        edit = suggested(motif=MotifFactory())
        apply(edit, kind="use", language="id", source=SourceFactory())

        self.reopen(edit)

        assert not edit.motif.claims.exists()

    def test_it_can_be_taken_over_and_out_again(self):
        claim = sourced(text="Lama.")
        edit = suggested(claim)
        for _ in range(2):
            claim.refresh_from_db()
            apply(edit, claim)
            self.reopen(edit)
        claim.refresh_from_db()
        assert claim.text == "Lama."

        apply(edit, claim, text="Lama.", confidence=claim.confidence)
        self.reopen(edit)

        assert edit.history.filter(verb="taken_out").count() == 2

    @pytest.mark.parametrize("later", ["rewritten", "cited"])
    def test_not_if_somebody_has_changed_it_since(self, later):
        claim = sourced(text="Lama.")
        edit = suggested(claim)
        apply(edit, claim, source=SourceFactory())
        claim.refresh_from_db()
        if later == "rewritten":
            claim.text = "Lebih baru."
            claim.save()
        else:
            CitationFactory(claim=claim)
        edit.refresh_from_db()

        with pytest.raises(refusals.EditedSince):
            self.reopen(edit)

        edit.refresh_from_db()
        assert edit.state == "accepted"

    @pytest.mark.parametrize("by_hand", ["changed back", "deleted"])
    def test_what_was_done_by_hand_already_is_done(self, by_hand):
        claim = sourced(text="Lama.")
        edit = suggested(claim)
        apply(edit, claim, source=SourceFactory())
        if by_hand == "deleted":
            claim.delete()
        else:
            Claim.objects.update(text="Lama.")
        edit.refresh_from_db()

        self.reopen(edit)

        assert (edit.state, edit.applied_claim) == ("submitted", None)
        assert not Claim.objects.exclude(text="Lama.").exists()

    def test_nothing_of_an_earlier_decision_is_taken_out(self):
        claim = sourced(text="Lama.")
        edit = suggested(claim)
        apply(edit, claim)
        Claim.objects.update(text="Lama.")
        self.reopen(edit)
        Claim.objects.update(text=edit.suggested_text)
        claim.refresh_from_db()
        apply(edit, claim)

        self.reopen(edit)

        claim.refresh_from_db()
        assert claim.text == edit.suggested_text

    def test_a_merge_in_between_is_no_change_of_what_it_says(self):
        claim, into = sourced(text="Lama."), MotifFactory()
        edit = suggested(claim)
        apply(edit, claim)
        actions.merge_motifs(
            motif=claim.motif, into=into, by=CuratorFactory(), rationale="Satu."
        )
        edit.refresh_from_db()

        self.reopen(edit)

        claim.refresh_from_db()
        assert (claim.text, claim.motif) == ("Lama.", into)

    def test_withdrawn_it_leaves_the_page_with_its_name(self, client):
        claim = sourced(text="Lama.")
        edit = suggested(claim, credit_line="Rusmini")
        apply(edit, claim)
        page = claim.motif.get_absolute_url()
        assert "Rusmini" in client.get(page).text

        actions.withdraw_contribution(contribution=edit, by=edit.given_by)

        shown = client.get(page).text
        assert "Lama." in shown
        assert "Rusmini" not in shown

    @pytest.mark.parametrize("end", ["withdraw", "take_down"])
    @pytest.mark.parametrize("later", ["confidence", "cited", "key"])
    def test_withdrawn_its_text_goes_whatever_else_was_changed(self, later, end):
        claim = sourced(text="Lama.", confidence="low")
        edit, new = suggested(claim), suggested(motif=claim.motif)
        apply(edit, claim, source=SourceFactory())
        apply(new, text="Baru.", kind="use", language="id", source=SourceFactory())
        for one in Claim.objects.all():
            if later == "cited":
                CitationFactory(claim=one)
            else:
                setattr(one, later, f"x/{one.pk}" if later == "key" else "medium")
                one.save()

        for one in (edit, new):
            take_back(one, end)

        (left,) = Claim.objects.all()
        assert left.text == "Lama."
        assert left.confidence == ("medium" if later == "confidence" else "low")
        assert left.citations.count() == (3 if later == "cited" else 1)
        told = [e.verb for e in HistoryEntry.objects.of_motif(claim.motif)]
        assert told.count("taken_out") == 2
        assert (edit.applied_claim, new.applied_claim) == (None, None)

    def test_withdrawn_its_text_goes_also_where_its_old_source_is_gone(self):
        claim = sourced(text="Lama.")
        source = claim.citations.get().source
        edit = suggested(claim)
        apply(edit, claim, keep=[], source=SourceFactory())
        source.delete()

        take_back(edit)

        claim.refresh_from_db()
        assert claim.text == "Lama."
        assert claim.citations.count() == 1

    @pytest.mark.parametrize("end", ["withdraw", "take_down"])
    def test_withdrawn_what_others_have_made_of_it_stays_and_is_said(
        self, client, curator, end
    ):
        claim = sourced(text="Lama.")
        edit = suggested(claim, credit_line="Rusmini")
        apply(edit, claim)
        Claim.objects.filter(pk=claim.pk).update(text="Gigi ikan gabus juga.")

        take_back(edit, end)

        assert (edit.state, edit.applied_claim) == ("withdrawn", claim)
        shown = client.get(claim.motif.get_absolute_url()).text
        assert "Gigi ikan gabus juga." in shown
        assert "Rusmini" not in shown
        at_desk = client.get(in_english(desk(edit))).text
        assert "its text was rewritten since" in at_desk
        opens = reverse("admin:motifs_claim_change", args=[claim.pk])
        assert in_english(opens) in at_desk
        own = client.get(in_english(edit.get_absolute_url()))
        assert "others have rewritten your text" in own.text
        assert "Nobody sees it any more" not in own.text
        assert "#statement-" not in own.text

    def test_nobody_is_promised_more_than_that(self, client, curator):
        edit = suggested(sourced())
        address = reverse("contributions:contribution-withdraw", args=[edit.key])

        for page in (address, desk(edit)):
            said = client.get(in_english(page)).text
            assert "unless others have rewritten it since" in said
            assert "every page at once" not in said
            assert "gone everywhere" not in said

    def test_one_that_was_withdrawn_keeps_no_other_in(self):
        first = suggested(motif=MotifFactory())
        apply(first, kind="use", language="id", source=SourceFactory())
        claim = first.applied_claim
        second = suggested(claim)
        apply(second, claim, text="Lebih baru.")
        Claim.objects.update(text="Lain lagi.")
        take_back(second)
        Claim.objects.update(text=first.suggested_text)

        self.reopen(first)

        assert not Claim.objects.exists()

    @pytest.mark.parametrize("end", ["withdraw", "reopen"])
    @pytest.mark.parametrize("made", ["changed", "added"])
    def test_what_was_withdrawn_does_not_come_back_from_under_another(self, made, end):
        claim = sourced(text="Lama.")
        first = suggested(claim)
        if made == "changed":
            apply(first, claim)
        else:
            apply(first, kind="use", language="id", source=SourceFactory())
            claim = first.applied_claim
        claim.refresh_from_db()
        second = suggested(claim, text="Lebih baru.")
        apply(second, claim, text="Lebih baru.")
        take_back(first)
        assert Claim.objects.filter(text="Lebih baru.").exists()

        self.reopen(second) if end == "reopen" else take_back(second)

        first.refresh_from_db()
        assert first.applied_claim is None
        assert [one.text for one in Claim.objects.all()] == ["Lama."]


def take_back(edit, end="withdraw"):
    if end == "take_down":
        by = CuratorFactory()
        actions.take_down_contribution(contribution=edit, by=by, reason="Diminta.")
    else:
        actions.withdraw_contribution(contribution=edit, by=edit.given_by)


class TestDesk:
    def test_it_stands_beside_what_the_page_says_now(self, client, curator):
        claim = sourced(text="Gigi ikan <b>haruan</b>.")
        edit = suggested(claim, text="Gigi ikan <b>gabus</b>.")

        page = client.get(desk(edit))

        assert "<del>haruan</del><ins>gabus</ins>" in page.text
        assert "<b>" not in page.text
        assert page.context["apply"]["text"].value() == "Gigi ikan <b>gabus</b>."

        Claim.objects.update(text="Gigi ikan sepat.")
        assert "<del>sepat</del>" in client.get(desk(edit)).text

    def test_the_curator_words_it_and_goes_on(self, client, curator):
        claim = sourced(text="Lama.")
        edit, after = suggested(claim), ContributionFactory()

        gone = send(client, edit, text="Kata kurator.", why="Ejaan.")

        claim.refresh_from_db()
        assert claim.text == "Kata kurator."
        assert gone.status_code == 302
        assert desk(after) in gone["Location"]
        assert HistoryEntry.objects.get(verb="applied").reason == "Ejaan."

    def test_undo_takes_it_out(self, client, curator):
        claim = sourced(text="Lama.")
        edit = suggested(claim)
        send(client, edit)

        client.post(desk(edit), {"deed": "undo"})

        claim.refresh_from_db()
        edit.refresh_from_db()
        assert (claim.text, edit.state) == ("Lama.", "submitted")

    def test_undo_says_why_not(self, client, curator):
        claim = sourced(text="Lama.")
        edit = suggested(claim)
        send(client, edit)
        Claim.objects.update(text="Lebih baru.")

        page = client.post(desk(edit), {"deed": "undo"})

        assert page.status_code == 422
        assert str(refusals.EditedSince()) in page.text

    def test_a_new_source_is_read_from_the_suggestion(self, client, curator):
        edit = suggested(
            motif=MotifFactory(),
            suggested_source="Seman, Sasirangan (2011), hlm. 3 https://a.example/x",
        )

        sent = form_of(client.get(desk(edit)))
        gone = send(client, edit, kind="meaning")

        assert sent["title"] == "Seman, Sasirangan (2011)"
        assert gone.status_code == 302
        source = Source.objects.get()
        assert (source.year, source.url) == (2011, "https://a.example/x")
        assert edit.motif.claims.get().citations.get().locator == "hlm. 3"

    def test_a_source_of_the_list_is_chosen_for_it(self, client, curator):
        SourceFactory(key="SEMAN-A", title="Sasirangan")
        edit = suggested(motif=MotifFactory(), suggested_source="sasirangan, p. 4")

        send(client, edit, kind="use")

        assert str(Claim.objects.get().citations.get()) == "SEMAN-A p. 4"

    def test_another_statement_can_be_chosen(self, client, curator):
        claim = sourced(text="Sama sekali lain.")
        edit = suggested(motif=claim.motif)

        assert client.get(desk(edit)).context["is_new"]
        page = client.get(f"{desk(edit)}?claim={claim.pk}")
        client.post(desk(edit), form_of(page))

        claim.refresh_from_db()
        assert claim.text == edit.suggested_text
        assert Claim.objects.count() == 1

    def test_a_reader_of_another_language_makes_it_in_theirs(self, client, curator):
        claim = sourced(text="Gigi ikan haruan yang besar.", language="id")
        edit = suggested(claim, text="Teeth of a snakehead.", language="en")

        send(client, edit, source=SourceFactory().key)

        claim.refresh_from_db()
        assert claim.text == "Gigi ikan haruan yang besar."
        assert (
            Claim.objects.get(key=claim.key, language="en").text == edit.suggested_text
        )

    def test_what_is_missing_is_said_and_nothing_is_lost(self, client, curator):
        edit = suggested(motif=MotifFactory())

        page = send(client, edit, text="Kata saya.")

        assert page.status_code == 422
        assert set(page.context["apply"].errors) == {"kind", "source"}
        assert "Kata saya." in page.text
        assert not Claim.objects.exists()

    @pytest.mark.parametrize("url", ["ftp://a.example/x", "HTTP://a.example/x"])
    def test_an_unusual_address_of_a_new_source_costs_no_words(
        self, client, curator, url
    ):
        edit = suggested(motif=MotifFactory())

        page = send(client, edit, text="Kata saya.", kind="use", title="Buku", url=url)

        assert page.status_code == 422
        assert set(page.context["apply"].errors) == {"url"}
        assert "Kata saya." in page.text
        assert not Source.objects.exists()

    def test_an_address_is_nothing_where_a_source_of_the_list_is_chosen(
        self, client, curator
    ):
        edit, source = suggested(motif=MotifFactory()), SourceFactory()

        send(client, edit, kind="use", source=source.key, title="B", url="ftp://a.eu")

        assert edit.motif.claims.get().citations.get().source == source

    def test_what_was_changed_meanwhile_is_shown_before_it_is_written_over(
        self, client, curator
    ):
        claim = sourced(text="Lama.")
        edit = suggested(claim)
        sent = form_of(client.get(desk(edit)))
        Claim.objects.update(text="Sementara itu.")

        refused = client.post(desk(edit), sent)
        again = client.post(desk(edit), form_of(refused))

        assert refused.status_code == 422
        assert "Sementara" in refused.text
        assert again.status_code == 302

    def test_what_its_giver_changed_meanwhile_is_not_taken_over_unread(
        self, client, curator
    ):
        claim = sourced(text="Lama.")
        edit = suggested(claim)
        sent = form_of(client.get(desk(edit)))
        actions.edit_contribution(
            contribution=edit, by=edit.given_by, changes={"suggested_text": "Lain."}
        )

        refused = client.post(desk(edit), sent)

        claim.refresh_from_db()
        assert refused.status_code == 422
        assert claim.text == "Lama."
        assert client.post(desk(edit), form_of(refused)).status_code == 302

    def test_many_at_once_are_accepted_but_no_edit_unread(self, client, curator):
        edit, photos = suggested(sourced()), ContributionFactory()

        asked = client.post(
            reverse("admin:motifs_contribution_changelist"),
            {
                "action": "accept_selected",
                "_selected_action": [edit.pk, photos.pk],
            },
            follow=True,
        )
        address = asked.redirect_chain[-1][0]
        client.post(address, {"revision": f"{photos.pk}:{photos.revision}"})

        edit.refresh_from_db()
        photos.refresh_from_db()
        assert (edit.state, photos.state) == ("submitted", "accepted")
        assert [row["contribution"] for row in asked.context["rows"]] == [photos]
        assert str(refusals.EditToApply()) in asked.text

    def test_it_offers_no_button_that_only_accepts(self, client, curator):
        edit = suggested(sourced())
        own = reverse("admin:motifs_contribution_change", args=[edit.pk])

        assert 'value="accept"' not in client.get(desk(edit)).text
        assert 'name="_accept"' not in client.get(own).text

    def test_the_motif_of_an_edit_stays(self, client, curator):
        edit = suggested(sourced())
        own = reverse("admin:motifs_contribution_change", args=[edit.pk])
        rows = {"photos-TOTAL_FORMS": 0, "photos-INITIAL_FORMS": 0}

        page = client.get(own).text
        saved = client.post(own, rows | {"motif": "", "opinion": ""})

        assert 'name="motif"' not in page
        assert saved.status_code == 302
        motif = edit.motif
        edit.refresh_from_db()
        assert edit.motif == motif


class TestPages:
    def test_the_giver_is_led_to_what_the_page_says_now(self, client):
        claim = sourced()
        edit = suggested(claim)
        assert "#statement-" not in client.get(edit.get_absolute_url()).text

        apply(edit, claim)

        page = client.get(edit.get_absolute_url())
        assert f'href="{claim.motif.get_absolute_url()}#statement-' in page.text
        assert f'id="{claim.anchor}"' in client.get(claim.motif.get_absolute_url()).text
        assert len(page.context["events"]) == 1

    def test_not_to_a_motif_that_is_restricted_since(self, client):
        claim = sourced()
        edit = suggested(claim)
        apply(edit, claim)
        actions.restrict_access(
            subject=claim.motif, by=CuratorFactory(), reason="Tetuha."
        )

        assert claim.motif.slug not in client.get(edit.get_absolute_url()).text

    def test_page_and_api_name_the_giver_as_they_wish(self, client):
        claim = sourced()
        for line in ("Rusmini", "Rusmini", ""):
            edit = suggested(claim, credit_line=line)
            claim.refresh_from_db()
            apply(edit, claim)

        page = client.get(claim.motif.get_absolute_url()).text
        record = client.get(f"/api/v1/motifs/{claim.motif.slug}/").json()

        assert page.count("Rusmini") == 1
        assert record["claims"][0]["credits"] == ["Rusmini"]


@pytest.mark.django_db(transaction=True)
def test_eight_curators_take_it_over_once():
    claim = sourced(text="Lama.")
    edit = suggested(claim)
    said = [wording(claim, text=f"Kata {number}.") for number in range(8)]

    raised = at_once(
        *(
            lambda one=one, by=by: actions.apply_edit(
                contribution=Contribution.objects.get(pk=edit.pk), wording=one, by=by
            )
            for one, by in [(one, CuratorFactory()) for one in said]
        )
    )

    assert sum(one is None for one in raised) == 1
    assert all(isinstance(one, refusals.NotWaiting) for one in raised if one)
    assert HistoryEntry.objects.filter(verb="applied").count() == 1


@pytest.mark.parametrize("act", ["apply", "reopen", "withdraw", "take_down"])
def test_the_motif_is_held_before_the_edit_as_a_merge_does(act):
    claim = sourced(text="Lama.")
    edit = suggested(claim)
    if act != "apply":
        apply(edit, claim)
    by = CuratorFactory()

    with CaptureQueriesContext(connection) as asked:
        if act == "apply":
            apply(edit, claim, by=by)
        elif act == "reopen":
            actions.reopen_contribution(contribution=edit, by=by)
        else:
            take_back(edit, act)

    held = [
        query["sql"].partition('FROM "')[2].partition('"')[0]
        for query in asked
        if "FOR UPDATE" in query["sql"]
    ]
    assert held.index("motifs_motif") < held.index("motifs_contribution")

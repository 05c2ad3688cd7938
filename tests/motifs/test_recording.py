"""One history of every change: who, what was and what became, when and why."""

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import translation

from motifs.actions import recording, restrict_access
from motifs.actions.recording import FIELDS, values_of
from motifs.admin.history import told
from motifs.models import Citation, Claim, HistoryEntry, LookAlike, Source
from tests.factories import (
    CitationFactory,
    ClaimFactory,
    ContributionFactory,
    CuratorFactory,
    LookAlikeFactory,
    MotifFactory,
    MotifNameFactory,
    SourceFactory,
)
from tests.motifs.test_admin import form_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def curator(client):
    curator = CuratorFactory()
    client.force_login(curator)
    return curator


def page_of(row, page="change"):
    return reverse(f"admin:motifs_{row._meta.model_name}_{page}", args=[row.pk])


def save(client, row, **changes):
    page = page_of(row)
    response = client.post(page, form_of(client.get(page)) | changes)
    assert response.status_code == 302, response.context["errors"]


def delete_selected(client, *rows, why=""):
    page = reverse(f"admin:motifs_{rows[0]._meta.model_name}_changelist")
    sent = {
        "action": "delete_selected",
        "_selected_action": [row.pk for row in rows],
        "post": "yes",
        "why": why,
    }
    assert client.post(page, sent).status_code == 302


def rows_of(entry):
    return {(row["of"], row["did"]): row["fields"] for row in entry.data["rows"]}


class TestForms:
    def test_a_motif_says_what_was_what_became_and_why(self, client, curator):
        motif = MotifFactory(family="lajur")

        save(client, motif, family="ceplok", why=" Menurut Seman. ")

        entry = HistoryEntry.objects.of_motif(motif).get()
        assert (entry.verb, entry.by) == ("edited", curator)
        assert entry.reason == "Menurut Seman."
        assert rows_of(entry) == {("motif", "changed"): {"family": ["lajur", "ceplok"]}}

    def test_a_new_motif_is_entered_with_its_name(self, client, curator):
        page = reverse("admin:motifs_motif_add")
        new = {
            "slug": "baru",
            "names-TOTAL_FORMS": "1",
            "names-0-name": "Baru",
            "names-0-language": "bjn",
            "names-0-kind": "preferred",
            "names-0-position": "0",
        }

        client.post(page, form_of(client.get(page)) | new)

        entry = HistoryEntry.objects.get()
        assert (entry.verb, entry.motif.slug) == ("created", "baru")
        assert rows_of(entry)["motifname", "added"]["name"] == [None, "Baru"]

    def test_names_that_trade_places_are_both_told(self, client, curator):
        motif = MotifFactory(name="Hiris Pudak")
        MotifNameFactory(motif=motif, name="Iris Pudak", kind="alternative")

        save(
            client,
            motif,
            **{"names-0-kind": "alternative", "names-1-kind": "preferred"},
        )

        rows = HistoryEntry.objects.of_motif(motif).get().data["rows"]
        assert {row["name"]: row["fields"]["kind"] for row in rows} == {
            "Hiris Pudak": ["preferred", "alternative"],
            "Iris Pudak": ["alternative", "preferred"],
        }

    def test_a_claim_on_its_own_page_with_what_it_cites(self, client, curator):
        claim, source = ClaimFactory(text="Lama."), SourceFactory(key="SEMAN")
        cited = {
            "citations-TOTAL_FORMS": "1",
            "citations-0-source": source.pk,
            "citations-0-locator": "hlm. 3",
            "citations-0-position": "0",
        }

        save(client, claim, text="Baru.", why="Terbit ulang.", **cited)

        entry = HistoryEntry.objects.of_claim(claim).get()
        assert (entry.motif, entry.by) == (claim.motif, curator)
        assert entry.reason == "Terbit ulang."
        assert rows_of(entry) == {
            ("claim", "changed"): {
                "text": ["Lama.", "Baru."],
                "citations": [[], ["SEMAN | hlm. 3"]],
            }
        }

    def test_a_claim_that_is_moved_is_told_by_both_motifs(self, client, curator):
        claim, other = ClaimFactory(), MotifFactory()
        first = claim.motif

        save(client, claim, motif=other.pk)

        for motif in (first, other):
            assert HistoryEntry.objects.of_motif(motif).count() == 1

    def test_a_source_and_a_pair_have_histories_of_their_own(self, client, curator):
        source, pair = SourceFactory(title="Lama"), LookAlikeFactory(tell_en="Old.")

        save(client, source, title="Baru")
        save(client, pair, tell_en="New.")

        entry = HistoryEntry.objects.of_source(source).get()
        assert rows_of(entry)["source", "changed"] == {"title": ["Lama", "Baru"]}
        for motif in (pair.first, pair.second):
            entry = HistoryEntry.objects.of_motif(motif).get()
            assert rows_of(entry)["lookalike", "changed"] == {
                "tell_en": ["Old.", "New."]
            }
        assert HistoryEntry.objects.of_look_alike(pair).count() == 1

    def test_a_corrected_contribution_is_told_with_both_motifs(self, client, curator):
        contribution, motif = ContributionFactory(), MotifFactory()
        before = contribution.motif.slug

        save(client, contribution, motif=motif.pk)

        entry = contribution.history.get()
        assert rows_of(entry)["contribution", "changed"] == {
            "motif": [before, motif.slug]
        }

    def test_what_changes_nothing_is_no_entry(self, client, curator):
        for row in (MotifFactory(), CitationFactory().claim, SourceFactory()):
            save(client, row, why="Tanpa sebab.")

        assert not HistoryEntry.objects.exists()

    def test_what_is_refused_is_no_entry(self, client, curator):
        motif = MotifFactory()
        page = page_of(motif)

        wrong = {"family": "ceplok", "names-0-kind": "alternative", "why": "Ya."}
        shown = client.post(page, form_of(client.get(page)) | wrong)

        assert not HistoryEntry.objects.exists()
        assert ">Ya.</textarea>" in shown.content.decode()


class TestDeleting:
    def test_one_claim_with_its_reason(self, client, curator):
        citation = CitationFactory(claim__text="Hilang.", source__key="SEMAN")
        claim = citation.claim

        asked = client.get(page_of(claim, "delete"))
        client.post(page_of(claim, "delete"), {"post": "yes", "why": "Keliru."})

        assert 'name="why"' in asked.content.decode()
        entry = HistoryEntry.objects.of_motif(claim.motif).get()
        assert (entry.by, entry.reason) == (curator, "Keliru.")
        fields = rows_of(entry)["claim", "deleted"]
        assert fields["text"] == ["Hilang.", None]
        assert fields["citations"] == [["SEMAN"], None]

    def test_many_at_once(self, client, curator):
        motif = MotifFactory()
        claims = [ClaimFactory(motif=motif) for _ in range(2)]
        pair, source = LookAlikeFactory(), SourceFactory(key="LAMA")

        delete_selected(client, *claims, why="Ganda.")
        delete_selected(client, pair)
        delete_selected(client, source)

        assert not Claim.objects.exists()
        assert not LookAlike.objects.exists()
        entry = HistoryEntry.objects.of_motif(motif).get()
        assert len(entry.data["rows"]) == 2
        assert entry.reason == "Ganda."
        assert HistoryEntry.objects.of_motif(pair.second).count() == 1
        gone = HistoryEntry.objects.get(verb="deleted")
        assert (gone.source_id, gone.data["rows"][0]["name"]) == (source.pk, "LAMA")
        page = client.get(reverse("admin:motifs_historyentry_changelist"))
        assert "LAMA" in page.content.decode()

    def test_a_row_of_an_inline_form(self, client, curator):
        motif = MotifFactory()
        MotifNameFactory(motif=motif, name="Hilang")
        claim = CitationFactory(claim__motif=motif).claim

        save(client, motif, **{"names-1-DELETE": "on"})
        save(client, claim, **{"citations-0-DELETE": "on"})

        name, cited = HistoryEntry.objects.of_motif(motif)
        assert rows_of(name)["motifname", "deleted"]["name"] == ["Hilang", None]
        assert rows_of(cited)["claim", "changed"]["citations"][1] == []


class TestRecording:
    def test_it_is_one_with_the_change(self):
        claim = ClaimFactory(text="Lama.")

        def fail():
            with recording(by=None):
                claim.text = "Baru."
                claim.save()
                raise RuntimeError

        with pytest.raises(RuntimeError):
            fail()

        claim.refresh_from_db()
        assert claim.text == "Lama."
        assert not HistoryEntry.objects.exists()

    def test_what_is_rolled_back_within_is_no_change(self):
        motif = MotifFactory()

        with recording(by=None):
            try:
                with transaction.atomic():
                    ClaimFactory(motif=motif)
                    raise RuntimeError
            except RuntimeError:
                pass

        assert not HistoryEntry.objects.exists()

    def test_twice_changed_is_told_once_and_back_again_not_at_all(self):
        claim, other = ClaimFactory(text="Satu."), ClaimFactory(text="Satu.")

        with recording(by=None):
            for text in ("Dua.", "Tiga."):
                Claim.objects.get(pk=claim.pk).save()
                claim.text = text
                claim.save()
            for text in ("Dua.", "Satu."):
                other.text = text
                other.save()

        entry = HistoryEntry.objects.get()
        assert rows_of(entry)["claim", "changed"] == {"text": ["Satu.", "Tiga."]}

    def test_a_citation_that_is_moved_changes_both_claims(self):
        citation, other = CitationFactory(), ClaimFactory()

        with recording(by=None):
            citation.claim = other
            citation.save()

        assert HistoryEntry.objects.count() == 2

    def test_outside_it_nothing_is_recorded(self):
        CitationFactory().delete()

        assert not HistoryEntry.objects.exists()

    def test_every_value_of_its_tables_is_on_record(self):
        left_out = {
            "motif": {
                "id",
                "access",
                "protocol_note",
                "state",
                "published_at",
                "published_by",
                "merged_into",
            },
            "motifname": {"id", "folded"},
            "claim": {"id", "search"},
        }
        for model, names in FIELDS.items():
            name = model._meta.model_name
            if name == "contribution":
                continue
            columns = {field.name for field in model._meta.fields}
            assert columns - set(names) == left_out.get(name, {"id"}), name

    def test_a_citation_is_a_value_of_its_claim(self):
        citation = CitationFactory(source__key="SEMAN", locator="hlm. 3")
        Citation.objects.create(claim=citation.claim, source=SourceFactory(key="A"))

        values = values_of(Claim, [citation.claim_id])[citation.claim_id]

        assert sorted(values["citations"]) == ["A", "SEMAN | hlm. 3"]


class TestReading:
    def read(self, motif):
        with translation.override("en"):
            (entry,) = told(HistoryEntry.objects.of_motif(motif))
        return entry

    def test_each_value_is_told_old_and_new_in_words(self, client, curator):
        motif = MotifFactory(family="lajur")

        save(client, motif, family="ceplok")

        (change,) = self.read(motif).changes
        (value,) = change.values
        assert (value.label, value.was, value.becomes) == (
            "family",
            "Lajur (lines)",
            "Ceplok (scattered)",
        )

    def test_motifs_are_named_and_long_texts_told_word_by_word(self, curator):
        claim = ClaimFactory(text="Kain merah " * 8)
        with recording(by=curator):
            claim.text = claim.text.replace("merah", "biru")
            claim.motif, before = MotifFactory(name="Baru"), claim.motif
            claim.save()

        values = {value.label: value for value in self.read(before).changes[0].values}

        assert values["motif"].becomes == "Baru"
        assert {part.kind for part in values["text"].parts} == {"same", "gone", "new"}

    def test_access_is_told_old_and_new(self, curator):
        motif = MotifFactory()
        restrict_access(
            subject=motif, by=curator, reason="Tetuha.", protocol_note="Pamali."
        )

        (change,) = self.read(motif).changes

        access, note = change.values
        assert access.becomes.startswith("Restricted")
        assert (note.was, note.becomes) == ("", "Pamali.")

    def test_what_was_recorded_by_name_alone_is_still_told(self, curator):
        entry = HistoryEntry.objects.create(
            verb="edited", motif=MotifFactory(), data={"changed": ["Family", "Status"]}
        )

        assert self.read(entry.motif).what == "Family, Status"

    @pytest.mark.parametrize("language", ["id", "en"])
    def test_its_pages_open_and_run_nothing(self, client, curator, language):
        evil = "<script>alert(1)</script>"
        claim = CitationFactory(claim__text=evil).claim
        source, pair = Source.objects.get(), LookAlikeFactory(first=claim.motif)
        with recording(by=curator, why=evil):
            claim.text += evil * 5
            claim.save()
            source.title = evil
            source.save()
            pair.tell_id = evil
            pair.save()

        for row in (claim.motif, claim, source, pair):
            address = page_of(row, "history").replace("/id/", f"/{language}/", 1)
            page = client.get(address)
            assert page.status_code == 200
            assert len(page.context["history"]) >= 1
            assert "<script>alert" not in page.content.decode()

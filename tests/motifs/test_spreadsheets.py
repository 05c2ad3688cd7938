"""Spreadsheets: what goes out comes in again, nothing runs, one mistake stops all."""

from io import BytesIO

import pytest
import tablib
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from motifs.models import Claim, HistoryEntry, LookAlike, Motif, MotifName, Source
from motifs.resources import (
    ClaimResource,
    ContributionResource,
    LookAlikeResource,
    MotifNameResource,
    MotifResource,
    SourceResource,
)
from tests.factories import (
    CitationFactory,
    ClaimFactory,
    ContributionFactory,
    CuratorFactory,
    LookAlikeFactory,
    MotifFactory,
    MotifNameFactory,
    PhotoFactory,
    SourceFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def sheet(*rows):
    headers = list(rows[0])
    return tablib.Dataset(*[[row[h] for h in headers] for row in rows], headers=headers)


def load(resource, *rows, dry_run=False, by=None):
    by = by or CuratorFactory()
    return resource().import_data(sheet(*rows), dry_run=dry_run, user=by)


class TestFormulas:
    @pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r"])
    def test_no_cell_begins_like_a_formula_and_it_comes_back_as_it_was(self, begin):
        text = f"{begin}cmd|' /C calc'!A1"
        claim = ClaimFactory(text=text)

        out = ClaimResource().export()
        assert out["text"] == [f"'{text}"]
        rows = [dict(zip(out.headers, row, strict=True)) for row in out]
        rows[0]["is_main"] = 1
        assert not load(ClaimResource, *rows).has_errors()

        claim.refresh_from_db()
        assert (claim.text, claim.is_main) == (text, True)

    @pytest.mark.parametrize("form", ["csv", "xlsx"])
    def test_in_neither_file_format(self, form):
        ContributionFactory(story="=1+1", place="@SUM(A1)")

        content = ContributionResource().export().export(form)
        back = tablib.Dataset().load(
            content if form == "csv" else BytesIO(content), format=form
        )

        assert back["story"] == ["'=1+1"]
        assert back["place"] == ["'@SUM(A1)"]


class TestNames:
    def row(self, motif, name, kind="alternative", language="bjn"):
        return {
            "motif": motif.slug,
            "language": language,
            "name": name,
            "kind": kind,
            "position": 5,
        }

    def test_new_names_are_added_once_and_in_the_history(self):
        motif, curator = MotifFactory(), CuratorFactory()
        row = self.row(motif, "Iris Pudak")

        first = load(MotifNameResource, row, by=curator)
        second = load(MotifNameResource, row, by=curator)

        assert (first.totals["new"], second.totals["skip"]) == (1, 1)
        assert motif.names.get(name="Iris Pudak").folded
        entry = HistoryEntry.objects.get(motif=motif)
        assert (entry.verb, entry.by, entry.data["imported"]) == (
            "edited",
            curator,
            True,
        )

    def test_a_dry_run_writes_nothing(self):
        motif = MotifFactory()

        result = load(MotifNameResource, self.row(motif, "Iris"), dry_run=True)

        assert result.totals["new"] == 1
        assert motif.names.count() == 1
        assert not HistoryEntry.objects.exists()

    def test_a_dry_run_shows_each_row_that_is_wrong(self):
        motif = MotifFactory()

        result = load(
            MotifNameResource,
            self.row(motif, "Iris", kind="nonsense"),
            self.row(motif, "Lain", kind="preferred"),
            dry_run=True,
        )

        assert len(result.invalid_rows) == 2
        assert not result.base_errors

    def test_one_mistake_stops_the_rest(self):
        motif = MotifFactory()
        merged = MotifFactory(state="merged", merged_into=motif)
        good = self.row(motif, "Iris")

        for bad in (
            self.row(motif, "Lain", kind="preferred"),
            self.row(motif, "Lain", kind="nonsense"),
            self.row(merged, "Lain"),
            {**self.row(motif, "Lain"), "motif": "tidak-ada"},
            self.row(motif, motif.preferred_name, kind="alternative"),
        ):
            result = load(MotifNameResource, good, bad)
            assert result.has_errors() or result.has_validation_errors(), bad
            assert motif.names.count() == 1
            assert motif.names.get().kind == "preferred"

    def test_a_preferred_name_in_another_language_is_not_one_in_banjar(self):
        motif = MotifFactory()
        preferred = motif.names.get()

        result = load(
            MotifNameResource,
            self.row(motif, "Wave", kind="preferred", language="en"),
            self.row(motif, preferred.name, kind="alternative"),
        )

        assert result.has_errors() or result.has_validation_errors()
        preferred.refresh_from_db()
        assert preferred.kind == "preferred"


class TestClaims:
    def row(self, **fields):
        return {
            "key": "hiris-pudak/meaning",
            "motif": "hiris-pudak",
            "kind": "meaning",
            "language": "id",
            "text": "Berani.",
            "confidence": "high",
            "is_main": 1,
            "position": 0,
            "sources": "SEMAN | hlm. 3\nKHOLIS",
            **fields,
        }

    @pytest.fixture(autouse=True)
    def _sources(self):
        MotifFactory(slug="hiris-pudak")
        SourceFactory(key="SEMAN")
        SourceFactory(key="KHOLIS")

    def cited(self):
        return [str(citation) for citation in Claim.objects.get().citations.all()]

    def test_claims_come_with_their_sources(self):
        assert load(ClaimResource, self.row()).totals["new"] == 1

        assert self.cited() == ["SEMAN hlm. 3", "KHOLIS"]

    def test_sources_alone_may_change_and_an_empty_cell_takes_them_away(self):
        load(ClaimResource, self.row())

        load(ClaimResource, self.row(sources="KHOLIS"))
        assert self.cited() == ["KHOLIS"]
        load(ClaimResource, self.row(sources=""))

        assert self.cited() == []

    def test_a_sheet_without_that_column_leaves_them(self):
        load(ClaimResource, self.row())
        row = self.row(text="Sangat berani.")
        del row["sources"]

        load(ClaimResource, row)

        assert Claim.objects.get().text == "Sangat berani."
        assert len(self.cited()) == 2

    def test_a_source_that_is_not_there_stops_it(self):
        result = load(ClaimResource, self.row(sources="TIDAK-ADA"))

        assert result.has_validation_errors() or result.has_errors()
        assert not Claim.objects.exists()

    def test_a_claim_without_a_key_gets_one(self):
        load(ClaimResource, self.row(key=""))

        assert Claim.objects.get().key.startswith("claim/")

    def test_what_goes_out_comes_in_unchanged(self):
        for _ in range(3):
            CitationFactory(locator="hlm. 2; 3")
        out = ClaimResource().export()
        rows = [dict(zip(out.headers, row, strict=True)) for row in out]

        result = load(ClaimResource, *rows)

        assert result.totals["skip"] == 3
        assert not HistoryEntry.objects.exists()


class TestSources:
    def row(self, **fields):
        return {
            "key": "SEMAN",
            "title": "Sasirangan",
            "author": "Seman",
            "url": "https://a.example/x",
            "year": 2007,
            "kind": "motif",
            **fields,
        }

    def test_claims_cite_what_was_imported_before_them(self):
        curator = CuratorFactory()
        MotifFactory(slug="hiris-pudak")

        load(SourceResource, self.row(), self.row(key="KHOLIS"), by=curator)
        load(ClaimResource, TestClaims().row(), by=curator)

        source = Source.objects.get(key="SEMAN")
        assert source.citations.get().claim.text == "Berani."
        entry = HistoryEntry.objects.of_source(source).get()
        assert (entry.verb, entry.by) == ("created", curator)

    def test_a_changed_one_is_in_the_history_with_both_values(self):
        source = SourceFactory(key="SEMAN", title="Lama", year=2007)

        load(SourceResource, self.row(title="Baru"))

        fields = HistoryEntry.objects.of_source(source).get().data["rows"][0]["fields"]
        assert fields["title"] == ["Lama", "Baru"]
        assert "year" not in fields

    def test_a_dry_run_writes_nothing(self):
        result = load(SourceResource, self.row(), dry_run=True)

        assert result.totals["new"] == 1
        assert not Source.objects.exists()
        assert not HistoryEntry.objects.exists()

    @pytest.mark.parametrize(
        "wrong",
        [
            {"url": "javascript:alert(1)"},
            {"year": 1200},
            {"title": ""},
            {"kind": "nonsense"},
        ],
    )
    def test_one_mistake_stops_the_rest(self, wrong):
        result = load(SourceResource, self.row(key="A"), self.row(**wrong))

        assert result.has_errors() or result.has_validation_errors()
        assert not Source.objects.exists()

    @pytest.mark.parametrize("form", ["csv", "xlsx"])
    def test_what_goes_out_comes_in_unchanged(self, form):
        SourceFactory(author="", url=None, year=None)
        SourceFactory(title="=1+1", url="https://a.example/x", year=2007)
        content = SourceResource().export().export(form)
        back = tablib.Dataset().load(
            content if form == "csv" else BytesIO(content), format=form
        )

        result = SourceResource().import_data(back, user=CuratorFactory())

        assert result.totals["skip"] == 2
        assert not HistoryEntry.objects.exists()


class TestMotifs:
    def row(self, slug="hiris-pudak", **fields):
        return {
            "slug": slug,
            "family": "ceplok",
            "family_confidence": "high",
            "status": "thin",
            **fields,
        }

    def test_what_may_be_corrected_is_and_is_in_the_history(self):
        motif, curator = MotifFactory(slug="hiris-pudak"), CuratorFactory()

        load(MotifResource, self.row(state="draft", access="restricted"), by=curator)

        motif.refresh_from_db()
        assert (motif.family, motif.status) == ("ceplok", "thin")
        assert (motif.state, motif.access) == ("published", "public")
        entry = HistoryEntry.objects.of_motif(motif).get()
        assert (entry.by, entry.data["imported"]) == (curator, True)
        assert entry.data["rows"][0]["fields"]["family"] == ["lajur", "ceplok"]

    def test_none_is_made_and_a_merged_one_takes_nothing(self):
        motif = MotifFactory(slug="hiris-pudak")
        MotifFactory(slug="lama", state="merged", merged_into=motif)

        for slug in ("tidak-ada", "lama"):
            trial = load(MotifResource, self.row(), self.row(slug), dry_run=True)
            result = load(MotifResource, self.row(), self.row(slug))
            assert len(trial.invalid_rows) == 1
            assert result.has_errors() or result.has_validation_errors()

        motif.refresh_from_db()
        assert motif.family == "lajur"
        assert not Motif.objects.filter(slug="tidak-ada").exists()

    def test_a_dry_run_writes_nothing(self):
        motif = MotifFactory(slug="hiris-pudak")

        result = load(MotifResource, self.row(), dry_run=True)

        motif.refresh_from_db()
        assert result.totals["update"] == 1
        assert motif.family == "lajur"
        assert not HistoryEntry.objects.exists()

    def test_what_goes_out_comes_in_unchanged(self):
        MotifFactory(name="Hiris Pudak")
        MotifFactory(draft=True, name=False)
        out = MotifResource().export()
        rows = [dict(zip(out.headers, row, strict=True)) for row in out]

        result = load(MotifResource, *rows)

        assert "Hiris Pudak" in {row["name"] for row in rows}
        assert result.totals["skip"] == 2


class TestLookAlikes:
    def test_a_pair_the_other_way_round_is_the_same_pair(self):
        pair = LookAlikeFactory(first=MotifFactory(slug="a"))
        second = pair.second.slug

        load(
            LookAlikeResource,
            {
                "first": second,
                "second": "a",
                "tell_id": "Baru.",
                "tell_en": "New.",
                "is_sourced": 1,
            },
        )

        assert LookAlike.objects.get().tell_id == "Baru."
        assert HistoryEntry.objects.count() == 2

    def test_an_empty_cell_of_a_workbook_is_an_empty_text(self):
        LookAlikeFactory(tell_en="")
        content = LookAlikeResource().export().export("xlsx")
        back = tablib.Dataset().load(BytesIO(content), format="xlsx")

        result = LookAlikeResource().import_data(back, user=CuratorFactory())

        assert result.totals["skip"] == 1


class TestPages:
    @pytest.fixture
    def curator(self, client):
        curator = CuratorFactory()
        client.force_login(curator)
        return curator

    @pytest.mark.parametrize(
        "model",
        [
            "motif",
            "motifname",
            "claim",
            "source",
            "lookalike",
            "contribution",
            "photo",
        ],
    )
    @pytest.mark.parametrize("form", ["0", "1"])
    def test_a_curator_exports(self, client, curator, model, form):
        CitationFactory()
        LookAlikeFactory()
        PhotoFactory()
        page = reverse(f"admin:motifs_{model}_export")

        shown = client.get(page)
        file = client.post(page, {"format": form, "resource": "0"})

        assert "style=" not in shown.content.decode()
        assert file.status_code == 200
        assert "attachment" in file["Content-Disposition"]

    def test_nothing_that_was_taken_back_goes_out(self, client, curator):
        ContributionFactory(withdrawn=True, story="Diambil kembali.")
        photo = PhotoFactory(contribution=ContributionFactory(withdrawn=True))

        given = client.post(
            f"{reverse('admin:motifs_contribution_export')}?state=all",
            {"format": "0", "resource": "0"},
        )
        photos = client.post(
            reverse("admin:motifs_photo_export"), {"format": "0", "resource": "0"}
        )

        assert "Diambil kembali." not in given.content.decode()
        assert photo.sha256 not in photos.content.decode()

    def test_motifs_go_out_as_a_curator_may_see_them(self, client, curator):
        kept = MotifFactory(slug="terbatas", access="restricted")
        MotifFactory(slug="lama", state="merged", merged_into=kept)

        sent = {"format": "0", "resource": "0"}
        content = client.post(reverse("admin:motifs_motif_export"), sent).text

        assert "terbatas,Terbatas,published,restricted," in content
        assert "lama" not in content

    def test_an_import_is_shown_before_it_is_done(self, client, curator):
        motif = MotifFactory(slug="hiris-pudak")
        content = (
            b"motif,language,name,kind,position\n"
            b"hiris-pudak,bjn,Iris Puduk,misspelling,3\n"
        )

        shown = client.post(
            reverse("admin:motifs_motifname_import"),
            {
                "import_file": SimpleUploadedFile("nama.csv", content),
                "format": "0",
                "resource": "0",
            },
        )
        before = motif.names.count()
        form = shown.context["confirm_form"]
        client.post(
            reverse("admin:motifs_motifname_process_import"),
            {bound.html_name: bound.value() or "" for bound in form},
        )

        assert before == 1
        assert MotifName.objects.filter(name="Iris Puduk").exists()
        assert HistoryEntry.objects.get(motif=motif).by == curator

    def test_only_curators(self, client):
        MotifNameFactory()
        person = UserFactory(is_staff=True)
        client.force_login(person)

        for page in (
            "motifname_import",
            "motifname_export",
            "motif_import",
            "motif_export",
            "source_import",
            "source_export",
            "contribution_export",
        ):
            assert client.get(reverse(f"admin:motifs_{page}")).status_code == 403

"""Spreadsheets: what goes out comes in again, nothing runs, one mistake stops all."""

from io import BytesIO

import pytest
import tablib
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from motifs.models import Claim, HistoryEntry, LookAlike, MotifName
from motifs.resources import (
    ClaimResource,
    ContributionResource,
    LookAlikeResource,
    MotifNameResource,
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


class TestPages:
    @pytest.fixture
    def curator(self, client):
        curator = CuratorFactory()
        client.force_login(curator)
        return curator

    @pytest.mark.parametrize(
        "model", ["motifname", "claim", "lookalike", "contribution", "photo"]
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

        for page in ("motifname_import", "motifname_export", "contribution_export"):
            assert client.get(reverse(f"admin:motifs_{page}")).status_code == 403

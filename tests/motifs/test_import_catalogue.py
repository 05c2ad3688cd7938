"""The import brings the catalogue up to the files and never undoes a curator's work."""

import copy
import json
import time
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from motifs.models import (
    Citation,
    Claim,
    HistoryEntry,
    ImportRecord,
    LookAlike,
    Motif,
    MotifName,
    Source,
)
from tests.factories import (
    CitationFactory,
    MotifFactory,
    MotifNameFactory,
    SourceFactory,
)
from tests.motifs.test_catalogue_files import FILES

pytestmark = pytest.mark.django_db

KEY = "ular-lidi/depicts/1"


class Site:
    """Data files in a folder, and the import that reads them."""

    def __init__(self, folder):
        self.folder = folder
        self.files = copy.deepcopy(FILES)

    @property
    def snake(self):
        return self.files["motifs.json"][0]

    def run(self):
        """Import and return the line that was printed."""
        for name, content in self.files.items():
            (self.folder / name).write_text(json.dumps(content), encoding="utf-8")
        out = StringIO()
        call_command("import_catalogue", data=self.folder, stdout=out)
        return out.getvalue().strip()


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def everything():
    """Every row of the catalogue, to compare before and after."""
    tables = (Source, Motif, MotifName, Claim, Citation, LookAlike, ImportRecord)
    return {table: list(table.objects.order_by("pk").values()) for table in tables}


class TestFirstRun:
    def test_everything_is_there_and_published(self, site):
        line = site.run()

        motif = Motif.objects.published().get(slug="ular-lidi")
        assert motif.preferred_name == "Ular Lidi"
        assert motif.claims.count() == 2
        assert Citation.objects.filter(claim__motif=motif).count() == 2
        assert LookAlike.objects.get().tell_en == "Different."
        assert Source.objects.get().year == 2007
        assert line == (
            "2 motifs, 2 names, 2 claims, 1 sources, 1 look-alike pairs; 10 created"
        )

    def test_the_projects_own_catalogue_comes_quickly_and_whole(
        self, django_assert_max_num_queries
    ):
        out = StringIO()
        start = time.process_time()

        with django_assert_max_num_queries(40):
            call_command("import_catalogue", stdout=out)

        assert time.process_time() - start < 3
        assert out.getvalue().startswith("30 motifs, ")
        assert Motif.objects.published().count() == 30

    def test_a_second_run_changes_nothing_and_says_so(self, site):
        site.run()
        before = everything()

        line = site.run()

        assert line.endswith("; nothing changed")
        assert everything() == before

    def test_files_that_are_wrong_change_nothing(self, site):
        site.run()
        before = everything()
        site.files["motifs.json"][1]["slug"] = "Salah"
        site.snake["family"] = "ceplok"

        with pytest.raises(CommandError, match=r"^motifs.json: Salah: "):
            site.run()

        assert everything() == before

    def test_one_bad_row_in_the_database_undoes_the_whole_run(self, site, monkeypatch):
        def fail(*args, **kwargs):
            raise RuntimeError("half-way")

        monkeypatch.setattr("motifs.importing._Import._fold_again", fail)

        with pytest.raises(RuntimeError, match="half-way"):
            site.run()

        assert not Motif.objects.exists()


class TestFilesChange:
    def test_rows_still_as_imported_follow(self, site):
        site.run()
        site.snake["family"] = "ceplok"
        site.snake["claims"][0]["texts"]["id"] = "Ular besar."
        site.files["sources.json"][0]["title"] = "Buku baru"
        site.files["look_alikes.json"][0]["sourced"] = True

        line = site.run()

        assert Motif.objects.get(slug="ular-lidi").family == "ceplok"
        assert Claim.objects.get(key=KEY, language="id").text == "Ular besar."
        assert Source.objects.get().title == "Buku baru"
        assert LookAlike.objects.get().is_sourced
        assert line.endswith("; 4 updated")
        assert site.run().endswith("; nothing changed")

    def test_new_rows_are_added(self, site):
        site.run()
        site.snake["names"].append(
            {"name": "Ulat Lidi", "language": "bjn", "kind": "misspelling"}
        )

        assert site.run().endswith("; 1 created")
        assert MotifName.objects.filter(name="Ulat Lidi").exists()

    def test_names_claims_and_pairs_that_are_gone_go(self, site):
        site.run()
        site.snake["claims"] = []
        site.files["look_alikes.json"] = []

        line = site.run()

        assert not Claim.objects.exists()
        assert not Citation.objects.exists()
        assert not LookAlike.objects.exists()
        assert line.endswith("; 5 removed")

    def test_motifs_and_sources_stay(self, site):
        site.run()
        site.snake["claims"] = []
        site.files["look_alikes.json"] = []
        del site.files["motifs.json"][1]
        site.files["sources.json"] = []

        site.run()

        assert Motif.objects.filter(slug="gelombang").exists()
        assert Source.objects.exists()

    def test_what_was_removed_can_come_back(self, site):
        site.run()
        claims = site.snake["claims"]
        site.snake["claims"] = []
        site.run()
        site.snake["claims"] = claims

        site.run()

        assert Claim.objects.count() == 2

    def test_two_names_may_trade_places(self, site):
        site.snake["names"].append(
            {"name": "Ular", "language": "bjn", "kind": "alternative"}
        )
        site.run()
        first, second = site.snake["names"]

        for preferred in ("Ular", "Ular Lidi", "Ular"):
            first["kind"], second["kind"] = second["kind"], first["kind"]
            site.run()
            assert Motif.objects.get(slug="ular-lidi").preferred_name == preferred

    def test_names_are_folded_again_when_the_rules_of_folding_change(self, site):
        site.run()
        MotifName.objects.filter(name="Ular Lidi").update(folded="an older rule")

        assert site.run().endswith("; 1 updated")
        assert MotifName.objects.get(name="Ular Lidi").folded == "ular lidi"


class TestHistory:
    def told(self):
        return [
            {(row["of"], row["did"]): row["fields"] for row in entry.data["rows"]}
            for entry in HistoryEntry.objects.filter(by=None, data__imported="files")
        ]

    def test_it_begins_after_the_first_run(self, site):
        site.run()
        site.run()

        assert not HistoryEntry.objects.exists()

    def test_what_the_files_changed_is_told_with_both_values(self, site):
        site.run()
        before = Claim.objects.get(key=KEY, language="id").text

        site.snake["claims"][0]["texts"]["id"] = "Lain."
        site.run()

        (rows,) = self.told()
        assert rows["claim", "changed"] == {"text": [before, "Lain."]}

    def test_so_is_what_came_and_went(self, site):
        site.run()
        kept = Claim.objects.filter(key=KEY).count()

        claims, site.snake["claims"] = site.snake["claims"], []
        site.run()
        site.snake["claims"] = claims
        site.run()

        gone, back = self.told()
        assert kept
        assert gone["claim", "deleted"]["text"][1] is None
        assert back["claim", "added"]["text"][0] is None
        assert back["claim", "added"]["citations"][1]


class TestCurators:
    def test_an_edited_row_stays_edited(self, site):
        site.run()
        claim = Claim.objects.get(key=KEY, language="id")
        claim.text = "Ular lidi, kata kurator."
        claim.save()
        site.snake["claims"][0]["texts"] = {"id": "Baru.", "en": "New."}

        line = site.run()

        claim.refresh_from_db()
        assert claim.text == "Ular lidi, kata kurator."
        # The other language is still as imported and follows.
        assert Claim.objects.get(key=KEY, language="en").text == "New."
        assert "1 edited by curators and kept" in line

    def test_an_edited_motif_source_name_and_pair_stay(self, site):
        site.run()
        Motif.objects.filter(slug="ular-lidi").update(status="thin")
        Source.objects.update(author="Syamsiar Seman")
        MotifName.objects.filter(name="Ular Lidi").update(position=9)
        LookAlike.objects.update(tell_id="Kata kurator.")
        before = everything()
        site.snake["status"] = "name_only"
        site.files["sources.json"][0]["author"] = "Orang lain"
        site.files["look_alikes.json"][0]["tell"]["id"] = "Kata berkas."

        line = site.run()

        assert everything() == before
        assert "nothing changed, 4 edited by curators and kept" in line

    def test_a_deleted_row_stays_deleted(self, site):
        site.run()
        Claim.objects.get(key=KEY, language="id").delete()
        LookAlike.objects.all().delete()
        site.snake["claims"][0]["texts"]["id"] = "Baru."

        line = site.run()

        assert not Claim.objects.filter(key=KEY, language="id").exists()
        assert not LookAlike.objects.exists()
        assert "deleted by curators and left out" in line

    def test_a_deleted_citation_stays_deleted(self, site):
        site.run()
        Citation.objects.get(claim__key=KEY, claim__language="id").delete()

        site.run()

        assert Citation.objects.get().claim.language == "en"

    def test_a_deleted_motif_stays_deleted_with_all_that_was_its(self, site):
        site.run()
        Motif.objects.get(slug="ular-lidi").delete()
        site.snake["names"].append(
            {"name": "Baru", "language": "bjn", "kind": "alternative"}
        )

        site.run()

        assert list(Motif.objects.values_list("slug", flat=True)) == ["gelombang"]
        assert not MotifName.objects.filter(name="Baru").exists()

    def test_a_renamed_name_is_not_brought_back(self, site):
        site.run()
        MotifName.objects.filter(name="Ular Lidi").update(name="Ular Lidih")

        site.run()

        names = Motif.objects.get(slug="ular-lidi").names
        assert [name.name for name in names.all()] == ["Ular Lidih"]

    def test_a_motif_that_was_taken_offline_stays_offline(self, site):
        site.run()
        Motif.objects.filter(slug="ular-lidi").update(state="draft", published_at=None)
        site.snake["family"] = "ceplok"

        site.run()

        motif = Motif.objects.get(slug="ular-lidi")
        assert (motif.state, motif.family) == ("draft", "ceplok")

    def test_a_row_entered_first_by_a_curator_is_theirs(self, site):
        SourceFactory(key="SEMAN", title="Kain Khas Kalimantan Selatan")
        MotifFactory(slug="ular-lidi", name="Ular Lidi", family="ceplok")
        site.run()
        site.files["sources.json"][0]["title"] = "Buku lain"

        site.run()

        assert Source.objects.get().title == "Kain Khas Kalimantan Selatan"
        assert Motif.objects.get(slug="ular-lidi").family == "ceplok"

    def test_a_curators_own_row_stays_when_the_files_drop_the_same(self, site):
        motif = MotifFactory(slug="ular-lidi", name=False)
        MotifNameFactory(motif=motif, name="Ular", position=2)
        site.snake["names"].append(
            {"name": "Ular", "language": "bjn", "kind": "alternative"}
        )
        site.run()
        del site.snake["names"][1]

        site.run()

        assert MotifName.objects.filter(name="Ular").exists()

    def test_a_preferred_name_of_a_curators_choice_stays_preferred(self, site):
        site.run()
        motif = Motif.objects.get(slug="ular-lidi")
        motif.names.update(kind="alternative")
        MotifNameFactory(motif=motif, name="Ular Kacil", kind="preferred")
        site.snake["names"][0]["kind"] = "alternative"
        site.snake["names"].append(
            {"name": "Ular Lidi Besar", "language": "bjn", "kind": "preferred"}
        )

        site.run()

        assert motif.names.preferred().get().name == "Ular Kacil"
        assert motif.names.get(name="Ular Lidi Besar").kind == "alternative"
        assert "nothing changed" in site.run()

    def test_a_rewritten_claim_is_not_given_other_peoples_sources(self, site):
        site.run()
        Claim.objects.filter(key=KEY, language="id").update(text="Kata kurator.")
        site.files["sources.json"].append(
            {"key": "BARU", "title": "Baru", "kind": "motif"}
        )
        site.snake["claims"][0]["sources"] = ["BARU"]

        site.run()

        def cited(language):
            found = Citation.objects.filter(claim__key=KEY, claim__language=language)
            return [citation.source.key for citation in found]

        assert cited("id") == ["SEMAN"]
        assert cited("en") == ["BARU"]

    def test_a_claim_with_a_curators_own_citation_stays(self, site):
        site.run()
        claim = Claim.objects.get(key=KEY, language="id")
        CitationFactory(claim=claim)
        site.snake["claims"] = []

        site.run()

        assert Claim.objects.get() == claim

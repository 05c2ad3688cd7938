"""Pages of the catalogue: what they show, to whom, in which language, at what cost."""

import re
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from motifs.models import Motif
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

LIST = {"id": "/id/motifs/", "en": "/en/motifs/"}


def page_of(motif, language="id"):
    return f"/{language}/motifs/{motif.slug}/"


def shown(response):
    return [motif.preferred_name for motif in response.context["page_obj"]]


class TestList:
    def test_it_shows_published_motifs_with_their_labels(self, client):
        motif = MotifFactory(slug="ular-lidi", name="Ular Lidi")
        MotifNameFactory(
            motif=motif, name="Stick snake", language="en", kind="preferred"
        )
        ClaimFactory(motif=motif, language="en", text="A thin snake.")
        MotifFactory(draft=True)

        response = client.get(LIST["en"])

        (found,) = response.context["page_obj"]
        assert response.status_code == 200
        assert found.preferred_name == "Ular Lidi"
        assert found.gloss == "Stick snake"
        assert found.summary == "A thin snake."
        assert (found.family, found.status) == ("lajur", "documented")
        assert found.matched_name == ""
        assert response.context["total"] == 1
        assert "Ular Lidi" in response.content.decode()

    def test_curators_see_the_same_list_as_everybody(self, client):
        MotifFactory(draft=True)
        client.force_login(CuratorFactory())

        assert client.get(LIST["id"]).context["total"] == 0

    def test_a_search_ranks_and_tells_the_spelling_it_met(self, client):
        motif = MotifFactory(name="Hiris Pudak")
        MotifNameFactory(motif=motif, name="Iris Puduk", kind="alternative")
        MotifFactory(name="Ular Lidi")

        response = client.get(LIST["id"], {"q": "iris puduk"})

        (found,) = response.context["page_obj"]
        assert found.preferred_name == "Hiris Pudak"
        assert found.matched_name == "Iris Puduk"
        assert response.context["q"] == "iris puduk"

    def test_a_spelling_that_is_shown_anyway_is_not_told_again(self, client):
        motif = MotifFactory(name="Hiris Pudak")
        MotifNameFactory(motif=motif, name="Irisan", language="id", kind="preferred")

        for q in ("hiris pudak", "irisan"):
            (found,) = client.get(LIST["id"], {"q": q}).context["page_obj"]
            assert found.matched_name == ""

    def test_a_misspelt_search_asks_what_was_meant(self, client):
        MotifFactory(name="Gigi Haruan")

        response = client.get(LIST["id"], {"q": "gigi haruam"})

        assert response.context["suggestion"] == "Gigi Haruan"
        assert shown(response) == ["Gigi Haruan"]

    def test_filters_narrow_the_list_and_the_search(self, client):
        MotifFactory(name="Ular Lidi", family="lajur", status="documented")
        MotifFactory(name="Ular Sawa", family="ceplok", status="thin")

        def found(**query):
            return shown(client.get(LIST["id"], query))

        assert found(family="lajur") == ["Ular Lidi"]
        assert found(status="thin") == ["Ular Sawa"]
        assert found(q="ular", status="thin") == ["Ular Sawa"]
        assert found(family="lajur", status="thin") == []

    def test_the_choices_of_the_filters_are_there(self, client):
        context = client.get(LIST["en"]).context

        assert [value for value, _label in context["families"]] == [
            "lajur",
            "ceplok",
            "unknown",
        ]
        assert [value for value, _label in context["statuses"]] == [
            "documented",
            "thin",
            "name_only",
        ]

    @pytest.mark.parametrize(
        "query",
        [
            {"family": "batik"},
            {"status": "'; --"},
            {"family": "\0"},
            {"family": ""},
            {"page": ""},
            {"colour": "red"},
        ],
    )
    def test_a_filter_that_is_not_known_filters_nothing(self, client, query):
        MotifFactory()

        response = client.get(LIST["id"], query)

        assert response.status_code == 200
        assert response.context["total"] == 1
        assert (response.context["family"], response.context["status"]) == ("", "")

    @pytest.mark.parametrize(
        "q", ["\0", "a\0b", "🐟", "x" * 5000, "'\"<script>", "%", "\\", "‮", "&|!:*"]
    )
    def test_a_strange_search_is_a_normal_page(self, client, q):
        MotifFactory()

        response = client.get(LIST["id"], {"q": q})

        assert response.status_code == 200
        assert len(response.context["q"]) <= 200
        assert "<script>" not in response.content.decode().partition("<main")[2]

    def test_twelve_a_page(self, client):
        for number in range(13):
            MotifFactory(name=f"Motif {number:02}")

        first, second = client.get(LIST["id"]), client.get(LIST["id"], {"page": 2})

        assert len(shown(first)) == 12
        assert shown(second) == ["Motif 12"]
        assert first.context["page_obj"].has_next()

    @pytest.mark.parametrize("page", ["0", "2", "-1", "x", "1e3", "9" * 30])
    def test_a_page_that_is_not_there_is_not_found(self, client, page):
        MotifFactory()

        assert client.get(LIST["id"], {"page": page}).status_code == 404

    def test_an_empty_result_is_a_page(self, client):
        response = client.get(LIST["id"], {"q": "tidak ada"})

        assert response.status_code == 200
        assert response.context["total"] == 0

    def test_htmx_gets_the_results_only(self, client):
        MotifFactory(name="Ular Lidi")

        whole = client.get(LIST["id"])
        part = client.get(LIST["id"], headers={"hx-request": "true"})

        assert "<html" in whole.content.decode()
        assert "<html" not in part.content.decode()
        assert "Ular Lidi" in part.content.decode()
        assert "HX-Request" in whole["Vary"]
        assert "HX-Request" in part["Vary"]

    def test_only_reading(self, client):
        assert client.post(LIST["id"]).status_code == 405
        assert client.head(LIST["id"]).status_code == 200

    @pytest.mark.parametrize("query", [{}, {"q": "motif"}, {"q": "ombak"}])
    def test_its_queries_do_not_grow_with_rows(
        self, client, django_assert_num_queries, query
    ):
        def grow(count):
            for number in range(count):
                motif = MotifFactory(name=f"Ombak {number}")
                MotifNameFactory(motif=motif, language="id", kind="preferred")
                ClaimFactory.create_batch(2, motif=motif, text="Ombak motif.")

        grow(4)
        client.get(LIST["id"], query)
        with CaptureQueriesContext(connection) as before:
            client.get(LIST["id"], query)
        grow(20)

        with django_assert_num_queries(len(before)):
            client.get(LIST["id"], query)
        assert len(before) <= 5


class TestDetail:
    def test_it_shows_names_by_kind(self, client):
        motif = MotifFactory(name="Hiris Pudak")
        MotifNameFactory(motif=motif, name="Iris Pundak", kind="misspelling")
        MotifNameFactory(motif=motif, name="Iris Pudak", kind="alternative")

        names = client.get(page_of(motif)).context["names"]

        assert [
            (group["kind"], [name.name for name in group["names"]]) for group in names
        ] == [
            ("preferred", ["Hiris Pudak"]),
            ("alternative", ["Iris Pudak"]),
            ("misspelling", ["Iris Pundak"]),
        ]

    def test_it_shows_claims_by_kind_with_how_sure_they_are(self, client):
        motif = MotifFactory()
        ClaimFactory(motif=motif, kind="meaning", language="en", text="Courage.")
        ClaimFactory(
            motif=motif, kind="meaning", language="en", text="Wit.", is_main=True
        )
        ClaimFactory(
            motif=motif, kind="depicts", language="en", confidence="low", text="Teeth."
        )

        depicts, meaning = client.get(page_of(motif, "en")).context["claims"]

        assert (depicts["kind"], meaning["kind"]) == ("depicts", "meaning")
        assert depicts["label"] == "What it depicts"
        assert depicts["statements"][0]["confidence"] == "low"
        assert depicts["statements"][0]["confidence_label"] == "Weakly sourced"
        assert [s["text"] for s in meaning["statements"]] == ["Wit.", "Courage."]
        assert [s["is_main"] for s in meaning["statements"]] == [True, False]

    @pytest.mark.parametrize(
        ("language", "texts"),
        [("id", ["Ular.", "Only English."]), ("en", ["A snake.", "Only English."])],
    )
    def test_each_claim_is_shown_once_in_the_readers_language_if_it_can(
        self, client, language, texts
    ):
        motif = MotifFactory()
        ClaimFactory(motif=motif, key="a", language="en", text="A snake.")
        ClaimFactory(motif=motif, key="a", language="id", text="Ular.")
        ClaimFactory(motif=motif, key="b", language="en", text="Only English.")

        response = client.get(page_of(motif, language))

        (group,) = response.context["claims"]
        assert [statement["text"] for statement in group["statements"]] == texts
        assert group["statements"][1]["language"] == "en"
        assert re.search(r'lang="en"[^>]*>Only English\.', response.content.decode())

    def test_a_translation_that_was_made_the_main_one_hides_no_other(self, client):
        motif = MotifFactory()
        ClaimFactory(motif=motif, key="a", language="en", text="Snake.", is_main=True)
        ClaimFactory(motif=motif, key="a", language="id", text="Ular.")

        (group,) = client.get(page_of(motif, "id")).context["claims"]

        assert [statement["text"] for statement in group["statements"]] == ["Ular."]

    def test_sources_are_numbered_in_the_order_they_are_met(self, client):
        motif = MotifFactory()
        seman, kholis = SourceFactory(key="Z-SEMAN"), SourceFactory(key="A-KHOLIS")
        first = ClaimFactory(motif=motif, kind="depicts")
        second = ClaimFactory(motif=motif, kind="meaning")
        CitationFactory(claim=first, source=seman, position=1)
        CitationFactory(claim=second, source=kholis, position=1)
        CitationFactory(claim=second, source=seman, position=2)

        context = client.get(page_of(motif)).context

        assert [(s.number, s.key) for s in context["sources"]] == [
            (1, "Z-SEMAN"),
            (2, "A-KHOLIS"),
        ]
        statement = context["claims"][1]["statements"][0]
        assert [c.source.number for c in statement["citations"]] == [2, 1]

    def test_sources_of_texts_in_another_language_are_not_listed(self, client):
        motif = MotifFactory()
        ClaimFactory(motif=motif, key="a", language="id")
        CitationFactory(claim=ClaimFactory(motif=motif, key="a", language="en"))

        assert client.get(page_of(motif)).context["sources"] == []

    def test_look_alikes_stand_with_what_tells_them_apart(self, client):
        pair = LookAlikeFactory(tell_id="Lebih rapat.", tell_en="Denser.")
        LookAlikeFactory(first=pair.first, second=MotifFactory(draft=True))

        for motif, other in [(pair.first, pair.second), (pair.second, pair.first)]:
            (row,) = client.get(page_of(motif, "en")).context["look_alikes"]
            assert row["motif"] == other
            assert row["motif"].preferred_name == other.preferred_name
            assert (row["tell"], row["is_sourced"]) == ("Denser.", False)

    def test_what_the_community_asks_is_told(self, client):
        motif = MotifFactory(protocol_note="Hanya untuk upacara.")

        content = client.get(page_of(motif)).content.decode()

        assert "Hanya untuk upacara." in content
        other = client.get(page_of(MotifFactory())).content.decode()
        assert 'id="protocol"' not in other

    def test_a_missing_meaning_is_said(self, client):
        without, with_meaning = MotifFactory(), MotifFactory()
        ClaimFactory(motif=without, kind="depicts")
        ClaimFactory(motif=with_meaning, kind="meaning")

        assert client.get(page_of(without)).context["missing_meaning"]
        assert not client.get(page_of(with_meaning)).context["missing_meaning"]

    def test_photos_are_the_accepted_ones_that_may_be_shown(self, client):
        shown = PhotoFactory()
        motif = shown.contribution.motif
        for contribution in (
            ContributionFactory(motif=motif),
            ContributionFactory(motif=motif, declined=True),
            ContributionFactory(motif=motif, withdrawn=True),
            ContributionFactory(motif=motif, accepted=True, consent_to_show=False),
            ContributionFactory(accepted=True),
        ):
            PhotoFactory(contribution=contribution)

        response = client.get(page_of(motif))

        assert list(response.context["photos"]) == [shown]
        assert shown.display_url in response.content.decode()

    def test_not_even_a_curator_sees_waiting_photos_there(self, client):
        photo = PhotoFactory(contribution=ContributionFactory())
        client.force_login(CuratorFactory())

        page = page_of(photo.contribution.motif)

        assert client.get(page).context["photos"] == []

    def test_a_demonstration_photo_says_so(self, client):
        photo = PhotoFactory(
            contribution=ContributionFactory(accepted=True, is_demonstration=True)
        )

        page = client.get(page_of(photo.contribution.motif, "en")).content.decode()

        assert "Demonstration" in page

    def test_real_photos_come_before_demonstrations(self, client):
        motif = MotifFactory()
        demonstration = PhotoFactory(
            contribution=ContributionFactory(
                motif=motif, accepted=True, is_demonstration=True
            )
        )
        real = PhotoFactory(
            contribution=ContributionFactory(motif=motif, accepted=True)
        )

        photos = client.get(page_of(motif)).context["photos"]

        assert list(photos) == [real, demonstration]

    def test_a_draft_does_not_exist_for_others(self, client):
        draft = MotifFactory(draft=True)

        assert client.get(page_of(draft)).status_code == 404
        client.force_login(UserFactory())
        assert client.get(page_of(draft)).status_code == 404

    def test_a_curator_may_look_at_a_draft(self, client):
        client.force_login(CuratorFactory())

        assert client.get(page_of(MotifFactory(draft=True))).status_code == 200

    def test_a_merged_motif_leads_to_the_other_for_good(self, client):
        kept = MotifFactory()
        merged = MotifFactory(state="merged", merged_into=kept)

        response = client.get(page_of(merged, "en"))

        assert response.status_code == 301
        assert response["Location"] == page_of(kept, "en")

    def test_an_unknown_slug_is_not_found(self, client):
        assert client.get("/id/motifs/tidak-ada/").status_code == 404

    def test_only_reading(self, client):
        assert client.post(page_of(MotifFactory())).status_code == 405

    def test_texts_are_escaped(self, client):
        motif = MotifFactory(name="<b>Ular</b>")
        ClaimFactory(motif=motif, text="<script>alert(1)</script>")

        page = client.get(page_of(motif)).content.decode()

        assert "<script>alert(1)" not in page
        assert "<b>Ular" not in page

    def test_its_address_is_in_the_readers_language(self):
        motif = MotifFactory(slug="ular-lidi")

        with translation.override("en"):
            assert motif.get_absolute_url() == "/en/motifs/ular-lidi/"

    def test_its_queries_do_not_grow_with_rows(self, client, django_assert_num_queries):
        motif = MotifFactory()

        def grow(count):
            for _ in range(count):
                MotifNameFactory(motif=motif)
                for claim in ClaimFactory.create_batch(2, motif=motif):
                    CitationFactory.create_batch(2, claim=claim)
                LookAlikeFactory(first=motif)
                PhotoFactory(
                    contribution=ContributionFactory(motif=motif, accepted=True)
                )

        grow(1)
        client.get(page_of(motif))
        with CaptureQueriesContext(connection) as before:
            client.get(page_of(motif))
        grow(6)

        with django_assert_num_queries(len(before)):
            response = client.get(page_of(motif))
        assert len(before) <= 12
        assert len(response.context["photos"]) == 7

    def test_every_motif_of_the_catalogue_has_a_page_in_both_languages(self, client):
        call_command("import_catalogue", stdout=StringIO())

        for slug in Motif.objects.values_list("slug", flat=True):
            for language in ("id", "en"):
                response = client.get(f"/{language}/motifs/{slug}/")
                assert response.status_code == 200
                for group in response.context["claims"]:
                    for statement in group["statements"]:
                        assert statement["language"] == language

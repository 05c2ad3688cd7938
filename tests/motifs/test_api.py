"""The catalogue's API: what it promises, in the language that is asked for."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from drf_spectacular.generators import SchemaGenerator

from motifs import drawings
from tests.factories import (
    CitationFactory,
    ClaimFactory,
    CuratorFactory,
    LookAlikeFactory,
    MotifFactory,
    MotifNameFactory,
    SourceFactory,
)

pytestmark = pytest.mark.django_db

LIST = "/api/v1/motifs/"
SUMMARY = {
    "slug",
    "url",
    "page_url",
    "preferred_name",
    "gloss",
    "summary",
    "summary_language",
    "family",
    "family_confidence",
    "status",
    "drawing_url",
    "rendering_url",
    "matched_name",
}
RECORD = SUMMARY | {"names", "claims", "look_alikes", "is_meaning_recorded"}


def record_of(client, motif, **query):
    return client.get(f"{LIST}{motif.slug}/", query).json()


def slugs(response):
    return [motif["slug"] for motif in response.json()["results"]]


class TestList:
    def test_its_members_are_the_promised_ones(self, client):
        MotifFactory(slug="ular-lidi", name="Ular Lidi")

        answer = client.get(LIST).json()

        assert set(answer) == {"count", "next", "previous", "results"}
        (motif,) = answer["results"]
        assert set(motif) == SUMMARY
        assert motif["url"] == "http://testserver/api/v1/motifs/ular-lidi/"
        assert motif["page_url"] == "http://testserver/id/motifs/ular-lidi/"
        assert motif["drawing_url"] is None or motif["drawing_url"].startswith("http")

    def test_drawings_have_absolute_addresses_and_others_none(self, client):
        drawn = sorted(drawings.slugs(drawings.DRAWINGS, ".svg"))[0]
        MotifFactory(slug=drawn, name="A")
        MotifFactory(slug="belum-digambar", name="B")

        first, second = client.get(LIST).json()["results"]

        assert first["drawing_url"].startswith("http://testserver/static/drawings/")
        assert second["drawing_url"] is None
        assert second["rendering_url"] is None

    def test_drafts_and_merged_motifs_are_not_listed_for_anybody(self, client):
        kept = MotifFactory()
        MotifFactory(draft=True)
        MotifFactory(state="merged", merged_into=kept)
        client.force_login(CuratorFactory())

        assert slugs(client.get(LIST)) == [kept.slug]

    def test_pages(self, client):
        MotifFactory.create_batch(5)

        first = client.get(LIST, {"page_size": 2}).json()
        second = client.get(first["next"]).json()

        assert first["count"] == 5
        assert len(first["results"]) == len(second["results"]) == 2
        assert first["previous"] is None
        assert second["previous"].startswith("http://testserver")

    @pytest.mark.parametrize("page", ["0", "9", "x", "-1"])
    def test_a_page_that_is_not_there_is_a_problem(self, client, page):
        response = client.get(LIST, {"page": page})

        assert response.status_code == 404
        assert response["Content-Type"] == "application/problem+json"

    def test_search_and_filters(self, client):
        lajur = MotifFactory(slug="ular-lidi", name="Ular Lidi", status="thin")
        MotifFactory(slug="ular-sawa", name="Ular Sawa", family="ceplok")
        MotifNameFactory(motif=lajur, name="Ulat Lidih", kind="misspelling")

        assert slugs(client.get(LIST, {"q": "ular lidi"}))[0] == "ular-lidi"
        assert slugs(client.get(LIST, {"q": "ular", "family": "ceplok"})) == [
            "ular-sawa"
        ]
        assert slugs(client.get(LIST, {"status": "thin"})) == ["ular-lidi"]
        found = client.get(LIST, {"q": "ulat lidih"}).json()["results"]
        assert found[0]["matched_name"] == "Ulat Lidih"

    @pytest.mark.parametrize(
        "query", [{"family": "batik"}, {"status": "x"}, {"lang": "fr"}]
    )
    def test_a_value_that_is_not_known_is_a_problem(self, client, query):
        response = client.get(LIST, query)

        assert response.status_code == 400
        assert response["Content-Type"] == "application/problem+json"
        assert set(response.json()["errors"]) == set(query)

    @pytest.mark.parametrize("q", ["\0", "🐟", "x" * 5000, "' OR 1=1 --", "&|!"])
    def test_a_strange_search_is_answered(self, client, q):
        assert client.get(LIST, {"q": q}).status_code == 200

    def test_it_is_read_only(self, client):
        for method in (client.post, client.put, client.patch, client.delete):
            assert method(LIST).status_code == 405

    def test_its_queries_do_not_grow_with_rows(self, client, django_assert_num_queries):
        def grow(count):
            for motif in MotifFactory.create_batch(count):
                ClaimFactory(motif=motif)
                MotifNameFactory(motif=motif)

        grow(2)
        client.get(LIST)
        with CaptureQueriesContext(connection) as before:
            client.get(LIST)
        grow(10)

        with django_assert_num_queries(len(before)):
            client.get(LIST)


class TestRecord:
    def test_its_members_are_the_promised_ones(self, client):
        motif = MotifFactory(slug="ular-lidi", name="Ular Lidi")
        claim = ClaimFactory(
            motif=motif, key="k", kind="meaning", language="id", is_main=True
        )
        CitationFactory(
            claim=claim,
            locator="12",
            source=SourceFactory(key="SEMAN", title="Buku", author="Seman", year=2007),
        )
        pair = LookAlikeFactory(first=motif)

        record = record_of(client, motif)

        assert set(record) == RECORD
        assert record["names"] == [
            {"name": "Ular Lidi", "language": "bjn", "kind": "preferred"}
        ]
        assert record["claims"] == [
            {
                "key": "k",
                "kind": "meaning",
                "language": "id",
                "text": claim.text,
                "confidence": "high",
                "is_main": True,
                "sources": [
                    {
                        "key": "SEMAN",
                        "title": "Buku",
                        "author": "Seman",
                        "url": None,
                        "year": 2007,
                        "locator": "12",
                    }
                ],
                "credits": [],
            }
        ]
        assert record["look_alikes"] == [
            {
                "slug": pair.second.slug,
                "preferred_name": pair.second.preferred_name,
                "url": f"http://testserver/api/v1/motifs/{pair.second.slug}/",
                "tell": pair.tell_id,
                "tell_language": "id",
                "is_sourced": False,
            }
        ]
        assert record["is_meaning_recorded"] is True

    def test_a_missing_meaning_is_said(self, client):
        assert record_of(client, MotifFactory())["is_meaning_recorded"] is False

    @pytest.mark.parametrize(
        ("query", "headers", "language"),
        [
            ({}, {}, "id"),
            ({}, {"accept-language": "en"}, "en"),
            ({}, {"accept-language": "fr, en;q=0.5"}, "en"),
            ({"lang": "en"}, {"accept-language": "id"}, "en"),
            ({"lang": "id"}, {"accept-language": "en"}, "id"),
        ],
    )
    def test_the_language_is_the_asked_one(self, client, query, headers, language):
        motif = MotifFactory()
        texts = {"id": "Ular.", "en": "Snake."}
        for code, text in texts.items():
            ClaimFactory(motif=motif, key="k", language=code, text=text)
            MotifNameFactory(motif=motif, name=text, language=code, kind="preferred")

        response = client.get(f"{LIST}{motif.slug}/", query, headers=headers)

        record = response.json()
        assert record["claims"][0]["text"] == texts[language]
        assert record["gloss"] == record["summary"] == texts[language]
        assert record["page_url"].startswith(f"http://testserver/{language}/")
        assert response["Content-Language"] == language

    def test_one_request_does_not_choose_the_language_of_the_next(self, client):
        motif = MotifFactory()
        record_of(client, motif, lang="en")

        assert "/id/" in record_of(client, motif)["page_url"]

    def test_a_text_that_is_missing_comes_in_the_other_language(self, client):
        claim = ClaimFactory(language="id", text="Ular.")

        (found,) = record_of(client, claim.motif, lang="en")["claims"]

        assert (found["text"], found["language"]) == ("Ular.", "id")

    def test_a_draft_does_not_exist(self, client):
        response = client.get(f"{LIST}{MotifFactory(draft=True).slug}/")

        assert response.status_code == 404
        assert response["Content-Type"] == "application/problem+json"

    def test_a_merged_motif_leads_to_the_other(self, client):
        kept = MotifFactory(slug="ular-lidi")
        merged = MotifFactory(state="merged", merged_into=kept)

        response = client.get(f"{LIST}{merged.slug}/")

        assert response.status_code == 301
        assert response["Location"] == "http://testserver/api/v1/motifs/ular-lidi/"

    def test_it_is_read_only(self, client):
        assert client.post(f"{LIST}{MotifFactory().slug}/").status_code == 405

    def test_its_queries_do_not_grow_with_rows(self, client, django_assert_num_queries):
        motif = MotifFactory()

        def grow(count):
            for _ in range(count):
                CitationFactory(claim=ClaimFactory(motif=motif))
                MotifNameFactory(motif=motif)
                LookAlikeFactory(first=motif)

        grow(1)
        record_of(client, motif)
        with CaptureQueriesContext(connection) as before:
            record_of(client, motif)
        grow(5)

        with django_assert_num_queries(len(before)):
            record_of(client, motif)


class TestDocumentation:
    @pytest.fixture
    def schema(self):
        return SchemaGenerator().get_schema(request=None, public=True)

    def test_both_addresses_are_documented(self, schema):
        listed = schema["paths"]["/api/v1/motifs/"]["get"]
        record = schema["paths"]["/api/v1/motifs/{slug}/"]["get"]

        assert {p["name"] for p in listed["parameters"]} == {
            "q",
            "family",
            "status",
            "lang",
            "page",
            "page_size",
        }
        assert {p["name"] for p in record["parameters"]} == {"slug", "lang"}

    @pytest.mark.parametrize(
        ("path", "component", "members"),
        [
            ("/api/v1/motifs/", "Motif", SUMMARY),
            ("/api/v1/motifs/{slug}/", "MotifDetail", RECORD),
        ],
    )
    def test_every_member_is_documented(self, schema, path, component, members):
        answer = schema["paths"][path]["get"]["responses"]["200"]

        assert component in str(answer)
        assert set(schema["components"]["schemas"][component]["properties"]) == members

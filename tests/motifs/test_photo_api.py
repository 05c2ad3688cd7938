"""Photos for programs."""

from base64 import b64encode
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from drf_spectacular.generators import SchemaGenerator

from motifs.models import Access
from tests.factories import (
    ContributionFactory,
    CuratorFactory,
    MotifFactory,
    PhotoFactory,
    picture_bytes,
)
from tests.motifs.judging import choose_public_name, determine

pytestmark = pytest.mark.django_db

LIST = "/api/v1/photos/"


def photo_of(motif=None, **fields):
    return PhotoFactory(
        contribution=ContributionFactory(accepted=True, motif=motif, **fields)
    )


def ids(client, **query):
    return [row["id"] for row in client.get(LIST, query).json()["results"]]


def record(client, photo, **query):
    return client.get(f"{LIST}{photo.pk}/", query).json()


class TestWhat:
    def test_a_record_says_what_whose_and_on_which_terms(self, client, monkeypatch):
        photo = PhotoFactory(
            content=picture_bytes(size=(2000, 1000)),
            contribution=ContributionFactory(
                accepted=True,
                licence="CC-BY-4.0",
                credit_line="Museum",
                place="Martapura",
                technique="stitched",
            ),
        )
        motif = MotifFactory(slug="gigi-haruan", name="Gigi Haruan")
        determine(photo, motif)
        giver = photo.contribution.given_by
        choose_public_name(giver, "Rusmini", monkeypatch)

        said = record(client, photo, lang="en")

        assert said["url"] == f"http://testserver{LIST}{photo.pk}/"
        assert said["page_url"] == f"http://testserver/en/photos/{photo.pk}/"
        assert said["renditions"] == [
            {
                "url": f"http://testserver{photo.url(size)}",
                "width": width,
                "height": width // 2,
                "media_type": "image/jpeg",
            }
            for size, width in (("480", 480), ("1600", 1600))
        ]
        assert said["licence"] == "CC-BY-4.0"
        assert said["licence_url"] == "https://creativecommons.org/licenses/by/4.0/"
        assert said["credit"] == "Museum"
        assert said["contributor"] == {
            "name": "Rusmini",
            "page_url": f"http://testserver/en/contributors/{giver.pk}/",
        }
        assert said["suggested_motif"] is None
        determination = said["determination"]
        assert determination.pop("determined_at")
        assert determination == {
            "outcome": "motif",
            "motifs": [
                {
                    "slug": "gigi-haruan",
                    "preferred_name": "Gigi Haruan",
                    "url": "http://testserver/api/v1/motifs/gigi-haruan/",
                }
            ],
            "rule": "two_experts",
            "sentence": "It shows Gigi Haruan. Two experts agree.",
            "is_disputed": False,
        }
        assert (said["place"], said["technique"]) == ("Martapura", "stitched")

    def test_a_suggestion_is_no_determination(self, client):
        motif = MotifFactory(slug="gigi-haruan")

        said = record(client, photo_of(motif))

        assert said["determination"] is None
        assert said["suggested_motif"]["slug"] == "gigi-haruan"

    def test_a_print_of_a_motif_that_only_its_giver_names(self, client):
        photo = determine(photo_of(MotifFactory(slug="lain")), outcome="printed")

        said = record(client, photo, lang="en")

        assert said["determination"]["motifs"] == []
        assert "It is a print, not" in said["determination"]["sentence"]
        assert said["suggested_motif"]["slug"] == "lain"

    def test_nobody_is_named_who_did_not_choose_so(self, client):
        photo = photo_of()
        determine(photo, MotifFactory())

        answer = client.get(f"{LIST}{photo.pk}/")

        assert answer.json()["contributor"] is None
        people = [photo.contribution.given_by, photo.contribution.accepted_by]
        people += [one.identified_by for one in photo.identifications.all()]
        assert not [one for one in people if one.username in answer.content.decode()]

    def test_photos_of_one_cloth_have_its_number(self, client):
        photo = photo_of()
        sibling, other = PhotoFactory(contribution=photo.contribution), photo_of()

        cloths = {row["id"]: row["cloth"] for row in client.get(LIST).json()["results"]}

        assert cloths[photo.pk] == cloths[sibling.pk] != cloths[other.pk]


class TestWho:
    @pytest.mark.parametrize(
        "fields",
        [
            {"contribution__state": "submitted", "contribution__accepted": False},
            {"contribution__consent_to_show": False},
            {"access": Access.RESTRICTED},
            {"contribution__motif__access": Access.RESTRICTED},
        ],
    )
    def test_only_shown_photos_whoever_asks(self, client, fields):
        photo = PhotoFactory(**fields)

        for person in (None, photo.contribution.given_by, CuratorFactory()):
            if person:
                client.force_login(person)
            assert ids(client) == []
            assert client.get(f"{LIST}{photo.pk}/").status_code == 404

    @pytest.mark.parametrize("number", ["0", "999999", "9" * 40])
    def test_nothing_there_is_said_as_a_problem(self, client, number):
        answer = client.get(f"{LIST}{number}/")

        assert answer.status_code == 404
        assert answer["Content-Type"] == "application/problem+json"

    def test_only_reading(self, client):
        assert client.post(LIST).status_code == 405
        assert client.delete(f"{LIST}{PhotoFactory().pk}/").status_code == 405


class TestList:
    def test_filters(self, client):
        motif = MotifFactory(slug="gigi-haruan")
        suggested = photo_of(motif, licence="CC0-1.0")
        determined = determine(photo_of(None, licence="CC-BY-4.0"), motif)
        moved = determine(photo_of(motif, licence="CC-BY-4.0"), MotifFactory())

        assert ids(client) == [moved.pk, determined.pk, suggested.pk]
        assert ids(client, motif="gigi-haruan") == [determined.pk, suggested.pk]
        assert ids(client, licence="CC0-1.0") == [suggested.pk]
        assert ids(client, determined="true") == [moved.pk, determined.pk]
        assert ids(client, determined="false") == [suggested.pk]
        assert ids(client, motif="gigi-haruan", determined="1") == [determined.pk]

    def test_a_motif_that_is_not_public_is_as_one_that_is_not_there(self, client):
        photo_of(MotifFactory(slug="rahasia", draft=True))

        assert ids(client, motif="rahasia") == ids(client, motif="tidak-ada") == []

    @pytest.mark.parametrize(
        "query", [{"licence": "MIT"}, {"determined": "maybe"}, {"motif": "a b"}]
    )
    def test_a_value_that_is_not_allowed_is_a_problem(self, client, query):
        assert client.get(LIST, query).status_code == 400

    def test_pages_follow_each_other_and_miss_nothing_that_stays(self, client):
        photos = [photo_of() for _ in range(5)]
        first = client.get(LIST, {"page_size": 2}).json()

        photo_of()
        found, following = first["results"], first["next"]
        while following:
            page = client.get(following).json()
            found, following = found + page["results"], page["next"]

        assert [row["id"] for row in found] == [p.pk for p in reversed(photos)]

    @pytest.mark.parametrize("place", ["abc", "-1", "1.5", "١", ""])
    def test_a_cursor_that_was_not_given_out_is_not_found(self, client, place):
        PhotoFactory()
        cursor = b64encode(urlencode({"p": place}).encode()).decode()

        answer = client.get(LIST, {"cursor": cursor})

        assert answer.status_code == 404
        assert client.get(LIST, {"cursor": "x"}).status_code == 404

    def test_a_cursor_beyond_every_number_is_a_page(self, client):
        photo = PhotoFactory()
        cursor = b64encode(urlencode({"p": "9" * 40}).encode()).decode()

        assert ids(client, cursor=cursor) == [photo.pk]

    def test_its_queries_do_not_grow_with_rows(self, client, django_assert_num_queries):
        def grow(count):
            for _ in range(count):
                determine(photo_of(MotifFactory()), MotifFactory())

        grow(1)
        client.get(LIST)
        with CaptureQueriesContext(connection) as before:
            client.get(LIST)
        grow(5)

        with django_assert_num_queries(len(before)):
            client.get(LIST)
        assert len(before) == 2


def test_it_is_described():
    schema = SchemaGenerator().get_schema(request=None, public=True)

    listed = schema["paths"]["/api/v1/photos/"]["get"]
    names = {parameter["name"] for parameter in listed["parameters"]}
    assert {"motif", "licence", "determined", "cursor", "page_size", "lang"} == names
    photo = schema["components"]["schemas"]["Photo"]["properties"]
    assert photo["renditions"]["items"]["$ref"].endswith("/Rendition")
    assert "/api/v1/photos/{photo_id}/" in schema["paths"]

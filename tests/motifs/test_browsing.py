"""The public list of all photos: who stands on it, and what it can be narrowed to."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from motifs.models import Access
from tests.factories import (
    LONG_AGO,
    ContributionFactory,
    CuratorFactory,
    MotifFactory,
    PhotoFactory,
)
from tests.motifs.judging import choose_public_name, determine

pytestmark = pytest.mark.django_db

LIST = "/en/photos/"


def photo_of(motif=None, **fields):
    given = ContributionFactory(accepted=True, motif=motif, **fields)
    return PhotoFactory(contribution=given)


def shown(client, **asked):
    captions = client.get(LIST, asked).context["captions"]
    return [caption.photo for caption in captions]


def options(client, name):
    filters = client.get(LIST).context["filters"]
    (found,) = (one for one in filters if one.name == name)
    return [value for value, _label in found.options]


class TestWhatStandsThere:
    def test_all_public_photos_the_newest_first(self, client):
        old = photo_of()
        new = photo_of(MotifFactory(), accepted_at=LONG_AGO + timedelta(days=1))

        assert shown(client) == [new, old]

    @pytest.mark.parametrize("person", [None, CuratorFactory])
    def test_nothing_that_is_not_for_everybody(self, client, person):
        hidden = MotifFactory(access=Access.RESTRICTED)
        PhotoFactory(access=Access.RESTRICTED)
        for given in (
            {},
            {"draft": True},
            {"declined": True},
            {"withdrawn": True},
            {"accepted": True, "consent_to_show": False},
            {"accepted": True, "is_demonstration": True},
            {"accepted": True, "motif": hidden},
        ):
            PhotoFactory(contribution=ContributionFactory(place="Rahasia", **given))
        determine(photo_of(place="Rahasia"), outcome="not_cloth")
        if person:
            client.force_login(person())

        assert shown(client) == []
        assert options(client, "place") == []
        assert hidden.slug not in options(client, "motif")

    def test_each_says_what_it_shows_whose_it_is_and_its_licence(
        self, client, monkeypatch
    ):
        motif = MotifFactory(name="Gigi Haruan")
        named = photo_of(motif, licence="CC0-1.0")
        photo_of(credit_line="Museum Lambung Mangkurat", licence="CC-BY-4.0")
        choose_public_name(named.contribution.given_by, "Rusmini", monkeypatch)

        page = client.get(LIST).content.decode()

        for said in (
            "Perhaps Gigi Haruan",
            "Rusmini. CC0 1.0.",
            "Museum Lambung Mangkurat. CC BY 4.0.",
            "A cloth whose motif is not known yet",
        ):
            assert said in re.sub(r"\s+", " ", page)

    def test_pages_follow_each_other_and_keep_what_was_asked(self, client):
        given = ContributionFactory(accepted=True, place="Martapura & sekitar")
        photos = PhotoFactory.create_batch(30, contribution=given)
        photo_of()

        first = client.get(LIST, {"place": "Martapura & sekitar"})
        more = first.context["more"]
        second = client.get(f"{LIST}?{more}")

        found = [c.photo for p in (first, second) for c in p.context["captions"]]
        assert found == photos
        assert f'href="?{more.replace("&", "&amp;")}"' in first.content.decode()
        assert not second.context["more"]

    @pytest.mark.parametrize("after", ["x", "x:y", "\x00"])
    def test_a_page_that_is_not_there_is_not_found(self, client, after):
        assert client.get(LIST, {"after": after}).status_code == 404

    def test_it_is_empty_at_first_and_says_so(self, client):
        page = client.get(LIST).content.decode()

        assert "No photo is in the catalogue yet." in page
        narrowed = client.get(LIST, {"state": "open"}).content.decode()
        assert "No photo is like that yet." in narrowed
        assert f'href="{LIST}">Show all photos' in narrowed


class TestNarrowing:
    def test_by_what_is_known(self, client):
        motif = MotifFactory()
        nameless, suggested = photo_of(), photo_of(motif)
        settled, other = (determine(photo_of(motif), motif) for _ in range(2))
        other = determine(photo_of(motif), outcome="other_motif")
        print_ = determine(photo_of(), outcome="printed")

        def found(state):
            return {photo.pk for photo in shown(client, state=state)}

        assert found("open") == {nameless.pk, suggested.pk}
        assert found("unknown") == {nameless.pk, other.pk, print_.pk}
        assert settled.pk in found("determined")
        assert not found("determined") & found("open")
        assert len(found("")) == 6

    def test_by_motif_confirmed_or_suggested(self, client):
        motif, other = MotifFactory(), MotifFactory()
        suggested = photo_of(motif)
        confirmed = determine(photo_of(other), motif)
        photo_of(other)

        assert set(shown(client, motif=motif.slug)) == {suggested, confirmed}

    def test_by_where_how_and_licence(self, client):
        here = photo_of(place="Martapura", technique="printed", licence="CC0-1.0")
        photo_of(place="Amuntai", technique="stitched")

        for asked in (
            {"place": "Martapura"},
            {"technique": "printed"},
            {"licence": "CC0-1.0"},
            {"place": "Martapura", "technique": "printed", "licence": "CC0-1.0"},
        ):
            assert shown(client, **asked) == [here], asked
        assert shown(client, place="Martapura", technique="stitched") == []

    def test_places_that_differ_in_capitals_are_one(self, client):
        for place in ("martapura", "Martapura", "Martapura", "Amuntai", ""):
            photo_of(place=place)

        assert options(client, "place") == ["Amuntai", "Martapura"]
        assert len(shown(client, place="Martapura")) == 3

    @pytest.mark.parametrize(
        "name", ["state", "motif", "place", "technique", "licence"]
    )
    def test_a_value_that_is_not_known_counts_as_not_given(self, client, name):
        photo = photo_of()

        assert shown(client, **{name: "\x00entah"}) == [photo]


def test_search_engines_keep_the_whole_list_only(client):
    photo_of(place="Martapura")

    assert "noindex" not in client.get(LIST).content.decode()
    for asked in ({"place": "Martapura"}, {"state": ""}, {"x": "y"}):
        assert "noindex, follow" in client.get(LIST, asked).content.decode()


@pytest.mark.parametrize(
    ("page", "links"), [("/en/about/", 2), ("/en/", 3), ("/en/motifs/", 3)]
)
def test_every_page_leads_to_it(client, page, links):
    html = client.get(page).content.decode()

    assert html.count(f'href="{LIST}"') == links


def test_its_queries_do_not_grow_with_rows(client):
    def queries(asked):
        with CaptureQueriesContext(connection) as made:
            assert client.get(LIST, asked).status_code == 200
        return len(made)

    def fill(number):
        for n in range(number):
            motif = MotifFactory()
            determine(photo_of(motif, place=f"Tempat {n}"), motif)

    counts = []
    for more in (2, 6):
        fill(more)
        counts.append([queries({}), queries({"place": "Tempat 0", "state": "open"})])

    assert counts[0] == counts[1]
    assert max(counts[0]) <= 5

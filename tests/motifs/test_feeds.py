"""Newly accepted photos as Atom."""

from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest

from motifs.actions import withdraw_contribution
from tests.factories import LONG_AGO, ContributionFactory, MotifFactory, PhotoFactory
from tests.motifs.judging import determine

pytestmark = pytest.mark.django_db

ATOM = "{http://www.w3.org/2005/Atom}"
FEED = "/en/feed/"


def photo_of(motif=None, **fields):
    return PhotoFactory(
        contribution=ContributionFactory(accepted=True, motif=motif, **fields)
    )


def parsed(response):
    return ElementTree.fromstring(response.content)  # noqa: S314 - our own feed


def entries(response):
    return parsed(response).findall(f"{ATOM}entry")


def links(entry):
    return {link.get("rel"): link.get("href") for link in entry.findall(f"{ATOM}link")}


def test_each_entry_says_what_whose_and_on_which_terms(client):
    photo = determine(
        photo_of(None, credit_line="Rusmini & anak", licence="CC-BY-SA-4.0"),
        MotifFactory(name="Gigi Haruan"),
    )

    response = client.get(FEED)

    assert response["Content-Type"] == "application/atom+xml; charset=utf-8"
    (entry,) = entries(response)
    page = f"http://testserver/en/photos/{photo.pk}/"
    assert entry.findtext(f"{ATOM}title") == "Gigi Haruan"
    assert entry.findtext(f"{ATOM}id") == page
    assert entry.findtext(f"{ATOM}author/{ATOM}name") == "Rusmini & anak"
    assert entry.findtext(f"{ATOM}rights").startswith("Rusmini & anak. CC BY-SA 4.0")
    assert entry.findtext(f"{ATOM}published") == LONG_AGO.isoformat()
    assert entry.find(f"{ATOM}category").get("term") == "Gigi Haruan"
    assert links(entry) == {
        "alternate": page,
        "enclosure": f"http://testserver{photo.display_url}",
        "license": "https://creativecommons.org/licenses/by-sa/4.0/",
    }
    summary = entry.findtext(f"{ATOM}summary")
    assert f'src="http://testserver{photo.thumbnail_url}"' in summary
    assert "Two experts agree." in summary
    assert "Rusmini &amp; anak" in summary


def test_it_speaks_the_language_of_its_address(client):
    PhotoFactory()

    root = parsed(client.get("/id/feed/"))

    assert root.get("{http://www.w3.org/XML/1998/namespace}lang") == "id"
    assert "/id/photos/" in root.findtext(f"{ATOM}entry/{ATOM}id")


def test_newest_first_at_most_fifty_and_no_demonstrations(client):
    old = photo_of(accepted_at=datetime(2026, 1, 1, tzinfo=UTC))
    photo_of(accepted_at=datetime(2026, 3, 1, tzinfo=UTC), is_demonstration=True)
    new = photo_of(accepted_at=datetime(2026, 2, 1, tzinfo=UTC))

    assert [entry.findtext(f"{ATOM}id") for entry in entries(client.get(FEED))] == [
        f"http://testserver/en/photos/{photo.pk}/" for photo in (new, old)
    ]
    PhotoFactory.create_batch(50, contribution=ContributionFactory(accepted=True))
    assert len(entries(client.get(FEED))) == 50


def test_a_motifs_feed_has_its_photos_only(client):
    motif = MotifFactory()
    photo_of(MotifFactory())
    suggested, determined = photo_of(motif), determine(photo_of(None), motif)

    found = entries(client.get(f"/en/motifs/{motif.slug}/feed/"))

    assert {entry.findtext(f"{ATOM}id") for entry in found} == {
        f"http://testserver/en/photos/{photo.pk}/" for photo in (suggested, determined)
    }


@pytest.mark.parametrize("fields", [{"draft": True}, {"access": "restricted"}])
def test_a_motif_that_is_not_public_has_no_feed(client, fields):
    motif = MotifFactory(**fields)

    assert client.get(f"/en/motifs/{motif.slug}/feed/").status_code == 404


def test_an_unchanged_feed_is_not_sent_again(client):
    PhotoFactory()
    first = client.get(FEED)

    again = client.get(FEED, headers={"if-none-match": first["ETag"]})

    assert again.status_code == 304
    assert first["Cache-Control"] == again["Cache-Control"] == "no-cache"
    assert first["Last-Modified"] == "Fri, 02 Jan 2026 03:04:00 GMT"


def test_an_empty_feed_stays_the_same(client):
    first = client.get(FEED)

    assert entries(first) == []
    assert client.get(FEED)["ETag"] == first["ETag"]


@pytest.mark.parametrize("asked", ["if-none-match", "if-modified-since"])
def test_what_is_withdrawn_is_gone_at_once_also_for_who_asks_if_it_changed(
    client, asked
):
    stays = photo_of(accepted_at=datetime(2026, 1, 1, tzinfo=UTC))
    goes = photo_of(accepted_at=datetime(2026, 2, 1, tzinfo=UTC))
    first = client.get(FEED)
    tag = first["ETag"] if asked == "if-none-match" else first["Last-Modified"]

    contribution = goes.contribution
    withdraw_contribution(contribution=contribution, by=contribution.given_by)
    again = client.get(FEED, headers={asked: tag})

    assert again.status_code == 200
    (entry,) = entries(again)
    assert entry.findtext(f"{ATOM}id").endswith(f"/{stays.pk}/")


def test_a_new_determination_makes_it_new(client):
    photo = photo_of()
    first = client.get(FEED)

    determine(photo, MotifFactory())

    assert client.get(FEED)["ETag"] != first["ETag"]


def test_its_queries_do_not_grow_with_rows(client, django_assert_num_queries):
    photo_of()
    with django_assert_num_queries(1):
        client.get(FEED)
    for _ in range(5):
        determine(photo_of(), MotifFactory())

    # One more for the names of motifs, however many.
    with django_assert_num_queries(2):
        client.get(FEED)


def test_only_reading(client):
    assert client.post(FEED).status_code == 405
    assert client.head(FEED).status_code == 200

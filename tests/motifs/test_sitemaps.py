"""What search engines may read."""

import pytest

from tests.factories import ContributionFactory, MotifFactory, PhotoFactory

pytestmark = pytest.mark.django_db


def test_it_names_public_motifs_and_photos_in_each_language(client):
    motif, photo = MotifFactory(), PhotoFactory()
    draft, hidden = MotifFactory(draft=True), MotifFactory(access="restricted")
    restricted = PhotoFactory(access="restricted")
    rendered = PhotoFactory(
        contribution=ContributionFactory(accepted=True, is_demonstration=True)
    )

    motifs = client.get("/sitemap-motifs.xml").content.decode()
    photos = client.get("/sitemap-photos.xml").content.decode()

    for language in ("id", "en"):
        assert f"http://testserver/{language}/motifs/{motif.slug}/" in motifs
        assert f"http://testserver/{language}/photos/{photo.pk}/" in photos
    for slug in (draft.slug, hidden.slug):
        assert f"/motifs/{slug}/" not in motifs
    for other in (restricted, rendered):
        assert f"/photos/{other.pk}/" not in photos


def test_it_names_the_lists_in_each_language(client):
    lists = client.get("/sitemap-lists.xml").content.decode()

    for language in ("id", "en"):
        for name in ("motifs", "photos"):
            assert f"<loc>http://testserver/{language}/{name}/</loc>" in lists


def test_robots_find_it(client):
    robots = client.get("/robots.txt")

    assert robots["Content-Type"].startswith("text/plain")
    assert "Sitemap: http://testserver/sitemap.xml" in robots.content.decode()
    index = client.get("/sitemap.xml").content.decode()
    assert "http://testserver/sitemap-motifs.xml" in index
    assert "http://testserver/sitemap-photos.xml" in index
    assert "http://testserver/sitemap-lists.xml" in index


def test_a_part_that_is_not_there_is_not_found(client):
    assert client.get("/sitemap-people.xml").status_code == 404

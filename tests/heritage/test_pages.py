"""Pages of no single app, and what holds for every page: language, policy, errors."""

from __future__ import annotations

import re

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from motifs.models import Motif

pytestmark = pytest.mark.django_db


@pytest.fixture
def catalogue(db):
    call_command("import_catalogue", verbosity=0)


PAGES = ("", "motifs/", "motifs/naga-balimbur/", "about/", "identify/")


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("path", PAGES)
def test_every_page_speaks_its_language_and_names_the_other(
    client, catalogue, language, path
):
    response = client.get(f"/{language}/{path}")
    html = response.content.decode()

    assert response.status_code == 200
    assert f'<html lang="{language}"' in html
    assert response["Content-Language"] == language
    for other in ("id", "en"):
        assert re.search(
            rf'<link rel="alternate" hreflang="{other}" href="http://testserver/{other}/{path}"',
            html,
        )
    assert 'hreflang="x-default"' in html


@pytest.mark.parametrize(
    ("accepted", "language"),
    [("", "id"), ("en-GB,en;q=0.8", "en"), ("fr", "id"), ("id", "id")],
)
def test_an_address_without_language_leads_to_the_readers(client, accepted, language):
    response = client.get("/", headers={"accept-language": accepted})

    assert response.status_code == 302
    assert response["Location"] == f"/{language}/"


def test_a_link_without_language_still_finds_its_motif(client, catalogue):
    response = client.get("/motifs/hiris-pudak/")

    assert response["Location"] == "/id/motifs/hiris-pudak/"


def test_home_counts_what_is_there(client, catalogue):
    context = client.get("/en/").context

    assert context["counts"] == {"motifs": 30, "documented": 20, "sources": 74}
    assert {motif.slug for motif in context["featured"]} == {
        "hiris-pudak",
        "bintang-bahambur",
        "bayam-raja",
    }


def test_home_works_before_the_catalogue_is_there(client):
    assert client.get("/id/").status_code == 200


def test_about_names_the_sources_of_what_it_says(client, catalogue):
    html = client.get("/en/about/").content.decode()

    assert "Kain Pamintan" in html
    assert "DJKI" in html
    assert '<em lang="bjn">' in html


def test_about_costs_the_same_however_many_motifs_there_are(client, catalogue):
    client.get("/id/about/")
    with CaptureQueriesContext(connection) as queries:
        client.get("/id/about/")

    assert len(queries) <= 3


@pytest.mark.parametrize("path", ["/id/nothing-here/", "/api/v1/nothing"])
def test_an_unknown_address_is_a_404(client, path):
    assert client.get(path).status_code == 404


def test_the_error_page_needs_no_database(client, settings, monkeypatch):
    client.raise_request_exception = False

    def broken(self):
        raise ZeroDivisionError

    monkeypatch.setattr(type(Motif.objects.all()), "published", broken)
    response = client.get("/id/")

    assert response.status_code == 500
    assert b"<h1" in response.content


@pytest.mark.parametrize("path", ["/id/", "/id/admin/login/", "/api/docs/"])
def test_the_policy_allows_nothing_inline_and_no_other_host(client, path):
    policy = client.get(path)["Content-Security-Policy"]

    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize("path", ["/id/", "/id/motifs/", "/id/about/"])
def test_pages_answer_reads_only(client, path):
    assert client.post(path).status_code in {403, 405}


def test_health_tells_a_live_process_from_a_ready_one(client):
    assert client.get("/health/live").status_code == 200
    assert client.get("/health/ready").status_code == 200


def test_health_is_503_without_a_database(client, monkeypatch):
    from django.db import OperationalError

    def unreachable(*args, **kwargs):
        raise OperationalError

    monkeypatch.setattr(connection, "cursor", unreachable)

    assert client.get("/health/ready").status_code == 503
    assert client.get("/health/live").status_code == 200


def test_the_documentation_of_the_api_is_valid():
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", "/dev/null")

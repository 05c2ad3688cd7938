"""What a browser may keep, and what makes the site an app."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

from heritage import offline
from heritage.offline import HEADER

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("address", ["/en/", "/id/about/", "/en/identify/"])
def test_a_page_for_everybody_may_be_kept(client, address: str):
    assert client.get(address)[HEADER] == "1"


@pytest.mark.parametrize(
    "address", ["/en/motifs/?q=iris", "/en/admin/login/", "/en/no/"]
)
def test_other_pages_may_not(client, address: str):
    assert HEADER not in client.get(address)


def test_a_page_made_for_a_session_may_not_be_kept(client, django_user_model):
    client.force_login(django_user_model.objects.create_user("somebody"))

    assert HEADER not in client.get("/en/")


def test_the_worker_changes_with_the_model(client, settings, tmp_path):
    from classifier import predictor

    predictor.forget()
    first = client.get("/sw.js")
    settings.MODEL_FOLDER = tmp_path / "none"
    predictor.forget()
    second = client.get("/sw.js")
    predictor.forget()

    assert first["Content-Type"].startswith("text/javascript")
    assert "no-cache" in first["Cache-Control"]
    line = first.content.decode().splitlines()[0]
    assert line.startswith('const VERSION = "')
    assert line != second.content.decode().splitlines()[0]


@pytest.mark.parametrize(("language", "code"), [("id", "id"), ("en", "en")])
def test_the_manifest_starts_where_cloths_are_identified(client, language, code):
    found = client.get(f"/{language}/app.webmanifest").json()

    assert found["start_url"] == f"/{code}/identify/"
    assert found["lang"] == code
    assert {icon["sizes"] for icon in found["icons"]} == {"192x192", "512x512"}


def test_every_module_of_the_recogniser_makes_a_new_worker_when_it_changes(client):
    """Its worker imports them by addresses that only the page knows."""
    page = client.get("/en/identify/").content.decode()
    place = re.search(r'<div id="local"[^>]*>', page)
    assert place
    modules = set(re.findall(r"/static/(js/[\w.]+?)(?:\.[0-9a-f]{12})?\.js", place[0]))
    scripts = {name.removesuffix(".js") for name in offline.NAMED}
    imported = set()
    waiting = [name for name in scripts if name.startswith("js/")]
    while waiting:
        text = Path(str(finders.find(f"{waiting.pop()}.js"))).read_text()
        for name in re.findall(r'from "\./([\w.]+)\.js"', text):
            if f"js/{name}" not in imported:
                imported.add(f"js/{name}")
                waiting.append(f"js/{name}")

    assert modules
    assert modules <= scripts | imported

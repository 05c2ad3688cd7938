"""Drawings come into pages as SVG whose ids are unique however often one is shown."""

import re

import pytest

from motifs import drawings
from motifs.models import Motif

SVG = """<?xml version="1.0" encoding="UTF-8"?>
<!-- drawn by hand -->
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2 1" aria-labelledby="a-title a-d">
<title id="a-title">A</title><desc id="a-d">B</desc>
<defs><g id="a-unit"><path d="M0 0"/></g><clipPath id="a-clip"/></defs>
<use href="#a-unit" clip-path="url(#a-clip)"/><use xlink:href="#a-unit"/>
</svg>
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a.svg").write_text(SVG, encoding="utf-8")
    return tmp_path


def ids(svg):
    return set(re.findall(r'\bid="([^"]+)"', svg))


def references(svg):
    listed = " ".join(re.findall(r'aria-labelledby="([^"]+)"', svg)).split()
    return set(re.findall(r'href="#([^"]+)"|url\(#', svg)) - {""} | set(listed)


def test_two_inclusions_of_a_drawing_share_no_id(folder):
    one, other = drawings.inline("a", folder), drawings.inline("a", folder)

    assert len(ids(one)) == 4
    assert not ids(one) & ids(other)


def test_references_follow_their_ids(folder):
    svg = drawings.inline("a", folder)

    assert references(svg) <= ids(svg)
    assert re.search(r"url\(#([^)]+)\)", svg)[1] in ids(svg)


def test_what_only_a_file_needs_is_left_out(folder):
    svg = drawings.inline("a", folder)

    assert svg.startswith("<svg")
    assert svg.endswith("</svg>")


def test_it_is_safe_to_put_into_a_page(folder):
    assert hasattr(drawings.inline("a", folder), "__html__")


@pytest.mark.parametrize("slug", ["b", "", "../a", "a.svg"])
def test_a_motif_without_a_drawing_has_an_empty_one(folder, slug):
    assert drawings.inline(slug, folder) == ""


def test_addresses_exist_only_for_files_that_do():
    missing = Motif(slug="belum-digambar")

    assert missing.drawing == ""
    assert missing.drawing_url == ""
    assert missing.rendering_url == ""


def test_the_projects_drawings_have_addresses():
    slug = sorted(drawings.slugs(drawings.DRAWINGS, ".svg"))[0]
    motif = Motif(slug=slug)

    assert motif.drawing.startswith("<svg")
    assert motif.drawing_url.endswith(f"drawings/{slug}.svg")


@pytest.mark.parametrize("path", sorted(drawings.DRAWINGS.glob("*.svg")), ids=str)
def test_each_drawing_can_stand_twice_on_a_page(path):
    one, other = drawings.inline(path.stem), drawings.inline(path.stem)

    assert ids(one)
    assert not ids(one) & ids(other)
    assert references(one) <= ids(one)
    assert not re.search(r"<script|<style|\son\w+=|\sstyle=", one)

"""The catalogue's line drawings: their convention, their sizes, what is read."""

import re
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from ml.synthetic import Drawing, DrawingError, read_all
from ml.synthetic.picture import SCHEMES

DATA = Path(__file__).parents[2] / "motifs" / "data"
DRAWINGS = DATA / "drawings"
SLUGS = sorted(path.stem for path in DRAWINGS.glob("*.svg"))
DOCUMENTED = [
    "bayam-raja",
    "bintang-bahambur",
    "daun-jaruju",
    "daun-katu",
    "gelombang",
    "gigi-haruan",
    "hiris-gagatas",
    "hiris-pudak",
    "jajumputan",
    "kambang-kacang",
    "kambang-sakaki",
    "kangkung-kaombakan",
    "kulat-karikit",
    "mayang-maurai",
    "naga-balimbur",
    "ombak-sinapur-karang",
    "ramak-sahang",
    "tampuk-manggis",
    "turun-dayang",
    "ular-lidi",
]
SVG = "{http://www.w3.org/2000/svg}"
ELEMENTS = {"svg", "title", "defs", "g", "use", "path", "circle", "ellipse"}
ATTRIBUTES = {
    "viewBox",
    "fill",
    "stroke",
    "stroke-width",
    "stroke-linecap",
    "stroke-linejoin",
    "id",
    "href",
    "x",
    "y",
    "d",
    "transform",
    "cx",
    "cy",
    "r",
    "rx",
    "ry",
    "data-slug",
    "data-family",
    "data-unit",
    "data-width",
    "data-height",
    "data-rows",
    "data-pitch",
    "data-facing",
    "data-between",
    "data-turn",
    "data-run",
    "data-scatter",
    "data-dye",
}


def read(slug):
    return Drawing.read(DRAWINGS / f"{slug}.svg")


def test_every_documented_motif_has_a_drawing_and_nothing_else_has():
    assert sorted(DOCUMENTED) == SLUGS


@pytest.mark.parametrize("slug", SLUGS)
def test_a_drawing_can_stand_in_a_page_under_the_strict_policy(slug):
    root = ElementTree.parse(DRAWINGS / f"{slug}.svg").getroot()  # noqa: S314 (our own files)

    elements = {node.tag for node in root.iter()}
    attributes = {name for node in root.iter() for name in node.attrib}
    links = {node.get("href") for node in root.iter() if node.get("href")}
    names = {node.get("id") for node in root.iter() if node.get("id")}

    assert elements <= {SVG + name for name in ELEMENTS}
    assert attributes <= ATTRIBUTES
    # Several drawings share a page, so their names may not meet.
    assert all(name.startswith(slug) for name in names)
    assert links <= {f"#{name}" for name in names}


@pytest.mark.parametrize("slug", SLUGS)
def test_a_drawing_is_small_and_titled_with_the_motifs_name(slug):
    path = DRAWINGS / f"{slug}.svg"

    root = ElementTree.parse(path).getroot()  # noqa: S314 (our own files)
    title = root.findtext(f"{SVG}title")

    assert path.stat().st_size < 12_000
    assert re.sub(r"\W+", "-", title.lower()) == slug


@pytest.mark.parametrize("slug", SLUGS)
def test_a_drawing_is_read_whole(slug):
    drawing = read(slug)

    points = np.concatenate([stroke.points for stroke in drawing.composition])

    assert drawing.slug == slug
    assert drawing.view[0] * 3 == drawing.view[1] * 4
    assert len(drawing.composition) > len(drawing.unit)
    # The composition fills its frame from side to side.
    assert points[:, 0].min() < 0.12 * drawing.view[0]
    assert points[:, 0].max() > 0.88 * drawing.view[0]
    assert points[:, 1].min() < 0.12 * drawing.view[1]
    assert points[:, 1].max() > 0.88 * drawing.view[1]


@pytest.mark.parametrize("slug", SLUGS)
def test_the_stated_size_is_the_units_size(slug):
    drawing = read(slug)

    points = np.concatenate([stroke.points for stroke in drawing.unit])
    height = np.ptp(points[:, 1])

    if not drawing.runs_down:
        assert height <= drawing.height * 1.15
        assert height >= drawing.height * 0.6


def joins(drawing):
    """Return the lines whose end is exactly where their next repeat begins."""
    starts = [s.points[0] for s in drawing.unit if not s.is_closed]
    ends = [s.points[-1] for s in drawing.unit if not s.is_closed]
    step = np.array([drawing.width, 0])
    return sum(
        bool(np.allclose(end - start, step, atol=0.021))
        for start in starts
        for end in ends
    )


@pytest.mark.parametrize(
    ("slug", "lines"),
    [
        ("bayam-raja", 1), ("daun-katu", 1), ("gelombang", 2), ("gigi-haruan", 1),
        ("hiris-pudak", 1), ("kambang-kacang", 1), ("kangkung-kaombakan", 1),
        ("kulat-karikit", 1), ("naga-balimbur", 3), ("ombak-sinapur-karang", 1),
        ("ramak-sahang", 2), ("ular-lidi", 2),
    ],
)  # fmt: skip
def test_a_line_motif_goes_on_where_its_repeat_ends(slug, lines):
    assert joins(read(slug)) == lines


def test_every_line_motif_is_held_to_its_joins():
    along = {s for s in SLUGS if read(s).family == "lajur" and not read(s).runs_down}

    assert {slug for slug in along if joins(read(slug))} == along


def test_the_three_zigzags_differ_in_size_and_density_and_nothing_else():
    fine, middle, wide = map(read, ("kulat-karikit", "gigi-haruan", "hiris-pudak"))

    heights = [np.ptp(d.unit[0].points[:, 1]) for d in (fine, middle, wide)]

    assert fine.width * 2 <= middle.width
    assert middle.width * 2 <= wide.width
    assert heights[0] * 1.5 <= heights[1]
    assert heights[1] * 1.5 <= heights[2]
    assert [len(d.unit) for d in (fine, middle, wide)] == [1, 1, 1]


def test_chevrons_follow_each_other_down_the_cloth():
    drawing = read("turun-dayang")

    tops = sorted(stroke.points[:, 1].min() for stroke in drawing.composition)

    assert drawing.runs_down
    assert np.allclose(np.diff(tops[::2]), drawing.height)


def test_neighbours_in_the_catalogue_are_dyed_differently():
    dyes = [drawing.attributes["data-dye"] for drawing in read_all(DRAWINGS)]

    assert set(dyes) <= set(SCHEMES)
    assert all(first != second for first, second in pairwise(dyes))


@pytest.mark.parametrize("slug", SLUGS)
def test_each_motif_has_a_light_picture_of_cloth(slug):
    path = DATA / "renderings" / f"{slug}.webp"

    with Image.open(path) as picture:
        assert picture.size == (960, 720)
    assert path.stat().st_size <= 120 * 1024


def svg(inside, attributes='viewBox="0 0 8 6" data-slug="line"'):
    return f'<svg xmlns="http://www.w3.org/2000/svg" {attributes}>{inside}</svg>'


UNIT = '<defs><g id="u" data-unit="" data-width="4" data-height="2">{}</g></defs>'


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("<svg", "not well-formed"),
        (svg(UNIT.format(""), 'viewBox="0 0 8 6"'), "no data-slug"),
        (svg("<defs/>"), "no data-unit"),
        (svg(UNIT.format(""), 'viewBox="0 0 8" data-slug="line"'), "positive"),
        (svg(UNIT.replace('"4"', '"wide"').format("")), "could not convert"),
        (svg(UNIT.format("") + '<use href="#gone"/>'), "not there"),
    ],
)
def test_what_is_no_drawing_is_refused_with_its_reason(tmp_path, text, complaint):
    path = tmp_path / "line.svg"
    path.write_text(text)

    with pytest.raises(DrawingError, match=complaint):
        Drawing.read(path)


def test_a_use_is_followed_through_its_shift_and_turn(tmp_path):
    path = tmp_path / "line.svg"
    unit = UNIT.format('<path d="M0 0 L4 0"/>')
    shifted = '<use href="#u" x="1" y="2"/>'
    turned = '<use href="#u" transform="translate(3 1) rotate(90)"/>'
    path.write_text(svg(unit + shifted + turned))

    first, second = Drawing.read(path).composition

    assert np.allclose(first.points, [[1, 2], [5, 2]])
    assert np.allclose(second.points, [[3, 1], [3, 5]])


def test_a_grown_drawing_is_larger_in_every_measure():
    drawing = read("kangkung-kaombakan")

    twice = drawing.grown(2.0)

    assert (twice.width, twice.height, twice.pitch) == (
        2 * drawing.width,
        2 * drawing.height,
        2 * drawing.pitch,
    )
    assert np.allclose(twice.unit[1].points, 2 * drawing.unit[1].points)


def test_a_folder_without_drawings_is_an_error(tmp_path):
    with pytest.raises(DrawingError, match="no drawings"):
        read_all(tmp_path)

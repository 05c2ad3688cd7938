"""Rendered cloth: repeatable, labelled, and like cloth where it matters."""

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ml.synthetic import OTHER_CLOTH, Drawing, picture, read_all, render, write_dataset
from ml.synthetic.dye import Dyebath
from ml.synthetic.figures import random_figure
from ml.synthetic.layout import Band, Layout, lay_composition, lay_out
from ml.synthetic.rendering import Cloth, choose_scale, make_other_cloth, take_picture
from ml.synthetic.resist import Stitching, sew

DRAWINGS = Path(__file__).parents[2] / "motifs" / "data" / "drawings"


@pytest.fixture(scope="module")
def drawings():
    return {drawing.slug: drawing for drawing in read_all(DRAWINGS)}


@pytest.fixture
def two_drawings(tmp_path):
    folder = tmp_path / "drawings"
    folder.mkdir()
    for slug in ("gelombang", "tampuk-manggis"):
        shutil.copy(DRAWINGS / f"{slug}.svg", folder)
    return folder


def test_the_same_seed_gives_the_same_pixels(drawings):
    motif, other = drawings["gelombang"], drawings["kambang-sakaki"]

    first = render([motif, other], seed=5, size=96)
    again = render([motif, other], seed=5, size=96)
    elsewhere = render([motif, other], seed=6, size=96)

    assert np.array_equal(first.image, again.image)
    assert first.parameters == again.parameters
    assert not np.array_equal(first.image, elsewhere.image)


def test_a_rendering_says_what_it_shows_and_how_it_was_made(drawings):
    motif, other = drawings["hiris-gagatas"], drawings["gelombang"]

    made = [render([motif, other], seed=seed, size=96) for seed in range(3)]

    assert {rendering.labels[0] for rendering in made} == {"hiris-gagatas"}
    for rendering in made:
        assert rendering.image.shape == (96, 96, 3)
        assert rendering.image.dtype == np.uint8
        assert {region.label for region in rendering.regions} <= {*rendering.labels}
        assert {"seed", "scale", "stitching", "dyebath", "view"} <= {
            *rendering.parameters
        }
        for region in rendering.regions:
            assert 0 <= region.x <= region.x + region.width <= 1.0001
            assert 0 <= region.y <= region.y + region.height <= 1.0001


def test_every_motif_in_view_is_named_the_dominant_one_first():
    bands = [
        Band(420, 520, "gelombang"),
        Band(520, 620, "bayam-raja"),
        Band(620, 640, ""),
    ]
    layout = Layout(size=(1000, 1000), scale=2.0, bands=bands)
    pixels = np.zeros((1000, 1000, 3), dtype=np.float32)
    cloth = Cloth(pixels, layout, "gelombang", {})

    taken = [take_picture(cloth, np.random.default_rng(n), 64) for n in range(5)]

    assert {rendering.labels for rendering in taken} == {("gelombang", "bayam-raja")}


def test_the_camera_looks_for_the_motif(drawings):
    layout = Layout(size=(1000, 1000), scale=2.0, bands=[Band(700, 760, "gelombang")])
    pixels = np.zeros((1000, 1000, 3), dtype=np.float32)
    cloth = Cloth(pixels, layout, "gelombang", {})

    taken = [take_picture(cloth, np.random.default_rng(n), 64) for n in range(20)]

    assert all(picture_.regions for picture_ in taken)


def test_no_view_makes_one_zigzag_pass_for_the_next(drawings):
    """Pixels from point to point stay apart whatever the distance and the hand."""
    pitches = []

    for slug in ("kulat-karikit", "gigi-haruan", "hiris-pudak"):
        motif, rng = drawings[slug], np.random.default_rng(7)
        scales = [choose_scale(motif, rng) for _ in range(150)]
        cloths = [lay_out([motif], rng, (40, 40), scale) for scale in scales]
        pitches.append(
            [c.parameters["wide"] * c.scale * motif.width for c in cloths],
        )

    fine, middle, wide = pitches
    assert max(fine) < min(middle)
    assert max(middle) < min(wide)


def test_thread_keeps_the_cloth_pale_along_the_line_and_only_there(drawings):
    rng = np.random.default_rng(1)
    layout = lay_composition(drawings["hiris-pudak"], rng, (480, 360))

    kept = sew(layout, rng, Stitching.draw(rng, layout.scale))
    on = np.concatenate([mark.points for mark in layout.marks]).round().astype(int)
    on = on[(on.min(axis=1) >= 0) & (on[:, 0] < 480) & (on[:, 1] < 360)]

    assert kept[on[:, 1], on[:, 0]].mean() > 0.4
    assert (kept > 0.2).mean() < 0.15


def test_a_cloth_with_nothing_stitched_keeps_nothing_pale():
    rng = np.random.default_rng(1)
    layout = Layout(size=(60, 40), scale=1.0)

    assert sew(layout, rng, Stitching.draw(rng, 1.0)).max() == 0


def test_the_kept_colour_stands_out_from_every_ground():
    baths = [Dyebath.draw(np.random.default_rng(seed)) for seed in range(40)]

    weights = np.array([0.3, 0.59, 0.11])
    contrast = [
        np.dot(bath.base, weights) - np.dot(colour, weights)
        for bath in baths
        for colour in bath.dyes[: bath.grounds]
    ]

    assert min(contrast) > 60


def test_rows_never_leave_gaps_along_their_run(drawings):
    motif = drawings["gigi-haruan"]
    layout = lay_out([motif], np.random.default_rng(3), (400, 400), 2.0)

    for mark in layout.marks:
        if mark.label == motif.slug:
            assert mark.points[:, 0].min() < 8
            assert mark.points[:, 0].max() > 392


def test_no_figure_bears_a_motifs_name(drawings):
    figures = [random_figure(np.random.default_rng(seed)) for seed in range(30)]

    assert len({figure.slug for figure in figures}) > 8
    assert not {figure.slug for figure in figures} & set(drawings)


def test_other_cloth_has_no_motifs_label(drawings):
    for seed in range(4):
        rng = np.random.default_rng(seed)
        made = take_picture(make_other_cloth(rng), rng, 64)

        assert made.labels[0] == OTHER_CLOTH
        assert not set(made.labels) & set(drawings)


def test_a_dataset_is_a_folder_per_label_and_a_group_per_cloth(tmp_path, two_drawings):
    heard = []

    count = write_dataset(
        two_drawings, tmp_path / "out", 6, 64, 3, lambda *step: heard.append(step)
    )

    files = sorted(path for path in (tmp_path / "out").rglob("*.jpg"))
    groups = {}
    for root in ("motifs", OTHER_CLOTH):
        with (tmp_path / "out" / root / "groups.csv").open() as file:
            for row in csv.DictReader(file):
                groups[f"{root}/{row['path']}"] = row["group"]
    assert count == len(files) == 6 + 6 + 24
    assert heard[-1] == (count, count)
    assert {path.parent.name for path in files} == {
        "gelombang", "tampuk-manggis", OTHER_CLOTH,
    }  # fmt: skip
    assert set(groups) == {
        path.relative_to(tmp_path / "out").as_posix() for path in files
    }
    first = "motifs/gelombang/0000"
    assert groups[first + "0.jpg"] == groups[first + "3.jpg"]
    assert groups[first + "3.jpg"] != groups[first + "4.jpg"]
    assert len(set(groups.values())) == 2 + 2 + 6
    with Image.open(files[0]) as image:
        assert image.size == (64, 64)


def test_a_larger_dataset_begins_with_the_smaller_one(tmp_path, two_drawings):
    write_dataset(two_drawings, tmp_path / "small", 2, 64, 3)
    write_dataset(two_drawings, tmp_path / "large", 5, 64, 3)
    write_dataset(two_drawings, tmp_path / "other", 2, 64, 4)

    for path in (tmp_path / "small").rglob("*.jpg"):
        same = tmp_path / "large" / path.relative_to(tmp_path / "small")
        other = tmp_path / "other" / path.relative_to(tmp_path / "small")
        assert path.read_bytes() == same.read_bytes()
        assert path.read_bytes() != other.read_bytes()


def test_a_motifs_picture_is_the_drawings_own_composition(drawings):
    motif = drawings["kambang-sakaki"]

    shown = picture(motif, seed=2, size=(160, 120))
    again = picture(motif, seed=2, size=(160, 120))

    assert shown.shape == (120, 160, 3)
    assert np.array_equal(shown, again)
    # The first flower's rim is paler than the ground between the flowers.
    light = shown.astype(float).mean(axis=2)
    middle = motif.composition[0].points.mean(axis=0)
    x, y = (middle * 160 / motif.view[0]).astype(int)
    flower = light[max(0, y - 20) : y + 20, max(0, x - 20) : x + 20]
    assert flower.max() > light[75:80, 24:28].mean() + 60


def test_a_drawing_with_no_dye_named_takes_one_from_the_seed(drawings):
    motif = drawings["gelombang"]
    unnamed = Drawing(**{**vars(motif), "attributes": {}})

    red, green = (picture(unnamed, seed=s, size=(80, 60)).mean((0, 1)) for s in (2, 5))

    assert np.abs(red - green).max() > 30

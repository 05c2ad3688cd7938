"""What is judged of a photo before the network sees it: quality, region, dyes."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageFilter

from ml import colour, quality, region


def cloth(width: int = 480, height: int = 360, seed: int = 1) -> Image.Image:
    """Return a purple cloth with pale dotted lines and a weave."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    line = (np.abs((y + 12 * np.sin(x / 14)) % 40 - 20) < 4) & (x % 6 < 4)
    pixels = np.where(line[..., None], (235, 225, 200), (92, 30, 110)).astype(float)
    pixels += rng.normal(0, 8, (height, width, 1))
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def test_a_good_photo_is_usable():
    found = quality.check(cloth())

    assert found.usable
    assert found.reasons == ()


@pytest.mark.parametrize(
    ("photo", "reason"),
    [
        (cloth(300, 100), "too_small"),
        (cloth().filter(ImageFilter.GaussianBlur(9)), "blurred"),
        (cloth().point(lambda v: v // 14), "dark"),
        (Image.new("RGB", (400, 300), (253, 254, 252)), "blown_out"),
    ],
)
def test_an_unusable_photo_says_why(photo: Image.Image, reason: str):
    found = quality.check(photo)

    assert not found.usable
    assert reason in found.reasons


def test_sharpness_depends_on_blur_and_not_on_contrast():
    sharp = quality.check(cloth()).sharpness
    pale = quality.check(cloth().point(lambda v: 100 + v // 4)).sharpness
    soft = quality.check(cloth().filter(ImageFilter.GaussianBlur(4))).sharpness

    assert pale == pytest.approx(sharp, rel=0.2)
    assert soft < sharp / 2


@pytest.mark.parametrize("wall", ["white", "black", (200, 196, 190)])
def test_cloth_before_a_plain_wall_is_found(wall):
    photo = Image.new("RGB", (900, 600), wall)
    photo.paste(cloth(450, 300), (180, 120))

    found = region.find(photo)

    assert found.x == pytest.approx(0.2, abs=0.02)
    assert found.y == pytest.approx(0.2, abs=0.02)
    assert found.width == pytest.approx(0.5, abs=0.03)
    assert found.height == pytest.approx(0.5, abs=0.03)
    assert found.share == pytest.approx(0.25, abs=0.03)
    assert all(0 <= v <= 1 for point in found.polygon for v in point)


def test_when_unsure_the_region_is_the_whole_photo():
    noise = np.random.default_rng(1).integers(0, 255, (300, 400, 3), dtype=np.uint8)
    speck = Image.new("RGB", (400, 300), "white")
    speck.paste("red", (190, 140, 205, 155))

    for photo in (cloth(), Image.fromarray(noise), Image.new("RGB", (90, 90)), speck):
        found = region.find(photo)
        assert found == region.WHOLE
        assert found.is_whole


def test_the_dyes_of_a_cloth_are_named_widest_first():
    found = colour.dominant(cloth())

    assert [dye.name for dye in found][:1] == ["purple"]
    assert sum(dye.share for dye in found) <= 1
    assert [d.share for d in found] == sorted((d.share for d in found), reverse=True)


def test_only_the_region_is_asked_for_its_dyes():
    photo = Image.new("RGB", (800, 600), "white")
    photo.paste((40, 110, 60), (200, 150, 600, 450))

    assert [d.name for d in colour.dominant(photo, region.find(photo))] == ["green"]


@pytest.mark.parametrize(
    ("name", "shades"),
    {
        "yellow": ["#e2a826", "#f5d020", "#d8b040"],
        "red": ["#a82028", "#c81e2a", "#8c1634"],
        "green": ["#246c46", "#4a702c", "#0a5c2e"],
        "black": ["#1c1418", "#0a0a0a", "#242028"],
        "purple": ["#602c6e", "#6e2c4e", "#482068"],
        "brown": ["#784a2e", "#8e6246", "#a06a3c"],
        "blue": ["#263e7c", "#2860b0", "#6c94be", "#1c686c"],
        "orange": ["#e07820", "#d86a1e"],
        "pink": ["#e88aa8", "#f2a8c0"],
        "white": ["#faf7ee", "#e8e4da"],
        "grey": ["#808080", "#a09c98"],
    }.items(),
)
def test_each_dye_has_the_name_people_give_it(name: str, shades: list[str]):
    pixels = np.array([list(bytes.fromhex(shade[1:])) for shade in shades], np.uint8)

    assert {colour.PALETTE[i] for i in colour.name_colours(pixels)} == {name}

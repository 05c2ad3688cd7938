"""The browser and the server look at a photo alike and say the same of it."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from ml import colour, images, quality, region
from ml.predict import Predictor
from tests.classifier import pictures

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

STARTER = Path(__file__).parents[2] / "ml" / "starter"
RENDERINGS = Path(__file__).parents[2] / "motifs" / "data" / "renderings"
SLUGS = ("bayam-raja", "gigi-haruan", "hiris-pudak", "naga-balimbur")

ASK = """
async ({ photos, modules, runtime }) => {
  const model = await (await fetch("/api/v1/model")).json();
  const worker = new Worker(modules.worker);
  const tell = (message, move = []) => new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => {
      if ("error" in data) reject(new Error(data.error));
      else if (!("progress" in data)) resolve(data.ok);
    };
    worker.onerror = (event) => reject(new Error(event.message));
    worker.postMessage(message, move);
  });
  await tell({ id: 0, do: "load", runtime, modules });
  await tell({ id: 0, do: "open", model });
  const answers = [];
  for (const photo of photos) {
    const bytesOf = Uint8Array.from(atob(photo.data), (one) => one.charCodeAt(0));
  const blob = new Blob([bytesOf], { type: photo.type });
    const picture = await createImageBitmap(blob, {
      imageOrientation: "from-image", colorSpaceConversion: "none" });
    answers.push(await tell(
      { id: 1, do: "look", picture, isJpeg: photo.type === "image/jpeg" }, [picture]));
  }
  worker.terminate();
  return { model, answers };
}
"""

LOOK = """
async ({ photo, look, size, there }) => {
  const { kept, smallCopy, findRegion, checkQuality, square, resample, dominant } =
    await import(look);
  const bytesOf = Uint8Array.from(atob(photo.data), (one) => one.charCodeAt(0));
  const blob = new Blob([bytesOf], { type: photo.type });
  const bitmap = await createImageBitmap(blob, { colorSpaceConversion: "none" });
  const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
  context.drawImage(bitmap, 0, 0);
  const whole = context.getImageData(0, 0, bitmap.width, bitmap.height);
  const picture = kept(whole, photo.type === "image/jpeg");
  const small = smallCopy(picture);
  const region = findRegion(small);
  const box = square(picture, there, { fraction: 1, x: 0.5, y: 0.5 });
  return {
    size: [picture.width, picture.height],
    small: Array.from(small.data),
    region,
    quality: checkQuality(picture, small),
    colours: dominant(small, region),
    pixels: Array.from(resample(picture, box, size)),
  };
}
"""


def side_by_side(cloth: Image.Image, other: Image.Image) -> Image.Image:
    picture, (width, height) = cloth.copy(), cloth.size
    half = other.resize(cloth.size).crop((0, 0, width // 2, height))
    picture.paste(half, (width // 2, 0))
    return picture


def on_a_table(cloth: Image.Image, size: tuple[int, int] = (820, 610)) -> Image.Image:
    table = Image.new("RGB", (1400, 1000), (214, 210, 202))
    noise = np.random.default_rng(3).normal(0, 2, (1000, 1400, 1))
    table = Image.fromarray((np.asarray(table) + noise).clip(0, 255).astype(np.uint8))
    table.paste(cloth.resize(size).rotate(4, expand=True), (260, 150))
    return table


def golden() -> dict[str, tuple[Image.Image, str]]:
    """Return photos of every kind that the steps before the network tell apart."""
    cloths = {
        slug: Image.open(RENDERINGS / f"{slug}.webp").convert("RGB") for slug in SLUGS
    }
    first = cloths["hiris-pudak"]
    found = {slug: (one, "image/png") for slug, one in cloths.items()}
    found["jpeg"] = (first, "image/jpeg")
    found["large"] = (
        first.resize((3200, 2400), Image.Resampling.BICUBIC),
        "image/jpeg",
    )
    found["upright"] = (first.resize((500, 1100)), "image/png")
    found["tiny"] = (first.resize((160, 120)), "image/png")
    found["table"] = (on_a_table(cloths["bayam-raja"]), "image/png")
    found["blurred"] = (first.filter(ImageFilter.GaussianBlur(20)), "image/png")
    found["dark"] = (first.point(lambda level: level // 12), "image/png")
    found["halves"] = (
        side_by_side(cloths["gigi-haruan"], cloths["naga-balimbur"]),
        "image/png",
    )
    found["far"] = (on_a_table(cloths["bayam-raja"], size=(480, 360)), "image/png")
    found["noise"] = (pictures.cloth(640, 480, 5), "image/png")
    return found


def encoded(image: Image.Image, media_type: str) -> bytes:
    file = io.BytesIO()
    image.save(file, media_type.split("/")[1].upper(), quality=92)
    return file.getvalue()


@pytest.fixture(scope="module")
def photos() -> dict[str, tuple[bytes, str]]:
    return {name: (encoded(*one), one[1]) for name, one in golden().items()}


@pytest.fixture
def page(open_page):
    return open_page("/en/identify/")


@pytest.fixture
def places(page) -> dict:
    """Where the page says that the recogniser's files are."""
    return page.evaluate("({ ...document.getElementById('local').dataset })")


def given(photo: tuple[bytes, str]) -> dict[str, str]:
    return {"data": base64.b64encode(photo[0]).decode(), "type": photo[1]}


def test_both_say_the_same_within_a_hundredth(page, places, photos):
    predictor = Predictor(STARTER)

    found = page.evaluate(
        ASK,
        {
            "photos": [given(one) for one in photos.values()],
            "modules": places,
            "runtime": places["runtime"],
        },
    )

    hinted: set[str] = set()
    assert found["model"]["sha256"] == predictor.artifact.sha256
    for (name, (content, _)), theirs in zip(
        photos.items(), found["answers"], strict=True
    ):
        ours = predictor.predict([images.open_image(io.BytesIO(content))])
        assert theirs["answer"]["kind"] == ours.answer.kind, name
        assert theirs["answer"]["reason"] == ours.answer.reason, name
        assert tuple(theirs["answer"]["labels"]) == ours.answer.labels, name
        assert tuple(theirs["hints"]) == ours.hints, name
        hinted |= set(ours.hints)
        for label, score in ours.scores.items():
            assert theirs["scores"][label] == pytest.approx(score, abs=0.01), name
        heat = np.reshape(theirs["map"]["values"], ours.map.shape)
        assert heat == pytest.approx(ours.map, abs=0.05), name
    assert hinted == {"far", "several"}
    assert page.troubles == [], page.troubles


def test_both_look_alike_pixel_by_pixel(page, places, photos):
    size = 224
    for name, photo in photos.items():
        image = images.open_image(io.BytesIO(photo[0]))
        small = images.small_copy(image)
        there = region.find(image, small)
        box = {side: getattr(there, side) for side in ("x", "y", "width", "height")}

        theirs = page.evaluate(
            LOOK,
            {
                "photo": given(photo),
                "look": places["look"],
                "size": size,
                "there": box,
            },
        )

        assert theirs["size"] == list(image.size), name
        # A JPEG of many megapixels is reduced while it is decoded, in frequencies.
        near = 3 if name == "large" else 0
        found = np.reshape(theirs["small"], (*small.shape[:2], 4))[..., :3]
        assert np.abs(found - small.astype(int)).max() <= near, name
        assert theirs["region"]["isWhole"] == there.is_whole, name
        for side, place in box.items():
            assert theirs["region"][side] == pytest.approx(place, abs=0.01), name
        pixels, _ = images.views(image, there, [images.View()], size)
        squares = np.reshape(theirs["pixels"], (size, size, 3))
        assert np.abs(squares - pixels[0].astype(int)).max() <= near + 1, name
        measured = quality.check(image, small)
        assert theirs["quality"]["reasons"] == list(measured.reasons), name
        sharp = pytest.approx(measured.sharpness, abs=0.01)
        assert theirs["quality"]["sharpness"] == sharp, name
        same_colours(theirs["colours"], colour.dominant(image, there, small=small))


def same_colours(theirs: list[dict], ours: list[colour.Dye]) -> None:
    """They are alike to the eye: a pixel between two names may fall either way."""
    shares = {dye.name: dye.share for dye in ours}
    found = {dye["name"]: dye["share"] for dye in theirs}
    for name in shares.keys() | found.keys():
        assert found.get(name, 0.03) == pytest.approx(shares.get(name, 0.03), abs=0.03)
    hexes = {dye.name: dye.hex for dye in ours}
    for dye in theirs:
        if dye["name"] in hexes and dye["share"] > 0.1:
            assert levels(dye["hex"]) == pytest.approx(
                levels(hexes[dye["name"]]), abs=4
            )


def levels(hex_: str) -> list[int]:
    return [int(hex_[at : at + 2], 16) for at in (1, 3, 5)]

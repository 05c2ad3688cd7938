"""Several photos of one cloth cost no more memory at a time than one of them."""

from __future__ import annotations

from io import BytesIO

from PIL import Image

from classifier import predictor
from ml import images


def test_photos_are_opened_one_after_the_other(monkeypatch, no_prototypes):
    """Each is decoded only after the one before has been looked at."""
    steps: list[str] = []
    open_image = images.open_image
    model = predictor.champion()
    given = BytesIO()
    Image.effect_noise((300, 300), 90).convert("RGB").save(given, "JPEG")

    def opened(file):
        steps.append("open")
        return open_image(file)

    class Watching:
        manifest = model.manifest
        artifact = model.artifact

        def predict(self, photos):
            for _ in photos:
                steps.append("look")
            return model.predict([open_image(BytesIO(given.getvalue()))])

    monkeypatch.setattr(images, "open_image", opened)
    monkeypatch.setattr(predictor, "champion", Watching)

    predictor.predict([BytesIO(given.getvalue()) for _ in range(3)])

    assert steps == ["open", "look"] * 3


def test_a_long_narrow_picture_is_reduced_by_its_area():
    strip = BytesIO()
    Image.new("RGB", (760, 20_000), "purple").save(strip, "JPEG")

    image = images.open_image(BytesIO(strip.getvalue()))

    assert image.width * image.height <= images.MAX_KEPT_PIXELS
    assert min(image.size) >= images.MIN_SIDE

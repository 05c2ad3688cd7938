"""Small pictures made on the spot."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image


def cloth(width: int = 320, height: int = 240, seed: int = 7) -> Image.Image:
    """A picture with enough light and detail to be usable."""
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:height, 0:width]
    lines = (np.sin((columns + 9 * np.sin(rows / 11)) / 6) > 0.7)[..., None]
    ground = np.array([120, 40, 130]) + random.normal(0, 12, (height, width, 3))
    pixels = np.where(lines, [235, 225, 205], ground).clip(0, 255)
    return Image.fromarray(pixels.astype(np.uint8))


def encoded(image: Image.Image | None = None, form: str = "JPEG", **how: Any) -> bytes:
    out = BytesIO()
    (image or cloth()).save(out, form, **how)
    return out.getvalue()


def photo(
    content: bytes | None = None, name: str = "photo.jpg", kind: str = "image/jpeg"
) -> SimpleUploadedFile:
    """A photo as a browser sends it."""
    return SimpleUploadedFile(name, content or encoded(), kind)

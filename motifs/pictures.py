"""Photos as files: what is accepted, and the renditions that pages show."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from io import BytesIO

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import (
    Image,
    ImageOps,
    JpegImagePlugin,
    PngImagePlugin,
    WebPImagePlugin,
)

from motifs.models import Photo
from motifs.refusals import NotAPhoto, PhotoTooLarge

MAX_BYTES = 20 * 1024 * 1024
MAX_PIXELS = 50_000_000
# Longer side of each rendition, in pixels, by the name it has in its address.
SIZES = {"480": 480, "1600": 1600}
ORIGINAL = "original"
RENDITION_TYPE = "image/jpeg"

# The decoders that are tried. They are imported here by name, because which ones
# Pillow loads by itself depends on what else runs in the process.
_FORMATS = [
    JpegImagePlugin.JpegImageFile.format,
    PngImagePlugin.PngImageFile.format,
    WebPImagePlugin.WebPImageFile.format,
]
_MEDIA_TYPES = {
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",  # a JPEG with further pictures behind it, as phones make
    "PNG": "image/png",
    "WEBP": "image/webp",
}


@dataclass(frozen=True)
class Description:
    """What is known of a picture once it has been read."""

    media_type: str
    sha256: str
    width: int
    height: int


def describe(content: bytes) -> Description:
    """Read a picture to the end and describe it.

    Width and height are as seen, after the EXIF orientation.

    Raises NotAPhoto for anything but a readable JPEG, PNG or WebP, PhotoTooLarge above
    20 MB or 50 megapixels. The size is checked before a pixel is decoded.
    """
    if len(content) > MAX_BYTES:
        raise PhotoTooLarge
    try:
        with Image.open(BytesIO(content), formats=_FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise PhotoTooLarge
            media_type = _MEDIA_TYPES[str(image.format)]
            width, height = image.size
            # A JPEG is decoded at a fraction of its size: enough to know it is whole.
            image.draft("RGB", (SIZES["1600"], SIZES["1600"]))
            if image.getexif().get(0x0112, 1) in {5, 6, 7, 8}:
                width, height = height, width
            image.load()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PhotoTooLarge from error
    except PhotoTooLarge:
        raise
    except (OSError, SyntaxError, ValueError, EOFError, OverflowError) as error:
        raise NotAPhoto from error
    digest = hashlib.sha256(content).hexdigest()
    return Description(media_type, digest, width, height)


def rendition(photo: Photo, size: str) -> str:
    """Return the stored name of the photo's rendition, made on first demand.

    A rendition is an upright RGB JPEG without metadata, never larger than the photo.
    """
    name = f"renditions/{photo.sha256[:2]}/{photo.sha256}-{size}.jpg"
    if default_storage.exists(name):
        return name
    with photo.image.open("rb") as file:
        content = _rendered(file.read(), SIZES[size])
    saved = default_storage.save(name, ContentFile(content))
    if saved != name:
        # Another request made it in the same moment; theirs is the same picture.
        default_storage.delete(saved)
    return name


def forget_renditions(digest: str) -> None:
    """Delete every rendition made of the photo with this SHA-256."""
    folder = f"renditions/{digest[:2]}"
    try:
        names = default_storage.listdir(folder)[1]
    except FileNotFoundError:
        return
    for name in names:
        if name.startswith(f"{digest}-"):
            default_storage.delete(f"{folder}/{name}")


def _rendered(content: bytes, side: int) -> bytes:
    with Image.open(BytesIO(content), formats=_FORMATS) as image:
        image.draft("RGB", (side, side))
        upright = ImageOps.exif_transpose(image)
        if upright.has_transparency_data:
            white = Image.new("RGBA", upright.size, "white")
            upright = Image.alpha_composite(white, upright.convert("RGBA"))
        picture = upright.convert("RGB")
        picture.thumbnail((side, side), Image.Resampling.LANCZOS)
        out = BytesIO()
        picture.save(out, "JPEG", quality=82, optimize=True, progressive=True)
    return out.getvalue()

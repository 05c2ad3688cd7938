"""Photos as files: what is accepted, and the renditions that pages show."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage
from PIL import (
    Image,
    ImageCms,
    ImageOps,
    JpegImagePlugin,
    PngImagePlugin,
    WebPImagePlugin,
)

from motifs.models import Photo
from motifs.refusals import NotAPhoto, PhotoTooLarge

MAX_BYTES = 20 * 1024 * 1024
MAX_PIXELS = 65_000_000
"""Of a JPEG: what phones of 64 megapixels take. It is decoded at a fraction, with 60 MB
of memory and 400 MB if it is progressive and of full colour."""
MAX_WHOLE_PIXELS = 50_000_000
"""Of a PNG or a WebP, which is decoded whole, with up to 1 GB."""
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
    ``MAX_BYTES`` or its format's pixels. The size is checked before a pixel is decoded.
    """
    if len(content) > MAX_BYTES:
        raise PhotoTooLarge
    try:
        with Image.open(BytesIO(content), formats=_FORMATS) as image:
            media_type = _MEDIA_TYPES[str(image.format)]
            most = MAX_PIXELS if media_type == "image/jpeg" else MAX_WHOLE_PIXELS
            if image.width * image.height > most:
                raise PhotoTooLarge
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
    """Return the stored name of the photo's rendition as JPEG, made on first demand.

    A rendition is an upright RGB picture without metadata, never larger than the photo.
    """
    name = rendition_name(photo, size, "jpg")
    if default_storage.exists(name):
        return name
    with photo.image.open("rb") as file:
        picture = drawn(file.read(), SIZES[size])
    out = BytesIO()
    picture.save(out, "JPEG", quality=82, optimize=True, progressive=True)
    keep(name, out.getvalue())
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


def rendition_name(photo: Photo, size: str, extension: str) -> str:
    """Return where a rendition is kept: by the photo's content, so never twice."""
    return f"renditions/{photo.sha256[:2]}/{photo.sha256}-{size}.{extension}"


def drawn(content: bytes, side: int) -> Image.Image:
    """Return the pixels of a photo, to be encoded afresh: upright sRGB, no metadata.

    Args:
        content: a file that ``describe`` took.
        side: most pixels of the longer side.
    """
    with Image.open(BytesIO(content), formats=_FORMATS) as image:
        image.draft("RGB", (side, side))
        upright = ImageOps.exif_transpose(image)
        profile = image.info.get("icc_profile")
        if upright.has_transparency_data:
            white = Image.new("RGBA", upright.size, "white")
            upright = Image.alpha_composite(white, upright.convert("RGBA"))
        picture = upright.convert("RGB")
        is_rgb = upright.mode in ("RGB", "RGBA")
    picture.thumbnail((side, side), Image.Resampling.LANCZOS)
    if profile and is_rgb:
        picture = _in_srgb(picture, profile)
    # What is left came with the file: profiles, comments, editing programs' notes.
    picture.info = {}
    return picture


def _in_srgb(picture: Image.Image, profile: bytes) -> Image.Image:
    """Convert from the file's own colour space, where its profile can be read."""
    try:
        given = ImageCms.ImageCmsProfile(BytesIO(profile))
        converted = ImageCms.profileToProfile(
            picture, given, ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return picture
    return converted or picture


def keep(name: str, content: bytes) -> None:
    """Store a file whole or not at all; it replaces one of the same name.

    Whoever is killed while writing leaves a file whose name begins with a dot, which
    the next rendering of the photo deletes.
    """
    if not isinstance(default_storage, FileSystemStorage):
        # A storage elsewhere keeps whole objects only.
        if not default_storage.exists(name):
            default_storage.save(name, ContentFile(content))
        return
    path = Path(default_storage.path(name))
    path.parent.mkdir(
        mode=settings.FILE_UPLOAD_DIRECTORY_PERMISSIONS, parents=True, exist_ok=True
    )
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        part.write_bytes(content)
        part.chmod(settings.FILE_UPLOAD_PERMISSIONS)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise

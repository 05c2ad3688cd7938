"""Picture files -> pixels: the only decoding and resizing there is.

Training, evaluation and serving all come through here, so what the network sees in
production is what it learned from.
"""

from __future__ import annotations

import json
import math
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import cv2
import numpy as np
from PIL import (
    Image,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from ml import containers
from ml.containers import BrokenFile, Container

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ml.region import Region

INPUT_SIZE = 224
"""Side of the square that the network sees, in pixels."""

MIN_SIDE = 64
"""The least side, in pixels, of a picture worth looking at."""

KEPT_SIDE = 384
"""Decoding may reduce a picture, never below this shortest side (pixels)."""

MAX_KEPT_PIXELS = 4_000_000
"""Pixels above which even a long, narrow picture is reduced."""

MAX_BYTES = 40 * 2**20

MAX_PIXELS = {
    "JPEG": 65_000_000,
    "PNG": 25_000_000,
    "TIFF": 25_000_000,
    "WEBP": 16_000_000,
    "HEIF": 25_000_000,
}
"""Most pixels decoded per format, so that none costs over 2 s or 300 MB."""

MAX_BUFFERED_SAMPLES = 100_000_000
"""Most samples of a JPEG whose coefficients are all held, two bytes each."""

MAX_SCANNED_SAMPLES = 1_000_000_000
"""Most samples x scans of a JPEG: each scan is a pass over the picture."""

HEIC_PATIENCE = 30
"""Seconds until a HEIC picture is given up on a machine that is busy."""

_TIFF_COMPRESSIONS = {
    "raw",
    "tiff_lzw",
    "tiff_adobe_deflate",
    "tiff_deflate",
    "packbits",
}
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class ImageError(Exception):
    """A file that cannot become pixels; ``code`` is stable, the text is for people."""

    code = "unreadable"


class NotAnImage(ImageError):
    """The file is of another kind than the pictures that are read here."""

    code = "not_an_image"


class Unreadable(ImageError):
    """The file says that it is a picture, but is damaged or of an unusual kind."""

    code = "unreadable"


class TooSmall(ImageError):
    """The picture's shortest side is below ``MIN_SIDE``."""

    code = "too_small"


class TooLarge(ImageError):
    """The file would cost more time or memory to decode than one picture may."""

    code = "too_large"


class Box(NamedTuple):
    """A rectangle in a picture; every value in 0..1 of the upright picture."""

    x: float
    y: float
    width: float
    height: float


class View(NamedTuple):
    """A square to look at, relative to the region that holds the cloth.

    ``fraction`` is the square's side in parts of the region's short side; ``x`` and
    ``y`` say where it lies in the room that is left: 0 first, 0.5 middle, 1 last.
    """

    fraction: float = 1.0
    x: float = 0.5
    y: float = 0.5


def open_image(file: BinaryIO | Path, *, kept_side: int = KEPT_SIDE) -> Image.Image:
    """Return the picture in a file: RGB, upright, its first frame.

    Transparency becomes white. A picture much larger than needed is reduced while
    decoding, which is what keeps a photo of 12 megapixels at a few milliseconds.

    Args:
        file: JPEG, PNG, TIFF, WebP or HEIC; a binary file or a path.
        kept_side: the shortest side is not reduced below this, in pixels.

    Raises:
        NotAnImage: another kind of file, or an empty one.
        Unreadable: a damaged picture.
        TooSmall: the shortest side is under ``MIN_SIDE`` pixels.
        TooLarge: over ``MAX_BYTES`` or over the pixel limit of its format.
        OSError: only for a path that cannot be opened.
    """
    data = _read(file)
    form = containers.sniff(data)
    if form is None:
        raise NotAnImage("This is not a JPEG, PNG, TIFF, WebP or HEIC picture.")
    try:
        if form == "HEIF":
            return _heic(data, kept_side)
        container = containers.reduce(form, data)
        del data
        picture = _open(container)
        _check_size(container, picture)
        return _decode(container, picture, kept_side)
    except ImageError:
        raise
    except BrokenFile as error:
        raise Unreadable(f"The picture cannot be read: {error}.") from error
    # Decoders meet damaged files with nearly every exception there is, and the
    # promise to callers is one family of errors.
    except Exception as error:
        raise Unreadable("The picture is damaged and cannot be read.") from error


def _read(file: BinaryIO | Path) -> bytes:
    if isinstance(file, Path):
        with file.open("rb") as opened:
            data = opened.read(MAX_BYTES + 1)
    else:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise TooLarge(f"The file is larger than {MAX_BYTES // 2**20} MB.")
    return data


def _open(container: Container) -> ImageFile.ImageFile:
    """Return the picture with its header read and nothing decoded.

    The plug-ins are called directly: ``Image.open`` would add formats that others
    registered and a warning about sizes that are checked here anyway.
    """
    stream = container.stream
    if container.form == "JPEG":
        return JpegImagePlugin.JpegImageFile(stream)
    if container.form == "PNG":
        return PngImagePlugin.PngImageFile(stream)
    if container.form == "WEBP":
        return WebPImagePlugin.WebPImageFile(stream)
    return TiffImagePlugin.TiffImageFile(stream)


def _heic(data: bytes, kept_side: int) -> Image.Image:
    """Decode a HEIC picture in a process of its own; see ``ml.heic``."""
    limits = map(str, (kept_side, MIN_SIDE, MAX_PIXELS["HEIF"]))
    # Isolated, by file name: it runs the same whatever the working directory holds.
    script = [sys.executable, "-I", str(Path(__file__).with_name("heic.py")), *limits]
    try:
        child = subprocess.run(
            script, input=data, capture_output=True, timeout=HEIC_PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        raise TooLarge("The picture takes too long to decode.") from None
    if child.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        raise TooLarge("The picture takes too long to decode.")
    line, _, pixels = child.stdout.partition(b"\n")
    if child.returncode or not line:
        raise Unreadable("The picture is damaged and cannot be read.")
    said = json.loads(line)
    if "code" in said:
        raise {"too_small": TooSmall, "too_large": TooLarge}[said["code"]](said["text"])
    return Image.frombytes("RGB", (said["width"], said["height"]), pixels)


def _check_size(container: Container, picture: ImageFile.ImageFile) -> None:
    width, height = picture.size
    if min(width, height) < MIN_SIDE:
        raise TooSmall(
            f"The picture is {width} x {height} pixels; "
            f"each side must have at least {MIN_SIDE}."
        )
    pixels = width * height
    samples = pixels * container.samples_per_pixel
    is_too_large = pixels > MAX_PIXELS[container.form]
    is_too_large |= container.is_buffered and samples > MAX_BUFFERED_SAMPLES
    is_too_large |= samples * container.scans > MAX_SCANNED_SAMPLES
    if isinstance(picture, TiffImagePlugin.TiffImageFile):
        if picture.info.get("compression", "raw") not in _TIFF_COMPRESSIONS:
            raise Unreadable("This TIFF's compression is not one that is read here.")
        tile = picture.tag_v2.get(322, 0) * picture.tag_v2.get(323, 0)
        is_too_large |= tile > MAX_PIXELS["TIFF"]
    if is_too_large:
        raise TooLarge(
            f"The picture is {width} x {height} pixels, more than is decoded "
            f"for this kind of file."
        )


def _decode(
    container: Container, picture: ImageFile.ImageFile, kept_side: int
) -> Image.Image:
    if container.form == "JPEG":
        scale = max(1.0, min(picture.size) / kept_side)
        wanted = (int(picture.width / scale), int(picture.height / scale))
        picture.draft("RGB", wanted)
    picture.load()
    image: Image.Image = picture
    # A strip is reduced by its area: its short side alone would keep all of it.
    area = math.sqrt(picture.width * picture.height / MAX_KEPT_PIXELS)
    factor = max(min(picture.size) // kept_side, math.ceil(area))
    factor = min(factor, max(1, min(picture.size) // MIN_SIDE))
    if image.mode.startswith("I;16"):
        image = _to_8_bit(image)
    elif image.mode in ("1", "P", "PA"):
        # Indices cannot be averaged; colours can.
        image = _to_rgb(image)
    if factor > 1:
        image = image.reduce(factor)
    image = _to_rgb(_to_8_bit(image))
    turn = _UPRIGHT.get(container.orientation)
    return image if turn is None else image.transpose(turn)


def _to_8_bit(image: Image.Image) -> Image.Image:
    """Return a picture of 16, 32 or floating bits as 8-bit grey, else as it is."""
    if image.mode not in ("I", "F") and not image.mode.startswith("I;16"):
        return image
    values = np.asarray(image)
    if image.mode.startswith("I;16"):
        return Image.fromarray((values >> 8).astype(np.uint8))
    values = np.nan_to_num(values.astype(np.float32), posinf=0.0, neginf=0.0)
    top = float(values.max(initial=0.0))
    # Floats are 0..1 by custom; integers are 8 or 16 bits in a wider type.
    full = next((v for v in (1.0, 255.0, 65535.0) if top <= v), max(top, 1.0))
    return Image.fromarray((values.clip(0, full) * (255.0 / full)).astype(np.uint8))


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "RGB":
        image.load()
        # A new image: the file's own class carries its bytes and its EXIF with it.
        return image.copy() if isinstance(image, ImageFile.ImageFile) else image
    has_alpha = image.mode in ("RGBA", "LA", "PA", "RGBa", "La")
    if has_alpha or "transparency" in image.info:
        image = image.convert("RGBA")
        white = Image.new("RGB", image.size, "white")
        white.paste(image, mask=image.getchannel("A"))
        return white
    return image.convert("RGB")


def to_pixels(image: Image.Image, size: int = INPUT_SIZE) -> NDArray[np.uint8]:
    """Return the picture's central square, resampled once to 8-bit RGB.

    Scaling to what the network expects is its own first layer, not done here.

    Args:
        image: upright, in any Pillow mode.
        size: side of the square returned, in pixels.

    Returns:
        Array of shape (size, size, 3): row, column, then R, G, B in 0..255.

    >>> grey = Image.new("L", (640, 480), color=255)
    >>> pixels = to_pixels(grey)
    >>> pixels.shape, pixels.dtype.name, int(pixels.min())
    ((224, 224, 3), 'uint8', 255)
    """
    return _look(image.convert("RGB"), _square(image, None, View()), size)


def views(
    image: Image.Image,
    region: Region | None,
    wanted: Sequence[View] = (View(),),
    size: int = INPUT_SIZE,
) -> tuple[NDArray[np.uint8], list[Box]]:
    """Return the squares of a picture that the network looks at.

    Args:
        image: RGB and upright, as ``open_image`` gives it.
        region: where the cloth is; None for the whole picture.
        wanted: the squares, relative to the region.
        size: side of each square returned, in pixels.

    Returns:
        Array of shape (views, size, size, 3), values 0..255, and each square's box.

    >>> pixels, boxes = views(Image.new("RGB", (400, 200)), None)
    >>> pixels.shape, boxes[0]
    ((1, 224, 224, 3), Box(x=0.25, y=0.0, width=0.5, height=1.0))
    """
    edges = [_square(image, region, view) for view in wanted]
    pixels = np.stack([_look(image, edge, size) for edge in edges])
    width, height = image.size
    boxes = [
        Box(
            left / width,
            top / height,
            (right - left) / width,
            (bottom - top) / height,
        )
        for left, top, right, bottom in edges
    ]
    return pixels, boxes


def small_copy(image: Image.Image, longest: int = 320) -> NDArray[np.uint8]:
    """Return a picture of at most ``longest`` pixels a side, shape (h, w, 3), RGB.

    Quality, region and colours are judged on it: their answers then depend on the
    picture and not on how many pixels the camera has.
    """
    scale = longest / max(image.size)
    if scale >= 1:
        return np.asarray(image)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    # Means of whole blocks, then a step below 2 in which linear does not alias: a fifth
    # of the time of Pillow's filter, which only what the network sees is worth.
    factor = int(1 / scale)
    blocks = np.asarray(image.reduce(factor) if factor > 1 else image)
    small = cv2.resize(blocks, size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(small, np.uint8)


def _square(
    image: Image.Image, region: Region | None, view: View
) -> tuple[float, float, float, float]:
    """Return left, top, right, bottom of a view in pixels of the picture."""
    width, height = image.size
    left, top, wide, high = 0.0, 0.0, float(width), float(height)
    if region is not None:
        left, top = region.x * width, region.y * height
        wide, high = region.width * width, region.height * height
    side = max(1.0, min(wide, high) * view.fraction)
    x = min(max(0.0, left + (wide - side) * view.x), max(0.0, width - side))
    y = min(max(0.0, top + (high - side) * view.y), max(0.0, height - side))
    return x, y, min(x + side, width), min(y + side, height)


def _look(
    image: Image.Image, edges: tuple[float, float, float, float], size: int
) -> NDArray[np.uint8]:
    # Pillow's bilinear filter widens as it reduces, so this one step is antialiased.
    return np.asarray(
        image.resize((size, size), Image.Resampling.BILINEAR, edges, reducing_gap=None)
    )

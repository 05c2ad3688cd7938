"""HEIC, what iPhones take: on arrival it becomes a JPEG, of the quality of a camera's.

Browsers other than Apple's show no HEIC, and so the catalogue could not show the file
as given. The picture is decoded in a process of its own, where the kernel holds the
limits: what a HEIC file costs cannot be told from its header.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from io import BytesIO
from pathlib import Path

QUALITY = 95
LARGE_QUALITY = 90
LARGE = 25_000_000
"""Pixels from which on a JPEG of the higher quality could be too large a file."""
CPU_SECONDS = 12
MEMORY = 1200 * 2**20
"""Bytes of data the decoding process may hold: 65 megapixels and their JPEG."""
_WAIT_S = 25
_TOO_LARGE = 3
_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}


def is_heic(content: bytes) -> bool:
    """Whether the file says that it is a HEIC or HEIF picture."""
    return content[4:8] == b"ftyp" and content[8:12] in _BRANDS


def as_jpeg(content: bytes, *, most_pixels: int) -> bytes:
    """Return the picture upright, as a JPEG with its camera and colours and no more.

    Raises NotAPhoto: it cannot be read, or costs too much. PhotoTooLarge: it has more
    than ``most_pixels``.
    """
    from motifs.refusals import NotAPhoto, PhotoTooLarge

    try:
        done = subprocess.run(
            [sys.executable, str(Path(__file__).resolve()), str(most_pixels)],
            input=content,
            capture_output=True,
            timeout=_WAIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise NotAPhoto from error
    if done.returncode == _TOO_LARGE:
        raise PhotoTooLarge
    if done.returncode != 0 or not done.stdout:
        raise NotAPhoto
    return done.stdout


def _convert(content: bytes, most_pixels: int) -> bytes | None:
    from PIL import Image
    from pillow_heif import HeifImageFile, options

    options.DECODE_THREADS = 1
    image = HeifImageFile(BytesIO(content))
    if image.width * image.height > most_pixels:
        return None
    given = image.getexif()
    # The decoder has turned the picture; only the camera is kept of the rest.
    kept = Image.Exif()
    for tag in (0x010F, 0x0110):
        if isinstance(given.get(tag), str):
            kept[tag] = given[tag]
    picture: Image.Image = image
    if picture.mode in ("RGBA", "LA"):
        white = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(white, picture.convert("RGBA"))
    out = BytesIO()
    is_large = picture.width * picture.height >= LARGE
    picture.convert("RGB").save(
        out,
        "JPEG",
        quality=LARGE_QUALITY if is_large else QUALITY,
        subsampling=2 if is_large else 0,
        exif=kept,
        icc_profile=image.info.get("icc_profile"),
    )
    return out.getvalue()


def _main(most_pixels: int) -> int:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    made = _convert(sys.stdin.buffer.read(), most_pixels)
    if made is None:
        return _TOO_LARGE
    sys.stdout.buffer.write(made)
    return 0


if __name__ == "__main__":
    sys.exit(_main(int(sys.argv[1])))

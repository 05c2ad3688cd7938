"""Files of other kinds, most of which say that they are photos."""

from __future__ import annotations

import gzip
import json
import zipfile
from collections.abc import Callable
from io import BytesIO

from tests.classifier.hostile import jpeg, png
from tests.classifier.pictures import cloth, encoded


def nested_archives() -> bytes:
    content = bytes(1_000_000)
    for _ in range(5):
        content = gzip.compress(content, mtime=0)
    return content


def zipped() -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(zipfile.ZipInfo("photo.jpg"), encoded())
    return out.getvalue()


def pdf() -> bytes:
    return encoded(cloth(), "PDF", creationDate=None, modDate=None)


FILES: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "one byte": lambda: b"\xff",
    "a megabyte of zeros": lambda: bytes(2**20),
    "a megabyte of 0xff": lambda: b"\xff" * 2**20,
    "a page": lambda: b"<!DOCTYPE html><script>alert(1)</script>",
    "a drawing": lambda: (
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    ),
    "a drawing of entities": lambda: (
        b'<!DOCTYPE l [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'
        b'<svg xmlns="http://www.w3.org/2000/svg"><text>&b;&b;&b;</text></svg>'
    ),
    "a gif": lambda: encoded(cloth(), "GIF"),
    "an animated gif": lambda: encoded(
        cloth(), "GIF", save_all=True, append_images=[cloth(seed=2)]
    ),
    "a bmp": lambda: encoded(cloth(), "BMP"),
    "an icon": lambda: encoded(cloth(), "ICO"),
    "a jpeg 2000": lambda: encoded(cloth(), "JPEG2000"),
    "a portable pixmap": lambda: encoded(cloth(), "PPM"),
    "an avif by its magic": lambda: b"\0\0\0\x1cftypavif" + bytes(500),
    "a film by its magic": lambda: b"\0\0\0\x18ftypisom" + bytes(500),
    "a pdf": pdf,
    "postscript": lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99 99\n{}loop",
    "an archive": zipped,
    "archives in archives": nested_archives,
    "a program": lambda: b"\x7fELF\x02\x01\x01" + bytes(500),
    "text": lambda: b"sasirangan " * 1000,
    "json": lambda: json.dumps([[]] * 1000).encode(),
    "a png that starts as a jpeg": lambda: b"\xff\xd8\xff" + png.sound()[3:],
    "a jpeg that starts as a png": lambda: png.SIGNATURE + jpeg.sound()[8:],
    "a gif in front of a jpeg": lambda: b"GIF89a" + jpeg.sound(),
    "a jpeg behind a blank": lambda: b" " + jpeg.sound(),
    "two jpegs in a row": lambda: jpeg.sound() + jpeg.sound(progressive=True),
}

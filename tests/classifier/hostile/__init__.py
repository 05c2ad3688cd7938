"""Files that a recogniser on the open web is given sooner or later.

Every one is made on the spot and comes out the same each time. ``FILES`` names them;
a file is made when its function is called.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.classifier.hostile import jpeg, others, png, strangers, tiff

FILES: dict[str, Callable[[], bytes]] = {
    **jpeg.FILES,
    **png.FILES,
    **tiff.FILES,
    **others.FILES,
    **strangers.FILES,
}

NAMES = {
    "very long": "a" * 10_000 + ".jpg",
    "with a NUL": "photo\x00.jpg",
    "outside": "../../../../etc/passwd",
    "backwards": "photo\u202egpj.exe",
    "in many scripts": "ꦱꦱꦶꦫꦁꦔꦤ 写真 صورة 📷.jpg",
    "of a device": "CON.jpg",
    "only dots": "...",
}
"""File names that a form may give to a sound photo."""

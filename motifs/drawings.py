"""The drawings and renderings that come with the package, for pages and the API."""

from __future__ import annotations

import re
import secrets
from functools import cache
from pathlib import Path

from django.templatetags.static import static
from django.utils.safestring import SafeString, mark_safe

DATA = Path(__file__).resolve().parent / "data"
DRAWINGS = DATA / "drawings"
RENDERINGS = DATA / "renderings"

# What names or refers to an id: id="x", href="#x", xlink:href="#x", url(#x) and the
# two ARIA attributes that list ids.
_ID = re.compile(r'(\bid="|href="#|url\(#)([\w.:-]+)')
_ID_LIST = re.compile(r'(\baria-(?:labelledby|describedby)=")([^"]+)')
_PROLOGUE = re.compile(r"^\s*(<\?xml[^>]*\?>|<!DOCTYPE[^>]*>|<!--.*?-->|\s)*", re.S)


@cache
def slugs(folder: Path, suffix: str) -> frozenset[str]:
    """Slugs that have a file in the folder, read once per process."""
    return frozenset(path.stem for path in folder.glob(f"*{suffix}"))


@cache
def _read(path: Path) -> str:
    return _PROLOGUE.sub("", path.read_text(encoding="utf-8")).strip()


def inline(slug: str, folder: Path = DRAWINGS) -> SafeString:
    """The motif's drawing as SVG for a page, or nothing if there is none.

    The file is part of the package, so it is trusted. Each call gives its ids a new
    ending: one page may show the same drawing twice, and ids are unique in a page.
    """
    if slug not in slugs(folder, ".svg"):
        return SafeString("")
    ending = f"-{secrets.token_hex(4)}"
    svg = _ID.sub(rf"\1\2{ending}", _read(folder / f"{slug}.svg"))
    svg = _ID_LIST.sub(
        lambda match: match[1] + " ".join(i + ending for i in match[2].split()), svg
    )
    return mark_safe(svg)  # noqa: S308  (package data, see above)


def drawing_url(slug: str) -> str:
    """The drawing's address as a file, or nothing."""
    if slug not in slugs(DRAWINGS, ".svg"):
        return ""
    return static(f"drawings/{slug}.svg")


def rendering_url(slug: str) -> str:
    """The address of the picture rendered from the drawing, or nothing."""
    if slug not in slugs(RENDERINGS, ".webp"):
        return ""
    return static(f"renderings/{slug}.webp")

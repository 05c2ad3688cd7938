"""What is known of Sasirangan beyond single motifs, in the reader's language."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

from django.conf import settings
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from motifs.models import Source

PATH = settings.BASE_DIR / "motifs" / "data" / "background.json"


def sections(language: str) -> list[dict[str, Any]]:
    """Return the sections of the About page.

    Every ``{"id": …, "en": …}`` has become a text in ``language``, with Banjar words
    in italics; every list of source keys has become a list of ``Source``. Two queries
    at most, however many sections.
    """
    sources = {source.key: source for source in Source.objects.all()}
    return [_resolved(section, language, sources) for section in _read()]


@cache
def _read() -> list[dict[str, Any]]:
    sections: list[dict[str, Any]] = json.loads(PATH.read_text())
    return sections


def _resolved(value: Any, language: str, sources: dict[str, Source]) -> Any:
    if isinstance(value, list):
        return [_resolved(item, language, sources) for item in value]
    if not isinstance(value, dict):
        return value
    texts = {code: text for code, text in value.items() if code in ("id", "en")}
    rest: dict[str, Any] = {}
    for key, item in value.items():
        if key in texts:
            continue
        if key in ("sources", "steps_sources"):
            # A curator may have removed a source; the statement stays.
            rest[key] = [sources[name] for name in item if name in sources]
        else:
            rest[key] = _resolved(item, language, sources)
    if not texts:
        return rest
    text = _with_italics(texts.get(language) or texts["id"])
    return {"text": text, **rest} if rest else text


def _with_italics(text: str) -> SafeString:
    """Turn ``*word*`` into emphasis; everything else is escaped."""
    marked = re.sub(r"\*([^*]+)\*", r'<em lang="bjn">\1</em>', escape(text))
    return mark_safe(marked)  # noqa: S308 - escaped above, the only tag is ours

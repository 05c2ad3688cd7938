"""Reads the catalogue's data files and says exactly what is wrong with one.

What comes out is what the import compares with the database: for each kind of row, a
dictionary from its key to its values, in plain JSON types.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from motifs.languages import READER_LANGUAGES, Language
from motifs.models import Claim, Confidence, ImportRecord, Motif, MotifName, Source

Values = dict[str, Any]
Rows = dict[str, dict[str, Values]]

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
SEPARATOR = "|"


class CatalogueError(Exception):
    """A data file cannot be imported; the message names the file and the key."""


@dataclass
class Entry:
    """One JSON object, and where it stands, for messages."""

    file: str
    where: str
    values: dict[str, Any]
    seen: set[str] = field(default_factory=set)

    def fail(self, problem: str) -> CatalogueError:
        return CatalogueError(f"{self.file}: {self.where}: {problem}")

    def get(self, name: str, kind: type | tuple[type, ...], **default: Any) -> Any:
        self.seen.add(name)
        if name not in self.values and "default" in default:
            return default["default"]
        if name not in self.values:
            raise self.fail(f"“{name}” is missing")
        value = self.values[name]
        # In Python a bool is an int; in these files it never is.
        is_stray_bool = isinstance(value, bool) and kind is not bool
        if is_stray_bool or not isinstance(value, kind):
            raise self.fail(f"“{name}” has the wrong type: {value!r}")
        return value

    def text(self, name: str, longest: int = 0) -> str:
        text = str(self.get(name, str)).strip()
        if not text:
            raise self.fail(f"“{name}” is empty")
        if "\0" in text:
            raise self.fail(f"“{name}” contains a NUL character")
        if longest and len(text) > longest:
            raise self.fail(f"“{name}” is longer than {longest} characters")
        return text

    def word(self, name: str, allowed: list[str]) -> str:
        word = self.get(name, str)
        if word not in allowed:
            raise self.fail(f"“{name}” is {word!r}, not one of {', '.join(allowed)}")
        return str(word)

    def texts(self, name: str) -> dict[str, str]:
        """A text per reader's language; at least one of them."""
        found = Entry(self.file, f"{self.where}: {name}", self.get(name, dict))
        texts = {code: found.text(code) for code in found.values}
        if not texts or not set(texts) <= set(READER_LANGUAGES):
            raise self.fail(f"“{name}” has texts for {list(texts)}, not for id and en")
        return texts

    def each(self, name: str) -> list[Any]:
        found: list[Any] = self.get(name, list)
        return found

    def words(self, name: str) -> list[str]:
        found = self.each(name)
        if not all(isinstance(word, str) for word in found):
            raise self.fail(f"“{name}” is not a list of strings: {found!r}")
        return found

    def done(self) -> None:
        """Refuse what was not asked for: a misspelt name must not go unnoticed."""
        unknown = sorted(set(self.values) - self.seen)
        if unknown:
            raise self.fail(f"unknown: {', '.join(unknown)}")


def read(folder: Path) -> Rows:
    """Read sources.json, motifs.json and look_alikes.json.

    Raises CatalogueError if a file is missing, is not JSON, lacks something, says
    something twice, or refers to what is not there.
    """
    rows: Rows = {kind: {} for kind in ImportRecord.Kind.values}
    for entry in _entries(folder, "sources.json", "key"):
        _source(entry, rows)
    for entry in _entries(folder, "motifs.json", "slug"):
        _motif(entry, rows)
    for entry in _entries(folder, "look_alikes.json", "pair"):
        _look_alike(entry, rows)
    return rows


def _entries(folder: Path, name: str, key: str) -> Iterator[Entry]:
    try:
        found = json.loads((folder / name).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CatalogueError(f"{name}: not found in {folder}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise CatalogueError(f"{name}: cannot be read: {error}") from error
    except json.JSONDecodeError as error:
        raise CatalogueError(f"{name}: is not JSON: {error}") from error
    if not isinstance(found, list):
        raise CatalogueError(f"{name}: is not a list")
    for place, values in enumerate(found, start=1):
        if not isinstance(values, dict):
            raise CatalogueError(f"{name}: entry {place}: is not an object")
        where = values.get(key)
        if isinstance(where, list):
            where = " / ".join(map(str, where))
        yield Entry(name, str(where) if where else f"entry {place}", values)


def _add(entry: Entry, rows: dict[str, Values], key: str, values: Values) -> None:
    if key in rows:
        raise entry.fail(f"{key!r} appears twice")
    rows[key] = values


def _source(entry: Entry, rows: Rows) -> None:
    key = entry.text("key", 40)
    if SEPARATOR in key:
        raise entry.fail(f"“key” may not contain {SEPARATOR}")
    author = entry.get("author", (str, type(None)), default=None)
    url = entry.get("url", (str, type(None)), default=None)
    if url is not None and not re.match(r"https?://\S+$", url):
        raise entry.fail(f"“url” is not an address: {url!r}")
    year = entry.get("year", (int, type(None)), default=None)
    if year is not None and not 1500 <= year <= 2200:
        raise entry.fail(f"“year” is {year}, not between 1500 and 2200")
    values = {
        "title": entry.text("title"),
        "author": (author or "").strip(),
        "url": url,
        "year": year,
        "kind": entry.word("kind", Source.Kind.values),
    }
    entry.done()
    _add(entry, rows[ImportRecord.Kind.SOURCE], key, values)


def _motif(entry: Entry, rows: Rows) -> None:
    slug = entry.text("slug", 60)
    if not SLUG.fullmatch(slug):
        raise entry.fail("“slug” is not lower-case words with hyphens between")
    values = {
        "family": entry.word("family", Motif.Family.values),
        "family_confidence": entry.word("family_confidence", Confidence.values),
        "status": entry.word("status", Motif.Status.values),
    }
    _add(entry, rows[ImportRecord.Kind.MOTIF], slug, values)
    preferred: list[str] = []
    for place, found in enumerate(entry.each("names"), start=1):
        name = _inside(entry, f"name {place}", found)
        if language := _name(name, slug, place, rows):
            preferred.append(language)
    if preferred.count(Language.BANJAR) != 1:
        raise entry.fail("needs exactly one preferred name in bjn")
    if len(set(preferred)) != len(preferred):
        raise entry.fail("has two preferred names in one language")
    for place, found in enumerate(entry.each("claims"), start=1):
        where = found.get("key") if isinstance(found, dict) else None
        _claim(_inside(entry, str(where or f"claim {place}"), found), slug, place, rows)
    entry.done()


def _inside(entry: Entry, where: str, values: Any) -> Entry:
    inner = Entry(entry.file, f"{entry.where}: {where}", values)
    if not isinstance(values, dict):
        raise inner.fail("is not an object")
    return inner


def _name(entry: Entry, slug: str, place: int, rows: Rows) -> str:
    """Add a name; return its language if it is preferred there, else nothing."""
    name = entry.text("name", 120)
    language = entry.word("language", Language.values)
    kind = entry.word("kind", MotifName.Kind.values)
    entry.done()
    key = SEPARATOR.join([slug, language, name])
    _add(
        entry,
        rows[ImportRecord.Kind.NAME],
        key,
        {"motif": slug, "language": language, "name": name}
        | {"kind": kind, "position": place},
    )
    return language if kind == MotifName.Kind.PREFERRED else ""


def _claim(entry: Entry, slug: str, place: int, rows: Rows) -> None:
    key = entry.text("key", 100)
    if SEPARATOR in key:
        raise entry.fail(f"“key” may not contain {SEPARATOR}")
    values = {
        "motif": slug,
        "kind": entry.word("kind", Claim.Kind.values),
        "confidence": entry.word("confidence", Confidence.values),
        "is_main": entry.get("main", bool),
        "position": place,
    }
    sources = entry.words("sources")
    for language, text in entry.texts("texts").items():
        _add(
            entry,
            rows[ImportRecord.Kind.CLAIM],
            SEPARATOR.join([key, language]),
            values | {"key": key, "language": language, "text": text},
        )
        for position, source in enumerate(sources, start=1):
            if source not in rows[ImportRecord.Kind.SOURCE]:
                raise entry.fail(f"source {source!r} is not in sources.json")
            _add(
                entry,
                rows[ImportRecord.Kind.CITATION],
                SEPARATOR.join([key, language, source]),
                {"claim": key, "language": language, "source": source}
                | {"locator": "", "position": position},
            )
    entry.done()


def _look_alike(entry: Entry, rows: Rows) -> None:
    pair = entry.words("pair")
    if len(pair) != 2 or pair[0] == pair[1]:
        raise entry.fail("“pair” does not name two motifs")
    for slug in pair:
        if slug not in rows[ImportRecord.Kind.MOTIF]:
            raise entry.fail(f"motif {slug!r} is not in motifs.json")
    tell = entry.texts("tell")
    values = {
        "is_sourced": entry.get("sourced", bool),
        "tell_id": tell.get("id", ""),
        "tell_en": tell.get("en", ""),
    }
    entry.done()
    key = SEPARATOR.join(sorted(pair))
    _add(entry, rows[ImportRecord.Kind.LOOK_ALIKE], key, values)

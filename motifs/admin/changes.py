"""Reads out what an entry of the history says was changed: each value, old and new."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model
from django.utils.text import capfirst
from django.utils.translation import gettext

from motifs.actions.recording import ADDED, CITED, DELETED, PATHS
from motifs.edits import Part, difference
from motifs.models import Claim, HistoryEntry, Motif

LONG = 60
"""From how many characters on a text is shown word by word, not as a whole."""


@dataclass(frozen=True)
class Value:
    """One value as it was and as it became, in words; ``parts`` where it is a text."""

    label: str
    was: str
    becomes: str
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True)
class Change:
    """What became of one row; ``label`` is empty for the subject of the entry."""

    label: str
    did: str
    values: tuple[Value, ...]


def slugs_in(entry: HistoryEntry) -> set[str]:
    """The motifs that its values name."""
    return {
        slug
        for _model, row in _rows(entry)
        for name, pair in row["fields"].items()
        if name in PATHS
        for slug in pair
        if slug
    }


def changes(entry: HistoryEntry, names: dict[str, str]) -> list[Change]:
    """Return what the entry changed, row by row, in the reader's language.

    Args:
        names: of motifs, by slug.
    """
    return [_change(model, row, names) for model, row in _rows(entry)]


def _rows(entry: HistoryEntry) -> Iterable[tuple[type[Model], dict[str, Any]]]:
    data = entry.data
    for row in data.get("rows", ()):
        yield apps.get_model("motifs", row["of"]), row
    # Who may see a motif or a photo, and what the community asks.
    was, becomes = data.get("was"), data.get("is")
    if isinstance(was, dict) and isinstance(becomes, dict):
        fields = {name: [was.get(name), becomes[name]] for name in becomes}
        changed = {name: pair for name, pair in fields.items() if pair[0] != pair[1]}
        yield Motif, {"name": "", "did": "changed", "fields": changed}


def _change(model: type[Model], row: dict[str, Any], names: dict[str, str]) -> Change:
    label = ""
    if row["name"]:
        label = f"{capfirst(str(model._meta.verbose_name))} “{row['name']}”"
        if model is Claim:
            kinds = dict(Claim.Kind.choices)
            label += f", {kinds.get(str(row.get('kind')), '')}"
    said = {ADDED: gettext("added"), DELETED: gettext("deleted")}
    values = (
        _value(model, name, pair, names)
        for name, pair in row["fields"].items()
        # Of a new row, what was left as it comes is not worth a line.
        if any(one not in (None, "", [], 0, False) for one in pair)
    )
    return Change(label, said.get(row["did"], ""), tuple(values))


def _value(
    model: type[Model], name: str, pair: list[Any], names: dict[str, str]
) -> Value:
    try:
        field: Any = None if name == CITED else model._meta.get_field(name)
    except FieldDoesNotExist:
        # A field that later versions no longer have is still on record.
        field = None
    label = str(field.verbose_name) if field is not None else name
    if name == CITED:
        label = gettext("citations")
    was, becomes = (_words(field, name, one, names) for one in pair)
    is_text = was and becomes and max(len(was), len(becomes)) >= LONG
    parts = tuple(difference(was, becomes)) if is_text else ()
    return Value(label, was, becomes, parts)


def _words(field: Any, name: str, value: Any, names: dict[str, str]) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, list):
        return "; ".join(map(str, value))
    if name in PATHS:
        return names.get(value, str(value))
    choices = dict(getattr(field, "flatchoices", ()) or ())
    if value in choices:
        return str(choices[value])
    return str(value)

"""Everything that a visitor reads exists in Indonesian too."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from babel.messages import mofile, pofile
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from django.utils.translation.template import templatize

PROJECT = Path(__file__).resolve().parents[1]
MESSAGES = PROJECT / "locale" / "id" / "LC_MESSAGES" / "django"
PACKAGES = ("heritage", "motifs", "classifier")
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}


def sources():
    for package in PACKAGES:
        for path in (PROJECT / package).rglob("*.py"):
            yield path, path.read_text()
    pages = (PROJECT / "templates").rglob("*.html")
    mails = (PROJECT / "templates").rglob("*.txt")
    for path in (*pages, *mails):
        code = templatize(path.read_text(), origin=str(path))
        # What is left of a template is no Python yet: its indentation means nothing.
        yield path, "\n".join(line.strip() for line in code.splitlines())


def used() -> dict[tuple[str | None, str], str]:
    found = {}
    for path, code in sources():
        messages = extract("python", BytesIO(code.encode()), KEYWORDS, options={})
        for _, message, _, context in messages:
            single = message[0] if isinstance(message, tuple) else message
            if single:
                found[(context, single)] = str(path.relative_to(PROJECT))
    return found


@pytest.fixture(scope="module")
def indonesian() -> Catalog:
    with MESSAGES.with_suffix(".po").open("rb") as file:
        return pofile.read_po(file, locale="id")


def test_every_message_has_an_indonesian_translation(indonesian):
    missing = [
        f"{path}: {text}"
        for (context, text), path in used().items()
        if not (message := indonesian.get(text, context=context))
        or message.fuzzy
        or not all(
            [message.string] if isinstance(message.string, str) else message.string
        )
    ]

    assert missing == []


def test_placeholders_survive_translation(indonesian):
    for message in indonesian:
        if not message.id:
            continue
        assert [str(error) for error in message.check(indonesian)] == [], message.id


def forms(message: Message) -> list[str]:
    """The message as written in the source: one form, or singular and plural."""
    return [message.id] if isinstance(message.id, str) else list(message.id)


def test_no_message_is_kept_that_nobody_uses(indonesian):
    known = used()
    unused = [
        message.id
        for message in indonesian
        if message.id and (message.context, forms(message)[0]) not in known
    ]

    assert unused == []


def test_the_compiled_messages_are_in_step(indonesian):
    with MESSAGES.with_suffix(".mo").open("rb") as file:
        compiled = mofile.read_mo(file)

    assert written(compiled) == written(indonesian)


def written(catalog: Catalog) -> dict[tuple[str | None, ...], list[str]]:
    return {
        (message.context, *forms(message)): (
            [message.string]
            if isinstance(message.string, str)
            else list(message.string)
        )
        for message in catalog
        if message.id
    }

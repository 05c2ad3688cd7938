"""The languages that names and texts are written in, as BCP 47 tags."""

from __future__ import annotations

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _


class Language(models.TextChoices):
    BANJAR = "bjn", _("Banjar")
    INDONESIAN = "id", _("Indonesian")
    ENGLISH = "en", _("English")


# The languages that the pages themselves speak, the default first.
READER_LANGUAGES = (Language.INDONESIAN, Language.ENGLISH)


def reader_language() -> str:
    """The language of the page being made; Indonesian where none is active."""
    active = (get_language() or "").partition("-")[0]
    return active if active in READER_LANGUAGES else Language.INDONESIAN.value


def preference(language: str) -> list[str]:
    """Every language, the reader's own first: what to show when a text lacks one."""
    others = [code.value for code in Language if code != language]
    # Banjar is the language of names; few readers of a page can read a text in it.
    others.sort(key=lambda code: code == Language.BANJAR)
    return [language, *others]

"""What every page may need, gathered where the apps meet."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import translate_url
from django.utils.functional import SimpleLazyObject

from classifier import predictor
from heritage import second_factor

THEMES = ("light", "dark")


def page(request: HttpRequest) -> dict[str, Any]:
    """The same page in each language, and the theme the reader chose."""
    path = request.get_full_path()
    theme = request.COOKIES.get("theme", "")
    return {
        "alternates": [
            {
                "code": code,
                "name": name,
                "path": translate_url(path, code),
                "url": request.build_absolute_uri(translate_url(path, code)),
            }
            for code, name in settings.LANGUAGES
        ],
        "canonical_url": request.build_absolute_uri(request.path),
        "theme": theme if theme in THEMES else "",
    }


def recogniser(request: HttpRequest) -> dict[str, Any]:
    """What the recogniser says of itself; asked only where a page shows it."""
    return {"recogniser": SimpleLazyObject(predictor.describe)}


def account(request: HttpRequest) -> dict[str, Any]:
    """Whether the reader's role asks for a second factor that they lack."""
    return {
        "second_factor_missing": SimpleLazyObject(
            lambda: second_factor.is_missing(request.user)
        )
    }

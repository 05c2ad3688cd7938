from __future__ import annotations

from django.apps import AppConfig
from django.contrib.staticfiles import apps


class HeritageConfig(AppConfig):
    # Of the two in this file, this one is the app's.
    default = True
    name = "heritage"
    verbose_name = "Langgundi"

    def ready(self) -> None:
        from heritage import roles

        roles.connect()


class StaticFilesConfig(apps.StaticFilesConfig):
    """Static files, without the API browser that no page here uses."""

    ignore_patterns = [*apps.StaticFilesConfig.ignore_patterns, "redoc"]

from __future__ import annotations

from django.apps import AppConfig
from django.contrib.staticfiles import apps


class HeritageConfig(AppConfig):
    name = "heritage"
    verbose_name = "Langgundi"


class StaticFilesConfig(apps.StaticFilesConfig):
    """Static files, without the API browser that no page here uses."""

    ignore_patterns = [*apps.StaticFilesConfig.ignore_patterns, "redoc"]

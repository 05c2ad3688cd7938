from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ClassifierConfig(AppConfig):
    name = "classifier"
    verbose_name = _("Recogniser")

    def ready(self) -> None:
        from classifier import checks  # noqa: F401  (registers itself)

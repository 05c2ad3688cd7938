"""Is there a model to identify with? Asked by ``manage.py check``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Warning, register

from classifier import predictor


@register("classifier")
def check_model(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Warn when MODEL_FOLDER holds no whole model: the catalogue runs without one."""
    try:
        predictor.champion()
    except predictor.NoModel as error:
        return [
            Warning(
                f"The recogniser has no model: {error}",
                hint=(
                    f"MODEL_FOLDER is {settings.MODEL_FOLDER}. Point it at a folder "
                    "made by `python -m ml train`, or build the starter model with "
                    "`make starter`. Until then identify answers 503."
                ),
                id="classifier.W001",
            )
        ]
    return []

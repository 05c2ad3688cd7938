"""Is there a model, and what the settings name? Asked by ``manage.py check``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Warning, register
from django.utils.translation import override

from classifier import everyday, predictor


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


@register("classifier")
def check_everyday(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Warn when TRAINING_UNKNOWN names a folder without everyday photos."""
    found = everyday.state()
    if found in ("none", "used"):
        return []
    with override("en"):
        said = str(everyday.SENTENCES[found])
    return [
        Warning(
            said,
            hint=(
                f"TRAINING_UNKNOWN is {settings.TRAINING_UNKNOWN}. Name a folder that "
                "has photos below not-cloth/ or other-cloth/ and that the workers may "
                "read, or leave it empty. Until then runs and comparisons go on "
                "without."
            ),
            id="classifier.W002",
        )
    ]

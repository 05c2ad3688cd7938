from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class ClassifierConfig(AppConfig):
    name = "classifier"
    verbose_name = _("Recogniser")

    def ready(self) -> None:
        from classifier import (
            checks,  # noqa: F401  (registers itself)
            predictor,
            prototypes,
            receivers,  # noqa: F401  (registers itself)
        )
        from classifier.groups import ensure_groups

        predictor.with_prototypes = prototypes.extended

        post_migrate.connect(
            ensure_groups, sender=self, dispatch_uid="classifier.groups"
        )

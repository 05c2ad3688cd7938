from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class MotifsConfig(AppConfig):
    name = "motifs"
    verbose_name = _("Catalogue")

    def ready(self) -> None:
        from motifs.groups import ensure_groups

        post_migrate.connect(ensure_groups, sender=self, dispatch_uid="motifs.groups")

"""What the import last wrote, so that it can tell a curator's work from its own."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class ImportRecord(models.Model):
    """One row of the catalogue as ``import_catalogue`` last wrote it.

    A row that still equals its record may follow the data files. One that differs
    was edited, and one that is gone was deleted: both are left as they are.
    """

    class Kind(models.TextChoices):
        SOURCE = "source"
        MOTIF = "motif"
        NAME = "name"
        CLAIM = "claim"
        CITATION = "citation"
        LOOK_ALIKE = "look_alike"

    kind = models.CharField(max_length=12, choices=Kind)
    key = models.CharField(max_length=300)
    values = models.JSONField()

    class Meta:
        verbose_name = _("import record")
        verbose_name_plural = _("import records")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "key"], name="one_import_record_per_row"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"

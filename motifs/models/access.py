"""Who may see a motif or a photo, as its community wishes."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Access(models.TextChoices):
    """What the software enforces because of a protocol."""

    PUBLIC = "public", _("Public")
    RESTRICTED = "restricted", _("Restricted to curators and its giver")


class Protected(models.Model):
    """Something that a community may restrict, with its own words for why."""

    access = models.CharField(
        _("access"), max_length=10, choices=Access, default=Access.PUBLIC
    )
    protocol_note = models.TextField(
        _("community protocol"),
        blank=True,
        help_text=_("The community's own conditions, in its own words."),
    )

    class Meta:
        abstract = True

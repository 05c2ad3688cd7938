"""People. Everything else about them (roles, second factor) hangs on this table."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _


class User(AbstractUser):
    """A person with an account; roles are groups.

    ``is_staff`` follows the groups (``heritage.roles``) and is never set by hand. An
    account is closed, not deleted: what the person said about photos stays, under no
    name.
    """

    public_name = models.CharField(
        _("name shown publicly"),
        max_length=80,
        blank=True,
        help_text=_("Beside what you give. Left empty, you are not named."),
    )
    mail_language = models.CharField(
        _("language of mails"),
        max_length=10,
        choices=settings.LANGUAGES,
        default=settings.LANGUAGE_CODE,
    )
    closed_at = models.DateTimeField(_("closed at"), null=True, editable=False)

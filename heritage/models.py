"""People. Everything else about them (roles, second factor) hangs on this table."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser


class User(AbstractUser):
    """A person with an account; roles are groups."""

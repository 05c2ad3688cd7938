"""Under which name people appear in public: only under one that they chose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model
from django.urls import reverse

if TYPE_CHECKING:
    from heritage.models import User
    from motifs.models import Contribution


def public_name(user: User | None) -> str:
    """Return the name that this person chose for the public, or nothing."""
    if user is None or not user.is_active:
        return ""
    return user.public_name.strip()


def find(user_id: int) -> User | None:
    """Return the person with this id if they chose a public name."""
    user = get_user_model().objects.filter(pk=user_id, is_active=True).first()
    return user if public_name(user) else None


def address(user: User | None) -> str:
    """Return the address of this person's page, or nothing if they have none."""
    if user is None or not public_name(user):
        return ""
    return reverse("contributors:contributor-detail", args=[user.pk])


def credit(contribution: Contribution) -> str:
    """Return how the rights holder is to be named; nothing if they did not say."""
    return contribution.credit_line.strip() or public_name(contribution.given_by)

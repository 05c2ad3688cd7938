"""Who a curator is: one place, asked by queries, actions and the admin alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractUser, AnonymousUser

CURATOR_GROUP = "curator"
CURATE = "motifs.moderate_contribution"


def is_curator(user: AbstractUser | AnonymousUser) -> bool:
    """Whether this person may publish, accept and see what is not public."""
    return user.has_perm(CURATE)

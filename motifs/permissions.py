"""Who is who: one place, asked by queries, actions and the admin alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractUser, AnonymousUser

CONTRIBUTOR_GROUP = "contributor"
EXPERT_GROUP = "expert"
CURATOR_GROUP = "curator"
CURATE = "motifs.moderate_contribution"
IDENTIFY = "motifs.identify_photo"


def is_curator(user: AbstractUser | AnonymousUser) -> bool:
    """Whether this person may publish, accept and see what is not public."""
    return user.has_perm(CURATE)


def is_expert(user: AbstractUser | AnonymousUser) -> bool:
    """Whether this person's identifications count as an expert's."""
    return user.has_perm(IDENTIFY)

"""Who has been shown what is said of a cloth: their first statement is not blind.

What is said is what its giver calls it, what people or the recogniser make of it, and
what stands. Noted wherever a page or an answer shows some of it to somebody who may
judge it; never of visitors, and for nobody to look at.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef

from motifs.models import Contribution, SeenCloth
from motifs.permissions import is_curator, is_expert

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractUser, AnonymousUser


def note(
    user: AbstractUser | AnonymousUser, contributions: Iterable[int | None]
) -> None:
    """Note that this person is shown what is said of these contributions' cloths.

    One query, or none where nothing is shown or nobody sees it who judges photos.
    """
    shown = {pk for pk in contributions if pk is not None}
    if not shown or not user.is_authenticated:
        return
    if is_expert(user) or is_curator(user):
        SeenCloth.objects.bulk_create(
            (SeenCloth(contribution_id=pk, seen_by_id=user.pk) for pk in sorted(shown)),
            ignore_conflicts=True,
        )


def by(user: AbstractUser | AnonymousUser) -> Exists:
    """Whether this person saw it before; for a query of contributions."""
    return Exists(
        SeenCloth.objects.filter(seen_by=user.pk, contribution=OuterRef("pk"))
    )


def has_seen(user: AbstractUser, contribution: Contribution) -> bool:
    """Whether this person was ever shown what is said of the cloth."""
    return SeenCloth.objects.filter(seen_by=user.pk, contribution=contribution).exists()

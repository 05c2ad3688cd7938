"""Accept a suggested edit: what it says is on the page from then on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from motifs.actions import applying
from motifs.actions.applying import Wording
from motifs.actions.contributions import accepted, waiting
from motifs.models import Contribution
from motifs.refusals import ChangedMeanwhile

if TYPE_CHECKING:
    from heritage.models import User


@transaction.atomic
def apply_edit(
    *,
    contribution: Contribution,
    wording: Wording,
    by: User,
    why: str = "",
    seen: int | None = None,
) -> Contribution:
    """Let the page say what was suggested, in the curator's wording, and accept it.

    Args:
        seen: as in ``accept_contribution``.

    Raises NotACurator, NotWaiting, ChangedSince, and what ``applying.write`` raises:
    NoText, NoSourceNamed, ChangedMeanwhile.
    """
    applying.lock_motif_of(contribution)
    locked = waiting(contribution, by, seen)
    if locked.motif_id != contribution.motif_id:
        # The motif was merged since the curator saw it.
        raise ChangedMeanwhile
    locked.applied_claim = applying.write(locked, wording, by, why)
    return accepted(locked, contribution, by, "applied_claim")

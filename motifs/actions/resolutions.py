"""Say what became of a problem that somebody reported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from motifs.actions.history import record
from motifs.models import HistoryEntry, ProblemReport
from motifs.permissions import is_curator
from motifs.refusals import AlreadyResolved, NoResolution, NotACurator

if TYPE_CHECKING:
    from heritage.models import User


@transaction.atomic
def resolve_problem(
    *, problem: ProblemReport, by: User, resolution: str
) -> ProblemReport:
    """Close a report with what was done about it.

    Raises NotACurator, NoResolution, AlreadyResolved.
    """
    if not is_curator(by):
        raise NotACurator
    if not resolution.strip():
        raise NoResolution
    locked = ProblemReport.objects.select_for_update().get(pk=problem.pk)
    if locked.resolved_at is not None:
        raise AlreadyResolved
    locked.resolved_at = timezone.now()
    locked.resolved_by = by
    locked.resolution = resolution.strip()
    locked.save(update_fields=["resolved_at", "resolved_by", "resolution"])
    record(
        HistoryEntry.Verb.RESOLVED,
        by=by,
        photo=locked.photo,
        motif=locked.motif,
        reason=locked.resolution,
        data={"problem": locked.pk},
    )
    problem.refresh_from_db()
    return problem

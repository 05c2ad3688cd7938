"""Say what became of a problem that somebody reported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from motifs.actions.history import record
from motifs.models import HistoryEntry, ProblemReport
from motifs.notices import announce_answer
from motifs.permissions import is_curator
from motifs.refusals import AlreadyResolved, NoAnswer, NoResolution, NotACurator

if TYPE_CHECKING:
    from heritage.models import User


@transaction.atomic
def resolve_problem(
    *,
    problem: ProblemReport,
    by: User,
    resolution: str,
    answer: str = "",
    is_unanswered: bool = False,
) -> ProblemReport:
    """Close a report with what was done about it, and answer who left an address.

    Args:
        resolution: for curators; it stays in the history.
        answer: what is mailed. Where no address was left there is nobody to answer.
        is_unanswered: that this is how it should be, where an address was left.

    Raises NotACurator, NoResolution, NoAnswer, AlreadyResolved.
    """
    if not is_curator(by):
        raise NotACurator
    if not resolution.strip():
        raise NoResolution
    locked = ProblemReport.objects.select_for_update().get(pk=problem.pk)
    if locked.resolved_at is not None:
        raise AlreadyResolved
    answer = answer.strip() if locked.contact else ""
    if locked.contact and bool(answer) == is_unanswered:
        raise NoAnswer
    locked.resolved_at = timezone.now()
    locked.resolved_by = by
    locked.resolution = resolution.strip()
    locked.answer = answer
    locked.save(update_fields=["resolved_at", "resolved_by", "resolution", "answer"])
    entry = record(
        HistoryEntry.Verb.RESOLVED,
        by=by,
        photo=locked.photo,
        motif=locked.motif,
        reason=locked.resolution,
        data={"problem": locked.pk},
    )
    if answer:
        announce_answer(entry, locked)
    problem.refresh_from_db()
    return problem

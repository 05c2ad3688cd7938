"""Say that something is wrong with a photo or a motif."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from motifs.actions.history import record
from motifs.languages import reader_language
from motifs.models import HistoryEntry, Motif, Photo, ProblemReport
from motifs.refusals import NoText

if TYPE_CHECKING:
    from heritage.models import User


@transaction.atomic
def report_problem(
    *,
    kind: str,
    text: str,
    by: User | None,
    photo: Photo | None = None,
    motif: Motif | None = None,
    contact: str = "",
) -> ProblemReport:
    """Tell the curators what is wrong with a photo or a motif, one of the two.

    Nothing is hidden by it: people decide. The text stays in the report, out of the
    history, which more people read.

    Args:
        kind: one of ``ProblemReport.Kind``.
        by: who says so, or None without an account.
        contact: an e-mail address for the answer, or nothing.

    Raises NoText.
    """
    if not text.strip():
        raise NoText
    report = ProblemReport.objects.create(
        kind=kind,
        text=text.strip(),
        contact=contact,
        photo=photo,
        motif=motif,
        reported_by=by,
        language=reader_language(),
    )
    record(
        HistoryEntry.Verb.REPORTED,
        by=by,
        photo=photo,
        motif=motif,
        data={"report": report.pk, "kind": kind},
    )
    return report

"""Publish motifs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from motifs.actions.history import record
from motifs.models import HistoryEntry, Motif, MotifName
from motifs.permissions import is_curator
from motifs.refusals import NoPreferredName, NotACurator, NotADraftMotif

if TYPE_CHECKING:
    from heritage.models import User


@transaction.atomic
def publish_motif(*, motif: Motif, by: User) -> Motif:
    """Show a draft to everybody.

    Raises NotACurator, NotADraftMotif, NoPreferredName.
    """
    if not is_curator(by):
        raise NotACurator
    locked = Motif.objects.select_for_update().get(pk=motif.pk)
    if locked.state != Motif.State.DRAFT:
        raise NotADraftMotif
    if not MotifName.objects.preferred().filter(motif=locked, language="bjn").exists():
        raise NoPreferredName
    locked.state = Motif.State.PUBLISHED
    locked.published_at = timezone.now()
    locked.published_by = by
    locked.save(update_fields=["state", "published_at", "published_by"])
    record(HistoryEntry.Verb.PUBLISHED, by=by, motif=locked)
    motif.refresh_from_db()
    return motif

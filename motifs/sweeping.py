"""What is old or was lost: mails that were not sent, parts of photos, drafts."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import Max, ProtectedError
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone

from motifs.actions import remove_photo
from motifs.models import Contribution, ProblemReport
from motifs.notices import sweep_notices
from motifs.orphans import sweep_files
from motifs.refusals import Refusal
from motifs.uploads import sweep_uploads

logger = logging.getLogger(__name__)

DRAFTS_KEPT_FOR = timedelta(days=30)
"""After the last change; a draft that nobody submits was not given."""
MOST_AT_ONCE = 200


def sweep_contributions() -> dict[str, int]:
    """Send what the queue lost, delete what is over: uploads, drafts, files, addresses.

    Running it twice is the same as once. Returns how many of each.
    """
    return {
        "mails_sent": sweep_notices(),
        "uploads_deleted": sweep_uploads(),
        "drafts_deleted": sweep_drafts(),
        "files_deleted": sweep_files(),
        "contacts_deleted": sweep_contacts(),
    }


def sweep_contacts() -> int:
    """Delete the addresses of people whose report was answered a month ago."""
    return ProblemReport.objects.with_contact_to_forget().update(contact="")


def sweep_drafts() -> int:
    """Delete drafts that nobody has touched for a month, with their photos."""
    long_ago = timezone.now() - DRAFTS_KEPT_FOR
    old = (
        Contribution.objects.filter(state=Contribution.State.DRAFT, uploads=None)
        .filter(given_at__lt=long_ago)
        .annotate(last_photo_at=Max("photos__added_at"))
        .annotate(
            touched_at=Greatest(
                "given_at",
                Coalesce("edited_at", "given_at"),
                Coalesce("last_photo_at", "given_at"),
            )
        )
        .filter(touched_at__lt=long_ago)
        .order_by("given_at")
    )
    pks = list(old.values_list("pk", flat=True)[:MOST_AT_ONCE])
    return sum(_delete_draft(pk) for pk in pks)


def _delete_draft(pk: int) -> bool:
    try:
        with transaction.atomic():
            draft = (
                Contribution.objects.select_for_update(skip_locked=True, of=("self",))
                .select_related("given_by")
                .filter(pk=pk, state=Contribution.State.DRAFT)
                .first()
            )
            if draft is None:
                return False
            for photo in draft.photos.all():
                remove_photo(photo=photo, by=draft.given_by)
            draft.delete()
    except (ProtectedError, Refusal) as error:
        # Something refers to it: a draft like no other, for a person to look at.
        logger.warning("draft %s cannot be deleted: %r", pk, error)
        return False
    return True

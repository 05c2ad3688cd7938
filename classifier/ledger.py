"""What the ledger of promotions says: which model answers, and which one did when."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import Error

from classifier.models import ModelVersion, Promotion

if TYPE_CHECKING:
    from datetime import datetime

logger = logging.getLogger(__name__)

CHECK_S = 1.0
"""One process reads the ledger at most this often to follow it."""
NEVER = float("-inf")


@dataclass(frozen=True)
class Wanted:
    """The model that is to answer.

    Attributes:
        folder: where it is.
        sha256: digest of its network; "" where whatever is in the folder will do.
    """

    folder: Path
    sha256: str


def wanted() -> Wanted | None:
    """Return what the ledger's last line says, or None while it has none; one query."""
    last = Promotion.objects.order_by("-pk").select_related("to_version").first()
    if last is None:
        return None
    version = last.to_version
    # The site's own model changes with an upgrade, which writes no line.
    return Wanted(folder_of(version), version.sha256 if version.folder else "")


_asking = threading.Lock()
_asked: tuple[float, Wanted | None] = (NEVER, None)


def followed() -> Wanted | None:
    """Return what ``wanted`` said when last asked, a second ago at most.

    While the database cannot be reached it is what was known before.
    """
    global _asked
    asked_at, known = _asked
    if time.monotonic() - asked_at < CHECK_S:
        return known
    # One thread asks, the others go on with what is known; nobody knows at first.
    if not _asking.acquire(blocking=asked_at == NEVER):
        return known
    try:
        if _asked[0] != asked_at:
            return _asked[1]
        try:
            known = wanted()
        except Error as error:
            logger.warning("the ledger of models cannot be read: %s", error)
        _asked = (time.monotonic(), known)
        return known
    finally:
        _asking.release()


def forget() -> None:
    """Read the ledger again at the next use."""
    global _asked
    _asked = (NEVER, None)


def folder_of(version: ModelVersion) -> Path:
    """Return where a version's files are, or were."""
    if not version.folder:
        return Path(settings.MODEL_FOLDER)
    return Path(settings.MODELS_FOLDER) / version.folder


def last_promotion(before: datetime | None = None) -> Promotion | None:
    """Return the line that held at a time, by default now."""
    lines = Promotion.objects.order_by("-pk").select_related(
        "to_version", "from_version", "promoted_by"
    )
    if before is not None:
        lines = lines.filter(promoted_at__lt=before)
    return lines.first()


def was_live(sha256: str) -> list[ModelVersion]:
    """Return the versions with this network that have ever answered visitors."""
    of_ledger = Promotion.objects.values("to_version")
    before_it = Promotion.objects.exclude(from_version=None).values("from_version")
    same = ModelVersion.objects.filter(sha256=sha256)
    return list(same.filter(pk__in=of_ledger) | same.filter(pk__in=before_it))

"""Runs that nobody asks for: by count of new photos, and by schedule."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from classifier import training
from classifier.models import TrainingRun

Trigger = TrainingRun.Trigger


def ask_when_due() -> int:
    """Build a dataset and ask for a run if the site's settings say that it is time.

    Returns how many runs were asked for: 0 or 1.
    """
    from classifier import datasets

    count, days = settings.RETRAIN_AFTER_NEW_PHOTOS, settings.RETRAIN_EVERY_DAYS
    is_day = bool(days) and _is_day(days)
    if not (count or is_day) or TrainingRun.objects.open().exists():
        return 0
    new = datasets.plan().new_count
    if count and new >= count:
        trigger = Trigger.COUNT
    elif is_day and new:
        trigger = Trigger.SCHEDULE
    else:
        return 0
    try:
        dataset = datasets.build(None, "")
        # The photos of an earlier version again: it was learned from already.
        if dataset.runs.exclude(state=TrainingRun.State.CANCELLED).exists():
            return 0
        training.ask_for_run(by=None, dataset=dataset, trigger=trigger)
    except (datasets.NothingToBuild, training.AlreadyRunning):
        return 0
    return 1


def _is_day(days: int) -> bool:
    """Whether the latest run was asked for that many days ago, or never."""
    since = timezone.now() - timedelta(days=days)
    return not TrainingRun.objects.filter(asked_at__gt=since).exists()


def sweep_runs() -> dict[str, int]:
    """What the site's sweep does about runs, by its name."""
    return {
        "lost": training.mark_lost(),
        "sent again": training.send_again(),
        "asked for": ask_when_due(),
    }

"""What the queue may call of the project as a whole."""

from __future__ import annotations

from celery import shared_task

from heritage import sweep


@shared_task(ignore_result=True)
def sweep_task() -> None:
    """Catch what the queue lost, and delete what is over, in every app."""
    sweep.sweep()

"""Catch the identify jobs that the queue lost; delete what is older than a day."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from classifier.actions import sweep_jobs


class Command(BaseCommand):
    help = (
        "Hands identify jobs that have waited too long to the queue again, and "
        "deletes jobs older than a day and photos that no waiting job claims. "
        "Run it every few minutes."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        done = sweep_jobs()
        self.stdout.write(
            f"{done['handed_over']} handed to the queue again, "
            f"{done['deleted']} answers deleted, "
            f"{done['folders_deleted']} folders of photos deleted"
        )

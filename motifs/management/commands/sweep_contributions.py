"""Send what the queue lost; delete unfinished uploads and forgotten drafts."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from motifs.sweeping import sweep_contributions


class Command(BaseCommand):
    help = "Send mails that were not sent; delete old parts of uploads and old drafts."

    def handle(self, *args: Any, **options: Any) -> None:
        done = sweep_contributions()
        text = ", ".join(f"{name.replace('_', ' ')}: {n}" for name, n in done.items())
        self.stdout.write(text)

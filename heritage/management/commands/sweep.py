"""Catch what the queue lost and delete what is over; for a timer, every minute."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from heritage.sweep import sweep


class Command(BaseCommand):
    help = "Do what the queue lost, delete what is over. Running it twice does no harm."

    def handle(self, *args: Any, **options: Any) -> None:
        for what, count in sweep().items():
            self.stdout.write(f"{what}: {count}")

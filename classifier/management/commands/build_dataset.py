"""`manage.py build_dataset`: freeze what may train now as a dataset version."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from classifier import datasets


class Command(BaseCommand):
    help = "Freeze the photos that may train now as a dataset version."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--note", default="", help="what the version is for")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            version = datasets.build(None, options["note"])
        except datasets.NothingToBuild:
            raise CommandError("No motif has enough photos yet.") from None
        self.stdout.write(f"{version}: {version.photos.count()} photos")
        for label, count in datasets.counts(version.photos.all()).items():
            sides = ", ".join(f"{side} {count[side]}" for side in sorted(count))
            self.stdout.write(f"  {label}: {sides}")

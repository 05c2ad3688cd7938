"""Write the site's database and photos into one file."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from heritage import backup


class Command(BaseCommand):
    help = "Write database and photos into FOLDER/langgundi-TIME.tar."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument(
            "--keep",
            type=int,
            metavar="N",
            help="delete all but the newest N backups of the folder afterwards",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["keep"] is not None and options["keep"] < 1:
            raise CommandError("--keep takes 1 or more")
        try:
            made = backup.write(options["folder"])
        except backup.BackupError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{made.file}: {made.photos} photos, {made.size:,} bytes")
        if options["keep"] is not None:
            for old in backup.keep(options["folder"], options["keep"]):
                self.stdout.write(f"{old}: deleted")

"""Fill an empty site from a backup."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from heritage import backup


class Command(BaseCommand):
    help = "Fill an empty database and an empty VAR_DIR from a file of `backup`."
    # There are no tables yet that checks could look at.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            made = backup.restore(options["file"])
        except backup.BackupError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{made.photos} photos and the database are back. `manage.py migrate` "
            "brings an older backup up to date."
        )

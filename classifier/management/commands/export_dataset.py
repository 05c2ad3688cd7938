"""`manage.py export_dataset NUMBER FOLDER`: a folder that `python -m ml` reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from classifier import dataset_files
from classifier.models import DatasetVersion


class Command(BaseCommand):
    help = "Write a dataset version as a folder that `python -m ml` reads."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("number", type=int)
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        version = DatasetVersion.objects.filter(number=options["number"]).first()
        if version is None:
            raise CommandError(f"There is no dataset version {options['number']}.")
        try:
            report = dataset_files.export(version, options["folder"])
        except FileExistsError as error:
            raise CommandError(f"{options['folder']} is there already.") from error
        except (dataset_files.ExportError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{options['folder']}: {report.written} photos of {version}")
        if report.withheld:
            self.stdout.write(f"{report.withheld} may no longer be used; left out")
        for reason, count in report.reasons.items():
            self.stdout.write(f"  {reason}: {count}")

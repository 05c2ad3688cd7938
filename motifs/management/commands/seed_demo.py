"""Add demonstration contributions, to try moderation with."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from motifs import demonstration


class Command(BaseCommand):
    help = (
        "Add demonstration contributions made of rendered cloth and labelled as such: "
        "some wait, some are accepted, some declined. Running it again adds nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--count",
            type=int,
            default=24,
            metavar="N",
            help="how many there shall be (default: 24)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["count"] < 0:
            raise CommandError("--count cannot be negative")
        try:
            seeded = demonstration.seed(options["count"])
        except demonstration.NoRenderings as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{seeded.total} demonstration contributions, {seeded.created} of them new"
        )

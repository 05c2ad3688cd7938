"""Add photos by the hundred thousand, to measure a large site with."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from motifs import scale


class Command(BaseCommand):
    help = (
        "Add many made-up contributions, labelled as demonstrations, to measure a "
        "large site with. Refuses where people have given something. Running it "
        "again adds nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--photos", type=int, default=100_000, metavar="N")
        parser.add_argument(
            "--pending",
            type=int,
            default=5_000,
            metavar="N",
            help="contributions that wait for a curator (default: 5000)",
        )
        parser.add_argument(
            "--force", action="store_true", help="add them beside what people gave"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["photos"] < 1 or options["pending"] < 0:
            raise CommandError("--photos must be positive and --pending not negative")
        start = time.monotonic()
        try:
            made = scale.seed(
                options["photos"], options["pending"], force=options["force"]
            )
        except scale.RealContributions as error:
            raise CommandError(
                "People have given contributions to this site. Use another database, "
                "or --force if it is only on trial."
            ) from error
        except scale.NothingToShow as error:
            raise CommandError(str(error)) from error
        if not made.photos:
            self.stdout.write("They are there already; nothing was added.")
            return
        self.stdout.write(
            f"{made.photos} photos in {made.contributions} contributions, "
            f"{made.pending} of them waiting; {made.identifications} identifications, "
            f"{made.flags} flags ({time.monotonic() - start:.0f} s)"
        )

"""Catch the photos that the queue lost: unchecked, unpredicted or unrendered."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from classifier.sweeping import BATCH, check_missing


class Command(BaseCommand):
    help = (
        "Hands photos that lack an automatic check, a prediction of the running model "
        "or renditions to the queue; does them here where the queue is down. Run it "
        "every few minutes."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--limit",
            type=int,
            default=BATCH,
            metavar="N",
            help=f"photos of each kind at most (default: {BATCH})",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        done = check_missing(options["limit"])
        self.stdout.write(
            f"{done.to_check} photos to check and {done.to_render} to render, "
            f"{done.here} of them done here"
        )

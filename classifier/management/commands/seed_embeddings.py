"""Make up what the recogniser says of the photos of ``seed_scale``."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from classifier import scale
from classifier.checking import champion_version
from classifier.models import PhotoEmbedding
from classifier.vectors import ensure_index


class Command(BaseCommand):
    help = (
        "Give the made-up photos of seed_scale a check, a prediction and a random "
        "embedding each, and index the embeddings, to measure a large site with. "
        "Running it again adds nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--no-index",
            action="store_false",
            dest="index",
            help="leave the index to check_missing",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        start = time.monotonic()
        try:
            made = scale.seed()
        except scale.NothingToSee as error:
            raise CommandError(str(error)) from error
        seeded_s = time.monotonic() - start
        version = champion_version()
        count = PhotoEmbedding.objects.filter(model_version=version).count()
        self.stdout.write(
            f"{made} embeddings added ({seeded_s:.0f} s), {count} of version {version}"
        )
        if options["index"] and version is not None:
            start = time.monotonic()
            if ensure_index(version):
                self.stdout.write(f"indexed ({time.monotonic() - start:.0f} s)")

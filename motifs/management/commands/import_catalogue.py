"""Bring the catalogue up to its data files."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from motifs import catalogue_files
from motifs.drawings import DATA
from motifs.importing import Outcome, synchronise


class Command(BaseCommand):
    help = (
        "Bring motifs, names, claims, sources and look-alikes up to the data files. "
        "What a curator has edited or deleted is left alone. Running it again changes "
        "nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--data",
            type=Path,
            default=DATA,
            metavar="DIR",
            help="folder of motifs.json, sources.json and look_alikes.json",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            wanted = catalogue_files.read(Path(options["data"]))
        except catalogue_files.CatalogueError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(summary(synchronise(wanted)))


def summary(outcome: Outcome) -> str:
    """One line: how much there is, and what this run did."""
    rows = outcome.rows
    has = (
        f"{rows['motif']} motifs, {rows['name']} names, {rows['claim']} claims, "
        f"{rows['source']} sources, {rows['look_alike']} look-alike pairs"
    )
    did = [
        f"{count} {what}"
        for count, what in (
            (outcome.created, "created"),
            (outcome.updated, "updated"),
            (outcome.removed, "removed"),
        )
        if count
    ] or ["nothing changed"]
    if outcome.kept_edited:
        did.append(f"{outcome.kept_edited} edited by curators and kept")
    if outcome.kept_deleted:
        did.append(f"{outcome.kept_deleted} deleted by curators and left out")
    return f"{has}; {', '.join(did)}"

"""Copy what the pages need from node_modules to static/vendor."""

from __future__ import annotations

import filecmp
import shutil
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

# (file in node_modules, file in static/vendor). Indonesian, Banjar and English need
# no more than the Latin subsets; each licence travels with its font.
FILES = (
    *(
        (
            f"@fontsource-variable/{font}/files/{font}-{subset}-wght-{style}.woff2",
            f"fonts/{font}-{subset}-{style}.woff2",
        )
        for font, styles in (
            ("alegreya", ("normal", "italic")),
            ("hanken-grotesk", ("normal",)),
        )
        for subset in ("latin", "latin-ext")
        for style in styles
    ),
    *(
        (f"@fontsource-variable/{font}/LICENSE", f"fonts/{font}-LICENSE.txt")
        for font in ("alegreya", "hanken-grotesk")
    ),
)


def collect(source: Path, target: Path) -> int:
    """Copy FILES from ``source`` to ``target`` and return how many were changed.

    Raises FileNotFoundError if a file is not in ``source``; then nothing is copied.
    """
    pairs = [(source / there, target / here) for there, here in FILES]
    for there, _ in pairs:
        if not there.is_file():
            raise FileNotFoundError(there)
    changed = 0
    for there, here in pairs:
        if here.is_file() and filecmp.cmp(there, here, shallow=False):
            continue
        here.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(there, here)
        changed += 1
    return changed


class Command(BaseCommand):
    help = "Copy fonts from node_modules to static/vendor; run `npm ci` first."
    # Copies files only, so it needs neither a database nor a whole configuration.
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        root: Path = settings.BASE_DIR
        try:
            changed = collect(root / "node_modules", root / "static" / "vendor")
        except FileNotFoundError as error:
            raise CommandError(
                f"{error.args[0]} is missing: run `make static/vendor`, which fetches "
                "the browser packages with npm."
            ) from error
        self.stdout.write(f"static/vendor: {len(FILES)} files, {changed} changed")

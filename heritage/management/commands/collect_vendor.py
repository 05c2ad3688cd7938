"""Copy what the pages need from node_modules: fonts and tus to static/vendor, the
recogniser's runtime to runtime."""

from __future__ import annotations

import filecmp
import json
import shutil
from pathlib import Path
from typing import Any

import brotli
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

# (file in node_modules, file in static/vendor). Indonesian, Banjar and English need
# no more than the Latin subsets; each licence travels with its files.
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
    # Photos in pieces; the script names its map.
    *(
        (f"tus-js-client/{there}", f"tus/{here}")
        for there, here in (
            ("dist/tus.min.js", "tus.min.js"),
            ("dist/tus.min.js.map", "tus.min.js.map"),
            ("LICENSE", "LICENSE.txt"),
        )
    ),
)


LITERT = "@litertjs/core"
# The runtime picks the variant that the browser can run, by these names, in one folder.
RUNTIME = (
    (f"{LITERT}/dist/index.js", "index.js"),
    ("@litertjs/wasm-utils/dist/index.js", "wasm-utils.js"),
    *(
        (f"{LITERT}/wasm/litert_wasm_{variant}.{ending}",) * 2
        for variant in ("internal", "compat_internal")
        for ending in ("js", "wasm")
    ),
)
# Ten seconds more of compressing would save a tenth.
BROTLI_QUALITY = 6


def collect_runtime(source: Path, target: Path) -> int:
    """Copy the recogniser's runtime, with brotli beside each file.

    Files go to a folder named by the runtime's version, so its address changes when
    they do. Returns how many were written: none when the version is there already.
    Raises FileNotFoundError if a file is not in ``source``; then nothing is written.
    """
    version = json.loads((source / LITERT / "package.json").read_text())["version"]
    folder = target / version
    if folder.is_dir():
        return 0
    contents = {}
    for there, here in RUNTIME:
        content = (source / there).read_bytes()
        if here.endswith("index.js"):
            # Browsers know nothing of packages' names; both files lie side by side.
            content = content.replace(b'"@litertjs/wasm-utils"', b'"./wasm-utils.js"')
        contents[Path(here).name] = content
    partial = target / f"{version}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    for name, content in contents.items():
        (partial / name).write_bytes(content)
        packed = brotli.compress(content, quality=BROTLI_QUALITY)
        (partial / f"{name}.br").write_bytes(packed)
    partial.rename(folder)
    for old in target.iterdir():
        if old != folder:
            shutil.rmtree(old)
    return len(contents)


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
    help = "Copy what pages need from node_modules; run `npm ci` first."
    # Copies files only, so it needs neither a database nor a whole configuration.
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        root: Path = settings.BASE_DIR
        try:
            changed = collect(root / "node_modules", root / "static" / "vendor")
            written = collect_runtime(root / "node_modules", settings.RUNTIME_FOLDER)
        except FileNotFoundError as error:
            raise CommandError(
                f"{error.args[0]} is missing: run `make static/vendor`, which fetches "
                "the browser packages with npm."
            ) from error
        self.stdout.write(f"static/vendor: {len(FILES)} files, {changed} changed")
        self.stdout.write(f"runtime: {len(RUNTIME)} files, {written} changed")

"""Make sure that there is a Chromium for the browser tests.

    python -m tests.chromium

Debian's Chromium is installed when this is Debian and we may; else a sentence says
what to do. CHROMIUM names another one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = (
    "The browser tests need Chromium: `apt-get install chromium`, or set CHROMIUM to "
    "the path of one."
)


def find() -> str | None:
    """Return the path of a Chromium, or None."""
    if named := os.environ.get("CHROMIUM"):
        return shutil.which(named)
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def install() -> None:
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        return
    print("Installing Debian's Chromium ...", flush=True)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update", "-qq"], ["install", "-y", "-qq", "chromium"]):
        subprocess.run(
            ["apt-get", *arguments], env=quiet, stdout=subprocess.DEVNULL, check=False
        )


def main() -> int:
    if find() is None:
        install()
    if find() is None:
        print(MISSING, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

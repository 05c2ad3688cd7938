"""`python -m ml COMMAND`; `python -m ml --help` lists the commands.

Answers go to standard output, progress and complaints to standard error. The exit code
is 0 when all went well, 2 when what was given cannot be used, 130 when interrupted.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence

from ml.artifact import ArtifactError
from ml.commands import COMMANDS
from ml.commands.console import UNUSABLE, Bars, Complaint
from ml.dataset import DatasetError

INTERRUPTED = 130


def parser() -> argparse.ArgumentParser:
    """Return the parser; ``command`` of what it parsed names the command."""
    whole = argparse.ArgumentParser(
        prog="python -m ml",
        description="Train, evaluate and ask recognisers of Sasirangan motifs.",
    )
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for module in COMMANDS.values():
        command = module.add(commands)
        command.add_argument("--quiet", action="store_true", help="no progress bars")
    return whole


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    given = parser().parse_args(arguments)
    bars = Bars(is_quiet=given.quiet)
    # A queue stops its children with SIGTERM; they end as with Ctrl-C.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        code: int = COMMANDS[given.command].run(given, bars)
    except (ArtifactError, DatasetError, Complaint) as error:
        bars.close()
        print(f"error: {error}", file=sys.stderr)
        return UNUSABLE
    except OSError as error:
        # A full disk, a folder that may not be written: the machine's, not a mistake
        # of this code, so no traceback. What was half written has no manifest.
        bars.close()
        print(f"error: {error}; nothing was made", file=sys.stderr)
        return UNUSABLE
    except ModuleNotFoundError as error:
        if error.name not in ("keras", "tensorflow"):
            raise
        bars.close()
        print(
            f"error: {given.command} needs TensorFlow, which is installed apart: "
            "run `make .venv/train` first.",
            file=sys.stderr,
        )
        return UNUSABLE
    except KeyboardInterrupt:
        bars.close()
        print("interrupted: no model was written", file=sys.stderr)
        return INTERRUPTED
    finally:
        bars.close()
        signal.signal(signal.SIGTERM, before)
    return code


if __name__ == "__main__":
    sys.exit(main())

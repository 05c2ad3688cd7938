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
    # A queue stops its children with SIGTERM; they end as with Ctrl-C. What whoever
    # started the command had it ignore (nohup) stays ignored.
    before = {
        number: signal.signal(number, bars.interrupt)
        for number in (signal.SIGTERM, signal.SIGINT)
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        code: int = COMMANDS[given.command].run(given, bars)
    except (Exception, KeyboardInterrupt) as error:
        bars.close()
        # Libraries make errors of their own of an interruption, so it is asked first.
        if bars.is_interrupted or isinstance(error, KeyboardInterrupt):
            print("interrupted: no model was written", file=sys.stderr)
            return INTERRUPTED
        complaint = _complaint(error, given.command)
        if complaint is None:
            raise
        print(f"error: {complaint}", file=sys.stderr)
        return UNUSABLE
    finally:
        bars.close()
        for number, handler in before.items():
            signal.signal(number, handler)
    return code


def _complaint(error: BaseException, command: str) -> str | None:
    """Return what to say of an error that is no mistake of this code, else None."""
    if isinstance(error, ArtifactError | DatasetError | Complaint):
        return str(error)
    if isinstance(error, OSError):
        # A full disk, a folder that may not be written. What was half written has no
        # manifest.
        return f"{error}; nothing was made"
    if isinstance(error, ModuleNotFoundError) and error.name in ("keras", "tensorflow"):
        return (
            f"{command} needs TensorFlow, which is installed apart: "
            "run `make .venv/train` first."
        )
    return None


if __name__ == "__main__":
    sys.exit(main())

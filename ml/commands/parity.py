"""`python -m ml parity`: one model in every precision, compared and timed."""

from __future__ import annotations

import argparse
from argparse import Namespace
from pathlib import Path
from typing import Any

from ml import artifact, dataset
from ml.commands.console import Bars, positive, print_json


def add(commands: Any) -> argparse.ArgumentParser:
    """Add the command and its options; return its parser."""
    command: argparse.ArgumentParser = commands.add_parser(
        "parity",
        help="compare the exported files of a model with its Keras network",
        description="Export a model in float32, float16 and 8-bit, and compare "
        "answers, accuracy, size and time on one thread.",
    )
    option = command.add_argument
    option("model", type=Path, metavar="FOLDER")
    option("dataset", type=Path, metavar="DATASET")
    option("--limit", type=positive, metavar="N", help="at most so many photos")
    option("--json", action="store_true", help="print all figures as JSON")
    return command


def run(given: Namespace, bars: Bars) -> int:
    """Run the command and return its exit code."""
    from ml.parity import compare

    figures = compare(
        artifact.read(given.model),
        dataset.load(given.dataset),
        limit=given.limit,
        progress=bars,
    )
    bars.close()
    if given.json:
        print_json(figures)
        return 0
    print_figures(str(given.dataset), figures)
    return 0


def print_figures(title: str, figures: dict[str, Any]) -> None:
    """Print the figures of ``ml.parity`` as a table."""
    print(f"{title}: {figures['photos']} photos")
    print("            same answer  difference  accuracy     kB      ms")
    for name, one in figures["variants"].items():
        cost = ""
        if "kilobytes" in one:
            cost = f"{one['kilobytes']:>7}{one['milliseconds']:>8.2f}"
        print(
            f"  {name:<10}{one['same_answer']:>11.4f}{one['largest_difference']:>12.6f}"
            f"{one['accuracy']:>10.4f}{cost}"
        )
    plain = figures["plain"]
    print(f"  {'MobileNetV2':<43}{plain['kilobytes']:>7}{plain['milliseconds']:>8.2f}")
    print(f"{figures['rule']}\nThat is: {figures['chosen'] or 'none of them'}.")

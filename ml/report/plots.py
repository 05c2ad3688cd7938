"""Plots as inline SVG whose colours are the page's, so they follow light and dark."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# matplotlib wants colours, the page has variables: these stand for them meanwhile.
_STAND_INS = {
    "#010101": "var(--ink)",
    "#020202": "var(--line)",
    "#030303": "var(--first)",
    "#040404": "var(--second)",
    "#050505": "var(--third)",
}
INK, LINE, FIRST, SECOND, THIRD = _STAND_INS
SERIES = (
    (FIRST, "-"),
    (SECOND, "--"),
    (THIRD, "-."),
    (FIRST, ":"),
    (SECOND, "-"),
    (THIRD, "--"),
)
"""Colour and dashes of each line: no line is told apart by its colour alone."""


class Plot:
    """One figure to draw on; ``svg`` holds it when the ``with`` ends."""

    figure: Figure
    axes: Axes
    svg: str = ""


@contextmanager
def plot(name: str, words: str, size: tuple[float, float] = (6, 4)) -> Iterator[Plot]:
    """Give axes to draw on.

    Args:
        name: a word that no other plot of the page has.
        words: what the plot shows, for those who do not see it.
        size: width and height in inches.
    """
    # matplotlib takes a second to import, and only reports need it.
    import matplotlib as mpl
    from matplotlib.figure import Figure

    settings: Any = {
        "svg.fonttype": "none",
        "svg.hashsalt": name,
        "font.size": 10,
        "text.color": INK,
        "axes.labelcolor": INK,
        "axes.edgecolor": LINE,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": LINE,
        "grid.linewidth": 0.5,
        "xtick.color": INK,
        "ytick.color": INK,
        "legend.frameon": False,
    }
    with mpl.rc_context(settings):
        made = Plot()
        made.figure = Figure(figsize=size, layout="constrained")
        made.axes = made.figure.add_subplot()
        yield made
        made.svg = _inline(made.figure, name, words)


def reliability(bins: Sequence[Mapping[str, Any]]) -> str:
    """Return how often answers of each score were right, with its intervals."""
    words = "Reliability: the share of right answers against their score"
    with plot("reliability", words) as drawn:
        x = [one["score"] for one in bins]
        right = [one["right"] for one in bins]
        y = [one["value"] for one in right]
        low = [one["value"] - one["low"] for one in right]
        high = [one["high"] - one["value"] for one in right]
        drawn.axes.plot([0, 1], [0, 1], color=INK, linestyle=":", linewidth=1)
        drawn.axes.errorbar(
            x, y, yerr=[low, high], color=FIRST, marker="o", capsize=3, linewidth=1.5
        )
        drawn.axes.set(xlim=(0, 1.02), ylim=(0, 1.02))
        drawn.axes.set(xlabel="mean score", ylabel="share right")
    return drawn.svg


def rejection(sources: Mapping[str, Mapping[str, Any]]) -> str:
    """Return per source of unknown photos how many pass as more motifs are kept."""
    words = "Rejection: known photos kept against unknown photos let through"
    with plot("rejection", words) as drawn:
        for (name, found), (colour, dashes) in zip(
            sources.items(), _endless(), strict=False
        ):
            curve = found.get("model", found["max_softmax"])["roc"]
            through, kept = zip(*curve, strict=True)
            drawn.axes.plot(
                through, kept, color=colour, linestyle=dashes, label=name, linewidth=1.5
            )
        drawn.axes.axhline(0.95, color=INK, linestyle=":", linewidth=1)
        drawn.axes.set(xlim=(-0.02, 1.02), ylim=(0, 1.02))
        drawn.axes.set(xlabel="unknown let through", ylabel="motifs kept")
        drawn.axes.legend(loc="lower right")
    return drawn.svg


def robustness(found: Mapping[str, Any]) -> str:
    """Return the accuracy under each distortion, with its interval."""
    words = "Robustness: accuracy under each distortion"
    rows = [("as they are", found["clean"])]
    rows += [(row["name"], row["accuracy"]) for row in found["rows"]]
    rows = [row for row in rows if row[1]["value"] is not None]
    return _intervals("robustness", words, rows, "accuracy")


def recalls(labels: Mapping[str, Mapping[str, Any]]) -> str:
    """Return every label's recall with its interval."""
    rows = [(name, both["recall"]) for name, both in labels.items()]
    rows = [row for row in rows if row[1]["value"] is not None]
    return _intervals("recalls", "Recall of every label", rows, "recall")


def training(stage: str, epochs: Sequence[Mapping[str, Any]], kept: int) -> str:
    """Return the losses of a stage's epochs, the one that was kept marked."""
    words = f"Training, stage {stage}: losses by epoch; epoch {kept} was kept"
    with plot(f"training-{stage}", words) as drawn:
        x = [one["epoch"] for one in epochs]
        for key, (colour, dashes) in zip(("loss", "val_loss"), SERIES, strict=False):
            y = [one[key] for one in epochs]
            name = "training" if key == "loss" else "validation"
            drawn.axes.plot(
                x, y, color=colour, linestyle=dashes, label=name, linewidth=1.5
            )
        drawn.axes.axvline(kept, color=INK, linestyle=":", linewidth=1, label="kept")
        drawn.axes.set(xlabel="epoch", ylabel="loss", ylim=(0, None))
        drawn.axes.legend()
    return drawn.svg


def _intervals(
    name: str, words: str, rows: Sequence[tuple[str, Mapping[str, Any]]], of: str
) -> str:
    with plot(name, words, (6, 0.8 + 0.3 * len(rows))) as drawn:
        places = range(len(rows), 0, -1)
        values = [one["value"] for _, one in rows]
        low = [one["value"] - one["low"] for _, one in rows]
        high = [one["high"] - one["value"] for _, one in rows]
        drawn.axes.errorbar(
            values, list(places), xerr=[low, high], color=FIRST, fmt="o", capsize=3
        )
        drawn.axes.set_yticks(list(places), [label for label, _ in rows])
        drawn.axes.set(xlim=(0, 1.02), xlabel=f"{of}, 95 % interval")
    return drawn.svg


def _endless() -> Iterator[tuple[str, str]]:
    while True:
        yield from SERIES


def _inline(figure: Figure, name: str, words: str) -> str:
    """Return the figure as an <svg> element that stands alone inside a page."""
    file = io.StringIO()
    figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    whole = file.getvalue()
    svg = whole[whole.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    # The page sets the width; ids of several plots must not meet.
    svg = re.sub(r' (?:width|height)="[\d.]+pt"', "", svg, count=2)
    svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", svg)
    for stand_in, variable in _STAND_INS.items():
        svg = svg.replace(stand_in, variable)
    label = html.escape(words, quote=True)
    return svg.replace("<svg", f'<svg role="img" aria-label="{label}"', 1)

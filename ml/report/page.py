"""report.html: everything that an evaluation found, in one file that needs no other."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from itertools import pairwise
from typing import Any, NamedTuple

from ml import figures as words
from ml.images import open_image
from ml.report import plots

GALLERY = 24
"""Mistakes that are shown at most, the surest first."""
THUMBNAIL = 160

STYLE = """
:root { color-scheme: light dark; --paper: #fdfcf9; --ink: #23201b; --line: #cfc8ba;
  --first: #8a3b12; --second: #14606e; --third: #5b4a8a; }
@media (prefers-color-scheme: dark) { :root { --paper: #191714; --ink: #ece6da;
  --line: #544d42; --first: #f0a070; --second: #6cc4d4; --third: #b9a6f0; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 60rem; background: var(--paper);
  color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.2; overflow-wrap: anywhere; }
h2 { margin-top: 2.5rem; border-bottom: 2px solid var(--line); font-size: 1.2rem; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1rem; padding: 0; list-style: none;
  }
a { color: inherit; }
nav a { display: inline-block; padding: .15rem 0; }
.wide { overflow-x: auto; }
.wide:focus-visible { outline: 2px solid var(--first); outline-offset: 2px; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .75rem .25rem 0; border-bottom: 1px solid var(--line);
  text-align: left; vertical-align: top; font-weight: normal; }
thead th { font-weight: 600; vertical-align: bottom; }
.confusion td { min-width: 2.25rem; padding: .25rem; text-align: center;
  background: color-mix(in srgb, var(--first) calc(var(--share) * 45%), transparent); }
.confusion thead th { padding: .25rem; writing-mode: vertical-rl;
  transform: rotate(180deg); }
svg { display: block; width: 100%; max-width: 40rem; height: auto; margin: 1rem 0; }
.gallery { display: grid; gap: 1rem; padding: 0; list-style: none;
  grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr)); }
.gallery img { width: 100%; height: 9rem; object-fit: cover; }
.gallery p { margin: .25rem 0; font-size: .875rem; overflow-wrap: anywhere; }
"""


class Mistake(NamedTuple):
    """A photo that was answered wrongly."""

    path: Any
    truth: str
    said: str
    score: float
    nearest: str
    """The training photo that resembles it most, or ""."""


class Section(NamedTuple):
    """A part of the page: its anchor, its heading and its HTML."""

    name: str
    title: str
    body: str


def text(
    title: str,
    facts: Sequence[tuple[str, str]],
    figures: dict[str, Any],
    *,
    stages: Mapping[str, Sequence[Mapping[str, Any]]],
    mistakes: Sequence[Mistake],
    compared: Mapping[str, Any] | None,
    has_gallery: bool,
) -> str:
    """Return the page.

    Args:
        title: its heading.
        facts: what was evaluated, as (name, value).
        figures: as ``ml.evaluate`` gives them.
        stages: per stage of training the lines of its log, of an epoch or of all.
        mistakes: wrong answers, the surest first.
        compared: crossvalidation.json, to show beside; None for none.
        has_gallery: whether photos may be shown.
    """
    sections = [
        one
        for one in (
            _chief(figures),
            _labels(figures),
            _confusion(figures),
            _calibration(figures),
            _rejection(figures),
            _robustness(figures),
            _folds(compared),
            _training(stages),
            _gallery(mistakes, has_gallery=has_gallery),
        )
        if one is not None
    ]
    links = "".join(f'<li><a href="#{s.name}">{s.title}</a></li>' for s in sections)
    parts = "".join(
        f'<section id="{s.name}"><h2>{s.title}</h2>{s.body}</section>\n'
        for s in sections
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f"<header><h1>{escape(title)}</h1>{_table('What', ('', ''), facts)}</header>\n"
        f'<nav aria-label="Sections"><ul>{links}</ul></nav>\n'
        f"<main>\n{parts}</main>\n</body>\n</html>\n"
    )


def _chief(figures: dict[str, Any]) -> Section:
    rows = words.chief(figures)
    note = "<p>In brackets: the 95 % interval (Wilson; of macro-F1 by bootstrap, whole"
    note += " groups at a time).</p>"
    table = _table("Chief figures", ("Figure", "Value"), rows)
    return Section("figures", "Chief figures", note + table)


def _labels(figures: dict[str, Any]) -> Section:
    head = ("Label", "Recall", "Precision")
    table = _table("Labels", head, words.labels(figures))
    return Section("labels", "Labels", plots.recalls(figures["labels"]) + table)


def _confusion(figures: dict[str, Any]) -> Section:
    labels = figures["confusion"]["labels"]
    body = ""
    for label, row in zip(labels, figures["confusion"]["rows"], strict=True):
        total = max(sum(row), 1)
        cells = "".join(
            f'<td style="--share:{count / total:.2f}">{count or ""}</td>'
            for count in row
        )
        body += f'<tr><th scope="row">{escape(label)}</th>{cells}</tr>'
    head = "".join(f'<th scope="col">{escape(label)}</th>' for label in labels)
    table = (
        '<table class="confusion"><caption>Rows: the truth. Columns: the best score.'
        f"</caption><thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table>"
    )
    pairs = words.confused(figures)
    most = "<p>No label was taken for another.</p>"
    if pairs:
        most = "<h3>Most often confused</h3>"
        most += _table("Confused", ("Truth", "Taken for", "Photos"), pairs)
    return Section("confusion", "Confusion", _wide("Confusion matrix", table) + most)


def _calibration(figures: dict[str, Any]) -> Section | None:
    bins = figures.get("reliability")
    if not bins:
        return None
    rows = [(words.number(one["score"]), words.share(one["right"])) for one in bins]
    table = _table("Reliability", ("Mean score", "Share right"), rows)
    note = f"<p>ECE {words.number(figures['calibration_error'])}: how far scores are, "
    note += "on average, from the share that is right. The dotted line is perfect.</p>"
    return Section("calibration", "Calibration", note + plots.reliability(bins) + table)


def _rejection(figures: dict[str, Any]) -> Section | None:
    rows = words.rejection(figures)
    if not rows:
        return None
    head = ("Photos of", "Photos", "Score", "AUROC", "Let through at 95 % kept")
    drawn = plots.rejection(figures["rejection"])
    return Section("rejection", "Rejection", drawn + _table("Rejection", head, rows))


def _robustness(figures: dict[str, Any]) -> Section | None:
    rows = words.robustness(figures)
    if not rows:
        return None
    head = ("Photos", "Accuracy", "Points lost")
    drawn = plots.robustness(figures["robustness"])
    return Section("robustness", "Robustness", drawn + _table("Robustness", head, rows))


def _folds(compared: Mapping[str, Any] | None) -> Section | None:
    if not compared:
        return None
    rows = []
    for recipe, ways in compared["recipes"].items():
        for way, found in ways.items():
            kind = "honest (by group)" if way == "grouped" else "leaky (random)"
            cells = [
                f"{words.number(found['mean'][key])} ± "
                f"{words.number(found['spread'][key])}"
                for key in ("accuracy", "macro_f1", "top_3")
            ]
            ece = words.number(found["pooled"]["calibration_error"])
            rows.append((recipe, kind, *cells, ece))
    head = ("Recipe", "Folds", "Accuracy", "Macro-F1", "In first three", "ECE, pooled")
    note = f"<p>{compared['folds']} folds, seed {compared['seed']}: mean and standard "
    note += "deviation. Random folds let copies of a photo be learned and tested on."
    note += "</p>"
    return Section(
        "folds", "Cross-validation", note + _table("Cross-validation", head, rows)
    )


def _training(stages: Mapping[str, Sequence[Mapping[str, Any]]]) -> Section | None:
    body = ""
    for stage, lines in stages.items():
        body += f"<h3>Stage: {escape(stage)}</h3>"
        epochs = [one for one in lines if "epoch" in one]
        if not epochs:
            body += f"<p>{escape(_at_once(lines[-1]))}</p>"
            continue
        kept = min(epochs, key=lambda one: one["val_loss"])["epoch"]
        done = "".join(f"<li>{escape(one)}</li>" for one in events(epochs, kept))
        body += plots.training(stage, epochs, kept) + f"<ul>{done}</ul>"
    return Section("training", "Training", body) if body else None


def _at_once(line: Mapping[str, Any]) -> str:
    """Say what a stage came to that was solved and not trained, by its log."""
    return (
        f"Solved in one step, without epochs. On validation photos: loss "
        f"{line['val_loss']:.3f}, accuracy {line['val_top_1']:.3f}, macro-F1 "
        f"{line['val_macro_f1']:.3f}, each square by itself."
    )


def events(lines: Sequence[Mapping[str, Any]], kept: int) -> Iterator[str]:
    """Say what was decided during a stage of training, by its log."""
    yield f"Epoch {kept} was kept: its validation loss is the lowest."
    rates = [(one["epoch"], one.get("learning_rate")) for one in lines]
    for (_, before), (epoch, after) in pairwise(rates):
        # A schedule changes it at every step; a callback makes it smaller at once.
        if before and after and after < 0.75 * before:
            yield f"Epoch {epoch}: learning rate lowered from {before:g} to {after:g}."
    last = lines[-1]
    if last["epoch"] < last["of"]:
        yield (
            f"Stopped after epoch {last['epoch']} of {last['of']}: the validation loss "
            f"had not fallen since epoch {kept}."
        )
    else:
        yield f"All {last['of']} epochs were used."


def _gallery(mistakes: Sequence[Mistake], *, has_gallery: bool) -> Section:
    if not mistakes:
        return Section("mistakes", "Mistakes", "<p>None.</p>")
    if not has_gallery:
        rows = [(m.path.name, m.truth, m.said, words.number(m.score)) for m in mistakes]
        head = ("Photo", "Truth", "Taken for", "Score")
        note = "<p>Photos are left out on request.</p>"
        return Section("mistakes", "Mistakes", note + _table("Mistakes", head, rows))
    items = ""
    for one in mistakes[:GALLERY]:
        like = f"<p>Most like {escape(one.nearest)}</p>" if one.nearest else ""
        items += (
            f'<li><img src="{_thumbnail(one)}" alt="{escape(one.path.name)}">'
            f"<p><strong>{escape(one.truth)}</strong>, taken for "
            f"<strong>{escape(one.said)}</strong> ({words.number(one.score)})</p>"
            f"{like}</li>"
        )
    note = f"<p>{len(mistakes)} photos; the surest mistakes first.</p>"
    return Section("mistakes", "Mistakes", f'{note}<ul class="gallery">{items}</ul>')


def _thumbnail(mistake: Mistake) -> str:
    image = open_image(mistake.path, kept_side=2 * THUMBNAIL).convert("RGB")
    image.thumbnail((2 * THUMBNAIL, 2 * THUMBNAIL))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=70)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()


def _table(name: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    top = "".join(f'<th scope="col">{escape(one)}</th>' for one in head)
    top = f"<thead><tr>{top}</tr></thead>" if any(head) else ""
    body = ""
    for first, *others in rows:
        cells = "".join(f"<td>{escape(one)}</td>" for one in others)
        body += f'<tr><th scope="row">{escape(first)}</th>{cells}</tr>'
    return _wide(name, f"<table>{top}<tbody>{body}</tbody></table>")


def _wide(name: str, table: str) -> str:
    """Let a wide table scroll by itself, also by keyboard."""
    label = escape(name, quote=True)
    scrolls = f'class="wide" role="region" tabindex="0" aria-label="{label}"'
    return f"<div {scrolls}>{table}</div>"

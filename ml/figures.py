"""An evaluation's figures in words: the same in the card, report and terminal."""

from __future__ import annotations

from typing import Any


def number(value: float | None) -> str:
    """Return a figure between 0 and 1 as every document prints it.

    >>> number(0.93456), number(None)
    ('0.935', '-')
    """
    return "-" if value is None else f"{value:.3f}"


def share(figure: dict[str, Any]) -> str:
    """Return a share as ``metrics.share`` gives it, with its interval and count.

    >>> share({"value": 0.5, "hits": 1, "of": 2, "low": 0.0945, "high": 0.9055})
    '0.500 (0.095 to 0.905; 1 of 2)'
    """
    if figure["value"] is None:
        return "no photo"
    low, high = number(figure["low"]), number(figure["high"])
    counts = f"{figure['hits']} of {figure['of']}"
    return f"{number(figure['value'])} ({low} to {high}; {counts})"


def chief(figures: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what an evaluation found as (name, value), most important first.

    Args:
        figures: as ``ml.evaluate`` gives them; those that an older model's
            metrics.json lacks are left out.
    """
    rows = [("photos", str(figures["photos"]))]
    if "accuracy" in figures:
        rows.append(("accuracy, all labels", share(figures["accuracy"])))
    macro = number(figures["macro_f1"])
    if interval := figures.get("macro_f1_interval"):
        macro += f" ({number(interval['low'])} to {number(interval['high'])})"
    rows.append(("macro-F1", macro))
    if figures["photos_of_motifs"]:
        rows.append(("first suggestion right", share(figures["top_1"])))
        rows.append(("among the first three", share(figures["top_3"])))
    rows.append(("calibration error (ECE)", number(figures["calibration_error"])))
    if conformal := figures.get("conformal"):
        rows.append(("likely motifs hold the true one", share(conformal["coverage"])))
        if conformal["mean_size"] is not None:
            rows.append(("likely motifs, on average", f"{conformal['mean_size']:.2f}"))
    if unknown := figures.get("unknown"):
        rows.append(("unknown from known (AUROC)", number(unknown["auroc"])))
        rate = number(unknown["false_positive_rate_at_95"])
        rows.append(("unknown let through when 95 % of motifs are", rate))
    for whose, words in (("of_motifs", "motifs"), ("of_others", "anything else")):
        answers = figures.get("answers", {}).get(whose, {})
        total = sum(answers.values())
        for kind, count in answers.items():
            name = f"photos of {words}: {kind.replace('_', ' ')}"
            rows.append((name, f"{count} of {total}"))
    if taken := figures.get("milliseconds"):
        rows.append(("ms a photo, median", f"{taken['p50']}"))
    return rows


def rejection(figures: dict[str, Any]) -> list[tuple[str, ...]]:
    """Return (source, photos, score, AUROC, false positives at 95 %), a row each."""
    return [
        (
            source,
            str(found["photos"]),
            {"model": "the model's own", "max_softmax": "best motif's score"}[kind],
            number(found[kind]["auroc"]),
            number(found[kind]["false_positive_rate_at_95"]),
        )
        for source, found in figures.get("rejection", {}).items()
        for kind in ("model", "max_softmax")
        if kind in found
    ]


def robustness(figures: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return (what was done to the photos, accuracy, points lost), a row each."""
    found = figures.get("robustness")
    if not found:
        return []
    rows = [("as they are", share(found["clean"]), "")]
    for row in found["rows"]:
        rows.append((row["name"], share(row["accuracy"]), f"{row['points_lost']:.1f}"))
    return rows


def labels(figures: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return (label, recall, precision), a row each."""
    return [
        (label, share(both["recall"]), share(both["precision"]))
        for label, both in figures["labels"].items()
    ]


def confused(figures: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return (true label, label said instead, photos), the most frequent first."""
    return [
        (pair["truth"], pair["said"], str(pair["photos"]))
        for pair in figures.get("confused", [])
    ]

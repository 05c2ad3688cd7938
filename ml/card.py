"""The model card: what a model is, how good it is and what it cannot do, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ml.artifact import Manifest

LIMITS = (
    "- It knows only the motifs listed below; any other motif looks to it like one of",
    "  these, or like none.",
    "- A score is not the chance of being right. It was fitted to validation photos",
    "  that resemble its training photos; other cloth and other cameras differ.",
    "- It cannot tell stitched and dyed cloth from a print or a picture of it.",
    "- It sees one motif per photo. On cloth with several it names the one that covers",
    "  most of the frame.",
    "- Motifs that differ only in size are told apart only when the photo shows how",
    "  large they are.",
)


def text(manifest: Manifest, metrics: dict[str, Any]) -> str:
    """Return MODEL_CARD.md; every figure comes from ``metrics``, as in metrics.json."""
    return "\n".join(_lines(manifest, metrics)) + "\n"


def _lines(manifest: Manifest, metrics: dict[str, Any]) -> Iterator[str]:
    yield f"# Model {manifest.version}"
    yield ""
    yield (
        f"A MobileNetV2 that tells {len(manifest.motifs)} motifs apart"
        + (
            f" and knows what is none of them ({', '.join(manifest.unknown_labels)})."
            if manifest.unknown_labels
            else '. It was shown nothing but motifs, so it cannot say "not cloth".'
        )
    )
    yield f"Made at {manifest.created_at} with the recipe `{manifest.recipe}`,"
    yield f"seed {manifest.seed}, commit `{manifest.commit or 'unknown'}`."
    yield ""
    yield from _abilities(manifest)
    yield from _limits(manifest, metrics)
    yield from _training(manifest)
    for name, figures in metrics.get("evaluations", {}).items():
        yield from _evaluation(name, figures)


def _abilities(manifest: Manifest) -> Iterator[str]:
    yield "## What it answers"
    yield ""
    if manifest.single:
        yield "It may state these motifs alone: " + ", ".join(manifest.single) + "."
        yield f'For the others it offers up to {manifest.most} suggestions ("either").'
    else:
        yield (
            f"It never states a motif alone: it offers up to {manifest.most} "
            f'suggestions ("either") or says "unknown".'
        )
    yield ""
    limits = manifest.thresholds
    yield "| Score | From | Then |"
    yield "|---|---|---|"
    yield f"| all unknown labels together | {limits.unknown} | unknown |"
    yield f"| best motif | {limits.single} | it alone, if it may be stated |"
    yield f"| the suggestions together, below | {limits.either} | unknown |"
    yield ""


def _limits(manifest: Manifest, metrics: dict[str, Any]) -> Iterator[str]:
    yield "## What it cannot do"
    yield ""
    yield from LIMITS
    weak = _weak(metrics)
    if weak:
        yield (
            "- On its test photos it finds fewer than half of: " + ", ".join(weak) + "."
        )
    if not manifest.single:
        yield "- It has not earned stating any motif alone: that takes an evaluation on"
        yield "  real photos in which a label is nearly always right."
    yield ""


def _weak(metrics: dict[str, Any]) -> list[str]:
    test = metrics.get("evaluations", {}).get("test", {})
    return [
        label
        for label, figures in test.get("labels", {}).items()
        if (figures["recall"]["value"] or 0) < 0.5
    ]


def _training(manifest: Manifest) -> Iterator[str]:
    yield "## What it learned from"
    yield ""
    if about := manifest.dataset.get("about"):
        yield str(about).strip()
        yield ""
    yield f"Dataset `{str(manifest.dataset.get('digest', ''))[:16]}` (SHA-256):"
    yield ""
    yield "| Label | Learned from | Checked with | Tested on |"
    yield "|---|---:|---:|---:|"
    for label, counts in manifest.dataset.get("counts", {}).items():
        cells = [str(counts.get(side, 0)) for side in ("train", "val", "test")]
        yield f"| {label} | " + " | ".join(cells) + " |"
    yield ""
    yield "Photos of one group, for instance of one cloth, are all on one side."
    yield ""


def _evaluation(name: str, figures: dict[str, Any]) -> Iterator[str]:
    yield f"## Measured on: {name}"
    yield ""
    yield f"{figures['photos']} photos, {figures['photos_of_motifs']} show a motif."
    yield "In brackets: the 95 % interval (Wilson)."
    yield ""
    yield "| Figure | Value |"
    yield "|---|---|"
    yield f"| macro-F1 | {figures['macro_f1']:.3f} |"
    yield f"| first suggestion right | {_share(figures['top_1'])} |"
    yield f"| among the first three | {_share(figures['top_3'])} |"
    yield f"| calibration error (ECE) | {figures['calibration_error']:.3f} |"
    if "unknown" in figures:
        unknown = figures["unknown"]
        yield f"| unknown from known (AUROC) | {unknown['auroc']:.3f} |"
        rate = unknown["false_positive_rate_at_95"]
        yield f"| unknown let through when 95 % of motifs are | {rate:.3f} |"
    for whose, answers in figures.get("answers", {}).items():
        total = sum(answers.values())
        for kind, count in answers.items():
            photos = "motifs" if whose == "of_motifs" else "anything else"
            words = kind.replace("_", " ")
            yield f"| photos of {photos}: {words} | {count} of {total} |"
    yield ""
    yield "| Label | Recall | Precision |"
    yield "|---|---|---|"
    for label, both in figures["labels"].items():
        yield f"| {label} | {_share(both['recall'])} | {_share(both['precision'])} |"
    yield ""


def _share(figure: dict[str, Any]) -> str:
    if figure["value"] is None:
        return "no photo"
    low, high = figure["low"], figure["high"]
    return f"{figure['value']:.2f} ({low:.2f} to {high:.2f}; {figure['of']} photos)"

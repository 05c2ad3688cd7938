"""The model card: what a model is, how good it is and what it cannot do, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ml import figures

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
    for name, found in metrics.get("evaluations", {}).items():
        yield from _evaluation(name, found)


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
        for label, both in test.get("labels", {}).items()
        if (both["recall"]["value"] or 0) < 0.5
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


def _evaluation(name: str, found: dict[str, Any]) -> Iterator[str]:
    yield f"## Measured on: {name}"
    yield ""
    yield f"{found['photos']} photos, {found['photos_of_motifs']} show a motif."
    yield "In brackets: the 95 % interval (Wilson; of macro-F1 by bootstrap)."
    yield ""
    yield from _table(("Figure", "Value"), figures.chief(found))
    yield from _table(("Label", "Recall", "Precision"), figures.labels(found))
    if confused := figures.confused(found):
        yield from _table(("Truth", "Most often taken for", "Photos"), confused)
    if rejected := figures.rejection(found):
        head = ("Photos of", "Photos", "Score", "AUROC", "Let through at 95 % kept")
        yield from _table(head, rejected)
    if distorted := figures.robustness(found):
        yield from _table(("Photos", "Accuracy", "Points lost"), distorted)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|---" * len(head) + "|"
    for row in rows:
        yield "| " + " | ".join(row) + " |"
    yield ""

"""A folder of rendered cloth to train on, one folder per label."""

from __future__ import annotations

import csv
import zlib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.synthetic.drawing import read_all
from ml.synthetic.rendering import (
    OTHER_CLOTH,
    make_cloth,
    make_other_cloth,
    take_picture,
)

PICTURES_PER_CLOTH = 4

# What is not a motif has no bounds, so it needs more examples than any motif.
_OTHERS_PER_MOTIF = 4

Progress = Callable[[int, int], None]


def write_dataset(
    drawings_dir: Path,
    out: Path,
    per_motif: int = 200,
    size: int = 320,
    seed: int = 0,
    progress: Progress | None = None,
) -> int:
    """Write pictures of rendered cloth, as two datasets that ``ml.dataset`` reads.

    OUT/motifs/<slug>/*.jpg shows the motifs, OUT/other-cloth/*.jpg cloth without any
    of them; each has a groups.csv. Pictures cut from one cloth share a group, so that
    a split can keep them together. Every picture depends on the seed, its label and
    its cloth alone: asking for more pictures leaves the first ones as they were.

    Args:
        drawings_dir: folder of the motifs' drawings.
        out: folder to write; made if missing.
        per_motif: pictures per motif, and four times as many of other cloth.
        size: side of a picture in pixels.
        seed: the same seed gives the same files.
        progress: called with pictures written and pictures wanted.

    Returns:
        How many pictures were written.

    Raises:
        DrawingError: the folder holds no drawings, or one cannot be read.
    """
    drawings = read_all(drawings_dir)
    wanted = {drawing.slug: per_motif for drawing in drawings}
    wanted[OTHER_CLOTH] = _OTHERS_PER_MOTIF * per_motif
    total, done = sum(wanted.values()), 0
    by_slug = {drawing.slug: drawing for drawing in drawings}
    groups: dict[Path, list[tuple[str, str]]] = {}
    for label, count in wanted.items():
        root = out / OTHER_CLOTH if label == OTHER_CLOTH else out / "motifs"
        folder = root if label == OTHER_CLOTH else root / label
        rows = groups.setdefault(root, [])
        folder.mkdir(parents=True, exist_ok=True)
        others = [drawing for drawing in drawings if drawing.slug != label]
        for number in range(0, count, PICTURES_PER_CLOTH):
            rng = np.random.default_rng([seed, zlib.crc32(label.encode()), number])
            if label == OTHER_CLOTH:
                cloth = make_other_cloth(rng)
            else:
                cloth = make_cloth(by_slug[label], others, rng)
            for picture in range(number, min(number + PICTURES_PER_CLOTH, count)):
                path = folder / f"{picture:05d}.jpg"
                _write(path, take_picture(cloth, rng, size).image, rng)
                name = path.relative_to(root).as_posix()
                rows.append((name, f"{label}-{number:05d}"))
                done += 1
                if progress:
                    progress(done, total)
    for root, rows in groups.items():
        with (root / "groups.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("path", "group"))
            writer.writerows(rows)
    return total


def _write(path: Path, image: NDArray[np.uint8], rng: np.random.Generator) -> None:
    """Write a JPEG as phones and messengers leave them: often twice compressed."""
    quality = int(rng.integers(42, 96))
    bgr = np.ascontiguousarray(image[..., ::-1])
    if rng.random() < 0.3:
        share = rng.uniform(0.35, 0.95)
        small = cv2.resize(bgr, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
        bgr = cv2.resize(small, bgr.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    path.write_bytes(data.tobytes())

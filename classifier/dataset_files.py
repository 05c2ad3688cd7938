"""A dataset version as a folder that ``python -m ml`` reads."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from classifier.leaving import left
from classifier.models import DatasetPhoto, DatasetVersion
from motifs.models import Photo

DESCRIPTION = "dataset.json"
# Names that ``ml.dataset`` reads.
GROUPS_FILE = "groups.csv"
SIDES_FILE = "sides-are-final"


class ExportError(Exception):
    """A photo's file is missing or is not what was frozen; the text says which."""


@dataclass(frozen=True)
class ExportReport:
    """What was written, and how many photos may no longer be used."""

    written: int
    withheld: int
    digest: str
    """Of the version; it is that of the folder only if nothing was withheld."""
    reasons: dict[str, int]
    """Why photos were withheld, in the language that is active, and how many each."""


def export(version: DatasetVersion, folder: Path) -> ExportReport:
    """Write ``{train,val,test}/<label>/<photo>.<ext>`` with groups and a description.

    What is no motif lies among the motifs, under the labels that ``ml.dataset`` knows.

    Photos that may not train any more (taken back, restricted, …) are left out, also
    of an old version. The folder appears whole or not at all.

    Raises:
        ExportError: a file is missing or altered.
        FileExistsError: the folder is there already.
    """
    if folder.exists():
        raise FileExistsError(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        report = _write(version, partial)
        partial.chmod(0o755)
        partial.rename(folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return report


def _write(version: DatasetVersion, folder: Path) -> ExportReport:
    rows = list(version.photos.select_related("photo").order_by("photo"))
    may = set(
        Photo.objects.learnable()
        .filter(pk__in=[row.photo_id for row in rows])
        .values_list("pk", flat=True)
    )
    kept = [row for row in rows if row.photo_id in may]
    paths = {row.pk: _copy(row, folder) for row in kept}
    with (folder / GROUPS_FILE).open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file)
        lines.writerow(("path", "group"))
        lines.writerows((paths[row.pk], row.group) for row in kept)
    (folder / SIDES_FILE).touch()
    gone = [row for row in rows if row.photo_id not in may]
    why = Counter(str(one.why) for one in left(gone))
    report = ExportReport(len(kept), len(gone), version.digest, dict(why))
    sides = Counter(row.split for row in kept)
    description = {
        "version": version.number,
        "digest": version.digest,
        "built_at": version.built_at.isoformat(),
        "photos": report.written,
        "withheld": report.withheld,
        "reasons": report.reasons,
        "sides": dict(sorted(sides.items())),
    }
    text = json.dumps(description, indent=2, ensure_ascii=False) + "\n"
    (folder / DESCRIPTION).write_text(text, encoding="utf-8")
    return report


def _copy(row: DatasetPhoto, folder: Path) -> str:
    """Write one photo; return its path below the folder."""
    photo = row.photo
    name = f"{photo.pk}.{Photo.EXTENSIONS[photo.media_type]}"
    path = folder / row.split / row.label / name
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with photo.image.open("rb") as file:
            content = file.read()
    except FileNotFoundError as error:
        raise ExportError(f"The file of photo {photo.pk} is missing.") from error
    is_own = hashlib.sha256(content).hexdigest() == photo.sha256
    if not is_own or not photo.had_digest(row.sha256):
        raise ExportError(f"The file of photo {photo.pk} was altered.")
    path.write_bytes(content)
    return path.relative_to(folder).as_posix()

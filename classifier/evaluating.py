"""Evaluate a model version on a dataset version's test photos, in a child process."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_noop

from classifier import dataset_files, everyday, ledger, model_folders, predictor
from classifier.complaints import found_in
from classifier.models import (
    DatasetVersion,
    Evaluation,
    FailedEvaluation,
    ModelVersion,
)
from motifs.models import Photo

LONGEST_S = 3600
REPORT = "report.html"

TOO_LONG = gettext_noop("The evaluation took over an hour and was stopped.")
KILLED = gettext_noop(
    "The evaluation was killed, perhaps because memory ran out. Try again."
)
UNEXPECTED = gettext_noop(
    "The evaluation broke off by a mistake of this program; the worker's log says "
    "where."
)


class CannotEvaluate(Exception):
    """Why nothing was measured; ``complaints.in_words`` says it to people."""


def evaluate(*, version: ModelVersion, dataset: DatasetVersion) -> Evaluation:
    """Ask a version about the test photos of a dataset, and about everyday photos.

    Once is enough as long as these photos are the same. Takes seconds to minutes. Two
    at once do the work twice and keep one result.

    Raises CannotEvaluate: the model is damaged, or the photos cannot be asked about.
    """
    earlier = Evaluation.objects.filter(model_version=version, dataset=dataset).first()
    asked = _asked(dataset)
    if earlier is not None and earlier.metrics.get("asked") == asked:
        return earlier
    folder = ledger.folder_of(version)
    try:
        model_folders.verify(folder, version.sha256)
    except predictor.NoModel as error:
        raise CannotEvaluate(str(error)) from error
    # No picture is copied into the report: it would outlive a withdrawn photo.
    report = Path("reports") / f"{version.pk}-D{dataset.number}"
    wanted: list[str | Path] = []
    if find_spec("matplotlib"):
        (Path(settings.MODELS_FOLDER) / report.parent).mkdir(
            parents=True, exist_ok=True
        )
        there = Path(settings.MODELS_FOLDER) / report
        wanted = ["--report", there, "--no-gallery", "--replace"]
    with TemporaryDirectory(prefix="evaluation-") as parent:
        photos = Path(parent) / f"D{dataset.number}"
        try:
            dataset_files.export(dataset, photos)
        except dataset_files.ExportError as error:
            raise CannotEvaluate(str(error)) from error
        figures = _ask(folder, photos, wanted)
    made, _is_new = Evaluation.objects.update_or_create(
        model_version=version,
        dataset=dataset,
        defaults={
            "metrics": figures | {"asked": asked},
            "folder": str(report) if wanted else "",
            "made_at": timezone.now(),
        },
    )
    return made


def _asked(dataset: DatasetVersion) -> str:
    """Return a digest of what an evaluation depends on beside the model.

    Photos that were taken back since are asked about no more; two models are compared
    on the same photos only.
    """
    may = dataset.photos.filter(photo__in=Photo.objects.learnable())
    rows = list(may.order_by("photo").values_list("photo", "sha256", "label", "split"))
    return hashlib.sha256(f"{rows}{everyday.digest()}".encode()).hexdigest()


def note_failure(
    *, version: ModelVersion, dataset: DatasetVersion, problem: str
) -> None:
    """Keep why a version could not be compared on a dataset, for its page."""
    FailedEvaluation.objects.update_or_create(
        model_version=version,
        dataset=dataset,
        defaults={"problem": problem, "failed_at": timezone.now()},
    )


def forget_failure(*, version: ModelVersion, dataset: DatasetVersion) -> None:
    """Say nothing of an earlier failure: it is asked again, or it went well."""
    FailedEvaluation.objects.filter(model_version=version, dataset=dataset).delete()


def _ask(model: Path, photos: Path, wanted: list[str | Path]) -> dict[str, Any]:
    command = [sys.executable, "-m", "ml", "evaluate", model, photos, *wanted]
    command += everyday.options()
    command += ["--split", "test", "--json", "--each", "--quiet"]
    try:
        done = subprocess.run(
            command,
            cwd=settings.BASE_DIR,
            capture_output=True,
            text=True,
            timeout=LONGEST_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise CannotEvaluate(TOO_LONG) from error
    if done.returncode:
        said = done.stderr.strip()
        # What a killed process said last is no reason: it tells how far it was.
        last = said.rpartition("\n")[2] if done.returncode > 0 else ""
        raise CannotEvaluate(found_in(said) or last or KILLED)
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures

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
from django.utils.translation import gettext as _

from classifier import dataset_files, everyday, ledger, model_folders, predictor
from classifier.models import DatasetVersion, Evaluation, ModelVersion
from classifier.refusals import ModelRefused
from motifs.models import Photo

LONGEST_S = 3600
REPORT = "report.html"


def evaluate(*, version: ModelVersion, dataset: DatasetVersion) -> Evaluation:
    """Ask a version about the test photos of a dataset, and about everyday photos.

    Once is enough as long as these photos are the same. Takes seconds to minutes. Two
    at once do the work twice and keep one result.

    Raises ModelRefused: the model is damaged, or the photos cannot be evaluated.
    """
    earlier = Evaluation.objects.filter(model_version=version, dataset=dataset).first()
    asked = _asked(dataset)
    if earlier is not None and earlier.metrics.get("asked") == asked:
        return earlier
    folder = ledger.folder_of(version)
    try:
        model_folders.verify(folder, version.sha256)
    except predictor.NoModel as error:
        raise ModelRefused(str(error)) from error
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
            raise ModelRefused(str(error)) from error
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
        raise ModelRefused(
            _("The evaluation took over an hour and was stopped.")
        ) from error
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        raise ModelRefused(
            _("The evaluation failed: %(problem)s")
            % {"problem": lines[-1] if lines else done.returncode}
        )
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures

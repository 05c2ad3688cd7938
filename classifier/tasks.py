"""What the queue may call: ids in, an action done."""

from __future__ import annotations

import uuid

from celery import shared_task
from django.db import OperationalError

from classifier import prototypes
from classifier.actions import answer_job
from classifier.checking import check_photo_by_id
from classifier.models import DatasetVersion, ModelVersion
from classifier.predictor import Busy
from classifier.promoting import compare
from classifier.training import run


@shared_task(
    acks_late=True,
    autoretry_for=(OSError, OperationalError, Busy),
    retry_backoff=True,
    max_retries=5,
    ignore_result=True,
)
def answer_job_task(job_id: str) -> None:
    """Answer one job. Running it twice is the same as running it once."""
    answer_job(uuid.UUID(job_id))


@shared_task(
    acks_late=True,
    autoretry_for=(OSError, OperationalError, Busy),
    retry_backoff=True,
    max_retries=5,
    ignore_result=True,
)
def embed_missing_task() -> None:
    """Embed photos that make prototypes. Running it twice is the same as once."""
    prototypes.embed_missing(prototypes.MOST)


@shared_task(
    acks_late=True,
    autoretry_for=(OperationalError, Busy),
    retry_backoff=True,
    max_retries=5,
    ignore_result=True,
)
def check_photo_task(photo_id: int) -> None:
    """Check one photo. Running it twice is the same as running it once."""
    check_photo_by_id(photo_id)


@shared_task(
    acks_late=True,
    autoretry_for=(OperationalError,),
    retry_backoff=True,
    max_retries=5,
    ignore_result=True,
)
def compare_models_task(version_id: int, dataset_id: int) -> None:
    """Evaluate a version and the champion on a dataset; what is measured stays."""
    compare(
        version=ModelVersion.objects.get(pk=version_id),
        dataset=DatasetVersion.objects.get(pk=dataset_id),
    )


@shared_task(ignore_result=True)
def train_task(run_id: int) -> None:
    """Do a training run. A second call finds that it was taken, and does nothing."""
    run(run_id)

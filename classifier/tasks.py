"""What the queue may call: ids in, an action done."""

from __future__ import annotations

import logging
import uuid

from celery import shared_task
from django.db import OperationalError
from django.utils import translation

from classifier import prototypes
from classifier.actions import answer_job
from classifier.checking import check_photo_by_id
from classifier.evaluating import (
    UNEXPECTED,
    CannotEvaluate,
    forget_failure,
    note_failure,
)
from classifier.models import DatasetVersion, ModelVersion
from classifier.predictor import Busy
from classifier.promoting import compare
from classifier.refusals import ModelRefused
from classifier.training import run

logger = logging.getLogger(__name__)


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
    """Evaluate a version and the champion on a dataset; what is measured stays.

    What cannot be measured is kept with its reason, for the version's page.
    """
    version = ModelVersion.objects.get(pk=version_id)
    dataset = DatasetVersion.objects.get(pk=dataset_id)
    try:
        # Kept as the code has it; whoever reads it has a language of their own.
        with translation.override("en"):
            compare(version=version, dataset=dataset)
    except (CannotEvaluate, ModelRefused, OSError) as error:
        logger.warning("version %s on D%s: %s", version, dataset.number, error)
        note_failure(version=version, dataset=dataset, problem=str(error))
    except (OperationalError, Busy):
        raise
    except Exception:
        note_failure(version=version, dataset=dataset, problem=UNEXPECTED)
        raise
    else:
        forget_failure(version=version, dataset=dataset)


@shared_task(ignore_result=True)
def train_task(run_id: int) -> None:
    """Do a training run. A second call finds that it was taken, and does nothing."""
    run(run_id)

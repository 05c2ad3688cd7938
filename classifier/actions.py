"""Identify photos, at once or through the queue."""

from __future__ import annotations

import logging
import shutil
import time
import uuid
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Any

from django.core.files.base import File
from django.db import DatabaseError, transaction
from django.utils import timezone, translation

from classifier import predictor, problems, track_record
from classifier.answer import Answer, answer, as_json
from classifier.models import PATIENCE, IdentifyJob, queue_folder

logger = logging.getLogger(__name__)


def identify_photos(photos: Sequence[predictor.Photo]) -> tuple[Answer, dict[str, Any]]:
    """Say which motif the photos of one cloth show.

    Returns the answer, and the same as the API gives it, in the active language.
    Nothing of the photos is kept.

    Raises Problem: a photo cannot be looked at, or there is nothing to look with.
    """
    start = time.perf_counter()
    try:
        prediction = predictor.predict(photos)
    except predictor.BadPhoto as error:
        raise problems.bad_photo(error.code, error.position) from error
    except predictor.NoModel as error:
        raise problems.no_model() from error
    except predictor.Busy as error:
        raise problems.busy() from error
    found = answer(prediction)
    elapsed_ms = (time.perf_counter() - start) * 1000
    return found, as_json(found, elapsed_ms, track_record.of_answer(found))


def queue_photos(photos: Sequence[File[Any]]) -> IdentifyJob:
    """Put photos in the queue; with no queue they are answered before this returns.

    The files are written first and the task is sent after commit, so whoever takes
    the task finds both.
    """
    job = IdentifyJob(language=translation.get_language() or "")
    job.folder.mkdir(mode=0o700, parents=True)
    try:
        for position, photo in enumerate(photos):
            with (job.folder / str(position)).open("xb") as file:
                for chunk in photo.chunks():
                    file.write(chunk)
        with transaction.atomic():
            job.save(force_insert=True)
            transaction.on_commit(partial(hand_over, job.pk))
    except BaseException:
        _delete_photos(job.pk)
        raise
    with suppress(IdentifyJob.DoesNotExist):
        job.refresh_from_db()
    return job


def hand_over(job_id: uuid.UUID) -> None:
    """Send the job's task; if the broker is down, do its work here and now."""
    from classifier.tasks import answer_job_task

    try:
        answer_job_task.delay(str(job_id))
    # A queue can be down in more ways than its library has errors for, and none of
    # them may cost a visitor the answer.
    except Exception as error:
        logger.warning("the queue is down, answering %s here: %r", job_id, error)
        # A job that finds no turn here stays queued for the sweep.
        with suppress(predictor.Busy):
            answer_job(job_id)


def answer_job(job_id: uuid.UUID) -> None:
    """Answer a job that waits, and delete its photos.

    Doing it twice is the same as doing it once, and a job that is gone is no error.

    Raises Busy: there is no turn now; the job still waits.
    """
    with transaction.atomic():
        # Two workers may hold the same task: the second waits here, then finds that
        # nothing is left to do.
        job = IdentifyJob.objects.select_for_update().filter(pk=job_id).first()
        if job is None:
            logger.info("job %s is gone, nothing to answer", job_id)
        elif job.state == IdentifyJob.State.QUEUED:
            with translation.override(job.language or None):
                _answer(job)
            job.answered_at = timezone.now()
            job.save(update_fields=["state", "answer", "problem", "answered_at"])
        transaction.on_commit(partial(_delete_photos, job_id))


def _answer(job: IdentifyJob) -> None:
    """Set the job's answer, or the problem that stands for it."""
    try:
        with ExitStack() as opened:
            names = sorted(job.folder.iterdir())
            photos = [opened.enter_context(name.open("rb")) for name in names]
            job.answer = identify_photos(photos)[1]
            job.state = IdentifyJob.State.DONE
            return
    except FileNotFoundError:
        problem = problems.photos_gone()
    except problems.Problem as refusal:
        if refusal.code == "busy":
            raise predictor.Busy from refusal
        problem = refusal
    except DatabaseError:
        raise
    # Whatever went wrong, the visitor who polls is told, and the queue goes on.
    except Exception:
        logger.exception("job %s could not be answered", job.pk)
        problem = problems.failed()
    job.problem = problem.document()
    job.state = IdentifyJob.State.FAILED


def sweep_jobs() -> dict[str, int]:
    """Hand over jobs that the queue lost; delete what is older than a day.

    Returns how many jobs were handed over, jobs deleted, and folders of photos
    deleted that no waiting job claims.
    """
    deleted, _rows = IdentifyJob.objects.expired().delete()
    overdue = list(IdentifyJob.objects.overdue().values_list("pk", flat=True))
    waiting = {
        str(pk)
        for pk in IdentifyJob.objects.filter(
            state=IdentifyJob.State.QUEUED
        ).values_list("pk", flat=True)
    }
    unclaimed = [
        folder
        for folder in _folders()
        # A folder is written before its row, so a young one may yet be claimed.
        if folder.name not in waiting and _age_s(folder) > PATIENCE.total_seconds()
    ]
    for folder in unclaimed:
        shutil.rmtree(folder, ignore_errors=True)
    for pk in overdue:
        hand_over(pk)
    return {
        "handed_over": len(overdue),
        "deleted": deleted,
        "folders_deleted": len(unclaimed),
    }


def _folders() -> list[Path]:
    try:
        return list(queue_folder().iterdir())
    except FileNotFoundError:
        return []


def _age_s(folder: Path) -> float:
    try:
        return time.time() - folder.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _delete_photos(job_id: uuid.UUID) -> None:
    shutil.rmtree(queue_folder() / str(job_id), ignore_errors=True)

"""Training runs: asked for, taken by a worker, ended truthfully whatever happens.

A run is a row; the work is a child process (``classifier.training_child``). Whoever
executes it beats in the row, so that a killed worker is noticed by the sweep.
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from django.conf import settings as site
from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from classifier import dataset_files, everyday, model_folders, predictor
from classifier.checking import champion_version
from classifier.models import DatasetVersion, ModelVersion, TrainingRun
from classifier.training_child import BrokenOff, Child, command, render_command
from motifs import drawings
from motifs.models import Motif

if TYPE_CHECKING:
    from heritage.models import User

logger = logging.getLogger(__name__)

BEAT_S = 2.0
LOST_AFTER_S = 60
"""A run that has not beaten for so long has nobody who works on it."""
DATABASE_WAIT_S = 45.0
"""How long the end of a run waits for a database that is down."""

State = TrainingRun.State

LOST = gettext_noop(
    "Whoever worked on this run was stopped before it was over. Nothing was made; "
    "repeat the run."
)
TOO_LONG = gettext_noop("The run took longer than it may, and was stopped.")
MADE_BEFORE = gettext_noop(
    "The run made a model that was made before, byte for byte; there is nothing new."
)
UNEXPECTED = gettext_noop(
    "The run broke off by a mistake of this program; the worker's log says where."
)
DAMAGED = gettext_noop("The model that was made cannot be read; it was not kept.")


class AlreadyRunning(Exception):
    """Another training run is open; there is one at a time."""


class _Cancelled(Exception):
    """Somebody asked for it."""


class _Lost(Exception):
    """The row says that this run is over: somebody else has ended it."""


def ask_for_run(
    *,
    by: User | None,
    dataset: DatasetVersion,
    recipe: str = "default",
    settings: Mapping[str, Any] | None = None,
    seed: int = 1,
    trigger: str = TrainingRun.Trigger.HAND,
) -> TrainingRun:
    """Ask for a run from the champion's weights; a worker takes it.

    Args:
        by: who asks; None when the site itself does.
        settings: the command's options that differ from the recipe's, as
            ``training_child.OPTIONS`` names them.

    Raises AlreadyRunning.
    """
    return _ask(
        asked_by=by,
        dataset=dataset,
        recipe=recipe,
        settings=dict(settings or {}),
        seed=seed,
        trigger=trigger,
        starts_from=champion_version(),
    )


def repeat(run: TrainingRun, *, by: User | None) -> TrainingRun:
    """Ask for the same again: its dataset, seed, settings and starting weights.

    Raises AlreadyRunning.
    """
    return _ask(
        asked_by=by,
        dataset=run.dataset,
        recipe=run.recipe,
        settings=run.settings,
        seed=run.seed,
        starts_from=run.starts_from,
        repeats=run,
    )


def _ask(**facts: Any) -> TrainingRun:
    try:
        with transaction.atomic():
            run = TrainingRun.objects.create(**facts)
    except IntegrityError as error:
        if TrainingRun.objects.open().exists():
            raise AlreadyRunning from error
        raise
    transaction.on_commit(lambda: send(run.pk))
    return run


def send(run_id: int) -> bool:
    """Hand a run to the queue; with the queue down the sweep does it again.

    Returns whether the queue took it.
    """
    from classifier.tasks import train_task

    try:
        train_task.delay(run_id)
    # A queue can be down in more ways than its library has errors for.
    except Exception as error:
        logger.warning("the queue is down, training run %s waits: %r", run_id, error)
        return False
    return True


def cancel(run: TrainingRun) -> None:
    """Ask for a run's end: at once if nobody has taken it, else within seconds."""
    now = timezone.now()
    rows = TrainingRun.objects.filter(pk=run.pk)
    if not rows.filter(state=State.QUEUED).update(
        state=State.CANCELLED, cancel_asked_at=now, ended_at=now
    ):
        rows.filter(state=State.RUNNING, cancel_asked_at=None).update(
            cancel_asked_at=now
        )


def run(run_id: int) -> None:
    """Do the work of a queued run, to its end; of any other run, nothing."""
    now = timezone.now()
    rows = TrainingRun.objects.filter(pk=run_id, state=State.QUEUED)
    if not rows.update(state=State.RUNNING, started_at=now, beat_at=now):
        return
    taken = TrainingRun.objects.select_related("dataset", "starts_from").get(pk=run_id)
    try:
        _keep(taken, _train(taken))
    except _Cancelled:
        _end(taken, State.CANCELLED)
    except _Lost:
        logger.warning("training run %s was ended by somebody else", run_id)
    except BrokenOff as error:
        _end(taken, State.FAILED, str(error))
    except OSError as error:
        _end(taken, State.FAILED, str(error))
    except Exception:
        logger.exception("training run %s failed", run_id)
        _end(taken, State.FAILED, UNEXPECTED)
    finally:
        _insist(lambda: _remove_leftovers(taken))


def _train(run: TrainingRun) -> Path:
    """Train in a child process; return the model folder that it made."""
    folder = run.folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    photos, rendered, out = folder / "photos", folder / "rendered", folder / "model"
    limit = time.monotonic() + site.TRAINING_LIMIT_S
    run.progress = {"what": "photos", "done": 0, "total": 0}
    run.progress["everyday"] = everyday.note(folder / "log.txt")
    with _beating(run):
        export(run.dataset, photos)
    if copy_drawings(folder / "drawings"):
        run.progress |= {"what": "render", "done": 0, "total": 0}
        arguments = render_command(folder / "drawings", rendered, seed=run.seed)
        _watch(run, arguments, out, limit)
    _watch(
        run,
        command(run, photos=photos, rendered=rendered, out=out, weights=_weights(run)),
        out,
        limit,
    )
    return out


def _watch(run: TrainingRun, arguments: list[str], out: Path, limit: float) -> None:
    """Let a child do its work while the row says how far it is.

    Raises BrokenOff, _Cancelled and _Lost.
    """
    with Child(arguments, out, log=run.folder / "log.txt") as child:
        while child.is_running(wait_s=BEAT_S):
            run.progress = child.progress(run.progress)
            _beat(run)
            if time.monotonic() > limit:
                raise BrokenOff(TOO_LONG)
        run.progress = child.progress(run.progress)
        child.complain()


def copy_drawings(folder: Path) -> int:
    """Copy the drawings of published motifs that everybody may see.

    Returns how many there are; none where the site renders no cloth.
    """
    if not site.TRAINING_RENDERED:
        return 0
    drawn = drawings.slugs(drawings.DRAWINGS, ".svg")
    found = Motif.objects.published().filter(slug__in=drawn)
    slugs = sorted(found.values_list("slug", flat=True))
    folder.mkdir()
    for slug in slugs:
        shutil.copy(drawings.DRAWINGS / f"{slug}.svg", folder)
    return len(slugs)


def export(dataset: DatasetVersion, folder: Path) -> None:
    """Write the dataset's photos as a folder that ``python -m ml`` reads."""
    try:
        dataset_files.export(dataset, folder)
    except dataset_files.ExportError as error:
        raise BrokenOff(str(error)) from error


def _weights(run: TrainingRun) -> Path:
    """Return the folder of the model whose weights the run goes on from."""
    if run.starts_from is not None and run.starts_from.folder:
        return Path(site.MODELS_FOLDER) / run.starts_from.folder
    return Path(site.MODEL_FOLDER)


def _beat(run: TrainingRun) -> None:
    """Say in the row that the run goes on, and how far it is.

    A database that is down stops no training: the next beat tries again.

    Raises _Cancelled and _Lost.
    """
    try:
        rows = TrainingRun.objects.filter(pk=run.pk, state=State.RUNNING)
        is_ours = rows.update(beat_at=timezone.now(), progress=run.progress)
        is_cancelled = is_ours and rows.exclude(cancel_asked_at=None).exists()
    except OperationalError as error:
        logger.warning("training run %s cannot beat: %s", run.pk, error)
        connection.close()
        return
    if not is_ours:
        raise _Lost
    if is_cancelled:
        raise _Cancelled


@contextmanager
def _beating(run: TrainingRun) -> Iterator[None]:
    """Beat from a thread, during work that cannot stop to do so."""
    is_over, refused = Event(), []

    def beat() -> None:
        try:
            while not is_over.wait(BEAT_S):
                _beat(run)
        except (_Cancelled, _Lost) as error:
            refused.append(error)
        finally:
            connection.close()

    thread = Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
    if refused:
        raise refused[0]


def _keep(run: TrainingRun, made: Path) -> None:
    """Move the model to its place and say so, in one transaction.

    The name of the place is in the row before anything is there, so that whoever
    finds the run lost knows what to remove.
    """
    try:
        found = model_folders.verify(made)
        target = Path(site.MODELS_FOLDER) / found.version
        run.progress |= {"model": found.version}
        _beat(run)
        _insist(lambda: _register(run, made, target))
    except predictor.NoModel as error:
        logger.warning("training run %s made no sound model: %s", run.pk, error)
        raise BrokenOff(DAMAGED) from error


def _register(run: TrainingRun, made: Path, target: Path) -> None:
    with transaction.atomic():
        row = TrainingRun.objects.select_for_update().get(pk=run.pk)
        if row.state == State.DONE:  # a commit whose answer was lost
            return
        if row.state != State.RUNNING:
            raise _Lost
        if ModelVersion.objects.filter(version=target.name).exists():
            raise BrokenOff(MADE_BEFORE)
        if made.exists():
            shutil.rmtree(target, ignore_errors=True)
            target.parent.mkdir(parents=True, exist_ok=True)
            made.rename(target)
        found = model_folders.verify(target)
        row.makes = ModelVersion.objects.create(
            version=found.version,
            sha256=found.sha256,
            labels=list(found.labels),
            embedding_size=found.embedding_size,
            folder=target.name,
        )
        row.state, row.ended_at = State.DONE, timezone.now()
        row.progress = run.progress
        row.save()


def _end(run: TrainingRun, state: str, problem: str = "") -> None:
    rows = TrainingRun.objects.filter(pk=run.pk, state=State.RUNNING)
    now = timezone.now()
    _insist(
        lambda: rows.update(
            state=state, ended_at=now, problem=problem, progress=run.progress
        )
    )


def _insist(act: Callable[[], object]) -> None:
    """Do something in the database, also if it is down for a moment."""
    deadline = time.monotonic() + DATABASE_WAIT_S
    while True:
        try:
            act()
        except OperationalError:
            if time.monotonic() > deadline:
                raise
            connection.close()
            time.sleep(1)
        else:
            return


def _remove_leftovers(run: TrainingRun) -> None:
    """Delete the photos and what was made of a run but not registered; keep its log."""
    for path in run.folder.glob("*"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
    for path in run.folder.glob(".photos-*"):
        shutil.rmtree(path, ignore_errors=True)
    name = run.progress.get("model", "")
    if name and not ModelVersion.objects.filter(version=name).exists():
        shutil.rmtree(Path(site.MODELS_FOLDER) / name, ignore_errors=True)


def mark_lost() -> int:
    """Mark runs failed that nobody works on any more, and remove what they left.

    Returns how many there were.
    """
    before = timezone.now() - timedelta(seconds=LOST_AFTER_S)
    lost = TrainingRun.objects.filter(state=State.RUNNING, beat_at__lt=before)
    marked = 0
    for one in lost:
        # Not if it has beaten since it was found: somebody works with its files.
        if lost.filter(pk=one.pk).update(
            state=State.FAILED, ended_at=timezone.now(), problem=LOST
        ):
            marked += 1
            _remove_leftovers(one)
    return marked


def send_again() -> int:
    """Hand over again what has waited for long; a run taken already is not redone."""
    before = timezone.now() - timedelta(seconds=LOST_AFTER_S)
    waiting = TrainingRun.objects.filter(state=State.QUEUED, asked_at__lt=before)
    return sum(send(pk) for pk in waiting.values_list("pk", flat=True))

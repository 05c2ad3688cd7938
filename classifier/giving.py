"""What becomes of an answer: it is shared, or said to be wrong."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.core.cache import cache
from django.core.files.base import ContentFile, File
from django.db import IntegrityError, transaction

from classifier import predictor, problems
from classifier.actions import identify_photos
from classifier.models import Report, SharedAnswer
from motifs.actions import add_photo, start_contribution, submit_contribution
from motifs.languages import reader_language
from motifs.models import Contribution, Motif, Photo
from motifs.refusals import Refusal

if TYPE_CHECKING:
    from typing import Any

    from heritage.models import User

A_DAY_S = 86400
SHARED_SIDE = 1600
"""Longer side of a shared photo, in pixels."""


def share_answer(photos: Sequence[File[Any]], *, with_photo: bool) -> SharedAnswer:
    """Answer photos and keep the answer under an address of its own.

    The answer is found here and not taken from the sender, so a shared result is what
    this recogniser said. Only the first photo is kept, and only ``with_photo``.

    Raises Problem as ``identify_photos`` does.
    """
    _answer, said = identify_photos(photos)
    shared = SharedAnswer(answer=said)
    if with_photo:
        photos[0].seek(0)
        content = predictor.rendition(photos[0], SHARED_SIDE)
        shared.photo.save("photo.jpg", ContentFile(content), save=False)
    try:
        shared.save()
    except BaseException:
        shared.photo.delete(save=False)
        raise
    return shared


def said_today(shared: SharedAnswer) -> dict[str, Any] | None:
    """Return what the model that answers now says of a shared photo, as the API would.

    None where no photo was kept, where the same model gave the answer, and where the
    photo cannot be looked at now. Asked once per photo and model a day.
    """
    now = predictor.describe()
    if (
        not shared.photo
        or now is None
        or now.sha256 == shared.answer["model"]["sha256"]
    ):
        return None
    key = f"said-today:{shared.pk}:{now.sha256}"
    said: dict[str, Any] | None = cache.get(key)
    if said is None:
        try:
            with shared.photo.open("rb") as file:
                _answer, said = identify_photos([file])
        except (problems.Problem, OSError):
            return None
        cache.set(key, said, A_DAY_S)
    return said


def unshare_answer(shared: SharedAnswer) -> None:
    """Delete a shared answer and its photo; to be called for its owner only."""
    # The row goes first: a file without a row is seen by nobody.
    photo = shared.photo
    shared.delete()
    if photo:
        photo.delete(save=False)


def report_answer(
    photos: Sequence[File[Any]],
    *,
    report_id: uuid.UUID,
    by: User | None,
    motif: Motif | None,
    opinion: str,
    licence: str,
    consent: bool,
) -> Report:
    """Make photos whose answer is said to be wrong a contribution that waits.

    Sending the same report again returns the one that is there.

    Args:
        report_id: chosen by the sender.
        by: who says so, or None without an account.
        motif: what the cloth shows instead, if they know.
        opinion: one of ``Contribution.Opinion`` where no motif is named.
        consent: whether the photos may be shown and may train.

    Raises Problem: the photos cannot be looked at, or not be kept.
    """
    earlier = Report.objects.filter(pk=report_id).first()
    if earlier is not None:
        return earlier
    _answer, said = identify_photos(photos)
    added: list[Photo] = []
    try:
        with transaction.atomic():
            contribution = start_contribution(
                by=by,
                motif=motif,
                opinion=opinion,
                # The form says: nobody to be recognised in it.
                people=Contribution.People.NONE,
                language=reader_language(),
                licence=licence,
                consent_to_show=consent,
                consent_to_train=consent,
            )
            # The lock of sending twice: the second insert waits here, then fails.
            report = Report.objects.create(
                pk=report_id, contribution=contribution, answer=said
            )
            for photo in photos:
                photo.seek(0)
                added.append(add_photo(contribution=contribution, image=photo, by=by))
            submit_contribution(contribution=contribution, by=by)
    except Refusal as refusal:
        _delete_files(added)
        raise problems.refused(str(refusal)) from refusal
    except IntegrityError:
        _delete_files(added)
        earlier = Report.objects.filter(pk=report_id).first()
        if earlier is None:
            raise
        return earlier
    except BaseException:
        _delete_files(added)
        raise
    return report


def _delete_files(photos: Sequence[Photo]) -> None:
    """Delete the files of photos whose rows were rolled back."""
    for photo in photos:
        photo.image.delete(save=False)

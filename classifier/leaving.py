"""Why a photo is not in a dataset any more, or may no longer be used from one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from django.utils.translation import gettext_lazy as _

from classifier.labels import UNKNOWN_LABELS, label_of
from classifier.models import DatasetPhoto
from motifs.models import Contribution, Photo

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


class Left(NamedTuple):
    """A photo of a version that is not in the next one."""

    photo: int
    label: str
    split: str
    why: str | _StrPromise


def left(gone: Sequence[DatasetPhoto], short: Container[str] = ()) -> Iterable[Left]:
    """Say of each photo why it left, as of now.

    Args:
        short: labels that have too few photos to be learned.
    """
    photos = Photo.objects.select_related("contribution", "determined_motif").in_bulk(
        [one.photo_id for one in gone]
    )
    same: dict[str, list[tuple[int, str]]] = defaultdict(list)
    learnable = Photo.objects.learnable().select_related("determined_motif")
    for one_of in learnable.filter(
        sha256__in={one.sha256 for one in photos.values()}
    ).order_by("pk"):
        same[one_of.sha256].append((one_of.pk, label_of(one_of)))
    for one in gone:
        photo = photos[one.photo_id]
        why = _why(photo, same[photo.sha256], short)
        yield Left(photo.pk, one.label, one.split, why)


def _why(
    photo: Photo, same: list[tuple[int, str]], short: Container[str]
) -> str | _StrPromise:
    contribution = photo.contribution
    if photo.is_withdrawn:
        return _("Taken back by its giver")
    if contribution.state != Contribution.State.ACCEPTED:
        return _("Not accepted any more")
    if not contribution.consent_to_train:
        return _("Consent to train was taken back")
    if not photo.determined_outcome:
        return _("No longer determined")
    if photo.pk not in {pk for pk, _label in same}:
        return _("Restricted, or no longer of one published motif or of none")
    if len({label for _pk, label in same}) > 1:
        return _("The same file is determined otherwise elsewhere")
    if photo.pk != same[0][0]:
        return _("The same file is there as an older photo")
    if (label := label_of(photo)) in short:
        if label in UNKNOWN_LABELS:
            return _("There are too few photos of its kind now")
        return _("Its motif has too few photos now")
    return _("Its cloth tests, and not everybody judged it blind")

"""Why a photo is not in a dataset any more, or may no longer be used from one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from django.utils.translation import gettext_lazy as _

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
    same: dict[str, list[tuple[int, int | None]]] = defaultdict(list)
    trainable = Photo.objects.trainable().order_by("pk")
    for pk, sha256, motif in trainable.filter(
        sha256__in={one.sha256 for one in photos.values()}
    ).values_list("pk", "sha256", "determined_motif"):
        same[sha256].append((pk, motif))
    for one in gone:
        photo = photos[one.photo_id]
        why = _why(photo, same[photo.sha256], short)
        yield Left(photo.pk, one.label, one.split, why)


def _why(
    photo: Photo, same: list[tuple[int, int | None]], short: Container[str]
) -> str | _StrPromise:
    contribution = photo.contribution
    if contribution.state == Contribution.State.WITHDRAWN:
        return _("Taken back by its giver")
    if contribution.state != Contribution.State.ACCEPTED:
        return _("Not accepted any more")
    if not contribution.consent_to_train:
        return _("Consent to train was taken back")
    if not photo.determined_motif:
        return _("No longer determined")
    if photo.pk not in {pk for pk, _motif in same}:
        return _("Restricted, or no longer one published motif")
    if len({motif for _pk, motif in same}) > 1:
        return _("The same file is determined as another motif elsewhere")
    if photo.pk != same[0][0]:
        return _("The same file is there as an older photo")
    if photo.determined_motif.slug in short:
        return _("Its motif has too few photos now")
    return _("Its cloth tests, and not everybody judged it blind")

"""What a dataset holds: which photos, on which side, and why.

A photo enters when it is determined, as one motif or as none that is known, with
consent to train (``PhotoQuerySet.learnable``), and the checks have looked for copies of
it. Photos of one contribution, and copies of each other, are a group and stay on one
side; a group stays where an earlier version put it, so what was learned from never
tests. Only groups whose photos were all judged blind, without dispute, may test.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from django.db import connection, transaction
from django.db.models import Max

from classifier import sides
from classifier.labels import UNKNOWN_LABELS, label_of
from classifier.leaving import Left, left
from classifier.models import DatasetPhoto, DatasetVersion
from motifs.models import Photo

if TYPE_CHECKING:
    from heritage.models import User

Split = DatasetPhoto.Split
Reason = DatasetPhoto.Reason

LEAST_PHOTOS = 5
"""Photos that a label needs before it is learned; a prototype makes do with fewer."""
# Any fixed number: it is the name of the lock.
_LOCK = 0x44415441


class Row(NamedTuple):
    """One photo of a dataset to be; the fields are those of ``DatasetPhoto``."""

    photo: int
    sha256: str
    label: str
    split: str
    group: str
    reason: str


class Short(NamedTuple):
    """A label with too few photos, or of too few cloths, to be learned."""

    label: str
    photos: int
    groups: int

    @property
    def missing_photos(self) -> int:
        return max(0, LEAST_PHOTOS - self.photos)

    @property
    def missing_groups(self) -> int:
        return max(0, sides.LEAST_GROUPS - self.groups)


class Change(NamedTuple):
    """A photo whose label or side differs between two versions."""

    photo: int
    before: str
    after: str


@dataclass(frozen=True)
class Plan:
    """What a dataset version would hold if it were built now."""

    rows: tuple[Row, ...]
    latest: DatasetVersion | None
    entered: frozenset[int]
    """Photos that are not in the latest version."""
    left: tuple[Left, ...]
    moved: tuple[Change, ...]
    """Photos whose side differs from the latest version's: a copy joined cloths."""
    short: tuple[Short, ...]
    waiting: int
    """Photos that wait until the checks have looked for copies of them."""
    conflicts: tuple[int, ...] = ()
    """Photos whose very file is determined otherwise elsewhere."""

    @property
    def new_count(self) -> int:
        return len(self.entered)

    @property
    def left_test(self) -> int:
        """How many photos of the latest version's test do not test any more."""
        return sum(one.split == Split.TEST for one in self.left) + sum(
            one.before == Split.TEST for one in self.moved
        )

    @property
    def is_enough(self) -> bool:
        """Whether there is a motif to learn; what is no motif is nothing by itself."""
        return any(row.label not in UNKNOWN_LABELS for row in self.rows)

    @property
    def digest(self) -> str:
        return digest(self.rows)


class NothingToBuild(Exception):
    """No motif has enough photos; a version would be empty."""


def digest(rows: Iterable[Row]) -> str:
    """Return the SHA-256 of every photo's digest, label, side and group."""
    total = hashlib.sha256()
    for row in sorted(rows, key=lambda one: (one.sha256, one.photo)):
        line = "\t".join((row.sha256, row.label, row.split, row.group))
        total.update(line.encode() + b"\n")
    return total.hexdigest()


def plan() -> Plan:
    """Return what a new version would hold, and how that differs from the latest."""
    latest = DatasetVersion.objects.order_by("-number").first()
    before = {one.photo_id: one for one in _photos_of(latest)}
    found = list(
        Photo.objects.learnable()
        .select_related("determined_motif")
        .order_by("pk")
        .only(
            *("sha256", "contribution_id", "is_disputed"),
            *("determined_outcome", "determined_motif__slug"),
        )
    )
    checked = set(
        Photo.objects.filter(automatic_check__checked_at__isnull=False)
        .filter(pk__in=[one.pk for one in found])
        .values_list("pk", flat=True)
    )
    ready, conflicts = _once(one for one in found if one.pk in checked)
    blind = set(
        Photo.objects.learnable()
        .blindly_determined()
        .filter(is_disputed=False)
        .values_list("pk", flat=True)
    )
    groups = sides.groups_of(found)
    labels = {one.pk: label_of(one) for one in ready}
    short = _short(labels, groups)
    known = {one.label for one in short}
    kept = [one for one in ready if labels[one.pk] not in known]
    dealt = sides.deal(
        {one.pk: labels[one.pk] for one in kept},
        groups,
        blind=blind,
        earlier=sides.earlier(groups),
    )
    rows = []
    for photo in kept:
        group = groups[photo.pk]
        side = dealt[group]
        if side == Split.TEST and photo.pk not in blind:
            continue  # its cloth tests, and its label says something of the recogniser
        reason = Reason.DETERMINED
        if side == Split.TEST:
            was = before.get(photo.pk)
            again = was is not None and was.split == Split.TEST
            reason = Reason.TESTED_BEFORE if again else Reason.BLIND
        rows.append(Row(photo.pk, photo.sha256, labels[photo.pk], side, group, reason))
    # Others of its groups may leave a label nothing to learn from or to check with.
    sided = counts(rows)
    bare = {x for x, n in sided.items() if not (n[Split.TRAIN] and n[Split.VAL])}
    rows = [row for row in rows if row.label not in bare]
    short += [Short(label, sided[label].total(), 1) for label in sorted(bare)]
    entering = {row.photo for row in rows}
    gone = [one for pk, one in before.items() if pk not in entering]
    return Plan(
        rows=tuple(rows),
        latest=latest,
        entered=frozenset(entering - before.keys()),
        left=tuple(left(gone, known | bare)),
        moved=tuple(
            Change(row.photo, before[row.photo].split, row.split)
            for row in rows
            if row.photo in before and before[row.photo].split != row.split
        ),
        short=tuple(short),
        waiting=len(found) - len(checked),
        conflicts=tuple(conflicts),
    )


def build(by: User | None, note: str = "") -> DatasetVersion:
    """Freeze what ``plan`` says as a version; the same as the latest is the latest.

    Of several at a time each waits for the one before.

    Raises:
        NothingToBuild: no motif has enough photos.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        found = plan()
        if not found.is_enough:
            raise NothingToBuild
        same = DatasetVersion.objects.filter(digest=found.digest).first()
        if same is not None:
            return same
        last = DatasetVersion.objects.aggregate(last=Max("number"))["last"] or 0
        version = DatasetVersion.objects.create(
            number=last + 1, digest=found.digest, note=note, built_by=by
        )
        DatasetPhoto.objects.bulk_create(
            DatasetPhoto(
                dataset=version,
                photo_id=row.photo,
                sha256=row.sha256,
                label=row.label,
                split=row.split,
                group=row.group,
                reason=row.reason,
            )
            for row in found.rows
        )
    return version


@dataclass(frozen=True)
class Difference:
    """What became of one version in another."""

    entered: tuple[DatasetPhoto, ...]
    left: tuple[Left, ...]
    relabelled: tuple[Change, ...]
    moved: tuple[Change, ...]


def difference(old: DatasetVersion, new: DatasetVersion) -> Difference:
    """Return how ``new`` differs from ``old``; why a photo left is as of now."""
    before = {one.photo_id: one for one in _photos_of(old)}
    after = {one.photo_id: one for one in _photos_of(new)}
    both = [(before[pk], after[pk]) for pk in sorted(before.keys() & after.keys())]
    short = {one.label for one in before.values()} - {
        one.label for one in after.values()
    }
    gone = [one for pk, one in before.items() if pk not in after]
    return Difference(
        entered=tuple(one for pk, one in after.items() if pk not in before),
        left=tuple(left(gone, short)),
        relabelled=tuple(
            Change(was.photo_id, was.label, now.label)
            for was, now in both
            if was.label != now.label
        ),
        moved=tuple(
            Change(was.photo_id, was.split, now.split)
            for was, now in both
            if was.split != now.split
        ),
    )


def counts(photos: Iterable[Row | DatasetPhoto]) -> dict[str, Counter[str]]:
    """Return photos per label and side, the labels in order."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for one in photos:
        found[one.label][one.split] += 1
    return dict(sorted(found.items()))


def _photos_of(version: DatasetVersion | None) -> Iterable[DatasetPhoto]:
    return [] if version is None else version.photos.order_by("label", "photo")


def _once(photos: Iterable[Photo]) -> tuple[list[Photo], list[int]]:
    """Return each file once, by its oldest photo, and those that contradict others."""
    same: dict[str, list[Photo]] = defaultdict(list)
    for photo in photos:
        same[photo.sha256].append(photo)
    kept, conflicts = [], []
    for copies in same.values():
        if len({label_of(one) for one in copies}) == 1:
            kept.append(copies[0])
        else:
            conflicts += [one.pk for one in copies]
    return kept, sorted(conflicts)


def _short(labels: dict[int, str], groups: dict[int, str]) -> list[Short]:
    photos = Counter(labels.values())
    cloths: dict[str, set[str]] = defaultdict(set)
    for pk, label in labels.items():
        cloths[label].add(groups[pk])
    return [
        Short(label, photos[label], len(cloths[label]))
        for label in sorted(photos)
        if photos[label] < LEAST_PHOTOS or len(cloths[label]) < sides.LEAST_GROUPS
    ]

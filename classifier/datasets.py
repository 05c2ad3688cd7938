"""What a dataset holds: which photos, on which side, and why.

A photo enters when it is determined as one motif with consent to train
(``PhotoQuerySet.trainable``) and the checks have looked for copies of it. Photos of one
contribution, and copies of each other, are a group and stay on one side; a group stays
where an earlier version put it, so what was learned from never tests. Only groups
whose photos were all judged blind, without dispute, may test.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from django.db import connection, transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from classifier.models import DatasetPhoto, DatasetVersion
from motifs.models import Contribution, Flag, Photo

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    from heritage.models import User

Split = DatasetPhoto.Split
Reason = DatasetPhoto.Reason

LEAST_PHOTOS = 5
"""Photos that a motif needs before it is learned; fewer are a prototype's."""
LEAST_GROUPS = 2
"""Cloths that a motif needs: one to learn from and one to check with."""
TEST_FROM = 3
"""Cloths of a motif from which on one of them tests."""
SHARE = 0.15
"""About how much of a motif's photos checks, and how much tests."""
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


class Left(NamedTuple):
    """A photo of the last version that is not in the next one."""

    photo: int
    label: str
    split: str
    why: str | _StrPromise


class Short(NamedTuple):
    """A motif with too few photos, or of too few cloths, to be learned."""

    label: str
    photos: int
    groups: int

    @property
    def missing_photos(self) -> int:
        return max(0, LEAST_PHOTOS - self.photos)

    @property
    def missing_groups(self) -> int:
        return max(0, LEAST_GROUPS - self.groups)


@dataclass(frozen=True)
class Plan:
    """What a dataset version would hold if it were built now."""

    rows: tuple[Row, ...]
    latest: DatasetVersion | None
    entered: frozenset[int]
    """Photos that are not in the latest version."""
    left: tuple[Left, ...]
    short: tuple[Short, ...]
    waiting: int
    """Photos that wait until the checks have looked for copies of them."""
    conflicts: tuple[int, ...] = ()
    """Photos whose very file is determined as another motif elsewhere."""

    @property
    def new_count(self) -> int:
        return len(self.entered)

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
        Photo.objects.trainable()
        .select_related("determined_motif")
        .order_by("pk")
        .only("sha256", "contribution_id", "is_disputed", "determined_motif__slug")
    )
    checked = set(
        Photo.objects.filter(automatic_check__checked_at__isnull=False)
        .filter(pk__in=[one.pk for one in found])
        .values_list("pk", flat=True)
    )
    ready, conflicts = _once(one for one in found if one.pk in checked)
    blind = set(
        Photo.objects.trainable()
        .blindly_determined()
        .filter(is_disputed=False)
        .values_list("pk", flat=True)
    )
    groups = _groups(ready)
    labels = {
        one.pk: one.determined_motif.slug for one in ready if one.determined_motif
    }
    short = _short(labels, groups)
    known = {one.label for one in short}
    kept = [one for one in ready if labels[one.pk] not in known]
    sides = _sides(
        {one.pk: labels[one.pk] for one in kept},
        groups,
        blind=blind,
        earlier=_earlier_sides(groups),
    )
    rows = []
    for photo in kept:
        group = groups[photo.pk]
        side = sides[group]
        if side == Split.TEST and photo.pk not in blind:
            continue  # its cloth tests, and its label says something of the recogniser
        reason = Reason.DETERMINED
        if side == Split.TEST:
            was = before.get(photo.pk)
            again = was is not None and was.split == Split.TEST
            reason = Reason.TESTED_BEFORE if again else Reason.BLIND
        rows.append(Row(photo.pk, photo.sha256, labels[photo.pk], side, group, reason))
    # Others of its groups may leave a motif nothing to learn from or to check with.
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
        left=tuple(_left(gone, known | bare)),
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
        if not found.rows:
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


class Change(NamedTuple):
    """A photo whose label or side differs between two versions."""

    photo: int
    before: str
    after: str


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
    return Difference(
        entered=tuple(one for pk, one in after.items() if pk not in before),
        left=tuple(_left([one for pk, one in before.items() if pk not in after], ())),
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
        if len({one.determined_motif_id for one in copies}) == 1:
            kept.append(copies[0])
        else:
            conflicts += [one.pk for one in copies]
    return kept, sorted(conflicts)


def _groups(photos: Sequence[Photo]) -> dict[int, str]:
    """Return the group of each photo: its contribution, and those of its copies."""
    parent = {one.contribution_id: one.contribution_id for one in photos}

    def root(given: int) -> int:
        while parent[given] != given:
            parent[given] = parent[parent[given]]
            given = parent[given]
        return given

    of = {one.pk: one.contribution_id for one in photos}
    copies = Flag.objects.filter(
        kind__in=(Flag.Kind.EXACT_COPY, Flag.Kind.NEAR_COPY),
        photo__in=list(of),
        other__in=list(of),
    ).values_list("photo", "other")
    for one, other in copies:
        # The oldest contribution names the group.
        first, second = sorted((root(of[one]), root(of[other])))
        parent[second] = first
    return {pk: f"cloth-{root(contribution)}" for pk, contribution in of.items()}


def _short(labels: dict[int, str], groups: dict[int, str]) -> list[Short]:
    photos = Counter(labels.values())
    cloths: dict[str, set[str]] = defaultdict(set)
    for pk, label in labels.items():
        cloths[label].add(groups[pk])
    return [
        Short(label, photos[label], len(cloths[label]))
        for label in sorted(photos)
        if photos[label] < LEAST_PHOTOS or len(cloths[label]) < LEAST_GROUPS
    ]


def _earlier_sides(groups: dict[int, str]) -> dict[str, str]:
    """Return the side of each group that earlier versions had; learned from wins.

    Where a copy turns out to join a cloth that tests with one that was learned from,
    the test photos were no test.
    """
    order = {Split.TEST.value: 0, Split.VAL.value: 1, Split.TRAIN.value: 2}
    sides: dict[str, str] = {}
    latest: dict[int, str] = {}
    rows = DatasetPhoto.objects.filter(photo__in=list(groups))
    for pk, side in rows.order_by("dataset__number").values_list("photo", "split"):
        latest[pk] = side
    for pk, side in latest.items():
        group = groups[pk]
        sides[group] = max(sides.get(group, side), side, key=lambda one: order[one])
    return sides


def _sides(
    labels: dict[int, str],
    groups: dict[int, str],
    *,
    blind: set[int],
    earlier: dict[str, str],
) -> dict[str, str]:
    """Deal the groups: rare motifs first, each in an order that its name decides.

    Returns a side for every group. Every label has a group to learn from and one to
    check with; it has one to test with from ``TEST_FROM`` groups on, if one may test.
    """
    members: dict[str, list[int]] = defaultdict(list)
    of_label: dict[str, Counter[str]] = defaultdict(Counter)
    for pk, label in labels.items():
        members[groups[pk]].append(pk)
        of_label[label][groups[pk]] += 1
    may_test = {name for name, photos in members.items() if blind.issuperset(photos)}
    sides = {name: side for name, side in earlier.items() if name in members}
    for label in sorted(of_label, key=lambda one: (len(of_label[one]), one)):
        sizes = of_label[label]
        goal = SHARE * sum(sizes.values())
        free = sorted((g for g in sizes if g not in sides), key=_shuffled)

        def taken(side: str, sizes: Counter[str] = sizes) -> list[str]:
            return [name for name in sizes if sides.get(name) == side]

        def wants(
            side: str, group: str, sizes: Counter[str] = sizes, goal: float = goal
        ) -> bool:
            has = sum(sizes[name] for name in taken(side, sizes))
            return has == 0 or has + sizes[group] / 2 <= goal

        for group in list(free):
            learning = len(taken(Split.TRAIN)) + len(taken(Split.VAL)) + len(free)
            enough = len(sizes) >= TEST_FROM and learning > LEAST_GROUPS
            if enough and group in may_test and wants(Split.TEST, group):
                sides[group] = Split.TEST
                free.remove(group)
        for group in list(free):
            learns = len(taken(Split.TRAIN)) + len(free) > 1
            if learns and wants(Split.VAL, group):
                sides[group] = Split.VAL
                free.remove(group)
        for group in free:
            sides[group] = Split.TRAIN
        # What left since may have taken the last to check with, or to learn from.
        for side, other in ((Split.VAL, Split.TRAIN), (Split.TRAIN, Split.VAL)):
            spare = taken(other)
            if not taken(side) and len(spare) > 1:
                sides[min(spare, key=_shuffled)] = side
    return sides


def _shuffled(group: str) -> str:
    """Return what puts groups in an order that is no order of age, always the same."""
    return hashlib.sha256(group.encode()).hexdigest()


def _left(gone: Sequence[DatasetPhoto], short: Iterable[str]) -> Iterable[Left]:
    photos = Photo.objects.select_related("contribution", "determined_motif").in_bulk(
        [one.photo_id for one in gone]
    )
    public = set(
        Photo.objects.trainable()
        .filter(pk__in=list(photos))
        .values_list("pk", flat=True)
    )
    for one in gone:
        photo = photos[one.photo_id]
        why = _why(photo, is_trainable=photo.pk in public, short=set(short))
        yield Left(photo.pk, one.label, one.split, why)


def _why(photo: Photo, *, is_trainable: bool, short: set[str]) -> str | _StrPromise:
    """Say why a photo is not in a dataset any more."""
    contribution = photo.contribution
    if contribution.state == Contribution.State.WITHDRAWN:
        return _("Taken back by its giver")
    if contribution.state != Contribution.State.ACCEPTED:
        return _("Not accepted any more")
    if not contribution.consent_to_train:
        return _("Consent to train was taken back")
    if not photo.determined_motif:
        return _("No longer determined")
    if not is_trainable:
        return _("Restricted, or no longer one published motif")
    if photo.determined_motif.slug in short:
        return _("Its motif has too few photos now")
    return _("Its cloth tests, and not everybody judged it blind")

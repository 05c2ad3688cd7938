"""On which side of a dataset each photo is: groups, dealt once and for all."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence

from classifier.models import DatasetPhoto
from motifs.models import Flag, Photo

Split = DatasetPhoto.Split

LEAST_GROUPS = 2
"""Cloths that a motif needs: one to learn from and one to check with."""
TEST_FROM = 3
"""Cloths of a motif from which on one of them tests."""
SHARE = 0.15
"""About how much of a motif's photos checks, and how much tests."""


def groups_of(photos: Sequence[Photo]) -> dict[int, str]:
    """Return the group of each photo: its contribution, and those of its copies.

    Photos that were ever in a dataset have one too, and any copy joins contributions,
    whether or not it enters: a cloth is known though what taught it has left.
    """
    known = Photo.objects.filter(pk__in=DatasetPhoto.objects.values("photo"))
    of = dict(known.values_list("pk", "contribution"))
    of |= {one.pk: one.contribution_id for one in photos}
    parent: dict[int, int] = {}

    def root(given: int) -> int:
        while parent.setdefault(given, given) != given:
            parent[given] = parent[parent[given]]
            given = parent[given]
        return given

    copies = Flag.objects.filter(
        kind__in=(Flag.Kind.EXACT_COPY, Flag.Kind.NEAR_COPY), other__isnull=False
    ).values_list("photo__contribution", "other__contribution")
    for one, other in copies:
        # The oldest contribution names the group.
        first, second = sorted((root(one), root(other)))
        parent[second] = first
    return {pk: f"cloth-{root(contribution)}" for pk, contribution in of.items()}


def earlier(groups: dict[int, str]) -> dict[str, str]:
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


def deal(
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

"""Which photo an expert is shown next, and when they are shown what others say.

Most photos come by worth: where the recogniser is unsure, where people disagree or one
more view decides, and where a motif has few determined photos. A share comes by lot,
photos that are determined already among them, so that what is known of agreement does
not rest on hard photos alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date, timedelta
from random import Random
from typing import TYPE_CHECKING

from django.db.models import (
    Case,
    Count,
    Exists,
    ExpressionWrapper,
    F,
    FloatField,
    OuterRef,
    Q,
    QuerySet,
    TextField,
    Value,
    When,
)
from django.db.models.functions import MD5, Cast, Coalesce, Concat
from django.utils import timezone

from motifs.models import Identification, Outcome, Photo, SkippedPhoto

if TYPE_CHECKING:
    from django.db.models.expressions import CombinedExpression

    from heritage.models import User

SHARE_BY_LOT = 0.2
SKIPPED_FOR = timedelta(days=7)
HAND = 40
"""How many photos are laid out at a time; they keep their order while one works."""

UNCERTAINTY, DISAGREEMENT, SHORTAGE = 0.4, 0.4, 0.2
"""How much each counts for a photo's worth; each is between 0 and 1."""
NOT_KNOWN = 0.5
"""What stands in where the recogniser has not looked, or no motif was named."""
ONE_VIEW = 0.6
"""Disagreement of a photo that one person judged: the next view may decide."""
ENOUGH = 20
"""Determined photos of a motif from which on it is not short of them."""


def judgeable_by(user: User) -> QuerySet[Photo]:
    """Photos that this person may judge as an expert, judged before or not."""
    return (
        Photo.objects.for_experts()
        # Photos given without an account are nobody's own.
        .filter(~Q(contribution__given_by=user.pk) | Q(contribution__given_by=None))
    )


def unjudged_by(user: User) -> QuerySet[Photo]:
    """Those of which this person never said anything."""
    return judgeable_by(user).filter(~Exists(_statements(user)))


def waiting_for(user: User) -> QuerySet[Photo]:
    """Those of them that this person has not put off in the last days."""
    recently = SkippedPhoto.objects.filter(
        photo=OuterRef("pk"),
        skipped_by=user,
        skipped_at__gte=timezone.now() - SKIPPED_FOR,
    )
    return unjudged_by(user).filter(~Exists(recently))


def revealed_to(user: User) -> QuerySet[Photo]:
    """Photos of which this person may see what others and the recogniser say.

    Only once they have judged every photo of the cloth: what is said of one photo of a
    cloth gives the others away.
    """
    owed = unjudged_by(user).filter(contribution=OuterRef("contribution"))
    return judgeable_by(user).filter(Exists(_statements(user)), ~Exists(owed))


def disputed_for(user: User, *, all_of_them: bool) -> QuerySet[Photo]:
    """Disputed photos, the latest first; experts see those that they have judged."""
    photos = Photo.objects.for_experts() if all_of_them else revealed_to(user)
    return photos.filter(is_disputed=True).order_by("-pk")


def hand(user: User, day: date, size: int = HAND) -> list[int]:
    """Ids of the next photos for this person, in order; fewer if there are fewer.

    The same person has the same order all day as long as nothing changes. Photos of
    one cloth follow each other. Two people may have the same photos.
    """
    seed = hashlib.sha256(f"{user.pk} {day.isoformat()}".encode()).hexdigest()
    lot = MD5(Concat(Value(seed), Cast("pk", TextField()), output_field=TextField()))
    waiting = waiting_for(user).annotate(lot=lot)
    undecided = waiting.filter(Q(determined_outcome="") | Q(is_disputed=True))
    by_worth = list(
        undecided.annotate(worth=_worth())
        .order_by("contribution__is_demonstration", "-worth", "lot")
        .values_list("pk", flat=True)[:size]
    )
    by_lot = list(
        waiting.order_by("contribution__is_demonstration", "lot").values_list(
            "pk", flat=True
        )[:size]
    )
    drawn = _mixed(by_worth, by_lot, size, Random(seed))  # noqa: S311 - an order, not a secret
    return _with_the_rest_of_the_cloth(drawn, waiting)


def _mixed(
    by_worth: Iterable[int], by_lot: Iterable[int], size: int, random: Random
) -> list[int]:
    """Take from the two lists in turn, by lot a fifth of the time, each photo once.

    When nothing is undecided any more, nothing more is drawn: people's time is scarce.
    """
    left = {True: list(by_lot), False: list(by_worth)}
    mixed: list[int] = []
    while len(mixed) < size and left[False]:
        is_by_lot = random.random() < SHARE_BY_LOT
        from_list = left[is_by_lot] or left[not is_by_lot]
        mixed.append(from_list[0])
        for ids in left.values():
            if mixed[-1] in ids:
                ids.remove(mixed[-1])
    return mixed


def _with_the_rest_of_the_cloth(
    drawn: list[int], waiting: QuerySet[Photo]
) -> list[int]:
    cloths = dict(
        Photo.objects.filter(pk__in=drawn).values_list("pk", "contribution_id")
    )
    of_cloth: dict[int, list[int]] = {}
    siblings = waiting.filter(contribution__in=set(cloths.values()))
    for pk, contribution_id in siblings.order_by("position").values_list(
        "pk", "contribution_id"
    ):
        of_cloth.setdefault(contribution_id, []).append(pk)
    ordered: dict[int, None] = {}
    for pk in drawn:
        ordered[pk] = None
        ordered.update(dict.fromkeys(of_cloth.get(cloths[pk], ())))
    return list(ordered)


def _worth() -> ExpressionWrapper[CombinedExpression]:
    """An expression between 0 and 1: how much is learned from one more view."""
    others = (
        Identification.objects.standing()
        .filter(photo=OuterRef("pk"))
        .exclude(role=Identification.Role.GIVER)
        .exclude(outcome=Outcome.CANNOT_TELL)
    )
    disagreement = Case(
        When(is_disputed=True, then=Value(1.0)),
        When(Exists(others), then=Value(ONE_VIEW)),
        default=Value(0.0),
        output_field=FloatField(),
    )
    uncertainty = Coalesce(F("uncertainty"), Value(NOT_KNOWN))
    return ExpressionWrapper(
        UNCERTAINTY * uncertainty
        + DISAGREEMENT * disagreement
        + SHORTAGE * _shortage(),
        output_field=FloatField(),
    )


def _shortage() -> Case:
    """How far the motif that the giver named is from enough determined photos."""
    counted = (
        Photo.objects.filter(determined_outcome=Outcome.MOTIF)
        .values_list("determined_motif")
        .annotate(Count("pk"))
        .order_by("determined_motif")
    )
    return Case(
        When(contribution__motif=None, then=Value(NOT_KNOWN)),
        *(
            When(
                contribution__motif=motif_id, then=Value(max(0.0, 1 - number / ENOUGH))
            )
            for motif_id, number in counted
        ),
        default=Value(1.0),
        output_field=FloatField(),
    )


def _statements(user: User) -> QuerySet[Identification]:
    return Identification.objects.filter(photo=OuterRef("pk"), identified_by=user)

"""Pages of a long list, each by where the last one ended.

The last page is as fast as the first, and nobody sees a row twice or misses one because
others came or went meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.core import signing
from django.db.models import F, Model, Q, QuerySet

Row = TypeVar("Row", bound=Model)
_SALT = "motifs.keyset"


class NoSuchPage(Exception):
    """The cursor was not given out by this list."""


@dataclass(frozen=True)
class Slice(Generic[Row]):
    """One page: its rows, and the cursor of the next one, empty at the end."""

    rows: list[Row]
    after: str


def page(
    rows: QuerySet[Row], order: Sequence[str], *, after: str, size: int
) -> Slice[Row]:
    """Return ``size`` rows that follow the cursor ``after``, in this order.

    Args:
        order: fields as ``order_by`` takes them; together unique, none of them null.
        after: a cursor from an earlier page; empty for the first.

    Raises NoSuchPage.
    """
    names = [name.removeprefix("-") for name in order]
    keys = [f"key_{place}" for place in range(len(names))]
    found = rows.annotate(
        **{key: F(name) for key, name in zip(keys, names, strict=True)}
    )
    if after:
        found = found.filter(_beyond(order, keys, _read(after, order)))
    taken = list(found.order_by(*order)[: size + 1])
    if len(taken) <= size:
        return Slice(taken, "")
    last = taken[size - 1]
    return Slice(taken[:size], _written(order, [getattr(last, key) for key in keys]))


def _beyond(order: Sequence[str], keys: Sequence[str], values: Sequence[Any]) -> Q:
    """Rows after these values: equal up to some field, and further in that one."""
    beyond = Q(pk__in=())
    equal = Q()
    for name, key, value in zip(order, keys, values, strict=True):
        further = "lt" if name.startswith("-") else "gt"
        beyond |= equal & Q(**{f"{key}__{further}": value})
        equal &= Q(**{key: value})
    return beyond


def _written(order: Sequence[str], values: Sequence[Any]) -> str:
    plain = [v.isoformat() if isinstance(v, datetime) else v for v in values]
    return signing.Signer(salt=_SALT).sign_object([*order, *plain], compress=True)


def _read(after: str, order: Sequence[str]) -> list[Any]:
    try:
        given = signing.Signer(salt=_SALT).unsign_object(after)
    except (signing.BadSignature, ValueError) as error:
        raise NoSuchPage from error
    # Signed, so what follows the order is what this list wrote.
    if given[: len(order)] != list(order):
        raise NoSuchPage
    return list(given[len(order) :])

"""Rows by the hundred thousand, to measure a large site with. None of it is real.

They are written in bulk, past the actions: only measurements and a site on trial have
use for them. Every contribution is labelled a demonstration, so none ever trains.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.core.files.base import ContentFile
from django.db import connection, transaction
from django.utils import timezone

from motifs import drawings, pictures
from motifs.demonstration import STORY, demo_curator
from motifs.models import (
    Access,
    Contribution,
    Flag,
    HistoryEntry,
    Identification,
    Motif,
    Outcome,
    Photo,
)
from motifs.permissions import EXPERT_GROUP

if TYPE_CHECKING:
    from heritage.models import User

GIVER, EXPERT = "skala-penyumbang", "skala-ahli"
GIVERS, EXPERTS = 200, 8
BATCH = 2000
# How many photos each contribution has, in turn: three on average.
SIZES = (1, 2, 4, 5, 3)
PHOTOS_EACH = 3
REASON = "Contoh penolakan. · Demonstration of a decline."
State = Contribution.State
# What became, in turn, of contributions that no longer wait.
FATES = (
    (State.DRAFT,) + (State.WITHDRAWN,) * 2 + (State.DECLINED,) * 4
    + (State.ACCEPTED,) * 33
)  # fmt: skip
RESTRICTED_EVERY = 50
SHARE_DETERMINED = 0.6
SHARE_FLAGGED = 0.25


class RealContributions(Exception):
    """The database holds what people gave; rows for measuring have no place there."""


class NothingToShow(Exception):
    """There is no published motif with a rendered cloth, or too few photos asked."""


@dataclass(frozen=True)
class Seeded:
    """How many rows there are now; all zero where they were there already."""

    contributions: int = 0
    photos: int = 0
    pending: int = 0
    identifications: int = 0
    flags: int = 0


@dataclass(frozen=True)
class File:
    """One stored picture that many rows share."""

    name: str
    media_type: str
    width: int
    height: int


@dataclass
class Cast:
    """Who and what the rows are made of."""

    motifs: list[Motif]
    files: list[File]
    givers: list[User]
    experts: list[User]
    curator: User
    now: datetime
    chance: random.Random
    photos: int = 0
    flags: int = 0
    identifications: int = 0


def seed(
    photos: int,
    pending: int,
    *,
    force: bool = False,
    folder: Path = drawings.RENDERINGS,
) -> Seeded:
    """Add ``photos`` photos, with ``pending`` contributions that wait for a curator.

    The rows share a few stored files; their digests are made up, so that no two are
    copies. Of the rest most are accepted, some declined, withdrawn or drafts; one photo
    in fifty is restricted, most accepted ones are determined by two experts, a quarter
    of the waiting ones are flagged. Running it again adds nothing.

    Raises RealContributions unless ``force``, and NothingToShow.
    """
    if photos < PHOTOS_EACH * pending:
        raise NothingToShow(
            f"{pending} waiting contributions take {PHOTOS_EACH * pending} photos."
        )
    if not force and Contribution.objects.filter(is_demonstration=False).exists():
        raise RealContributions
    if get_user_model().objects.filter(username__startswith=f"{GIVER}-").exists():
        return Seeded()
    with transaction.atomic():
        cast = _cast(folder)
        number = waiting = 0
        while cast.photos < photos:
            batch: list[tuple[Contribution, int]] = []
            left = photos - cast.photos
            while left and len(batch) < BATCH:
                size = min(SIZES[number % len(SIZES)], left)
                is_waiting = waiting < pending
                batch.append((_contribution(cast, number, is_waiting), size))
                waiting += is_waiting
                number += 1
                left -= size
            _save(cast, batch)
    with connection.cursor() as cursor:
        # The planner must know of the new rows before anything is measured.
        cursor.execute("ANALYZE")
    return Seeded(number, cast.photos, waiting, cast.identifications, cast.flags)


def _cast(folder: Path) -> Cast:
    motifs, files = [], []
    for motif in Motif.objects.published().order_by("slug"):
        path = folder / f"{motif.slug}.webp"
        if path.is_file():
            motifs.append(motif)
            files.append(_stored(path))
    if not motifs:
        raise NothingToShow(
            f"{folder} holds no rendering of a published motif. Run `manage.py "
            "import_catalogue` first."
        )
    experts = _people(EXPERT, EXPERTS)
    Group.objects.get(name=EXPERT_GROUP).user_set.add(*experts)
    return Cast(
        motifs=motifs,
        files=files,
        givers=_people(GIVER, GIVERS),
        experts=experts,
        curator=demo_curator(),
        now=timezone.now(),
        chance=random.Random(1),  # noqa: S311 - rows for measuring, no secrets
    )


def _stored(path: Path) -> File:
    content = path.read_bytes()
    found = pictures.describe(content)
    photo = Photo(media_type=found.media_type)
    photo.image.save("photo", ContentFile(content), save=False)
    assert photo.image.name  # noqa: S101 - it was saved
    return File(photo.image.name, found.media_type, found.width, found.height)


def _people(name: str, count: int) -> list[User]:
    """Add people whom nobody can sign in as."""
    users = get_user_model().objects
    password = make_password(None)
    return users.bulk_create(
        users.model(username=f"{name}-{number}", password=password)
        for number in range(1, count + 1)
    )


def _contribution(cast: Cast, number: int, is_waiting: bool) -> Contribution:
    state = State.SUBMITTED if is_waiting else FATES[number % len(FATES)]
    given = cast.now - timedelta(minutes=5 * number + 1)
    made = Contribution(
        given_by=cast.givers[number % len(cast.givers)],
        motif=cast.motifs[number % len(cast.motifs)] if number % 4 else None,
        language="id",
        story=STORY,
        licence=Contribution.Licence.CC0,
        consent_to_show=number % 10 != 0,
        is_demonstration=True,
        state=state,
    )
    if state != State.DRAFT:
        made.submitted_at = given
    if state == State.ACCEPTED:
        made.accepted_at, made.accepted_by = given, cast.curator
    elif state == State.DECLINED:
        made.declined_at, made.declined_by = given, cast.curator
        made.decline_reason = REASON
    elif state == State.WITHDRAWN:
        made.withdrawn_at, made.withdrawn_by = given, made.given_by
    return made


def _save(cast: Cast, batch: list[tuple[Contribution, int]]) -> None:
    photos = []
    for contribution, size in batch:
        for position in range(1, size + 1):
            photos.append(_photo(cast, contribution, position))
    flags = list(_flags(cast, photos))
    Contribution.objects.bulk_create(one for one, _size in batch)
    Photo.objects.bulk_create(photos)
    Flag.objects.bulk_create(flags)
    identifications = [one for photo in photos for one in _identified(cast, photo)]
    Identification.objects.bulk_create(identifications)
    HistoryEntry.objects.bulk_create(
        entry for contribution, _size in batch for entry in _history(contribution)
    )
    cast.photos += len(photos)
    cast.flags += len(flags)
    cast.identifications += len(identifications)


def _photo(cast: Cast, contribution: Contribution, position: int) -> Photo:
    number = cast.chance.randrange(len(cast.files))
    file = cast.files[number]
    photo = Photo(
        contribution=contribution,
        image=file.name,
        media_type=file.media_type,
        width=file.width,
        height=file.height,
        sha256=f"{cast.chance.getrandbits(256):064x}",
        perceptual_hash=cast.chance.getrandbits(64) - (1 << 63),
        position=position,
        # Renditions of a hundred thousand copies would fill a disk for nothing.
        rendered_at=cast.now,
    )
    if cast.chance.randrange(RESTRICTED_EVERY) == 0:
        photo.access = Access.RESTRICTED
    if contribution.state == State.ACCEPTED and cast.chance.random() < SHARE_DETERMINED:
        photo.determined_outcome = Outcome.MOTIF
        photo.determined_motif = cast.motifs[number]
        photo.determined_rule = Photo.Rule.TWO_EXPERTS
        photo.determined_at = contribution.accepted_at
    return photo


def _flags(cast: Cast, photos: list[Photo]) -> Iterator[Flag]:
    """Flag some of the waiting photos, and sum up what asks for attention."""
    kinds = list(Flag.Kind)
    earlier: Photo | None = None
    for photo in photos:
        contribution = photo.contribution
        if (
            contribution.state == State.SUBMITTED
            and cast.chance.random() < SHARE_FLAGGED
        ):
            kind = cast.chance.choice(kinds)
            is_copy = kind in (Flag.Kind.EXACT_COPY, Flag.Kind.NEAR_COPY)
            if earlier is not None or not is_copy:
                contribution.attention += Flag.WEIGHTS[kind]
                yield Flag(photo=photo, kind=kind, other=earlier if is_copy else None)
        earlier = photo


def _identified(cast: Cast, photo: Photo) -> Iterator[Identification]:
    if photo.determined_motif is None:
        return
    for expert in cast.chance.sample(cast.experts, 2):
        yield Identification(
            photo=photo,
            outcome=Outcome.MOTIF,
            motif=photo.determined_motif,
            role=Identification.Role.EXPERT,
            is_blind=True,
            identified_by=expert,
        )


def _history(contribution: Contribution) -> Iterator[HistoryEntry]:
    Verb = HistoryEntry.Verb
    deeds = (
        (Verb.SUBMITTED, contribution.submitted_at, contribution.given_by),
        (Verb.ACCEPTED, contribution.accepted_at, contribution.accepted_by),
        (Verb.DECLINED, contribution.declined_at, contribution.declined_by),
        (Verb.WITHDRAWN, contribution.withdrawn_at, contribution.withdrawn_by),
    )
    for verb, at, by in deeds:
        if at is not None:
            yield HistoryEntry(
                contribution=contribution,
                verb=verb,
                at=at,
                by=by,
                reason=REASON if verb == Verb.DECLINED else "",
            )

"""People and contributions to try the site with. None of it is real, and it says so."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import transaction
from PIL import Image

from motifs import drawings
from motifs.actions import (
    accept_contribution,
    add_photo,
    decline_contribution,
    start_contribution,
    submit_contribution,
)
from motifs.models import Contribution, Motif
from motifs.permissions import CURATOR_GROUP

if TYPE_CHECKING:
    from heritage.models import User

CURATOR = "kurator"
CONTRIBUTOR = "penyumbang-contoh"
STORY = (
    "Contoh untuk mencoba situs: kain ini hasil rekaan komputer, bukan foto. · "
    "Demonstration: this cloth is a rendering, not a photo."
)
REASON = (
    "Contoh penolakan: kain hanya tampak sebagian. · "
    "Demonstration of a decline: only part of the cloth is visible."
)
# What becomes of each in turn; most wait, so that there is a queue to work on.
FATES = ("waiting", "accepted", "waiting", "declined")
# Shares of the picture's sides that each further contribution of a motif shows, so
# that no two photos are the same file.
FIRST_SHARE, LEAST_SHARE, STEP = 1.0, 0.4, 0.07


class NoRenderings(Exception):
    """There is no rendered cloth to make demonstration contributions of."""


@dataclass
class Seeded:
    """How many demonstration contributions there are, and how many are new."""

    total: int
    created: int


def demo_contributor() -> User:
    """The person who gives demonstration contributions; nobody can sign in as them."""
    users = get_user_model()
    user, is_new = users.objects.get_or_create(
        username=CONTRIBUTOR,
        defaults={"first_name": "Penyumbang", "last_name": "contoh"},
    )
    if is_new:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    return user


def demo_curator() -> User:
    """The curator that comes with the site; made without a password if missing."""
    users = get_user_model()
    user, is_new = users.objects.get_or_create(
        username=CURATOR,
        defaults={"first_name": "Kurator", "last_name": "contoh", "is_staff": True},
    )
    if is_new:
        user.set_unusable_password()
        user.save(update_fields=["password"])
        user.groups.add(Group.objects.get(name=CURATOR_GROUP))
    return user


@transaction.atomic
def give_password(user: User, path: Path) -> str | None:
    """Give the user a password, and write it where only its owner may read it.

    Returns the password, or None if the user has one already.
    """
    if user.has_usable_password():
        return None
    password = secrets.token_urlsafe(12)
    user.set_password(password)
    user.save(update_fields=["password"])
    path.parent.mkdir(parents=True, exist_ok=True)
    # An old file may be readable by others: its replacement never is.
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(f"{password}\n", encoding="utf-8")
    return password


def seed(count: int, folder: Path = drawings.RENDERINGS) -> Seeded:
    """Add demonstration contributions until there are ``count``.

    Each is one rendered cloth, given by the demonstration contributor, with consent to
    be shown and none to train. Running it again adds nothing.

    Raises NoRenderings if the folder holds no rendering of a published motif.
    """
    motifs = [
        (motif, folder / f"{motif.slug}.webp")
        for motif in Motif.objects.published().order_by("slug")
        if (folder / f"{motif.slug}.webp").is_file()
    ]
    if not motifs:
        raise NoRenderings(
            f"{folder} holds no rendering of a published motif. Run `manage.py "
            "import_catalogue`, and `python -m ml synthesize` if the folder is empty."
        )
    giver, curator = demo_contributor(), demo_curator()
    given = Contribution.objects.filter(given_by=giver, is_demonstration=True).count()
    for number in range(given, count):
        motif, path = motifs[number % len(motifs)]
        _contribute(
            motif,
            _photo(path, turn=number // len(motifs)),
            fate=FATES[number % len(FATES)],
            giver=giver,
            curator=curator,
        )
    return Seeded(total=max(given, count), created=max(0, count - given))


@transaction.atomic
def _contribute(
    motif: Motif, photo: BytesIO, *, fate: str, giver: User, curator: User
) -> None:
    contribution = start_contribution(
        by=giver,
        motif=motif,
        story=STORY,
        people=Contribution.People.NONE,
        licence=Contribution.Licence.CC0,
        consent_to_show=True,
        is_demonstration=True,
    )
    add_photo(contribution=contribution, image=photo, by=giver)
    submit_contribution(contribution=contribution, by=giver)
    if fate == "accepted":
        accept_contribution(contribution=contribution, by=curator)
    elif fate == "declined":
        decline_contribution(contribution=contribution, by=curator, reason=REASON)


def _photo(path: Path, turn: int) -> BytesIO:
    """The rendering as a JPEG; later turns show less of it, so each is a new photo."""
    share = max(LEAST_SHARE, FIRST_SHARE - STEP * turn)
    with Image.open(path) as image:
        width, height = image.size
        box = (0, 0, round(width * share), round(height * share))
        out = BytesIO()
        image.convert("RGB").crop(box).save(out, "JPEG", quality=88)
    out.seek(0)
    return out

"""What happened to a photo, as the public may read it: roles and dates, no names.

A person is named only under the public name that they chose. What single experts said
is told once the photo is determined, so that it leads nobody before. What checks noted,
what was reported and why something was restricted is for curators.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils.translation import gettext as _

from motifs import contributors
from motifs.captions import by_rule, determined, joined, labelled_motifs
from motifs.contribution_history import standing
from motifs.models import HistoryEntry, Identification, Outcome, Photo

if TYPE_CHECKING:
    from motifs.models import Motif

Verb = HistoryEntry.Verb
Role = Identification.Role
PUBLIC = (
    Verb.SUBMITTED,
    Verb.EDITED,
    Verb.ACCEPTED,
    Verb.IDENTIFIED,
    Verb.IDENTIFICATION_WITHDRAWN,
    Verb.DETERMINED,
    Verb.UNDETERMINED,
    Verb.MARKED_GOOD,
    Verb.UNMARKED_GOOD,
)


@dataclass(frozen=True)
class Event:
    """One line: when, what, and who if they wish to be known."""

    at: datetime
    sentence: str
    name: str = ""
    address: str = ""


def history_of(photo: Photo) -> list[Event]:
    """Return what happened to a photo, oldest first, in three queries."""
    entries = standing(
        HistoryEntry.objects.filter(
            Q(photo=photo) | Q(contribution=photo.contribution_id, photo=None),
            verb__in=(*PUBLIC, Verb.REOPENED),
        )
        .select_related("by")
        .order_by("at", "pk")
    )
    roles = dict(Identification.objects.filter(photo=photo).values_list("pk", "role"))
    motifs = labelled_motifs(one for entry in entries for one in _named(entry))
    return [
        Event(
            entry.at,
            sentence,
            contributors.public_name(entry.by),
            contributors.address(entry.by),
        )
        for entry in entries
        if (sentence := _sentence(entry, roles, motifs, bool(photo.determined_outcome)))
    ]


def _sentence(
    entry: HistoryEntry,
    roles: Mapping[int, str],
    motifs: Mapping[int, Motif],
    is_determined: bool,
) -> str:
    match entry.verb:
        case Verb.SUBMITTED:
            return _("Its giver sent it in.")
        case Verb.EDITED:
            return _("What is said of it was changed.")
        case Verb.ACCEPTED:
            return _("A curator accepted it.")
        case Verb.REOPENED:
            return ""
        case Verb.IDENTIFIED:
            said = _said(entry, motifs) if is_determined else ""
            return f"{_looked(_role(entry, roles))} {said}".strip()
        case Verb.IDENTIFICATION_WITHDRAWN:
            return _took_back(_role(entry, roles))
        case Verb.DETERMINED:
            outcome, rule = entry.data["is"][0], entry.data["is"][3]
            names = _names(entry, motifs)
            return f"{determined(outcome, names)} {by_rule(rule)}".strip()
        case Verb.UNDETERMINED:
            return _("The determination was lifted: views differ, or too few are left.")
        case Verb.MARKED_GOOD:
            return _("A curator marked it as a photo that shows its motif well.")
        case _other:
            return _("A curator took that mark away.")


def _named(entry: HistoryEntry) -> list[int]:
    """Ids of the motifs that an entry names."""
    if entry.verb == Verb.DETERMINED:
        found = entry.data["is"][1:3]
    else:
        found = [entry.data.get("motif"), entry.data.get("second_motif")]
    return [one for one in found if one is not None]


def _names(entry: HistoryEntry, motifs: Mapping[int, Motif]) -> str:
    """Their names; empty if one of them is not published."""
    ids = _named(entry)
    if not all(one in motifs for one in ids):
        return ""
    return joined([motifs[one].preferred_name for one in ids])


def _role(entry: HistoryEntry, roles: Mapping[int, str]) -> str:
    return roles.get(entry.data.get("identification", 0), Role.CURATOR)


def _looked(role: str) -> str:
    return {
        Role.EXPERT: _("An expert looked at it."),
        Role.CURATOR: _("A curator looked at it."),
        Role.GIVER: _("Its giver looked at it again."),
    }[Role(role)]


def _took_back(role: str) -> str:
    return {
        Role.EXPERT: _("An expert took their view back."),
        Role.CURATOR: _("A curator took their view back."),
        Role.GIVER: _("Its giver took their view back."),
    }[Role(role)]


def _said(entry: HistoryEntry, motifs: Mapping[int, Motif]) -> str:
    """What one person saw, as a sentence of its own."""
    names = _names(entry, motifs)
    match entry.data.get("outcome"):
        case Outcome.MOTIF | Outcome.TWO_MOTIFS if names:
            return _("They see %(motifs)s.") % {"motifs": names}
        case Outcome.PRINTED:
            return _("They see a print.")
        case Outcome.OTHER_MOTIF:
            return _("They see another motif.")
        case Outcome.NOT_CLOTH:
            return _("They see no cloth.")
        case Outcome.CANNOT_TELL:
            return _("They cannot tell.")
        case _other:
            return ""

"""What happened to a contribution, in plain words for the one who gave it.

No curator and no expert is named: a decision is the catalogue's.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, TypedDict

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from motifs.languages import reader_language
from motifs.models import Contribution, HistoryEntry, Motif, Outcome

Verb = HistoryEntry.Verb
DECISIONS = (
    Verb.SUBMITTED,
    Verb.ACCEPTED,
    Verb.DECLINED,
    Verb.REOPENED,
    Verb.WITHDRAWN,
    Verb.TAKEN_DOWN,
)
"""Each is the last word on a contribution until the next."""
TOLD = (
    *DECISIONS,
    Verb.EDITED,
    Verb.CONSENTED,
    Verb.DETERMINED,
    Verb.UNDETERMINED,
)
FIELDS = {
    "motif": gettext_lazy("motif"),
    "place": gettext_lazy("place"),
    "maker": gettext_lazy("maker"),
    "made": gettext_lazy("when it was made"),
    "technique": gettext_lazy("technique"),
    "story": gettext_lazy("story"),
    "suggested_text": gettext_lazy("suggested text"),
    "suggested_source": gettext_lazy("source"),
    "people": gettext_lazy("people in the photos"),
    "licence": gettext_lazy("licence"),
    "credit_line": gettext_lazy("credit line"),
    "consent_to_show": gettext_lazy("consent to show"),
    "consent_to_train": gettext_lazy("consent to train"),
}


class Event(TypedDict):
    at: datetime
    text: str
    reason: str


def told(contribution: Contribution) -> list[Event]:
    """Return what happened, oldest first. Two queries, however long it is."""
    entries = standing(
        HistoryEntry.objects.of_contribution(contribution)
        .filter(verb__in=TOLD)
        .select_related("photo")
    )
    names = motif_names(
        motif_id
        for entry in entries
        if entry.verb == Verb.DETERMINED
        for motif_id in entry.data.get("is", [])[1:3]
    )
    events: list[Event] = [
        {
            "at": entry.at,
            "text": _text(entry, contribution, names),
            "reason": entry.reason
            if entry.verb in (Verb.DECLINED, Verb.TAKEN_DOWN)
            else "",
        }
        for entry in entries
    ]
    return events


def standing(entries: Iterable[HistoryEntry]) -> list[HistoryEntry]:
    """Leave out the decisions that were taken back; entries come oldest first."""
    kept: list[HistoryEntry] = []
    for entry in entries:
        if entry.verb == Verb.REOPENED:
            decided = [e for e in kept if e.verb in (Verb.ACCEPTED, Verb.DECLINED)]
            kept = [e for e in kept if e not in decided[-1:]]
        kept.append(entry)
    return kept


def motif_names(ids: Iterable[int | None]) -> dict[int, str]:
    """Names of those motifs that everybody may see, by id. One query."""
    wanted = {motif_id for motif_id in ids if motif_id is not None}
    if not wanted:
        return {}
    motifs = (
        Motif.objects.published().with_labels(reader_language()).filter(pk__in=wanted)
    )
    return {motif.pk: motif.preferred_name for motif in motifs}


def determination(
    outcome: str, first: int | None, second: int | None, names: dict[int, str]
) -> str:
    """Say what was determined. A motif that is not public is not named."""
    said = [names[one] for one in (first, second) if one in names]
    if outcome == Outcome.MOTIF and said:
        return _("it shows %(motif)s") % {"motif": said[0]}
    if outcome == Outcome.TWO_MOTIFS and len(said) == 2:
        return _("it shows %(first)s and %(second)s") % {
            "first": said[0],
            "second": said[1],
        }
    if outcome == Outcome.PRINTED:
        return _("it shows a printed copy")
    if outcome == Outcome.NOT_CLOTH:
        return _("it does not show a cloth")
    if outcome == Outcome.OTHER_MOTIF:
        return _("it shows a motif that is not known yet")
    return _("it shows a motif that this catalogue does not make public")


def _text(entry: HistoryEntry, given: Contribution, names: dict[int, str]) -> str:
    # Without an account nobody is named: it is whoever has the key.
    is_givers = entry.by_id == given.given_by_id
    match entry.verb:
        case Verb.SUBMITTED if entry.data.get("again"):
            return _("You sent it again.")
        case Verb.SUBMITTED:
            return _("You sent it.")
        case Verb.EDITED if "rows" in entry.data:
            return _("A curator corrected which motif it names.")
        case Verb.EDITED:
            return _edited(entry.data) if is_givers else _("A curator corrected it.")
        case Verb.ACCEPTED:
            return _("A curator accepted it.")
        case Verb.DECLINED:
            return _("A curator declined it.")
        case Verb.REOPENED:
            return _("A curator looks at it once more.")
        case Verb.WITHDRAWN if entry.photo:
            return _photo_withdrawn(is_givers) % {"number": entry.photo.position}
        case Verb.WITHDRAWN if is_givers:
            return _("You took it back.")
        case Verb.WITHDRAWN:
            return _("A curator took it back for you.")
        case Verb.CONSENTED:
            return _consented(entry.data["became"])
        case Verb.TAKEN_DOWN:
            return _("A curator took it down.")
    position = entry.photo.position if entry.photo else 0
    if entry.verb == Verb.UNDETERMINED:
        text = _("Photo %(number)d: what it shows is open again.")
        return text % {"number": position}
    outcome, first, second = (*entry.data.get("is", []), "", None, None)[:3]
    return _("Photo %(number)d: %(finding)s.") % {
        "number": position,
        "finding": determination(outcome, first, second, names),
    }


def _photo_withdrawn(is_givers: bool) -> str:
    if is_givers:
        return _("You took photo %(number)d back.")
    return _("A curator took photo %(number)d back for you.")


def _consented(became: dict[str, bool]) -> str:
    match became:
        case {"consent_to_show": True}:
            return _("You allow it to be shown.")
        case {"consent_to_show": False}:
            return _("You no longer allow it to be shown.")
        case {"consent_to_train": True}:
            return _("You allow the recogniser to learn from it.")
    return _("You no longer allow the recogniser to learn from it.")


def _edited(data: dict[str, Any]) -> str:
    if "added_photo" in data:
        return _("You added a photo.")
    if "removed_photo" in data:
        return _("You removed a photo.")
    changed = [str(FIELDS[name]) for name in data.get("became", {}) if name in FIELDS]
    if not changed:
        return _("You changed it.")
    return _("You changed: %(fields)s.") % {"fields": ", ".join(changed)}

"""What a curator does at the desk, and how the last of it is undone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from motifs.actions import (
    accept_contribution,
    decline_contribution,
    identify_photo,
    mark_good,
    reopen_contribution,
    take_down_contribution,
    withdraw_identification,
)
from motifs.admin import applying
from motifs.languages import reader_language
from motifs.models import Contribution, Identification, Motif, Outcome, Photo
from motifs.models.motif import MotifQuerySet
from motifs.refusals import (
    ChangedSince,
    NoRationale,
    NothingToTakeBack,
    NotThere,
    Refusal,
)
from motifs.search import SAME_SOUND, search

KEPT = 20
"""How many deeds can be undone, one after the other."""
SESSION = "desk_deeds"
CANDIDATES = 8
NOT_SHOWN = -1


@dataclass(frozen=True)
class Verb:
    """One deed: what is posted, its key, and what its button says."""

    deed: str
    key: str
    label: str | Promise


DECISIONS = (Verb("accept", "a", _("Accept")), Verb("decline", "d", _("Decline")))
# The seven verbs of a photo's review.
PHOTO_VERBS = (
    Verb("good", "g", _("Good photo")),
    Verb("confirm", "c", _("Confirm the motif")),
    Verb("other", "m", _("Other motif")),
    Verb("unknown", "w", _("Wrong, not known which")),
    Verb("two", "t", _("Two motifs")),
    Verb("printed", "p", _("Printed copy")),
    Verb("not_cloth", "n", _("Not a cloth")),
)
# What is said at once, without naming a motif.
OUTCOMES = {
    "unknown": Outcome.OTHER_MOTIF,
    "printed": Outcome.PRINTED,
    "not_cloth": Outcome.NOT_CLOTH,
}


class NoMotifNamed(Refusal):
    sentence = _("Its giver named no motif; choose one.")


class NoSuchMotif(Refusal):
    sentence = _("No motif is called that.")


class Unclear(Exception):
    """Several motifs may be meant by what was typed.

    Attributes:
        name: which of the two fields, ``motif`` or ``second``.
        candidates: the likeliest, best first.
    """

    def __init__(self, name: str, candidates: list[Motif]) -> None:
        self.name, self.candidates = name, candidates
        super().__init__(name)


def seen(sent: Mapping[str, str]) -> int:
    """The revision that the page showed; one that nothing has, if it does not say."""
    return number(sent.get("revision", ""))


def number(text: str) -> int:
    is_number = text.isascii() and text.isdigit() and len(text) < 10
    return int(text) if is_number else NOT_SHOWN


@dataclass(frozen=True)
class Done:
    """What was done, in a sentence; ``decided`` if the contribution waits no more."""

    sentence: str
    decided: bool = False
    undo: dict[str, Any] = field(default_factory=dict)


def choosable(user: AbstractUser) -> MotifQuerySet:
    """Motifs that this curator may name: restricted ones too, drafts not."""
    return Motif.objects.visible_to(user).filter(state=Motif.State.PUBLISHED)


def candidates(user: AbstractUser, typed: str) -> list[Motif]:
    """The motifs that a spelling may mean, best first."""
    hits = search(typed, choosable(user)).hits[:CANDIDATES]
    motifs = choosable(user).with_labels(reader_language())
    found = motifs.in_bulk([hit.motif_id for hit in hits])
    for hit in hits:
        motif = found[hit.motif_id]
        if hit.matched_name not in (motif.preferred_name, motif.gloss):
            motif.matched_name = hit.matched_name
    return [found[hit.motif_id] for hit in hits]


def named(user: AbstractUser, sent: Mapping[str, str], name: str) -> Motif:
    """The motif that a form names by slug, or in any spelling.

    Raises Unclear if a typed name may mean several, NoSuchMotif if none.
    """
    if slug := sent.get(name, ""):
        motif = choosable(user).filter(slug=slug).first()
        if motif is None:
            raise NoSuchMotif
        return motif
    typed = sent.get(f"{name}_name", "")
    hits = search(typed, choosable(user)).hits
    sure = [hit for hit in hits if hit.score >= SAME_SOUND]
    if len(sure) == 1:
        return choosable(user).get(pk=sure[0].motif_id)
    if not hits:
        raise NoSuchMotif
    raise Unclear(name, candidates(user, typed))


def do(
    deed: str,
    contribution: Contribution,
    photo: Photo | None,
    by: AbstractUser,
    sent: Mapping[str, str],
) -> Done:
    """Carry a deed out.

    Raises a Refusal where the action or the deed's form does, and Unclear.
    """
    user: Any = by
    number = {"number": contribution}
    undo: dict[str, Any] = {"contribution": contribution.pk}
    if deed == "accept":
        accept_contribution(contribution=contribution, by=user, seen=seen(sent))
        return Done(gettext("%(number)s is accepted.") % number, True, undo)
    if deed == "apply":
        applying.apply(contribution, user, sent, seen(sent))
        sentence = gettext("%(number)s is accepted: the page says it.")
        return Done(sentence % number, True, undo)
    if deed == "decline":
        decline_contribution(
            contribution=contribution,
            by=user,
            code=sent.get("code", ""),
            reason=sent.get("reason", ""),
            seen=seen(sent),
        )
        return Done(gettext("%(number)s is declined.") % number, True, undo)
    if deed == "reopen":
        if not (reason := sent.get("reason", "")).strip():
            raise NoRationale
        reopen_contribution(contribution=contribution, by=user, reason=reason)
        return Done(gettext("%(number)s waits again.") % number)
    if deed == "take_down":
        take_down_contribution(
            contribution=contribution,
            by=user,
            code=sent.get("code", ""),
            reason=sent.get("reason", ""),
        )
        return Done(gettext("%(number)s is taken down.") % number)
    if photo is None:
        raise NotThere
    if deed == "good":
        becomes = not photo.is_good
        mark_good(photo=photo, is_good=becomes, by=user)
        sentence = (
            gettext("Marked as a good photo.")
            if becomes
            else gettext("No longer marked as a good photo.")
        )
        return Done(sentence, undo=undo | {"photo": photo.pk, "was": not becomes})
    return _identify(deed, contribution, photo, user, sent)


def _identify(
    deed: str,
    contribution: Contribution,
    photo: Photo,
    by: Any,
    sent: Mapping[str, str],
) -> Done:
    motif: Motif | None = None
    second: Motif | None = None
    outcome = str(OUTCOMES.get(deed, Outcome.MOTIF))
    if deed == "confirm":
        motif = contribution.motif
        if motif is None:
            raise NoMotifNamed
        if sent.get("named", "") != motif.slug:
            raise ChangedSince
    elif deed in ("other", "two"):
        motif = named(by, sent, "motif")
        if deed == "two":
            outcome = str(Outcome.TWO_MOTIFS)
            second = named(by, sent, "second")
    elif deed not in OUTCOMES:
        raise NotThere
    if second is not None and second == motif:
        outcome, second = str(Outcome.MOTIF), None
    earlier = photo.identifications.standing().filter(identified_by=by).first()
    made = identify_photo(
        photo=photo, outcome=outcome, motif=motif, second_motif=second, by=by
    )
    names = " + ".join(m.preferred_name for m in (motif, second) if m is not None)
    sentence = gettext("You say: %(what)s.") % {"what": names or Outcome(outcome).label}
    undo = {
        "contribution": contribution.pk,
        "identification": made.pk,
        "earlier": earlier.pk if earlier else None,
    }
    return Done(sentence, undo=undo)


# Undo


def remember(request: HttpRequest, done: Done) -> None:
    """Keep what would undo a deed, for this session; what was said why stands."""
    if not done.undo:
        return
    kept = [*request.session.get(SESSION, []), {**done.undo, "text": done.sentence}]
    request.session[SESSION] = kept[-KEPT:]


def last(request: HttpRequest) -> str:
    """The deed that undo would take back, in a sentence, or nothing."""
    kept = request.session.get(SESSION, [])
    return str(kept[-1]["text"]) if kept else ""


def undo(request: HttpRequest) -> tuple[int, str]:
    """Take the last deed back; return its contribution's id and a sentence.

    Raises NothingToTakeBack, or what the action raises; the deed is forgotten then,
    so that the one before it can be reached.
    """
    kept = list(request.session.get(SESSION, []))
    if not kept:
        raise NothingToTakeBack
    deed = kept.pop()
    request.session[SESSION] = kept
    request.session.modified = True
    by: Any = request.user
    if "photo" in deed:
        photo = Photo.objects.get(pk=deed["photo"])
        mark_good(photo=photo, is_good=bool(deed["was"]), by=by)
    elif "identification" in deed:
        again = _say_as_before(deed, by)
        for other in kept:
            # The deed that made it is undone by taking back what stands for it now.
            if again and other.get("identification") == deed["earlier"]:
                other["identification"] = again
    else:
        contribution = Contribution.objects.get(pk=deed["contribution"])
        if by.pk not in (contribution.accepted_by_id, contribution.declined_by_id):
            # Somebody else has decided since; that is not this person's to undo.
            raise NothingToTakeBack
        reopen_contribution(contribution=contribution, by=by)
    sentence = gettext("Taken back: %(deed)s") % {"deed": deed["text"]}
    return int(deed["contribution"]), sentence


def _say_as_before(deed: dict[str, Any], by: Any) -> int | None:
    """Withdraw a statement and, if there was one before it, make that one again.

    Returns the id of the one that stands now, if any.
    """
    made = Identification.objects.get(pk=deed["identification"])
    earlier = Identification.objects.filter(pk=deed["earlier"]).first()
    if earlier is None:
        withdraw_identification(identification=made, by=by)
        return None
    said = identify_photo(
        photo=made.photo,
        outcome=earlier.outcome,
        motif=earlier.motif,
        second_motif=earlier.second_motif,
        certainty=earlier.certainty,
        remarks=earlier.remarks,
        by=by,
    )
    return said.pk

"""Why an action refuses: one exception a reason, with a sentence for the reader."""

from __future__ import annotations

from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Refusal(Exception):
    """An action was not carried out; ``str()`` says why, in the reader's language."""

    sentence: ClassVar[str | Promise] = ""

    def __str__(self) -> str:
        return str(self.sentence)


class NotACurator(Refusal):
    sentence = _("Only curators may do this.")


class NotYours(Refusal):
    sentence = _("Only the person who gave this contribution may do this.")


class NotADraft(Refusal):
    sentence = _("This contribution has been submitted and can no longer be changed.")


class AlreadyDecided(Refusal):
    sentence = _(
        "This contribution has been decided on or withdrawn and can no longer be "
        "changed."
    )


class PeopleNotSaid(Refusal):
    sentence = _("Say whether somebody can be recognised in the photos.")


class LastPhoto(Refusal):
    sentence = _(
        "What is submitted keeps at least one photo. To take back all, withdraw it."
    )


class PhotoJudged(Refusal):
    sentence = _(
        "Somebody has judged this photo already. Take it back on the page of your "
        "contribution."
    )


class NotWaiting(Refusal):
    sentence = _("This contribution is not waiting for a decision.")


class ChangedSince(Refusal):
    sentence = _(
        "It has been changed since this page was shown. Look at it again, then decide."
    )


class AlreadyWithdrawn(Refusal):
    sentence = _("This contribution has been withdrawn already.")


class PhotoWithdrawn(Refusal):
    sentence = _("This photo has been taken back already.")


class DemonstrationNeverTrains(Refusal):
    sentence = _("What was made to try the site with trains nothing.")


class NoPhotos(Refusal):
    sentence = _("Add at least one photo.")


class NoLicence(Refusal):
    sentence = _("Choose a licence for the photos.")


class NoReason(Refusal):
    sentence = _("Give a reason; the contributor will read it.")


class PhotoGivenAlready(Refusal):
    sentence = _("This contribution has this photo already.")


class TooManyPhotos(Refusal):
    sentence = _("A contribution holds at most 10 photos.")


class NotAPhoto(Refusal):
    sentence = _("This file is not a JPEG, PNG, WebP or HEIC picture that can be read.")


class PhotoTooLarge(Refusal):
    sentence = _(
        "This picture is too large: at most 20 MB and 65 megapixels, 50 as PNG or WebP."
    )


class NotADraftMotif(Refusal):
    sentence = _("This motif is not a draft.")


class NoPreferredName(Refusal):
    sentence = _("A motif needs a preferred Banjar name before it is published.")


class NoText(Refusal):
    sentence = _("Write what should be changed.")


class NotAnExpert(Refusal):
    sentence = _("Only experts and curators may do this.")


class NotThere(Refusal):
    sentence = _("There is no such photo.")


class NotPublished(Refusal):
    sentence = _("This motif is not published.")


class NotYourStatement(NotYours):
    sentence = _("Only the person who said this can take it back.")


class StatementWithdrawn(AlreadyWithdrawn):
    sentence = _("This has been taken back already.")


class NothingToUndo(Refusal):
    sentence = _("There is nothing of yours from the last hour to undo.")


class NotShownYet(Refusal):
    sentence = _("Judge the photos of this cloth first.")


class NoComment(Refusal):
    sentence = _("Write a comment first.")


class NothingToTakeBack(Refusal):
    sentence = _("There is no decision that could be taken back.")


class NoChange(Refusal):
    sentence = _("That is how it is already.")


class NoRationale(Refusal):
    sentence = _("Say why; it stays in the history.")


class MergedIntoItself(Refusal):
    sentence = _("A motif cannot be merged into itself.")


class MergedAlready(Refusal):
    sentence = _("One of these motifs has been merged already.")


class MergeOfADraft(Refusal):
    sentence = _("Only published motifs can be merged.")


class MergeWouldPublish(Refusal):
    sentence = _(
        "A restricted motif cannot be merged into a public one: its names and claims "
        "would become public."
    )


class AlreadyResolved(Refusal):
    sentence = _("This problem has been resolved already.")


class NoResolution(Refusal):
    sentence = _("Say what was done about it.")


class NoAnswer(Refusal):
    sentence = _("Write an answer, or say that there is none.")


class EditToApply(Refusal):
    sentence = _(
        "A suggested edit is accepted by taking it over into the page, at the desk."
    )


class NoSourceNamed(Refusal):
    sentence = _("Every statement names its source: choose one, or write a new one.")


class ChangedMeanwhile(Refusal):
    sentence = _("The page has been changed meanwhile; look at it again.")


class EditedSince(Refusal):
    sentence = _(
        "The statement has been changed since; it can only be changed back by hand."
    )

"""Mails to the givers of contributions: what was decided, in their language.

A notice is written with the decision, in one transaction. The sweep sends it after a
while, if the decision still stands then; what must not wait goes by a task, and with
the queue down by the sweep too. The row is held while the mail goes out, so two tasks
at once send one mail.

Whoever reported a problem and left an address is answered in the same way.
"""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from functools import partial
from typing import cast

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from motifs.contribution_history import DECISIONS, determination, motif_names
from motifs.models import (
    Contribution,
    HistoryEntry,
    Motif,
    Notice,
    ProblemReport,
)

logger = logging.getLogger(__name__)

Verb = HistoryEntry.Verb
UNDOING = timedelta(minutes=10)
"""A slip of the finger is undone before anybody reads of it."""
GATHERING = timedelta(minutes=30)
"""Experts see the photos of a cloth one by one; one mail tells of all of them."""
PAUSES = {
    Verb.ACCEPTED: UNDOING,
    Verb.DECLINED: UNDOING,
    Verb.TAKEN_DOWN: timedelta(),
    Verb.DETERMINED: GATHERING,
}
"""What is written about, and how long that waits."""
LONGEST_PAUSE = timedelta(hours=6)
QUEUE_PAUSE_S = 30
_queue_down_until = 0.0


def announce(entry: HistoryEntry) -> None:
    """Note that an entry is to be written about. Must share the entry's transaction."""
    if entry.verb not in PAUSES:
        return
    contribution = entry.contribution or (entry.photo and entry.photo.contribution)
    # Without an account there is nobody to write to; the page tells it all.
    if not contribution or contribution.given_by_id is None:
        return
    pause = PAUSES[Verb(entry.verb)]
    notice = Notice.objects.create(
        entry=entry, contribution=contribution, try_at=timezone.now() + pause
    )
    if not pause:
        transaction.on_commit(partial(hand_over, notice.pk), robust=True)


def announce_answer(entry: HistoryEntry, problem: ProblemReport) -> None:
    """Note that a report's answer is to be sent. Must share the entry's transaction."""
    notice = Notice.objects.create(entry=entry, problem=problem, try_at=timezone.now())
    transaction.on_commit(partial(hand_over, notice.pk), robust=True)


def hand_over(notice_id: int) -> None:
    """Send the notice's task. Without a queue it waits for the sweep."""
    from motifs.tasks import send_notice_task

    global _queue_down_until
    # A queue that is down must not cost each of two hundred decisions its timeout.
    if time.monotonic() < _queue_down_until:
        return
    try:
        send_notice_task.delay(notice_id)
    # A queue can be down in more ways than its library has errors for.
    except Exception as error:
        _queue_down_until = time.monotonic() + QUEUE_PAUSE_S
        logger.warning("the queue is down, notice %s waits: %r", notice_id, error)


def send_notice(notice_id: int) -> bool:
    """Send one notice, and with it what else was determined of its contribution.

    Nothing is sent before its time, and sending it twice is the same as once. A mail
    that cannot be sent now is tried again later. Returns whether a mail went out.
    """
    with transaction.atomic():
        notice = (
            Notice.objects.select_for_update(of=("self",), skip_locked=True)
            .due()
            .select_related("entry", "contribution__given_by", "problem__reported_by")
            .filter(pk=notice_id)
            .first()
        )
        if notice is None:
            return False
        together = _together(notice)
        mail = _mail(notice, together)
        if mail is None:
            _mark(together, is_needless=True)
            return False
        try:
            mail.send()
        # Mail fails in as many ways as there are mail servers.
        except Exception as error:
            logger.warning("notice %s could not be sent: %r", notice.pk, error)
            _put_off(notice)
            return False
        _mark(together, sent_at=timezone.now())
    return True


def sweep_notices() -> int:
    """Send what is due and was not sent. Returns how many mails went out."""
    due = list(Notice.objects.due().values_list("pk", flat=True)[:200])
    return sum(send_notice(pk) for pk in due)


def _together(notice: Notice) -> list[Notice]:
    """The notices that one mail answers: all of what was determined so far."""
    if notice.entry.verb != Verb.DETERMINED:
        return [notice]
    others = (
        Notice.objects.select_for_update(of=("self",), skip_locked=True)
        .waiting()
        .filter(contribution=notice.contribution_id, entry__verb=Verb.DETERMINED)
        .exclude(pk=notice.pk)
    )
    return [notice, *others]


def _mark(notices: list[Notice], **fields: object) -> None:
    Notice.objects.filter(pk__in=[one.pk for one in notices]).update(**fields)


def _put_off(notice: Notice) -> None:
    notice.tries += 1
    pause = min(timedelta(minutes=2) * 2 ** min(notice.tries, 12), LONGEST_PAUSE)
    notice.try_at = timezone.now() + pause
    notice.save(update_fields=["tries", "try_at"])


def _mail(notice: Notice, together: list[Notice]) -> EmailMessage | None:
    """Return the mail, or None where there is nobody to write to or nothing to say."""
    if notice.problem is not None:
        return _answer(notice.problem)
    contribution = cast("Contribution", notice.contribution)
    giver = contribution.given_by
    if giver is None or not giver.email or not giver.is_active:
        return None
    if not _stands(notice, contribution):
        return None
    with translation.override(contribution.mail_language):
        said = _said(notice, contribution)
        if said is None:
            return None
        subject, paragraphs = said
        address = settings.SITE_URL + contribution.get_absolute_url()
        see = (
            _("Its page says what became of it: %(address)s")
            if contribution.state == Contribution.State.WITHDRAWN
            else _("See it, or take it back, at any time: %(address)s")
        )
        text = "\n\n".join(
            [
                *paragraphs,
                see % {"address": address},
                _("Langgundi, a catalogue of Sasirangan motifs"),
            ]
        )
    return _email(subject, text, giver.email)


def _answer(problem: ProblemReport) -> EmailMessage | None:
    """Return what a curator answers to a report; the address may be deleted by now."""
    if not problem.contact:
        return None
    about = problem.photo or cast("Motif", problem.motif)
    with translation.override(problem.mail_language):
        address = settings.SITE_URL + about.get_absolute_url()
        text = "\n\n".join(
            [
                _("You told us that something is wrong here: %(address)s")
                % {"address": address},
                _("A curator answers:"),
                problem.answer,
                _("We keep your e-mail address for 30 more days and then delete it."),
                _("Langgundi, a catalogue of Sasirangan motifs"),
            ]
        )
        return _email(_("an answer to your report"), text, problem.contact)


def _email(subject: str, text: str, to: str) -> EmailMessage:
    headers = {"Auto-Submitted": "auto-generated"}
    return EmailMessage(f"Langgundi: {subject}", text, to=[to], headers=headers)


def _stands(notice: Notice, contribution: Contribution) -> bool:
    """Whether what is told of is still so: a decision may have been undone since."""
    if notice.entry.verb not in DECISIONS:
        return contribution.state == Contribution.State.ACCEPTED
    since = contribution.history.filter(verb__in=DECISIONS, pk__gt=notice.entry_id)
    return not since.exists()


def _said(notice: Notice, contribution: Contribution) -> tuple[str, list[str]] | None:
    is_edit = contribution.kind == Contribution.Kind.EDIT
    match notice.entry.verb:
        case Verb.ACCEPTED if is_edit:
            return _("your suggestion was accepted"), [
                _("Thank you: your suggestion was accepted."),
            ]
        case Verb.ACCEPTED:
            return _("your photos were accepted"), [
                _("Thank you: your photos were accepted into the catalogue."),
                _("Experts will now say which motif they show. We write again then."),
            ]
        case Verb.DECLINED:
            return _("your contribution was not accepted"), [
                _("Your contribution was not taken into the catalogue. The reason:"),
                notice.entry.reason,
                _("You can mend it on its page and send it again.")
                if contribution.is_mendable
                else _("You are welcome to give other photos."),
            ]
        case Verb.TAKEN_DOWN if is_edit:
            return _("your contribution was taken down"), [
                _(
                    "A curator took your suggestion back. Its text is no longer on the "
                    "page, unless others have rewritten it since. The reason:"
                ),
                notice.entry.reason,
            ]
        case Verb.TAKEN_DOWN:
            return _("your contribution was taken down"), [
                _(
                    "A curator took your contribution out of the catalogue. Nobody "
                    "sees it any more, and it trains nothing. The reason:"
                ),
                notice.entry.reason,
            ]
    findings = _findings(contribution)
    if not findings:
        return None
    return _("experts have looked at your photos"), [
        _("Experts have agreed on what your photos show:"),
        "\n".join(findings),
    ]


def _findings(contribution: Contribution) -> list[str]:
    """One line for each photo that is determined now; what was lifted since is not."""
    photos = list(contribution.photos.given().exclude(determined_outcome=""))
    names = motif_names(
        one
        for photo in photos
        for one in (photo.determined_motif_id, photo.determined_second_motif_id)
    )
    return [
        _("Photo %(number)d: %(finding)s.")
        % {
            "number": photo.position,
            "finding": determination(
                photo.determined_outcome,
                photo.determined_motif_id,
                photo.determined_second_motif_id,
                names,
            ),
        }
        for photo in photos
    ]

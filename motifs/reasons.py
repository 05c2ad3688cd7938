"""Why contributions are declined or taken down: labels for curators, and sentences.

A reason is stored by its code, so that its giver reads it in their own language; a
curator's own words are stored as they were written.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from motifs.languages import READER_LANGUAGES


@dataclass(frozen=True)
class Reason:
    """One reason that is often given.

    Args:
        code: what is stored; permanent.
        label: what the curator chooses by.
        sentence: what the giver reads, with what would help next time.
        is_mendable: whether better photos or words of the same cloth would help, so
            that its giver may mend what was declined and send it again.
    """

    code: str
    label: str | Promise
    sentence: str | Promise
    is_mendable: bool = True


REASONS = (
    Reason(
        "blurred",
        _("Blurred"),
        _(
            "The photo is blurred, so the stitched lines cannot be seen. Hold the "
            "camera still and tap on the cloth before you take it."
        ),
    ),
    Reason(
        "light",
        _("Too dark or too bright"),
        _(
            "The photo is too dark or too bright to see the motif. Take it in "
            "daylight, out of the direct sun."
        ),
    ),
    Reason(
        "partial",
        _("Too little of the cloth"),
        _(
            "Too little of the cloth can be seen. Spread it out and let the motif fill "
            "the photo."
        ),
    ),
    Reason(
        "duplicate",
        _("The catalogue has it already"),
        _("The catalogue has this photo, or nearly the same one, already."),
        is_mendable=False,
    ),
    Reason(
        "not_cloth",
        _("Not a cloth"),
        _("The photo does not show a cloth."),
    ),
    Reason(
        "not_sasirangan",
        _("Not Sasirangan"),
        _("The cloth is not Sasirangan, and the catalogue holds nothing else."),
        is_mendable=False,
    ),
    Reason(
        "people",
        _("A person can be recognised"),
        _(
            "A person can be recognised who may not have agreed to it. Take a photo of "
            "the cloth alone, or ask them and tell us."
        ),
    ),
    Reason(
        "rights",
        _("Somebody else's photo"),
        _(
            "The photo seems to be somebody else's. Give photos that you took "
            "yourself, or that you were allowed to give."
        ),
        is_mendable=False,
    ),
    Reason(
        "unsourced",
        _("It names no source"),
        _(
            "What it says cannot be checked. Name a book, a page or a person who says "
            "so."
        ),
    ),
)
TO_TAKE_DOWN = (
    Reason(
        "claimed",
        _("Somebody else has the rights"),
        _("Somebody else has rights to it and has not agreed."),
    ),
    Reason(
        "person",
        _("Somebody in it does not agree"),
        _("A person who can be recognised in it does not want it to be shown."),
    ),
    Reason(
        "protocol",
        _("The community's wish"),
        _("The community that the cloth belongs to does not want it to be public."),
    ),
    Reason("asked", _("Its giver asked for it"), _("You asked us to take it down.")),
)
CODES = frozenset(reason.code for reason in REASONS)
CODES_TO_TAKE_DOWN = frozenset(reason.code for reason in TO_TAKE_DOWN)
BY_CODE = {reason.code: reason for reason in (*REASONS, *TO_TAKE_DOWN)}


def is_mendable(code: str) -> bool:
    """Whether what was declined for it can be mended; own words alone say how."""
    return code not in BY_CODE or BY_CODE[code].is_mendable


def text(code: str, note: str, language: str = "") -> str:
    """Return a reason as its giver reads it, in ``language`` or the active one.

    Args:
        code: of one of the reasons, or empty.
        note: the curator's own words, or empty.
    """
    sentence = ""
    if code in BY_CODE:
        if language:
            known = language if language in READER_LANGUAGES else READER_LANGUAGES[0]
            with override(known):
                sentence = str(BY_CODE[code].sentence)
        else:
            sentence = str(BY_CODE[code].sentence)
    return " ".join(part for part in (sentence, note.strip()) if part)

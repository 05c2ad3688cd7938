"""What identify refuses, as problem details (RFC 9457) in the reader's language.

Each refusal is written once here and shown by the API and by the page alike.
"""

from __future__ import annotations

import math
from typing import Any

from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

CONTENT_TYPE = "application/problem+json"


class Problem(Exception):
    """A refusal that the visitor is told about.

    Args:
        status: HTTP status.
        code: stable word for programs.
        title: what happened, in one sentence.
        detail: what to do about it.
        retry_after_s: after how many seconds trying again makes sense.
        extra: further members of the document.
    """

    def __init__(
        self,
        status: int,
        code: str,
        title: str,
        detail: str = "",
        *,
        retry_after_s: int | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail
        self.retry_after_s = retry_after_s
        self.extra = extra

    @property
    def headers(self) -> dict[str, str]:
        if self.retry_after_s is None:
            return {}
        return {"Retry-After": str(self.retry_after_s)}

    def document(self) -> dict[str, Any]:
        return {
            "type": "about:blank",
            "status": self.status,
            "code": self.code,
            "title": self.title,
            "detail": self.detail,
            **self.extra,
        }


def no_image() -> Problem:
    return Problem(
        400,
        "no_image",
        _("No photo was given."),
        _("Send one to five photos of one cloth in the field “image”."),
    )


def too_many_images() -> Problem:
    most: int = settings.IDENTIFY_MAX_PHOTOS
    return Problem(
        400,
        "too_many_images",
        ngettext(
            "At most %(most)d photo can be identified at once.",
            "At most %(most)d photos can be identified at once.",
            most,
        )
        % {"most": most},
        _("Choose the sharpest photos of one cloth."),
    )


def malformed() -> Problem:
    return Problem(
        400,
        "malformed",
        _("The request could not be read."),
        _("It was cut off or is not valid multipart/form-data. Send it again."),
    )


def too_large() -> Problem:
    return Problem(
        413,
        "too_large",
        _("Together the photos are larger than %(size)s.")
        % {"size": filesizeformat(settings.IDENTIFY_MAX_BYTES)},
        _("Make them smaller: 1,000 pixels a side are plenty."),
    )


def wrong_format() -> Problem:
    return Problem(
        415,
        "unsupported_media_type",
        _("The request is in a format that is not understood here."),
        _("Send photos as multipart/form-data in the field “image”."),
    )


def bad_photo(code: str, position: int) -> Problem:
    """The problem for a ``BadPhoto``; ``photo`` in it counts from 1."""
    status, code, title, detail = {
        "not_an_image": (
            415,
            "not_an_image",
            _("This file is not a photo that can be opened here."),
            _("Use a JPEG, PNG, WebP, TIFF or HEIC file."),
        ),
        "too_small": (
            422,
            "too_small",
            _("This photo is too small to see a motif in."),
            _("Each side needs at least 64 pixels; 300 or more are better."),
        ),
        # "too large" is about bytes everywhere else here (413).
        "too_large": (
            422,
            "too_many_pixels",
            _("This photo has more pixels than can be opened here."),
            _("Make it smaller: 1,000 pixels a side are plenty."),
        ),
    }.get(
        code,
        (
            422,
            "unreadable",
            _("This photo is damaged and could not be read to its end."),
            _("Try to save it again, or take another photo."),
        ),
    )
    return Problem(status, code, title, detail, photo=position + 1)


def throttled(wait_s: float | None) -> Problem:
    seconds = max(1, math.ceil(wait_s or 1))
    return Problem(
        429,
        "throttled",
        _("Too many photos in a short time."),
        ngettext(
            "Try again in %(seconds)d second.",
            "Try again in %(seconds)d seconds.",
            seconds,
        )
        % {"seconds": seconds},
        retry_after_s=seconds,
    )


def no_model() -> Problem:
    return Problem(
        503,
        "no_model",
        _("The recogniser is not available at the moment."),
        _("The catalogue works without it; look for your motif in the list."),
    )


def bad_day() -> Problem:
    return Problem(400, "bad_day", _("This is no day."), _("Give it as YYYY-MM-DD."))


def not_looked_at() -> Problem:
    return Problem(
        503,
        "not_looked_at",
        _("The recogniser has not looked at this photo yet."),
        _("Photos are looked at within minutes of being given. Try again later."),
        retry_after_s=60,
    )


def busy() -> Problem:
    return Problem(
        503,
        "busy",
        _("The recogniser is busy."),
        _("Try again in a few seconds."),
        retry_after_s=5,
    )


def photos_gone() -> Problem:
    return Problem(
        410,
        "photos_gone",
        _("The photos were gone before they were looked at."),
        _("Send them again."),
    )


def failed() -> Problem:
    return Problem(
        500,
        "failed",
        _("The photos could not be looked at because of a defect here."),
        _("It has been recorded. Another photo may work."),
    )


def refused(sentence: str) -> Problem:
    """The photos can be answered but not kept, for a reason of the catalogue's."""
    return Problem(422, "refused", sentence)


def bad_form() -> Problem:
    return Problem(
        422,
        "bad_form",
        _("Something in the form is missing or not known."),
        _("Load the page again and send it once more."),
    )


def unknown_job() -> Problem:
    return Problem(
        404,
        "not_found",
        _("There is no such request."),
        _("Answers are kept for a day; send the photos again."),
    )

"""How the admin shows photos, what checks noted of them, and suggested edits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from motifs import edits
from motifs.models import Contribution, Flag, Photo

# Height of a picture, in CSS pixels, in the list and on a contribution's own page.
IN_LIST, ON_PAGE = 96, 320

Suggestions = Callable[[Sequence[Photo]], Mapping[int, SafeString]]
_suggestions: list[Suggestions] = []


def offer_suggestions(source: Suggestions) -> Suggestions:
    """Let another app say in the queue what it thinks that photos show.

    Args:
        source: from the photos of a page to a few words about each, by its id; one
            query at most, however many photos.
    """
    _suggestions.append(source)
    return source


def suggestions(photos: Sequence[Photo]) -> dict[int, list[SafeString]]:
    """Return what other apps say of photos, by the photo's id."""
    said: dict[int, list[SafeString]] = {}
    for source in _suggestions:
        for photo_id, words in source(photos).items():
            said.setdefault(photo_id, []).append(words)
    return said


def picture(photo: Photo, height: int) -> SafeString:
    """The photo, never cropped, leading to its large rendition."""
    height = min(height, photo.height)
    return format_html(
        '<a href="{}"><img src="{}" width="{}" height="{}" alt="{}" loading="lazy">'
        "</a>",
        photo.display_url,
        photo.thumbnail_url,
        max(1, round(photo.width * height / photo.height)),
        height,
        _("Photo %(position)d") % {"position": photo.position},
    )


def pictures(contribution: Contribution, height: int) -> SafeString:
    """Its photos; of those that were taken back nothing but their number."""
    photos = contribution.photos.all()
    shown = [picture(one, height) for one in photos if not one.is_withdrawn]
    if gone := len(photos) - len(shown):
        shown.append(format_html("{}", _("taken back: %(count)d") % {"count": gone}))
    return format_html_join(" ", "{}", ((one,) for one in shown))


def marks(flags: Iterable[Flag]) -> SafeString:
    """Small labelled marks, the heaviest first, with how often each was noted."""
    counted = Counter(Flag.Kind(flag.kind) for flag in flags)
    ordered = sorted(counted, key=lambda kind: (-Flag.WEIGHTS[kind], kind))
    rows = [
        (
            kind.value,
            kind.label,
            format_html(" × {}", counted[kind]) if counted[kind] > 1 else "",
        )
        for kind in ordered
    ]
    if not rows:
        return SafeString()
    inner = format_html_join("", '<li class="flag flag-{}">{}{}</li>', rows)
    return format_html('<ul class="flags">{}</ul>', inner)


def changes(edit: edits.Edit) -> SafeString:
    """A suggested text with what it takes away and what it adds."""
    tags = {edits.SAME: "span", edits.GONE: "del", edits.NEW: "ins"}
    parts = format_html_join(
        "", "<{0}>{1}</{0}>", ((tags[part.kind], part.text) for part in edit.parts)
    )
    return format_html('<div class="edit">{}</div>', parts)


def motif_name(contribution: Contribution) -> str:
    """The name that came with the row; its slug if it has none."""
    if contribution.motif is None:
        return ""
    return str(getattr(contribution, "motif_name", "") or contribution.motif.slug)

"""What pages say to programs: schema.org, as JSON-LD."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from django.utils.safestring import SafeString, mark_safe

from motifs import contributors
from motifs.captions import rendered
from motifs.licences import licence_url

if TYPE_CHECKING:
    from motifs.captions import Caption
    from motifs.models import Motif

Absolute = Callable[[str], str]
"""Makes an address of this site a whole one, as ``request.build_absolute_uri`` does."""

# As Django's json_script does: nothing in the data can end the element it stands in.
_ESCAPES = {ord(">"): "\\u003E", ord("<"): "\\u003C", ord("&"): "\\u0026"}


def script(data: dict[str, Any]) -> SafeString:
    """Return the data as an element for the page's head. It is data and never runs."""
    text = json.dumps(data, ensure_ascii=False).translate(_ESCAPES)
    return mark_safe(  # noqa: S308 - escaped above
        f'<script type="application/ld+json">{text}</script>'
    )


def image_object(caption: Caption, absolute: Absolute) -> dict[str, Any]:
    """Describe a photo that everybody may see: what it is, whose, on which terms."""
    photo = caption.photo
    given = photo.contribution
    page = absolute(photo.get_absolute_url())
    width, height = rendered(photo, "1600")
    described: dict[str, Any] = {
        "@type": "ImageObject",
        "@id": page,
        "url": page,
        "name": caption.title,
        "contentUrl": absolute(photo.display_url),
        "thumbnailUrl": absolute(photo.thumbnail_url),
        "encodingFormat": "image/jpeg",
        "width": width,
        "height": height,
        # Where all rights are reserved, the page itself says so.
        "license": licence_url(given.licence) or f"{page}#licence",
        "acquireLicensePage": f"{page}#licence",
        "creditText": contributors.credit(given) or "Langgundi",
    }
    if name := contributors.public_name(given.given_by):
        described["creator"] = {"@type": "Person", "name": name}
    if given.place:
        described["contentLocation"] = {"@type": "Place", "name": given.place}
    if given.accepted_at:
        described["datePublished"] = given.accepted_at.date().isoformat()
    if caption.motifs and caption.is_motif_determined:
        described["about"] = [term(motif, absolute) for motif in caption.motifs]
    return described


def term(motif: Motif, absolute: Absolute) -> dict[str, Any]:
    """Name a motif as a term of the catalogue."""
    page = absolute(motif.get_absolute_url())
    return {
        "@type": "DefinedTerm",
        "@id": page,
        "url": page,
        "name": motif.preferred_name,
        "termCode": motif.slug,
    }


def of_photo(caption: Caption, absolute: Absolute) -> SafeString:
    """Return the element for a photo's own page."""
    return script({"@context": "https://schema.org", **image_object(caption, absolute)})


def of_motif(
    motif: Motif, captions: Iterable[Caption], absolute: Absolute
) -> SafeString:
    """Return the element for a motif's page: the term, and its real photos."""
    described: dict[str, Any] = {
        "@context": "https://schema.org",
        **term(motif, absolute),
        "inDefinedTermSet": {"@type": "DefinedTermSet", "name": "Langgundi"},
    }
    if motif.summary:
        described["description"] = motif.summary
    images = [
        image_object(caption, absolute)
        for caption in captions
        if not caption.photo.contribution.is_demonstration
    ]
    if images:
        described["image"] = images
    return script(described)

"""The page that identifies photos; it works without JavaScript."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from classifier import files, local, predictor, problems, prototypes, words
from classifier.actions import identify_photos
from classifier.answer import Answer, Restored
from classifier.overlay import shades
from classifier.photos import photos_in
from classifier.tells import tells
from classifier.throttles import throttle
from motifs import drawings
from motifs.languages import reader_language
from motifs.merged import moved_query
from motifs.models import Contribution, Motif
from motifs.presentation import accepted_photos

EXAMPLES = 6
EXAMPLE_PHOTOS = 3
"""Photos shown of each motif that an answer names."""


# The limit on bytes must be set before the CSRF check reads the form, so the check is
# made by _answer below, for every POST.
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def identify(request: HttpRequest) -> HttpResponse:
    """Show the form; answer photos given by POST, or the rendering ``?example=``."""
    try:
        if request.method == "POST":
            throttle(request)
            return _answer(request, photos_in(request))
        if slug := request.GET.get("example"):
            return _answer_example(request, slug)
    except problems.Problem as problem:
        return _page(request, problem=problem)
    return _page(request)


@csrf_protect
def _answer(request: HttpRequest, photos: Sequence[predictor.Photo]) -> HttpResponse:
    try:
        return _page(request, *identify_photos(photos))
    except problems.Problem as problem:
        return _page(request, problem=problem)


def _answer_example(request: HttpRequest, slug: str) -> HttpResponse:
    if slug not in drawings.slugs(drawings.RENDERINGS, ".webp"):
        raise Http404
    published = Motif.objects.published()
    motif = published.filter(slug=slug).first()
    if motif is None:
        if (there := moved_query(request, published, "example")) is not None:
            return there
        raise Http404
    throttle(request)
    with (drawings.RENDERINGS / f"{slug}.webp").open("rb") as file:
        answer, said = identify_photos([file])
    return _page(request, answer, said, example=motif)


def _page(
    request: HttpRequest,
    answer: Answer | None = None,
    said: dict[str, Any] | None = None,
    *,
    problem: problems.Problem | None = None,
    example: Motif | None = None,
) -> HttpResponse:
    model = predictor.describe()
    new = [motif.slug for motif in prototypes.recognised()]
    drawn = local.known([*model.labels, *new]) if model else {}
    context: dict[str, Any] = {
        "answer": shown(answer, said) if answer and said else None,
        "error": problem.document() if problem else None,
        "example": example,
        "max_photos": settings.IDENTIFY_MAX_PHOTOS,
        "max_bytes": settings.IDENTIFY_MAX_BYTES,
        "model": model,
        "runtime": files.runtime_url(),
        "runtime_bytes": files.runtime_bytes(),
        "examples": _examples(),
        "drawn": drawn,
        "facts": local.facts(drawn, model) if model else None,
        "quality_words": words.QUALITY | words.HINTS,
        "licences": Contribution.Licence.choices,
        "all_motifs": Motif.objects.published()
        .with_labels(reader_language())
        .in_catalogue_order(),
    }
    response = render(
        request,
        "classifier/identify.html",
        context,
        status=problem.status if problem else 200,
    )
    for name, value in (problem.headers if problem else {}).items():
        response[name] = value
    return response


def shown(answer: Answer | Restored, said: dict[str, Any]) -> dict[str, Any]:
    """Return the API's answer with what a page shows beside each part of it."""
    examples = accepted_photos(answer.motifs, EXAMPLE_PHOTOS) if answer.motifs else {}
    for motif in answer.motifs:
        motif.examples = examples.get(motif.pk, [])  # type: ignore[attr-defined]
    return {
        **said,
        "motifs": answer.motifs,
        "suggestions": [
            {
                **row,
                "motif": suggestion.motif,
                "percent": round(suggestion.score * 100),
            }
            for row, suggestion in zip(
                said["suggestions"], answer.suggestions, strict=True
            )
        ],
        "unknown_percent": round(said["unknown_score"] * 100),
        "heat": shades(said["heat"]),
        "tells": tells(answer.motifs),
        "quality": {
            **said["quality"],
            "sentences": [
                words.QUALITY.get(reason, reason)
                for reason in said["quality"]["reasons"]
            ],
        },
        # Answers that were kept from earlier have none.
        "hint_sentences": [
            words.HINTS[hint] for hint in said.get("hints", []) if hint in words.HINTS
        ],
        "colours": [
            {
                **colour,
                "label": words.DYES.get(colour["name"], colour["name"]),
                "percent": round(colour["share"] * 100),
            }
            for colour in said["colours"]
        ],
    }


def _examples() -> list[Motif]:
    """Return up to six motifs whose renderings a visitor may try."""
    known = drawings.slugs(drawings.RENDERINGS, ".webp")
    language = (get_language() or "").partition("-")[0]
    return list(
        Motif.objects.published()
        .filter(slug__in=known)
        .with_labels(language)
        .in_catalogue_order()[:EXAMPLES]
    )

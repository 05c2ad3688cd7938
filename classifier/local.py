"""What a browser must know to put an answer into words by itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from classifier import prototypes, track_record, words
from classifier.answer import published_motifs
from classifier.predictor import Description
from classifier.tells import tells
from motifs.languages import reader_language
from motifs.models import Motif

NAMES = "{motifs}"
"""Stands for the motifs' names in a sentence."""
PLACES = {
    "motif": NAMES,
    "agreed": "{agreed}",
    "cases": "{cases}",
    "low": "{low}",
    "high": "{high}",
}
"""Stand for the figures of a track record in its sentence."""
WITH_NAMES = ("recognised", "close_scores", "seed_model")
WITHOUT = ("not_cloth", "other_cloth", "unusable", "low_scores")


def known(labels: Iterable[str]) -> dict[str, Motif]:
    """Return the published motif of each label that has one, with what pages show.

    Two queries, however many labels.
    """
    found = published_motifs(labels)
    rows = Motif.objects.filter(pk__in=[motif.pk for motif in found.values()])
    labelled = {row.pk: row for row in rows.with_labels(reader_language())}
    return {label: labelled[motif.pk] for label, motif in found.items()}


def facts(
    motifs: Mapping[str, Motif], model: Description | None = None
) -> dict[str, Any]:
    """Return the motifs of labels, what tells them apart, and the sentences.

    Given a model, its track record too.
    """
    by_id = {motif.pk: label for label, motif in motifs.items()}
    return {
        "motifs": {
            label: {
                "slug": motif.slug,
                "name": motif.preferred_name,
                "url": motif.get_absolute_url(),
                "gloss": motif.gloss,
                "summary": motif.summary,
            }
            for label, motif in motifs.items()
        },
        "tells": [
            {
                "labels": [by_id[motif.pk] for motif in tell["motifs"]],
                "text": str(tell["text"]),
                "language": tell["language"],
            }
            for tell in tells(list(motifs.values()))
        ],
        "record": model
        and track_record.for_browsers(model.version, model.sha256, motifs),
        "server_only": _server_only() if model else "",
        "prototypes": prototypes.for_browsers() if model else None,
        "messages": {
            **{reason: words.message(reason, [NAMES]) for reason in WITH_NAMES},
            **{reason: words.message(reason, []) for reason in WITHOUT},
        },
        "dyes": {name: str(text) for name, text in words.DYES.items()},
        "quality": {reason: str(text) for reason, text in words.QUALITY.items()},
        "hints": {hint: str(text) for hint, text in words.HINTS.items()},
        "words": {
            "provisional": _("provisional, recognised from %(count)s photos")
            % {"count": "{count}"},
            "record": words.track_record_pattern() % PLACES,
            "read": _("Read about %(name)s") % {"name": NAMES},
            "perhaps": _("Perhaps this one"),
            "two": _("One of these two"),
            "three": _("One of these three"),
            "unknown": _("Not known"),
            "weighed": _("What it weighed"),
            "apart": _("What tells them apart"),
            "none": _("None that it knows"),
            "scores": _(
                "Scores between 0 and 1. They compare motifs with each other; they are "
                "not the chance of being right."
            ),
            "colours": _("Colours of the cloth"),
            "by": _("Answered by"),
            "device": _("This device"),
            "version": _("version"),
        },
    }


def _server_only() -> str:
    """Say which motifs a device does not recognise where it has no prototypes."""
    names = [motif.preferred_name for motif in prototypes.recognised()]
    if not names:
        return ""
    said = _("From a few photos, only the server recognises these so far: %(motifs)s.")
    return said % {"motifs": ", ".join(names)}

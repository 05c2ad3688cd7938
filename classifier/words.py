"""What codes of the recogniser mean, as sentences for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy


def message(reason: str, names: Sequence[str]) -> str:
    """Say in one or two sentences what the answer is and what to do next.

    Args:
        reason: the answer's reason code.
        names: of the motifs in the answer, best first; may be empty.
    """
    match reason:
        case "recognised":
            return _("This cloth shows %(motif)s.") % {"motif": names[0]}
        case "close_scores" if names:
            return _(
                "It is one of these: %(motifs)s. Their scores are too close to choose; "
                "compare the drawings with your cloth."
            ) % {"motifs": _either(names)}
        case "seed_model" if names:
            return _(
                "It may be one of these: %(motifs)s. The recogniser has seen too few "
                "photos of real cloth to choose; compare the drawings with your cloth."
            ) % {"motifs": _either(names)}
        case "not_cloth":
            return _(
                "This does not look like cloth. Fill the picture with the cloth and "
                "try again."
            )
        case "other_cloth":
            return _(
                "This looks like cloth, but not with a motif that the recogniser "
                "knows. If you know its name, the photo is worth contributing."
            )
        case "unusable":
            return _(
                "The photo does not show enough to judge by. Take another one, close, "
                "sharp and in daylight."
            )
        case "not_in_catalogue":
            return _(
                "The recogniser's best answer is not published in the catalogue, so "
                "there is nothing to show for it."
            )
        case _:
            return _(
                "No motif stands out. Move closer, hold the camera straight above the "
                "cloth and fill the picture with it."
            )


def track_record(name: str, record: Mapping[str, Any]) -> str:
    """Say how often experts agreed when the recogniser named a motif first.

    Args:
        name: of the motif.
        record: ``agreed``, ``cases``, and ``low`` and ``high``, 0..1.
    """
    return track_record_pattern() % {
        "motif": name,
        "agreed": record["agreed"],
        "cases": record["cases"],
        "low": round(100 * record["low"]),
        "high": round(100 * record["high"]),
    }


def track_record_pattern() -> str:
    """The sentence before its figures, for whoever fills them in elsewhere."""
    return _(
        "Experts agreed %(agreed)s of %(cases)s times when it said %(motif)s first "
        "with a score like this (95%% interval: %(low)s to %(high)s of 100)."
    )


def _either(names: Sequence[str]) -> str:
    if len(names) < 2:
        return "".join(names)
    return _("%(first)s or %(last)s") % {
        "first": ", ".join(names[:-1]),
        "last": names[-1],
    }


QUALITY = {
    "too_small": gettext_lazy("The photo has few pixels; move closer to the cloth."),
    "blurred": gettext_lazy("The photo is blurred; hold still and focus."),
    "dark": gettext_lazy("The photo is too dark; find daylight."),
    "blown_out": gettext_lazy("The photo is too bright; keep out of direct light."),
}

HINTS = {
    "far": gettext_lazy("Move closer: fill the picture with the cloth."),
    "several": gettext_lazy(
        "There seems to be more than one motif here. Show one of them alone."
    ),
}

DYES = {
    "yellow": gettext_lazy("yellow"),
    "red": gettext_lazy("red"),
    "green": gettext_lazy("green"),
    "black": gettext_lazy("black"),
    "purple": gettext_lazy("purple"),
    "brown": gettext_lazy("brown"),
    "blue": gettext_lazy("blue"),
    "orange": gettext_lazy("orange"),
    "pink": gettext_lazy("pink"),
    "white": gettext_lazy("undyed white"),
    "grey": gettext_lazy("grey"),
}

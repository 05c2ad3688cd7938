"""What a photo shows, in words, and on which rule that rests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from motifs import contributors
from motifs.galleries import SUGGESTION_STANDS
from motifs.languages import reader_language
from motifs.licences import short_name
from motifs.models import Motif, Outcome, Photo
from motifs.pictures import SIZES


@dataclass(frozen=True)
class Caption:
    """A photo, and the motifs that it shows.

    They are what was determined, and else what its giver suggests. Motifs that are not
    published are left out, as if they were not named.
    """

    photo: Photo
    motifs: tuple[Motif, ...]

    @property
    def is_determined(self) -> bool:
        return bool(self.photo.determined_outcome)

    @property
    def is_motif_determined(self) -> bool:
        """Whether people agreed on the motif, and not only on something about it."""
        return self.photo.determined_motif_id is not None

    @property
    def says_something(self) -> bool:
        """Whether it tells what somebody thinks that the photo shows."""
        return bool(self.motifs) or self.is_determined

    @property
    def names(self) -> str:
        return joined([motif.preferred_name for motif in self.motifs])

    @property
    def title(self) -> str:
        """A name for the photo, which says so where nobody but its giver knows it."""
        if not self.motifs:
            return _("A cloth whose motif is not known yet")
        if self.is_motif_determined:
            return self.names
        return _("Perhaps %(motifs)s") % {"motifs": self.names}

    @property
    def alternative(self) -> str:
        """What stands for the picture where it is not seen."""
        if not self.motifs:
            return _("Cloth whose motif is not known")
        return _("Cloth with %(name)s") % {"name": self.names}

    @property
    def srcset(self) -> str:
        """The renditions with their widths, for a browser to choose from."""
        return ", ".join(
            f"{self.photo.url(size)} {rendered(self.photo, size)[0]}w" for size in SIZES
        )

    @property
    def credit(self) -> str:
        """How its giver is to be named; needs ``contribution__given_by``."""
        return contributors.credit(self.photo.contribution)

    @property
    def licence(self) -> str:
        """The licence's short name."""
        return short_name(self.photo.contribution.licence)

    @property
    def determination(self) -> str:
        """What was determined, as a sentence; empty if nothing was."""
        names = self.names if self.is_motif_determined else ""
        return determined(self.photo.determined_outcome, names)

    @property
    def rule(self) -> str:
        """Why that stands, as a sentence; empty if nothing was determined."""
        return by_rule(self.photo.determined_rule)


def joined(names: Sequence[str]) -> str:
    """Return the names of a photo's motifs, of which there are two at most, as one."""
    if len(names) < 2:
        return "".join(names)
    return _("%(first)s and %(last)s") % {"first": names[0], "last": names[-1]}


def determined(outcome: str, names: str) -> str:
    """Return what was determined as a sentence; empty for no outcome.

    Args:
        outcome: one of ``Outcome``, or empty.
        names: of the motifs; empty if they are not to be named.
    """
    named = {"motifs": names}
    match outcome:
        case "":
            return ""
        case Outcome.MOTIF if names:
            return _("It shows %(motifs)s.") % named
        case Outcome.TWO_MOTIFS if names:
            return _("It shows two motifs: %(motifs)s.") % named
        case Outcome.PRINTED if names:
            return _("It is a print of %(motifs)s, not stitched and dyed.") % named
        case Outcome.PRINTED:
            return _("It is a print, not stitched and dyed.")
        case Outcome.OTHER_MOTIF:
            return _("It shows another motif than was suggested; which, is not known.")
        case Outcome.NOT_CLOTH:
            return _("It shows no cloth.")
        case Outcome.CANNOT_TELL:
            return _("It cannot be told from this photo.")
        case _other:
            return _("It shows a motif that is not public.")


def by_rule(rule: str) -> str:
    """Return the rule of a determination as a sentence; empty for no rule."""
    return {
        "": "",
        Photo.Rule.TWO_EXPERTS: _("Two experts agree."),
        Photo.Rule.EXPERT_AND_CURATOR: _("An expert and a curator agree."),
    }[rule]


def labelled_motifs(ids: Iterable[int | None]) -> dict[int, Motif]:
    """Return the published motifs among these, with labels, in one query."""
    wanted = {one for one in ids if one is not None}
    if not wanted:
        return {}
    return (
        Motif.objects.published().with_labels(reader_language()).in_bulk(sorted(wanted))
    )


def motif_ids(photo: Photo) -> list[int]:
    """Return the motifs that a photo shows, or that its giver suggests."""
    if photo.determined_motif_id is not None:
        found = [photo.determined_motif_id, photo.determined_second_motif_id]
    elif photo.determined_outcome in SUGGESTION_STANDS:
        found = [photo.contribution.motif_id]
    else:
        found = []
    return [one for one in found if one is not None]


def caption(photos: Sequence[Photo]) -> list[Caption]:
    """Say of each photo what it shows, with one query for all."""
    motifs = labelled_motifs(one for photo in photos for one in motif_ids(photo))
    return [
        Caption(photo, tuple(motifs[one] for one in motif_ids(photo) if one in motifs))
        for photo in photos
    ]


def rendered(photo: Photo, size: str) -> tuple[int, int]:
    """Return width and height of a rendition in pixels; it is never enlarged."""
    share = min(1.0, SIZES[size] / max(photo.width, photo.height))
    return max(1, round(photo.width * share)), max(1, round(photo.height * share))

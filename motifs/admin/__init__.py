"""The curators' workplace: Django's own admin, with the catalogue's rules."""

from motifs.admin.contributions import ContributionAdmin
from motifs.admin.identifications import IdentificationAdmin
from motifs.admin.motifs import ClaimAdmin, LookAlikeAdmin, MotifAdmin, SourceAdmin

__all__ = [
    "ClaimAdmin",
    "ContributionAdmin",
    "IdentificationAdmin",
    "LookAlikeAdmin",
    "MotifAdmin",
    "SourceAdmin",
]

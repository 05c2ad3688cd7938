"""The curators' workplace: Django's own admin, with the catalogue's rules."""

from motifs.admin.contributions import ContributionAdmin
from motifs.admin.history import HistoryEntryAdmin
from motifs.admin.identifications import IdentificationAdmin
from motifs.admin.motifs import ClaimAdmin, LookAlikeAdmin, MotifAdmin, SourceAdmin
from motifs.admin.photos import PhotoAdmin
from motifs.admin.problems import ProblemReportAdmin
from motifs.admin.spreadsheets import MotifNameAdmin

__all__ = [
    "ClaimAdmin",
    "ContributionAdmin",
    "HistoryEntryAdmin",
    "IdentificationAdmin",
    "LookAlikeAdmin",
    "MotifAdmin",
    "MotifNameAdmin",
    "PhotoAdmin",
    "ProblemReportAdmin",
    "SourceAdmin",
]

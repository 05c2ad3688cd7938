"""The catalogue's tables and the rules that the database keeps for them."""

from motifs.models.access import Access
from motifs.models.claim import Citation, Claim, LookAlike, Source
from motifs.models.contribution import Contribution
from motifs.models.expert import Comment, SeenCloth, SkippedPhoto
from motifs.models.flag import Flag
from motifs.models.history import HistoryEntry
from motifs.models.identification import Identification
from motifs.models.import_record import ImportRecord
from motifs.models.motif import Confidence, Motif, MotifName
from motifs.models.notice import Notice
from motifs.models.photo import Outcome, Photo
from motifs.models.problem_report import ProblemReport
from motifs.models.upload import Upload

__all__ = [
    "Access",
    "Citation",
    "Claim",
    "Comment",
    "Confidence",
    "Contribution",
    "Flag",
    "HistoryEntry",
    "Identification",
    "ImportRecord",
    "LookAlike",
    "Motif",
    "MotifName",
    "Notice",
    "Outcome",
    "Photo",
    "ProblemReport",
    "SeenCloth",
    "SkippedPhoto",
    "Source",
    "Upload",
]

"""The catalogue's tables and the rules that the database keeps for them."""

from motifs.models.claim import Citation, Claim, LookAlike, Source
from motifs.models.contribution import Contribution, Photo
from motifs.models.import_record import ImportRecord
from motifs.models.motif import Confidence, Motif, MotifName

__all__ = [
    "Citation",
    "Claim",
    "Confidence",
    "Contribution",
    "ImportRecord",
    "LookAlike",
    "Motif",
    "MotifName",
    "Photo",
    "Source",
]

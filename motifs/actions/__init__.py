"""Every change to the catalogue: who may make it, and what it refuses.

Actions are keyword-only, name their actor and are one transaction each. A refusal is
an exception of ``motifs.refusals``; nothing is changed then.
"""

from motifs.actions.access import open_access, restrict_access
from motifs.actions.applying import Wording
from motifs.actions.cleaning import clean_photo
from motifs.actions.contributions import (
    MAX_PHOTOS,
    accept_contribution,
    add_photo,
    decline_contribution,
    reopen_contribution,
    start_contribution,
    submit_contribution,
)
from motifs.actions.editing import EDITABLE, edit_contribution, remove_photo
from motifs.actions.edits import apply_edit
from motifs.actions.expert import (
    comment_on_photo,
    set_uncertainty,
    skip_photo,
    undo_identification,
)
from motifs.actions.flags import flag_photo, unflag_photo
from motifs.actions.history import record
from motifs.actions.identifications import identify_photo, withdraw_identification
from motifs.actions.merging import merge_motifs
from motifs.actions.motifs import publish_motif
from motifs.actions.photos import mark_good
from motifs.actions.problems import report_problem
from motifs.actions.recording import recording
from motifs.actions.resolutions import resolve_problem
from motifs.actions.taking_back import CONSENTS, change_consent, withdraw_photo
from motifs.actions.withdrawing import (
    take_down_contribution,
    withdraw_contribution,
)

__all__ = [
    "CONSENTS",
    "EDITABLE",
    "MAX_PHOTOS",
    "Wording",
    "accept_contribution",
    "add_photo",
    "apply_edit",
    "change_consent",
    "clean_photo",
    "comment_on_photo",
    "decline_contribution",
    "edit_contribution",
    "flag_photo",
    "identify_photo",
    "mark_good",
    "merge_motifs",
    "open_access",
    "publish_motif",
    "record",
    "recording",
    "remove_photo",
    "reopen_contribution",
    "report_problem",
    "resolve_problem",
    "restrict_access",
    "set_uncertainty",
    "skip_photo",
    "start_contribution",
    "submit_contribution",
    "take_down_contribution",
    "undo_identification",
    "unflag_photo",
    "withdraw_contribution",
    "withdraw_identification",
    "withdraw_photo",
]

"""Why an action on models refuses, where the sentence names what was found."""

from __future__ import annotations

from motifs.refusals import Refusal


class ModelRefused(Refusal):
    """Args: the sentence, in the reader's language."""

    def __str__(self) -> str:
        return str(self.args[0])

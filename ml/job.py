"""One training run: what all of its steps know."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ml import artifact
from ml.artifact import Manifest
from ml.dataset import Dataset, Sample
from ml.recipe import Recipe

if TYPE_CHECKING:
    from numpy.typing import NDArray

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much is done, and how much there is."""


@dataclass
class Job:
    """One training run: what is known to all of its steps."""

    recipe: Recipe
    data: Dataset
    seed: int
    partial: Path
    progress: Progress
    started: float
    commit: str = ""
    """The commit of this code when the run began."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The label list of the network to be."""
        return self.data.labels

    def index(self, samples: Sequence[Sample]) -> NDArray[np.int64]:
        """Return the position of each sample's label in the label list."""
        return np.array([self.labels.index(s.label) for s in samples], np.int64)

    def log(self, **facts: Any) -> None:
        """Add a line to the log; it is on disk at once, for whoever watches."""
        facts["elapsed_s"] = round(time.monotonic() - self.started, 1)
        with (self.partial / artifact.LOG).open("a", encoding="utf-8") as file:
            file.write(json.dumps(facts) + "\n")

    def draft(self) -> Manifest:
        """Return what is known of the manifest before training."""
        return Manifest(
            version="",
            created_at="",
            labels=self.labels,
            unknown_labels=self.data.unknown,
            size=self.recipe.size,
            views=self.recipe.views,
            uses_region=self.recipe.uses_region,
            network=self.network_settings(),
            recipe=self.recipe.name,
            seed=self.seed,
            commit=self.commit,
        )

    def network_settings(self) -> dict[str, Any]:
        """Return what ``ml.network.build`` is given."""
        return {
            "labels": len(self.labels),
            "size": self.recipe.size,
            "alpha": self.recipe.alpha,
            "scaling": self.recipe.scaling,
            "head": self.recipe.head,
        }

"""Catch what the queue lost and delete what is over, in every app. Twice is as once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from classifier.actions import sweep_jobs
from classifier.sweeping import sweep_photos, sweep_prototypes
from classifier.training_triggers import sweep_runs
from motifs.sweeping import sweep_contributions

logger = logging.getLogger(__name__)

SWEEPS: Mapping[str, Callable[[], Mapping[str, int]]] = {
    "identify jobs": sweep_jobs,
    "contributions": sweep_contributions,
    "photos": sweep_photos,
    "prototypes": sweep_prototypes,
    "training runs": sweep_runs,
}


def sweep() -> dict[str, int]:
    """Run every sweep; one that fails stops no other.

    Returns how many of what each has done, without what was not there to do.
    """
    done: dict[str, int] = {}
    for name, one in SWEEPS.items():
        # What goes wrong in one app must not leave the others' lost work lying.
        try:
            counts = one()
        except Exception:
            logger.exception("the sweep of %s failed", name)
            continue
        done |= {f"{name}, {what}": count for what, count in counts.items() if count}
    return done

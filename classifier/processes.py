"""Child processes that end with their parent, whatever happens to it."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from functools import partial

PR_SET_PDEATHSIG = 1


def die_with_parent(signum: signal.Signals) -> Callable[[], None]:
    """Return a ``preexec_fn`` that asks Linux for ``signum`` when the parent dies.

    Elsewhere there is no such service, and a killed parent leaves its children to
    be found and stopped at the next start.
    """
    return partial(_set_death_signal, signum, os.getpid())


def _set_death_signal(signum: signal.Signals, parent: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signum)
        # The parent may have died between the fork and the line above.
        if os.getppid() != parent:
            os._exit(1)

"""Several people acting at one moment, for tests of locks."""

from __future__ import annotations

import threading

from django.db import connection


def at_once(*acts):
    """Run all of them at the same moment; what each raised, in order."""
    start = threading.Barrier(len(acts))
    raised = [None] * len(acts)

    def run(place, act):
        try:
            start.wait()
            act()
        except Exception as error:
            raised[place] = error
        finally:
            connection.close()

    threads = [
        threading.Thread(target=run, args=(place, act))
        for place, act in enumerate(acts)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised

"""One sweep for all apps, in which one app's trouble is not another's."""

from __future__ import annotations

from heritage import sweep


def test_a_sweep_that_fails_stops_no_other(monkeypatch):
    def broken():
        raise OSError("the disk is gone")

    monkeypatch.setattr(
        sweep, "SWEEPS", {"broken": broken, "whole": lambda: {"done": 2, "left": 0}}
    )

    assert sweep.sweep() == {"whole, done": 2}

"""`manage.py check` says when there is nothing to identify with, and what to do."""

from __future__ import annotations

from classifier.checks import check_model


def test_a_missing_model_is_a_warning_with_a_hint(no_model, settings):
    (found,) = check_model(None)

    assert found.id == "classifier.W001"
    assert str(settings.MODEL_FOLDER) in found.hint
    assert "make starter" in found.hint


def test_a_sound_model_is_no_finding(fake):
    assert check_model(None) == []

"""`manage.py check` says when there is nothing to identify with, and what to do."""

from __future__ import annotations

import pytest
from django.core.checks import run_checks

from classifier.checks import check_everyday, check_model


def test_a_missing_model_is_a_warning_with_a_hint(no_model, settings):
    (found,) = check_model(None)

    assert found.id == "classifier.W001"
    assert str(settings.MODEL_FOLDER) in found.hint
    assert "make starter" in found.hint


def test_a_sound_model_is_no_finding(fake):
    assert check_model(None) == []


@pytest.mark.parametrize("kind", ["missing", "empty"])
def test_a_folder_of_everyday_photos_that_is_of_no_use_is_a_warning(
    kind, settings, tmp_path
):
    settings.TRAINING_UNKNOWN = str(tmp_path / "everyday")
    if kind == "empty":
        (tmp_path / "everyday" / "not-cloths").mkdir(parents=True)
        (tmp_path / "everyday" / "not-cloths" / "photo.jpg").write_bytes(b"x")

    (found,) = check_everyday(None)

    assert found.id == "classifier.W002"
    assert ("is not there" if kind == "missing" else "has no files") in found.msg
    assert settings.TRAINING_UNKNOWN in found.hint
    assert "not-cloth/ or other-cloth/" in found.hint


def test_no_folder_of_everyday_photos_and_one_with_some_are_no_finding(
    settings, tmp_path
):
    assert check_everyday(None) == []

    settings.TRAINING_UNKNOWN = str(tmp_path)
    (tmp_path / "other-cloth").mkdir()
    (tmp_path / "other-cloth" / "photo.jpg").write_bytes(b"x")
    assert check_everyday(None) == []


def test_the_checks_are_among_those_of_manage_py(settings, tmp_path):
    settings.TRAINING_UNKNOWN = str(tmp_path / "nowhere")

    assert "classifier.W002" in {found.id for found in run_checks(tags=["classifier"])}

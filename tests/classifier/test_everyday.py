"""The operator's folder of everyday photos: used, missing or empty, and told so."""

from __future__ import annotations

import pytest

from classifier import everyday


@pytest.fixture
def folder(settings, tmp_path):
    settings.TRAINING_UNKNOWN = str(tmp_path / "everyday")
    (tmp_path / "everyday" / "not-cloth" / "at-home").mkdir(parents=True)
    return tmp_path / "everyday"


def test_without_a_setting_there_is_nothing_to_say(tmp_path):
    assert everyday.note(tmp_path / "log.txt") == "none"
    assert everyday.options() == []
    assert not (tmp_path / "log.txt").exists()


def test_a_folder_that_is_not_there_is_a_warning(settings, tmp_path):
    settings.TRAINING_UNKNOWN = str(tmp_path / "nowhere")

    assert everyday.note(tmp_path / "log.txt") == "missing"
    assert everyday.options() == []
    assert (tmp_path / "log.txt").read_text().startswith("warning: The folder of every")


def test_a_folder_without_files_of_a_label_is_a_warning(folder, tmp_path):
    (folder / "photo.jpg").write_bytes(b"x")
    (folder / "not-cloth" / ".hidden.jpg").write_bytes(b"x")

    assert everyday.note(tmp_path / "log.txt") == "empty"
    assert everyday.options() == []
    assert "has no files below not-cloth" in (tmp_path / "log.txt").read_text()


def test_files_however_deep_are_used(folder, tmp_path):
    (folder / "not-cloth" / "at-home" / "photo.jpg").write_bytes(b"x")

    assert everyday.note(tmp_path / "log.txt") == "used"
    assert everyday.options() == ["--everyday", str(folder)]
    assert not (tmp_path / "log.txt").exists()


def test_the_digest_is_of_names_and_contents(folder):
    photo = folder / "not-cloth" / "photo.jpg"
    digests = [everyday.digest()]
    for content in (b"one", b"other"):
        photo.write_bytes(content)
        digests.append(everyday.digest())
    photo.rename(photo.with_name("renamed.jpg"))
    digests.append(everyday.digest())

    assert len(set(digests)) == 4
    assert everyday.digest() == digests[-1]

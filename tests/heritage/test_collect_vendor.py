"""The copy of browser packages: whole, quick the second time, clear when it cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from heritage.management.commands.collect_vendor import FILES, collect


@pytest.fixture
def node_modules(tmp_path: Path) -> Path:
    folder = tmp_path / "node_modules"
    for there, _ in FILES:
        (folder / there).parent.mkdir(parents=True, exist_ok=True)
        (folder / there).write_bytes(there.encode())
    return folder


def test_every_file_is_copied_under_its_plain_name(node_modules, tmp_path):
    changed = collect(node_modules, tmp_path / "vendor")

    assert changed == len(FILES)
    for there, here in FILES:
        assert (tmp_path / "vendor" / here).read_bytes() == there.encode()


def test_a_second_run_changes_nothing_and_a_changed_file_alone_is_copied(
    node_modules, tmp_path
):
    collect(node_modules, tmp_path / "vendor")

    assert collect(node_modules, tmp_path / "vendor") == 0

    (node_modules / FILES[0][0]).write_bytes(b"newer")
    assert collect(node_modules, tmp_path / "vendor") == 1
    assert (tmp_path / "vendor" / FILES[0][1]).read_bytes() == b"newer"


def test_a_missing_package_is_named_and_nothing_is_copied(node_modules, tmp_path):
    (node_modules / FILES[-1][0]).unlink()

    with pytest.raises(FileNotFoundError, match="LICENSE"):
        collect(node_modules, tmp_path / "vendor")

    assert not (tmp_path / "vendor").exists()

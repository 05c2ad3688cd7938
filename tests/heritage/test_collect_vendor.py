"""The copy of browser packages: whole, quick the second time, clear when it cannot."""

from __future__ import annotations

from pathlib import Path

import brotli
import pytest

from heritage.management.commands.collect_vendor import (
    FILES,
    LITERT,
    RUNTIME,
    collect,
    collect_runtime,
)


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


@pytest.fixture
def runtime(tmp_path: Path) -> Path:
    folder = tmp_path / "modules"
    for there, _ in RUNTIME:
        (folder / there).parent.mkdir(parents=True, exist_ok=True)
        (folder / there).write_bytes(b'import { x } from "@litertjs/wasm-utils";')
    (folder / LITERT / "package.json").write_text('{"version": "2.5.3"}')
    return folder


def test_the_runtime_lies_in_a_folder_of_its_version(runtime, tmp_path):
    target = tmp_path / "runtime"

    assert collect_runtime(runtime, target) == len(RUNTIME)
    assert collect_runtime(runtime, target) == 0

    names = {path.name for path in (target / "2.5.3").iterdir()}
    plain = {Path(here).name for _, here in RUNTIME}
    assert names == plain | {f"{name}.br" for name in plain}
    index = (target / "2.5.3" / "index.js").read_bytes()
    assert index == b'import { x } from "./wasm-utils.js";'
    packed = (target / "2.5.3" / "index.js.br").read_bytes()
    assert brotli.decompress(packed) == index


def test_a_new_version_takes_the_old_ones_place(runtime, tmp_path):
    target = tmp_path / "runtime"
    collect_runtime(runtime, target)
    (runtime / LITERT / "package.json").write_text('{"version": "2.6.0"}')

    collect_runtime(runtime, target)

    assert [path.name for path in target.iterdir()] == ["2.6.0"]


def test_half_a_runtime_is_none(runtime, tmp_path):
    (runtime / RUNTIME[-1][0]).unlink()

    with pytest.raises(FileNotFoundError):
        collect_runtime(runtime, tmp_path / "runtime")

    assert not (tmp_path / "runtime").exists()

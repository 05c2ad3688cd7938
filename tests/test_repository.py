"""Rules about the files themselves: what may be committed, and that the docs hold."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
LOCKS = ("base", "train", "dev")


def tracked() -> list[Path]:
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, check=True
        )
    except (FileNotFoundError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    names = listed.stdout.decode().split("\0")
    return [PROJECT / name for name in names if name and (PROJECT / name).exists()]


def text_of(path: Path) -> str:
    try:
        return path.read_text()
    except UnicodeDecodeError:
        return ""


def test_lock_files_carry_hashes_and_no_addresses():
    for name in LOCKS:
        lock = (PROJECT / "requirements" / f"{name}.txt").read_text()

        assert "://" not in lock
        pinned = re.findall(r"^[a-z0-9].*?==.*?(?=^[a-z0-9]|\Z)", lock, re.M | re.S)
        assert pinned
        assert all("--hash=sha256:" in entry for entry in pinned)
    assert "://" not in (PROJECT / "package-lock.json").read_text().replace(
        # A package's own page and its funding page are no download addresses.
        '"url": "https://',
        "",
    )


def test_the_locks_agree_with_each_other():
    def versions(name: str) -> set[str]:
        lock = (PROJECT / "requirements" / f"{name}.txt").read_text()
        return set(re.findall(r"^([a-z0-9].*?) \\$", lock, re.M))

    assert versions("base") <= versions("train") <= versions("dev")


def test_each_dependency_has_a_reason_beside_it():
    text = (PROJECT / "pyproject.toml").read_text()
    listed = re.search(r"^dependencies = \[\n(.*?)^\]", text, re.M | re.S)
    assert listed is not None

    for line in listed[1].splitlines():
        assert re.search(r'",\s+# \w', line), line


def test_the_version_is_the_same_wherever_it_is_written():
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    version = project["version"]

    assert f"version: {version}" in (PROJECT / "CITATION.cff").read_text()
    assert f"## {version} " in (PROJECT / "CHANGELOG.md").read_text()


def test_nothing_is_left_to_do():
    marks = re.compile("TO" + "DO|FIX" + "ME|XX" + "X|NotImplemented" + "Error")
    left = [
        f"{path.relative_to(PROJECT)}: {found.group()}"
        for path in tracked()
        if path.suffix in {".py", ".js", ".css", ".html", ".toml", ".md"}
        and (found := marks.search(text_of(path)))
    ]

    assert left == []


def test_no_module_passes_400_lines():
    long = [
        str(path.relative_to(PROJECT))
        for path in tracked()
        if path.suffix == ".py"
        and path.relative_to(PROJECT).parts[0] != "tests"
        and "migrations" not in path.parts
        and len(text_of(path).splitlines()) > 400
    ]

    assert long == []


def test_the_readme_names_only_commands_that_exist():
    makefile = (PROJECT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z]+):", makefile, re.M))
    for name in ("README.md", "docs/operating.md", "docs/architecture.md"):
        used = set(re.findall(r"\bmake ([a-z]+)", (PROJECT / name).read_text()))

        assert used <= targets, name


def test_links_between_documents_lead_somewhere():
    for path in (*PROJECT.glob("*.md"), *PROJECT.glob("docs/**/*.md")):
        for link in re.findall(r"\]\(([^)#]+)", path.read_text()):
            if "://" not in link:
                assert (path.parent / link).exists(), f"{path.name}: {link}"


def test_every_setting_from_the_environment_is_documented():
    settings = (PROJECT / "heritage" / "settings.py").read_text()
    names = set(re.findall(r'(?:env\.\w+|required)\(\s*"([A-Z_]+)"', settings))
    documented = (PROJECT / "docs" / "operating.md").read_text()

    assert names
    assert {name for name in names if f"`{name}`" not in documented} == set()


def test_no_test_folder_lacks_its_init():
    for path in (PROJECT / "tests").rglob("test_*.py"):
        assert (path.parent / "__init__.py").exists(), path.parent

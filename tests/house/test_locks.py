"""Lock files: names, versions and hashes, and no address of a package host."""

import json
import re
import tomllib
from pathlib import Path

import pytest

from tests.house.source import ROOT

LOCKS = sorted(ROOT.glob("requirements*.lock"))


@pytest.mark.parametrize("path", [*LOCKS, ROOT / "package-lock.json"], ids=lambda path: path.name)
def test_a_lock_file_names_no_host(path: Path) -> None:
    assert re.findall(r"https?://|--index-url|--find-links|\"resolved\"", path.read_text()) == []


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_every_locked_package_has_one_version_and_hashes(path: Path) -> None:
    text = path.read_text().replace("\\\n", " ")
    for line in text.splitlines():
        if line and not line.startswith("#"):
            assert re.match(r"\S+==\S+", line), line
            assert "--hash=sha256:" in line, line


def test_every_dependency_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    locked = {line.partition("==")[0] for line in (ROOT / "requirements.lock").read_text().splitlines()}
    wanted = {re.split(r"[\[<>=!~;]", each)[0].lower().replace("_", "-") for each in project["dependencies"]}
    assert wanted <= locked


def test_every_front_end_module_has_its_hash() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    assert all("integrity" in package for name, package in packages.items() if name)

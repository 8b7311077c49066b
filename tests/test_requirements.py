"""The locked requirements: they cover pyproject.toml and other systems, every package has hashes, no host is named."""

from __future__ import annotations

import importlib.metadata
import re
import tomllib
from functools import cache
from itertools import product
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
LOCKS = ("requirements.lock", "requirements-dev.lock")
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
SYSTEMS = {
    "linux": {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"},
    "macos": {"sys_platform": "darwin", "platform_system": "Darwin", "os_name": "posix"},
    "windows": {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt"},
}


@cache
def locked(name: str) -> dict[str, Requirement]:
    """The packages that a lock names, each with its version and marker."""
    logical_lines = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    found = [
        Requirement(line.split(" --hash")[0]) for line in logical_lines if line and not line.lstrip().startswith("#")
    ]
    return {canonicalize_name(requirement.name): requirement for requirement in found}


def wanted(name: str) -> list[Requirement]:
    """What pyproject.toml asks for, that a lock must hold."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    asked = project["project"]["dependencies"] + project["build-system"]["requires"]
    if name == "requirements-dev.lock":
        asked += project["project"]["optional-dependencies"]["dev"]
    return [Requirement(text) for text in asked]


def applies(requirement: Requirement, environment: dict[str, str]) -> bool:
    """Whether a requirement is one, on that Python and system."""
    return requirement.marker is None or requirement.marker.evaluate({**environment, "extra": ""})


@pytest.mark.parametrize("name", LOCKS)
def test_the_lock_holds_what_the_project_asks_for(name: str) -> None:
    """Changed in pyproject.toml and not locked again: this fails."""
    for requirement in wanted(name):
        version = next(iter(locked(name)[canonicalize_name(requirement.name)].specifier)).version
        assert version in requirement.specifier, requirement


@pytest.mark.parametrize(("name", "python", "system"), list(product(LOCKS, PYTHONS, SYSTEMS)))
def test_the_lock_is_whole_on_every_system(name: str, python: str, system: str) -> None:
    """Every requirement of every locked package that holds there is locked too, and not masked by its marker.

    The metadata is that of the packages installed here, so what only another system installs is not looked into.
    """
    environment = {**SYSTEMS[system], "python_version": python, "python_full_version": python + ".0"}
    lock = locked(name)
    for package in (package for package, requirement in lock.items() if applies(requirement, environment)):
        try:
            needs = importlib.metadata.requires(package) or []
        except importlib.metadata.PackageNotFoundError:
            continue
        for need in map(Requirement, needs):
            if applies(need, environment):
                found = lock.get(canonicalize_name(need.name))
                assert found is not None, f"{package} needs {need}"
                assert applies(found, environment), f"{package} needs {need}"


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_is_pinned_with_hashes_and_no_host_is_named(name: str) -> None:
    """pip takes the index from the machine it runs on; the hashes say whether what it found is right."""
    text = (ROOT / name).read_text(encoding="utf-8")
    assert not re.search(r"https?://|file:|^-|--(index|extra-index|find-links|trusted-host)", text, re.MULTILINE)
    for line in text.replace("\\\n", " ").splitlines():
        if line and not line.lstrip().startswith("#"):
            assert re.match(r"[a-z0-9-]+==\S+( ; .+?)?( +--hash=sha256:[0-9a-f]{64})+$", line), line


def test_the_test_lock_holds_the_runtime_lock() -> None:
    """What is tested is what runs."""
    dev = locked("requirements-dev.lock")
    assert {name: str(requirement) for name, requirement in locked("requirements.lock").items()}.items() <= {
        name: str(requirement) for name, requirement in dev.items()
    }.items()

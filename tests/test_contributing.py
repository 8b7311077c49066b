"""What contributors are told is true: the commands are there and the quick ones run, and one check has one wording."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
HOOKS = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

LONGEST_PAGE_LINES = 60
LONGEST_QUICK_SECONDS = 120
CHECKS = ("lint", "types", "rings")
CHANGES = ("Added", "Changed", "Deprecated", "Removed", "Fixed", "Security")
COMMANDS = [
    line.split("  #")[0].strip()
    for block in re.findall(r"^```\n(.*?)^```$", CONTRIBUTING, re.DOTALL | re.MULTILINE)
    for line in block.splitlines()
    if "  #" in line
]
SLOW = ("domain", "types", "check")
"""Targets that are looked at and not run: a ring's tests, mypy and the whole check."""
SET_UP = "python3 launch.py test --version"
"""What these tests came here by; tests/test_launch.py runs it elsewhere, as here it could install."""

with_make = pytest.mark.skipif(
    os.environ.get("CI") != "true" and (shutil.which("make") is None or not (ROOT / ".venv" / "bin").is_dir()),
    reason="no make here, or no .venv/bin; Debian and Ubuntu: sudo apt install make",
)


def recipes() -> dict[str, list[str]]:
    """The commands of each target of the Makefile."""
    found: dict[str, list[str]] = {}
    for names, body in re.findall(r"^([a-z ]+):.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE):
        found |= {name: [line.strip() for line in body.splitlines()] for name in names.split()}
    return found


def run(command: str) -> subprocess.CompletedProcess[str]:
    """Runs a command as it is written, in the project's folder, without what steers the tests that run now."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return subprocess.run(
        command.split(), cwd=ROOT, env=kept, capture_output=True, text=True, timeout=LONGEST_QUICK_SECONDS, check=False
    )


def test_it_is_a_page() -> None:
    """A stranger reads it in one go."""
    assert CONTRIBUTING.count("\n") <= LONGEST_PAGE_LINES


def test_there_are_commands() -> None:
    """The expression that finds commands finds them."""
    assert {SET_UP, "make lint", "make types", "make rings", "make check"} < set(COMMANDS)


@with_make
@pytest.mark.parametrize("command", [command for command in COMMANDS if command != SET_UP])
def test_a_command_of_the_page_runs(command: str) -> None:
    """The quick ones are run; of the others it is known that make knows them, and that their programs are there."""
    if not command.endswith(SLOW):
        done = run(command)
        assert done.returncode == 0, done.stdout + done.stderr
        return
    done = run(command.replace("make ", "make --dry-run "))
    programs = [line.split()[0] for line in done.stdout.splitlines()]
    assert programs, done.stderr
    assert all(shutil.which(ROOT / program) for program in programs), programs


def test_every_target_of_make_is_on_the_page() -> None:
    """In a block or in its prose; `help` is what make alone shows."""
    assert set(recipes()) <= {*re.findall(r"make ([a-z]+)", CONTRIBUTING), "help"}


def test_a_check_is_worded_once() -> None:
    """What `make lint`, `types` and `rings` run is what the whole check runs, and what a commit is looked at with."""
    checks = [command for check in CHECKS for command in recipes()[check]]
    whole = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert re.findall(r"^\.venv/bin/.*", whole, re.MULTILINE) == checks
    hooks = re.findall(r"entry: (\.venv/bin/.*)", HOOKS)
    assert [hook.split()[:2] for hook in hooks] == [check.split()[:2] for check in checks]


@pytest.mark.parametrize("program", ["make", "openssl", "promtool", "redis-server"])
def test_the_whole_check_installs_what_tests_are_skipped_without(program: str) -> None:
    """It looks for the program, and no test is left out there."""
    whole = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert f"command -v {program} >/dev/null || packages+=(" in whole


def test_hooks_fetch_nothing() -> None:
    """Every hook is a local one and names no host."""
    assert re.findall(r"repo: (.*)", HOOKS) == ["local"]
    assert not re.search(r"https?:|rev:|additional_dependencies", HOOKS)


@pytest.mark.parametrize(
    ("message", "refused"),
    [("x" * 71 + "\n", False), ("x" * 72 + "\n", True), ("x\n\n" + "y" * 100 + "\n", False), ("é" * 71, False)],
)
def test_a_subject_has_fewer_than_72_characters(message: str, refused: bool) -> None:
    """The hook looks for this expression in the message, and its first line alone counts."""
    (expression,) = re.findall(r"entry: '(.*)'", HOOKS)
    assert bool(re.search(expression, message, re.MULTILINE | re.DOTALL)) is refused


def test_editors_are_told_what_the_formatter_wants() -> None:
    """One length of lines and one indentation."""
    editors = configparser.ConfigParser()
    editors.read_string("[top]\n" + (ROOT / ".editorconfig").read_text(encoding="utf-8"))
    assert editors["*"]["max_line_length"] == str(PROJECT["tool"]["ruff"]["line-length"])
    assert editors["*"]["indent_size"] == "4"


@pytest.mark.parametrize(("page", "text"), [("CONTRIBUTING.md", CONTRIBUTING), ("docs/glossary.md", GLOSSARY)])
def test_every_path_of_the_page_is_there(page: str, text: str) -> None:
    """In a link or between backticks; what lies below the storage root is made at run time."""
    links = [(ROOT / page).parent / target for target in re.findall(r"\]\(([^):#]+)\)", text)]
    named = [ROOT / path for path in re.findall(r"`([\w.-]*(?:/[\w.-]*)+|\w+\.(?:md|py|toml))`", text)]
    paths = [path for path in links + named if not path.is_relative_to(ROOT / "logs")]
    assert paths
    assert not [str(path) for path in paths if not path.exists()]


def test_every_word_of_the_glossary_is_used() -> None:
    """A word that no module uses explains nothing."""
    product = "\n".join(
        file.read_text(encoding="utf-8").lower()
        for ring in ("domain", "projections", "adapters")
        for file in (ROOT / ring).rglob("*.py")
    )
    words = [word for row in re.findall(r"^\| ([a-z, ]+) \|", GLOSSARY, re.MULTILINE)[1:] for word in row.split(", ")]
    assert len(words) > len(set(CHECKS))
    assert not [word for word in words if word not in product and word.replace(" ", "_") not in product]


def test_the_changelog_keeps_its_grammar() -> None:
    """Unreleased first, then releases, the newest of which is the version; each change is of a known kind, once."""
    first, *releases = re.split(r"^## ", CHANGELOG, flags=re.MULTILINE)[1:]
    assert first.startswith("[Unreleased]\n")
    assert releases[0].startswith(f"[{PROJECT['project']['version']}] - ")
    for release in releases:
        assert re.match(r"\[\d+\.\d+\.\d+\] - \d{4}-\d{2}-\d{2}\n", release), release
    for release in (first, *releases):
        kinds = re.findall(r"^### (.*)", release, re.MULTILINE)
        assert kinds == [kind for kind in CHANGES if kind in kinds]

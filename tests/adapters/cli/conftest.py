"""The commands as a person and a program meet them: in this process where possible, else as processes of their own."""

from __future__ import annotations

import json
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it comes without types

from adapters.application.storage import Storage
from adapters.cli import main
from adapters.engines.opening import open_store
from tests.adapters.cli.processes import SCHEMAS, Ran, Service, holding, serving, write_env_file

Abby = Callable[..., Ran]


@pytest.fixture(autouse=True)
def untouched_logging() -> Iterator[None]:
    """A command configures the logging of its process, and here that is the tests' own."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    hooks = sys.excepthook, threading.excepthook
    yield
    sys.excepthook, threading.excepthook = hooks
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A storage root that is not there yet."""
    return tmp_path / "root"


@pytest.fixture
def env_file(tmp_path: Path) -> Path:
    """The settings of these tests: offline pictures, any free port."""
    return write_env_file(tmp_path / "settings.env")


@pytest.fixture
def abby(root: Path, env_file: Path, capsys: pytest.CaptureFixture[str]) -> Abby:
    """Runs a command in this process on the root."""

    def run(*words: str, root: Path = root, env_file: Path = env_file) -> Ran:
        capsys.readouterr()
        code = main(["--root", str(root), "--env-file", str(env_file), *words])
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return run


@pytest.fixture
def store(root: Path) -> Iterator[Storage]:
    """The root opened by this process, to be filled; close it before a command is to open it."""
    opened = open_store(root)
    yield opened
    opened.close()


@pytest.fixture
def service(root: Path, env_file: Path) -> Iterator[Service]:
    """`abby serve` on the root, in a process of its own."""
    with serving(root, env_file) as running:
        yield running


@pytest.fixture
def held(root: Path) -> Iterator[int]:
    """The root held by a process that embeds the storage and has no address; its pid."""
    with holding(root) as pid:
        yield pid


@pytest.fixture(scope="session")
def fits() -> Callable[[str, Any], bool]:
    """Whether an answer is as the schema of that name says; where it is not, the assertion tells why."""

    def check(name: str, answer: Any) -> bool:
        schema = json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))
        found = sorted(error.message for error in Draft202012Validator(schema).iter_errors(answer))
        assert not found, found
        return True

    return check

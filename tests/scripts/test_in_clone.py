"""The scripts that are named after a command of `abby`: each is that command, from any folder."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from tests.adapters.cli.processes import PROJECT, run

NAMED_AFTER_COMMANDS = sorted(
    path.name for path in PROJECT.glob("scripts/*.py") if "from in_clone import run" in path.read_text(encoding="utf-8")
)


def test_there_are_some() -> None:
    """What the tests below range over."""
    assert len(NAMED_AFTER_COMMANDS) == 10


@pytest.mark.parametrize("name", NAMED_AFTER_COMMANDS)
def test_each_is_its_command(name: str, tmp_path: Path) -> None:
    """By itself, from any folder."""
    command = {"import_root.py": "import"}.get(name, name.removesuffix(".py").replace("_", "-"))
    told = run([sys.executable, str(PROJECT / "scripts" / name), "--help"], cwd=tmp_path)
    assert (told.code, f"abby {command}" in told.out) == (0, True), told.err


def test_what_is_not_set_up_is_said_in_a_sentence(tmp_path: Path) -> None:
    """In a fresh clone, which has no environment yet."""
    (tmp_path / "scripts").mkdir()
    for name in ("launch.py", "scripts/in_clone.py", "scripts/audit.py"):
        shutil.copy(PROJECT / name, tmp_path / name)
    told = run([sys.executable, str(tmp_path / "scripts" / "audit.py")], cwd=tmp_path)
    assert (told.code, told.out, len(told.err.splitlines())) == (1, "", 1)
    assert "python3 launch.py" in told.err

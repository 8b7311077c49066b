"""Ctrl+C at any moment of a command, also while it is still being imported: 130 and no traceback."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec

import pytest

from adapters.cli import STOPPED, main
from adapters.cli.exits import Exit
from tests.adapters.cli.conftest import Abby
from tests.adapters.cli.processes import PROJECT, environment

MOMENTS = 60
STEP_SECONDS = 0.02
LATE = ["adapters.cli.app", "adapters.cli.running", "adapters.cli.ledger.quotas", "adapters.cli.reach.access"]


class Interrupting:
    """An importer during whose work Ctrl+C comes."""

    def __init__(self, name: str) -> None:
        self._name = name

    def find_spec(self, name: str, _path: Sequence[str] | None, _target: object = None) -> ModuleSpec | None:
        """Never finds anything."""
        if name == self._name:
            raise KeyboardInterrupt
        return None


@pytest.mark.parametrize("module", LATE)
def test_an_interrupt_during_an_import_is_no_traceback(
    module: str, abby: Abby, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever module it is."""
    for late in LATE:  # what another test has imported is neither asked of the importer again nor of the package
        monkeypatch.delitem(sys.modules, late, raising=False)
        package, _, name = late.rpartition(".")
        monkeypatch.delattr(import_module(package), name, raising=False)
    monkeypatch.setattr(sys, "meta_path", [Interrupting(module), *sys.meta_path])
    told = abby("users")
    assert (told.code, told.out, told.err) == (Exit.STOPPED, "", "")


def test_the_code_is_the_documented_one() -> None:
    """It is written twice, as the table is imported later."""
    assert STOPPED == Exit.STOPPED
    assert main(["--version"]) == Exit.DONE


@pytest.mark.thorough
@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends Ctrl+C to a console, not to a process")
@pytest.mark.parametrize("moment", range(MOMENTS))
def test_a_signal_at_any_moment_shows_no_traceback_of_ours(moment: int) -> None:
    """Before Python listens, and after the command while it takes itself down, it ends the process by itself."""
    code = (
        "import os, sys; from adapters.cli import main; print('on', flush=True)\n"
        "try:\n code = main(['users']); os.write(1, b'off')\n"
        "except KeyboardInterrupt:\n code = 130\n"
        "sys.exit(code)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=PROJECT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip() == b"on"
    time.sleep(moment * STEP_SECONDS)
    process.send_signal(signal.SIGINT)
    told, said = process.communicate()
    assert b"Traceback" not in said
    ended = {-signal.SIGINT} if told.endswith(b"off") else set()
    assert process.returncode in {Exit.STOPPED, Exit.DONE, Exit.DATA} | ended

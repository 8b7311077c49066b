"""A backup or a restore that is killed, wherever, and run again ends as one that was not."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from adapters.application.adoption_mark import RestoreMark
from adapters.disk.files import Files
from adapters.engines.opening import open_store
from adapters.ports.faults import BackupDamaged, ConfigError, LogMissing, RestoreUnfinished
from tests.adapters.application.evidence import assert_disk_and_log_agree
from tests.adapters.archive.archiving import backed_up, change, fill, restored, tree

PROJECT = Path(__file__).parents[3]
MOMENTS = 6
"""Of the calls so many are tried, taken at random; with `--thorough` every one, which are more than 100."""
MAX_CALLS = 2_000

Kill = Callable[[str, Path, Path, int], bool]

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="each child is forked; elsewhere nothing is killed")


@pytest.fixture(scope="module")
def kill() -> Iterator[Kill]:
    """Carries something out in a child that is killed at a call; whether it was, or had fewer calls."""
    with killing() as kills:
        yield kills


@contextmanager
def killing() -> Iterator[Kill]:
    command = [sys.executable, "-m", "tests.adapters.archive.killed_archive"]
    with subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        told, answered = program.stdin, program.stdout

        def kills(what: str, source: Path, target: Path, at_call: int) -> bool:
            told.write(json.dumps([what, str(source), str(target), at_call]) + "\n")
            told.flush()
            answer = answered.readline()
            assert answer in {"killed\n", "done\n"}
            return answer == "killed\n"

        yield kills
        told.close()


def moments(calls: int, *, thorough: bool) -> list[int]:
    """Calls to be killed at."""
    every = range(1, calls + 1)
    return list(every) if thorough else sorted(random.Random(calls).sample(every, MOMENTS))


def calls_of(kill: Kill, what: str, source: Path, fresh: Callable[[], Path]) -> int:
    """How many calls it has: halving, as each try tells whether it had fewer."""
    low, high = 1, MAX_CALLS
    while low < high:
        middle = (low + high) // 2
        if kill(what, source, fresh(), middle):
            low = middle + 1
        else:
            high = middle
    return low - 1


def copies(tmp_path: Path, of: Path | None) -> Callable[[], Path]:
    """Gives folders that are not there yet, or copies of one."""
    numbers = iter(range(MAX_CALLS * 2))

    def fresh() -> Path:
        path = tmp_path / f"copy{next(numbers)}"
        if of is not None:
            shutil.copytree(of, path)
        return path

    return fresh


@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("renewed", [False, True], ids=["first", "second"])
def test_a_backup_killed_at_any_call_and_run_again_ends_alike(
    tmp_path: Path, kill: Kill, thorough: bool, renewed: bool
) -> None:
    """The folder is byte for byte that of a run that was not killed; until then the former backup can be restored."""
    root, former = tmp_path / "root", tmp_path / "former"
    fill(root)
    if renewed:
        backed_up(root, former)
        change(root)
    fresh = copies(tmp_path, former if renewed else None)
    whole = fresh()
    backed_up(root, whole)
    calls = calls_of(kill, "backup", root, fresh)
    assert calls > 60
    for at_call in moments(calls, thorough=thorough):
        folder = fresh()
        assert kill("backup", root, folder, at_call)
        if renewed:
            assert restored(folder, tmp_path / f"root{at_call}").missing == ()
        elif not (folder / "backup.json").exists():
            with pytest.raises(BackupDamaged):
                restored(folder, tmp_path / f"root{at_call}")
        backed_up(root, folder)
        assert tree(folder) == tree(whole), at_call


@pytest.mark.timeout(1_800)
def test_a_restore_killed_at_any_call_and_run_again_ends_alike(tmp_path: Path, kill: Kill, thorough: bool) -> None:
    """The root is that of a run that was not killed; until then nobody opens it, and no log is begun in it."""
    root, folder = tmp_path / "root", tmp_path / "backup"
    fill(root)
    backed_up(root, folder)
    fresh = copies(tmp_path, None)
    whole = fresh()
    restored(folder, whole)
    calls = calls_of(kill, "restore", folder, fresh)
    assert calls > 60
    for at_call in moments(calls, thorough=thorough):
        target = fresh()
        assert kill("restore", folder, target, at_call)
        is_begun = RestoreMark(target, Files()).directory() is not None
        if is_begun:
            with pytest.raises((RestoreUnfinished, LogMissing, ConfigError)):
                open_store(target).opened()
        if is_begun or not (target / "logs/events.jsonl").exists():  # else it was done, and only not said yet
            restored(folder, target)
        assert tree(target) == tree(whole), at_call
        assert_disk_and_log_agree(target)

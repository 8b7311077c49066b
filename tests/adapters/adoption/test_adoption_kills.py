"""An adoption that is killed, wherever, and run again ends as one that was not: events, files, sources."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from adapters.adoption.adoption import adopt
from adapters.adoption.tally import Adoption
from adapters.application.adoption_mark import AdoptionMark
from adapters.disk.files import Files
from adapters.library.storage_manager import StorageManager
from adapters.ports.faults import AdoptionUnfinished, LogMissing
from tests.adapters.adoption.adopting import planned, put, terms, told, traces
from tests.adapters.application.evidence import assert_disk_and_log_agree
from tests.hostile.builders import gif, png

PROJECT = Path(__file__).parents[3]
EVERY = 10
"""Of so many calls one is tried, without `--thorough`; a different one for each of the two ways."""
CALLS = 70
"""An adoption of these images has more."""
MAX_CALLS = 1_000

Kill = Callable[[Path, Path, int], bool]

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="each child is forked; elsewhere nothing is killed")


@contextmanager
def killing() -> Iterator[Kill]:
    """Adopts in a child that is killed at a call; whether it was, or had fewer calls."""
    command = [sys.executable, "-m", "tests.adapters.adoption.killed_adoption"]
    with subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        told, answered = program.stdin, program.stdout

        def kill(root: Path, directory: Path, at_call: int) -> bool:
            told.write(json.dumps([str(root), str(directory), at_call]) + "\n")
            told.flush()
            answer = answered.readline()
            assert answer in {"killed\n", "done\n"}
            return answer == "killed\n"

        yield kill
        told.close()


def fill(directory: Path) -> None:
    """Three images in two layouts, one of them twice."""
    put(directory, "images/users/1/a.png", png(2, 2), age=3)
    put(directory, "images/users/1/k/b.png", png(3, 3), age=1)
    put(directory, "users/2/upscale/c.gif", gif(2), age=2)
    put(directory, "users/1/a.png", png(2, 2), age=5)


@pytest.mark.parametrize("in_place", [False, True], ids=["from elsewhere", "in the root itself"])
def test_killed_at_any_call_and_run_again_it_ends_alike(tmp_path: Path, in_place: bool, thorough: bool) -> None:
    """Nothing twice, nothing lost, every source as it was; while the mark stands everybody else is refused."""
    old = tmp_path / "old"
    fill(old)
    whole = tmp_path / "whole"
    adopt(planned(whole, old), terms())
    refused = calls = 0
    with killing() as kill:
        for call in range(1 + 5 * in_place, MAX_CALLS, 1 if thorough else EVERY):
            root = directory = tmp_path / f"root{call}"
            if in_place:
                shutil.copytree(old, root)
            else:
                directory = old
            before = traces(directory)
            if not kill(root, directory, call):
                break
            calls += 1
            refused += others_are_refused(root, directory)
            done = adopt(planned(root, directory), terms())
            assert isinstance(done, Adoption)
            assert done.skipped == ()
            assert [found for found in traces(directory) if found in before] == before
            assert told(root) == told(whole)
            assert_disk_and_log_agree(root)
            assert AdoptionMark(root, Files()).directory() is None
            with StorageManager(root) as storage:
                assert storage.get_user_images("1") == ["k/b.png", "a.png"]
    assert calls > CALLS // (1 if thorough else EVERY)
    assert refused > calls / 2


def others_are_refused(root: Path, directory: Path) -> bool:
    """Whether the mark stood. Where it does not, nothing is adopted yet, or all of it is."""
    if AdoptionMark(root, Files()).directory() == directory:
        with pytest.raises(AdoptionUnfinished, match=str(directory)):
            StorageManager(root)
        return True
    log = root / "logs/events.jsonl"
    if not log.exists() and any((root / "images").rglob("*.png")):
        with pytest.raises(LogMissing):
            StorageManager(root)
    assert not log.exists() or len(told(root)) == 3
    return False

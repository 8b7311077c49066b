"""A backup beside a service that saves, overwrites and deletes without pause, and that is killed and started again."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest

from adapters.disk.files import Files
from adapters.library.storage_manager import StorageManager
from tests.adapters.application.evidence import assert_disk_and_log_agree, events_of
from tests.adapters.archive.archiving import backed_up, change, restored, tree

PROJECT = Path(__file__).parents[3]
ANSWERS = 40
KILLS, THOROUGH_KILLS, KILLS_OF_A_ROOT = 2, 100, 10
CALLS = 400
"""Calls to the file system within which the service is killed; a backup of so many images makes some more."""
VERBS = ("open", "read_at", "write", "rename", "sync_data", "sync_directory")

Said = list[list[str]]


@contextmanager
def loaded(root: Path, said: Path, seed: int) -> Iterator[subprocess.Popen[bytes]]:
    """The program that saves and deletes until it is killed, which it is at the end."""
    command = [sys.executable, "-m", "tests.adapters.application.loaded", str(root), str(seed)]
    with (
        said.open("wb") as told,
        subprocess.Popen(command, cwd=PROJECT, stdout=told, stderr=subprocess.DEVNULL) as program,
    ):
        try:
            yield program
        finally:
            program.kill()


@pytest.mark.timeout(600)
def test_a_backup_under_load_is_whole_and_misses_no_save_from_before(tmp_path: Path, thorough: bool) -> None:
    """Restored it starts; each save that was acknowledged before the run began is in its log, first and second run."""
    root, folder = tmp_path / "root", tmp_path / "backup"
    with loaded(root, tmp_path / "said", 7):
        for run in range(20 if thorough else 2):
            said = until(tmp_path / "said", ANSWERS * (run + 1))
            assert backed_up(root, folder).missing == ()
            look_at_what_is_restored(folder, tmp_path / f"restored{run}", said)
    with StorageManager(root):  # what was under way is settled
        pass
    backed_up(root, folder)
    backed_up(root, tmp_path / "whole")
    assert tree(folder) == tree(tmp_path / "whole")


class Meeting(Files):
    """The real file system, to which something happens before one of the calls."""

    def __init__(self, at_call: int, happens: Callable[[], object]) -> None:
        super().__init__()
        self.left = at_call
        self._happens = happens
        for verb in VERBS:
            setattr(self, verb, self._counted(getattr(self, verb)))

    def _counted(self, verb: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            self.left -= 1
            if self.left == 0:
                self._happens()
            return verb(*arguments)

        return call


@pytest.mark.parametrize("at_call", [12, 24, 36])
def test_what_changes_while_it_is_read_is_followed(root: Path, tmp_path: Path, at_call: int) -> None:
    """A save, another in the place of one, and a deletion: the backup is whole as of some position, before or after."""
    files = Meeting(at_call, lambda: change(root))
    done = backed_up(root, tmp_path / "backup", files)
    assert files.left <= 0
    assert done.missing == ()
    restored(tmp_path / "backup", tmp_path / "restored")
    assert_disk_and_log_agree(tmp_path / "restored")


def kill_beside_a_backup(root: Path, target: Path, folder: Path, at_call: int) -> tuple[Said, bool]:
    """Backs up, while the service is killed at one of the backup's calls and another one goes on with the root. Gives
    what the first was told before the backup began, and whether it was killed before the end.
    """
    with loaded(root, folder / "before", at_call) as program, ExitStack() as later:
        said = until(folder / "before", ANSWERS)

        def killed() -> None:
            program.kill()
            program.wait()
            later.enter_context(loaded(root, folder / "after", -at_call))
            until(folder / "after", 1)

        files = Meeting(at_call, killed)
        assert backed_up(root, target, files).missing == ()
        return said, files.left <= 0


def kill_beside_backups(folder: Path, kills: int) -> int:
    """Backs up so often, first and anew in turn, and looks at each backup. Gives how many of the kills came before the
    backup's end.
    """
    rng, beside = Random(kills), 0
    for number in range(kills):
        root, target = folder / f"root{number // KILLS_OF_A_ROOT}", folder / f"backup{number // 2}"
        said, was_beside = kill_beside_a_backup(root, target, folder, rng.randrange(1, CALLS))
        beside += was_beside
        look_at_what_is_restored(target, folder / f"restored{number}", said)
        shutil.rmtree(folder / f"restored{number}")
    return beside


def test_the_service_is_killed_and_started_while_a_backup_goes_on(tmp_path: Path) -> None:
    """The backup ends whole, and no save from before its start is missing."""
    assert kill_beside_backups(tmp_path, KILLS) > 0


@pytest.mark.thorough
@pytest.mark.timeout(3_600)
def test_the_service_is_killed_a_hundred_times_while_backups_go_on(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """The same, longer."""
    beside = kill_beside_backups(tmp_path, THOROUGH_KILLS)
    record_property("kills", f"{THOROUGH_KILLS}, {beside} of them before the backup's end")
    assert beside > THOROUGH_KILLS // 2


def look_at_what_is_restored(folder: Path, target: Path, said: Said) -> None:
    """It is whole, starts, and has every save of which the program was told."""
    restored(folder, target)
    assert_disk_and_log_agree(target)
    saved = {event["data"]["sha256"] for event in events_of(target, "ImageSaved")}
    assert {line[4] for line in said if line[1:3] == ["told", "save"]} <= saved
    with StorageManager(target) as storage:
        assert storage.get_global_usage()["reserved_mb"] == 0
    assert_disk_and_log_agree(target)


def until(path: Path, answers: int) -> Said:
    """What a program has said by the time that it was told so often; the last line may be cut."""
    while True:
        said = [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]]
        if sum(line[1] == "told" for line in said) >= answers:
            return said
        time.sleep(0.05)

"""A backup beside a service that saves, overwrites and deletes without pause."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from adapters.library.storage_manager import StorageManager
from tests.adapters.application.evidence import assert_disk_and_log_agree, events_of
from tests.adapters.archive.archiving import backed_up, restored, tree

PROJECT = Path(__file__).parents[3]
ANSWERS = 40


@pytest.mark.timeout(600)
def test_a_backup_under_load_is_whole_and_misses_no_save_from_before(tmp_path: Path, thorough: bool) -> None:
    """Restored it starts; each save that was acknowledged before the run began is in its log, first and second run."""
    root, folder = tmp_path / "root", tmp_path / "backup"
    command = [sys.executable, "-m", "tests.adapters.application.loaded", str(root), "7"]
    with (
        (tmp_path / "said").open("wb") as told,
        subprocess.Popen(command, cwd=PROJECT, stdout=told, stderr=subprocess.DEVNULL) as program,
    ):
        try:
            for run in range(20 if thorough else 2):
                said = until(tmp_path / "said", ANSWERS * (run + 1))
                assert backed_up(root, folder).missing == ()
                look_at_what_is_restored(folder, tmp_path / f"restored{run}", said)
        finally:
            program.kill()
    with StorageManager(root):  # what was under way is settled
        pass
    backed_up(root, folder)
    backed_up(root, tmp_path / "whole")
    assert tree(folder) == tree(tmp_path / "whole")


def look_at_what_is_restored(folder: Path, target: Path, said: list[list[str]]) -> None:
    """It is whole, starts, and has every save of which the program was told."""
    restored(folder, target)
    assert_disk_and_log_agree(target)
    saved = {event["data"]["sha256"] for event in events_of(target, "ImageSaved")}
    assert {line[4] for line in said if line[1:3] == ["told", "save"]} <= saved
    with StorageManager(target) as storage:
        assert storage.get_global_usage()["reserved_mb"] == 0
    assert_disk_and_log_agree(target)


def until(path: Path, answers: int) -> list[list[str]]:
    """What a program has said by the time that it was told so often; the last line may be cut."""
    while True:
        said = [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]]
        if sum(line[1] == "told" for line in said) >= answers:
            return said
        time.sleep(0.05)

"""Rules of the service's end: what its exit code says of why it ended."""

from __future__ import annotations

import sys
from pathlib import Path
from time import monotonic, sleep

import pytest

from adapters.engines.opening import open_store
from adapters.eventlog.jsonl import rechecking
from adapters.ledger import snapshotting
from adapters.ports.faults import LedgerStopped, LogDamaged, exit_code_of
from domain.commands import SetPolicy
from tests.adapters.application.small_disk import FailingSync
from tests.adapters.cli.processes import command, run, started, write_env_file

WAIT_SECONDS = 20.0

WITH_A_DISK_THAT_FAILS = """
import os, sys
from adapters.cli import main
from adapters.disk.files import Files
from adapters.ledger import ledger
root = sys.argv[2]
head = root + "/logs/head"
sync = Files.sync_data
synced = []
def failing(self, fd):
    if os.path.exists(head) and os.path.samestat(os.fstat(fd), os.stat(head)):
        if synced and os.path.exists(root + "-fails"):
            raise OSError(5, "Input/output error")
        synced.append(fd)
    sync(self, fd)
Files.sync_data = failing
ledger.IDLE_SECONDS = ledger.CHECKPOINT_SECONDS = 60.0
sys.exit(main())
"""
"""The real command, on a disk that syncs the watermark after its opening where a file `<root>-fails` stands. The
watermark is written at the stop alone.
"""


@pytest.mark.parametrize(
    ("causes", "code"),
    [
        ([], 74),
        ([OSError("a failing disk")], 74),
        ([LogDamaged("found behind a snapshot")], 65),
        ([LedgerStopped("the recorder's"), LogDamaged("found behind a snapshot")], 65),
    ],
)
def test_a_service_that_stops_over_damage_says_so_by_its_code(causes: list[Exception], code: int) -> None:
    """Damage ends in 65 as at a start, so that no supervisor starts it again and again; a failing disk in 74."""
    fault: Exception = LedgerStopped("the ledger's")
    first = fault
    for cause in causes:
        fault.__cause__ = cause
        fault = cause
    assert exit_code_of(first) == code


def test_damage_that_is_found_while_serving_ends_in_65_now_and_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real log, longer than is verified at a start, with a changed byte before its snapshot."""
    # A stop leaves a snapshot after a thousand events only.
    monkeypatch.setattr(snapshotting, "EVENTS_AT_A_STOP", 1)
    store = open_store(tmp_path, limits=SetPolicy(daily=3))
    store.opened().ledger.execute(SetPolicy(daily=4))
    store.close()
    log = tmp_path / "logs" / "events.jsonl"
    log.write_bytes(log.read_bytes().replace(b'"daily":3', b'"daily":5'))
    # The start verifies a log of up to 32 MiB, which takes long to write.
    monkeypatch.setattr(rechecking, "SHORT_BYTES", 0)
    # The real one lets a start settle first.
    monkeypatch.setattr(rechecking, "BEGIN_AFTER_SECONDS", 0)
    fault: BaseException | None = None
    try:
        store = open_store(tmp_path)
    except LedgerStopped as stopped:  # so soon was it found
        fault = stopped
    else:
        until = monotonic() + WAIT_SECONDS
        while (fault := store.opened().ledger.fault) is None:
            assert monotonic() < until
            sleep(0.01)
        store.close()
    assert exit_code_of(fault) == 65
    with pytest.raises(LogDamaged, match="abby verify"):
        open_store(tmp_path)


def test_a_stop_without_its_last_watermark_gives_the_reason(tmp_path: Path) -> None:
    """To whoever closes the storage; a stop that was in order gives none."""
    disk = FailingSync(tmp_path / "logs" / "head")
    store = open_store(tmp_path, files=disk)
    disk.failing = True
    store.opened().ledger.execute(SetPolicy(daily=3))
    assert "failed while the log was synced" in str(store.close())
    assert open_store(tmp_path).close() is None


def on_that_disk(root: Path, *words: str) -> list[str]:
    """The command line of `abby` on such a disk."""
    settings = write_env_file(root.with_name("settings"))
    return [sys.executable, "-c", WITH_A_DISK_THAT_FAILS, *command(root, settings, *words)[3:]]


def test_a_command_that_leaves_the_log_without_its_watermark_ends_in_74(tmp_path: Path) -> None:
    """What it did is done and told; that the disk failed after is told too."""
    root = tmp_path / "root"
    open_store(root).close()
    (tmp_path / "root-fails").touch()
    ran = run(on_that_disk(root, "limits", "ann", "--daily", "3", "--reason", "test", "--yes"), cwd=tmp_path)
    assert ran.code == 74
    assert "failed while the log was synced" in ran.err


def test_a_service_told_to_stop_that_cannot_write_its_last_watermark_says_so_and_ends_in_74(tmp_path: Path) -> None:
    """All that was acknowledged is in the log, and the next start verifies it."""
    root = tmp_path / "root"
    with started(on_that_disk(root, "serve")) as service:
        assert service.stdout is not None
        while "The page is at" not in service.stdout.readline():
            assert service.poll() is None
        (tmp_path / "root-fails").touch()
        service.terminate()
        said, _ = service.communicate(timeout=20)
        assert service.returncode == 74
    assert "its log was not left in order" in said
    assert "failed while the log was synced" in said

"""Rules of when snapshots are made, and that having them changes no answer."""

from __future__ import annotations

import errno
import gc
import os
import shutil
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from structlog.testing import capture_logs

from adapters.application.followed_root import FollowedRoot
from adapters.application.opening import OpenRoot
from adapters.disk.files import Files
from adapters.engines.choice import default_engine, default_engines
from adapters.eventlog.jsonl import rechecking
from adapters.ledger import snapshotting
from adapters.ledger.pending import Accepted
from adapters.ledger.projector import Projector
from adapters.ledger.taking_in import collecting_no_garbage
from adapters.ports.clock import utc_now
from adapters.ports.faults import LedgerStopped, LogDamaged
from domain.commands import ReserveGeneration
from tests.adapters.cli.processes import run, write_env_file
from tests.projections.state import state_of

WAIT_SECONDS = 10.0


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few events make a snapshot."""
    monkeypatch.setattr(snapshotting, "EVENTS_BETWEEN", 1_000_000)
    monkeypatch.setattr(snapshotting, "EVENTS_AT_A_STOP", 3)


class SmallDisk(Files):
    """The real file system: no room for snapshots while it is `full`, and none is begun while `slow` is clear."""

    def __init__(self) -> None:
        super().__init__()
        self.full = False
        self.slow = threading.Event()
        self.slow.set()

    def open(self, path: Path, flags: int, mode: int = 0o644) -> int:
        if path.parent.name == "snapshots" and path.name == "new":
            assert self.slow.wait(WAIT_SECONDS)
            if self.full:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().open(path, flags, mode)


# The check in the background is for logs above 32 MiB, which take a minute to write. It begins at once, so that damage
# is found before the service has told its address: the moment that gave another code.
SERVE_LONG_LOG = """
import sys
from adapters.cli import main
from adapters.eventlog.jsonl import rechecking
rechecking.SHORT_BYTES, rechecking.BEGIN_AFTER_SECONDS = 0, 0
sys.exit(main(sys.argv[1:]))
"""


def started(root: Path, files: Files | None = None) -> OpenRoot:
    """An open root."""
    files = files or Files()
    return OpenRoot(root, engines=default_engines(files), clock=utc_now, files=files)


def reserve(opened: OpenRoot, *numbers: int) -> None:
    """Makes reservations, one event each."""
    for number in numbers:
        command = ReserveGeneration(f"u{number % 3}", "cli", f"r{number}", ttl_seconds=900, bytes_each=10)
        assert isinstance(opened.ledger.execute(command), Accepted)


def snapshots(root: Path) -> list[int]:
    """The positions that have one, the latest first."""
    directory = root / "logs" / "snapshots"
    return sorted((int(path.stem) for path in directory.glob("*.snapshot")), reverse=True)


def soon(condition: Callable[[], bool]) -> bool:
    """Whether something becomes true before long."""
    until = monotonic() + WAIT_SECONDS
    while not condition() and monotonic() < until:
        sleep(0.01)
    return condition()


def test_a_stop_keeps_what_is_known_and_the_next_start_goes_on_from_there(tmp_path: Path) -> None:
    """With few new events it does not; two are kept; a start after it has the same answers as one without."""
    opened = started(tmp_path)
    reserve(opened, 1, 2)
    opened.close()
    assert snapshots(tmp_path) == []
    for first in (3, 6, 9):
        opened = started(tmp_path)
        reserve(opened, *range(first, first + 3))
        known = state_of(opened.projector.state)
        opened.close()
    assert len(snapshots(tmp_path)) == 2
    opened = started(tmp_path)
    assert opened.recorder.resumed == known["position"] == snapshots(tmp_path)[0]
    assert state_of(opened.projector.state) == known
    opened.close()
    reader = FollowedRoot(tmp_path, engines=default_engines(), clock=utc_now)
    assert (state_of(reader.state), reader.recorder.resumed) == (known, known["position"])
    reader.close()
    shutil.rmtree(tmp_path / "logs" / "snapshots")
    opened = started(tmp_path)
    assert (state_of(opened.projector.state), opened.recorder.resumed) == (known, 0)
    opened.close()


def test_a_snapshot_with_any_byte_changed_is_ignored(tmp_path: Path) -> None:
    """The log is replayed whole, and the state is the same; with the byte put right the snapshot is used again."""
    opened = started(tmp_path)
    reserve(opened, 1, 2, 3)
    known = state_of(opened.projector.state)
    opened.close()
    [snapshot] = (tmp_path / "logs" / "snapshots").iterdir()
    whole = snapshot.read_bytes()
    for place in range(len(whole)):
        changed = bytearray(whole)
        changed[place] ^= 1 << place % 8
        snapshot.write_bytes(changed)
        assert read_state(tmp_path) == (0, known), place
    opened = started(tmp_path)
    assert (opened.recorder.resumed, state_of(opened.projector.state)) == (0, known)
    opened.close()
    snapshot.write_bytes(whole)
    assert read_state(tmp_path) == (3, known)


def read_state(root: Path) -> tuple[int, dict[str, Any]]:
    """From which position on a reader verifies the log, and what it then knows."""
    projector = Projector()
    recorder = default_engine().open_for_reading(root, on_event=projector.take, restore=projector.restore)
    recorder.close()
    return recorder.resumed, state_of(projector.state)


def test_a_running_ledger_keeps_what_is_known_every_so_many_events(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside the commands, which do not wait for it; while one is being written no other is begun."""
    monkeypatch.setattr(snapshotting, "EVENTS_BETWEEN", 3)
    disk = SmallDisk()
    opened = started(tmp_path, disk)
    disk.slow.clear()
    reserve(opened, 1, 2, 3)
    assert soon(opened.snapshotting._is_writing)
    reserve(opened, 4, 5, 6)
    opened.recorder.checkpoint(0)
    sleep(0.5)
    assert snapshots(tmp_path) == []
    disk.slow.set()
    assert soon(lambda: len(snapshots(tmp_path)) == 2)
    opened.close()
    opened = started(tmp_path)
    assert opened.recorder.resumed == snapshots(tmp_path)[0] == opened.projector.state.position
    opened.close()


def test_a_stop_waits_for_the_snapshot_that_is_being_written_and_not_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And makes no second one beside it."""
    monkeypatch.setattr(snapshotting, "EVENTS_BETWEEN", 3)
    monkeypatch.setattr(snapshotting, "FINISH_SECONDS", 0.05)
    disk = SmallDisk()
    opened = started(tmp_path, disk)
    disk.slow.clear()
    reserve(opened, 1, 2, 3)
    assert soon(opened.snapshotting._is_writing)
    reserve(opened, 4, 5, 6)
    opened.close()
    assert snapshots(tmp_path) == []
    disk.slow.set()
    assert soon(lambda: len(snapshots(tmp_path)) == 1)


def test_a_full_disk_skips_a_snapshot_and_says_so(tmp_path: Path) -> None:
    """Nothing else is harmed."""
    disk = SmallDisk()
    opened = started(tmp_path, disk)
    disk.full = True
    reserve(opened, 1, 2, 3)
    with capture_logs() as logs:
        opened.close()
    assert [entry["event"] for entry in logs if entry["log_level"] == "warning"] == ["snapshot skipped"]
    opened = started(tmp_path)
    assert (opened.recorder.resumed, opened.projector.state.position) == (0, 3)
    opened.close()


def test_a_watermark_that_finds_no_room_makes_no_snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A snapshot is never ahead of the watermark."""
    opened = started(tmp_path)
    reserve(opened, 1, 2, 3)
    monkeypatch.setattr(opened.recorder, "checkpoint", lambda _: False)
    opened.ledger.close()
    opened.close()
    assert snapshots(tmp_path) == []


def test_a_ledger_that_stopped_keeps_nothing(tmp_path: Path) -> None:
    """What it knows may not be what is on the disk."""
    opened = started(tmp_path)
    reserve(opened, 1, 2, 3)
    with (tmp_path / "logs" / "events.jsonl").open("ab") as log:
        log.write(b"from elsewhere\n")
    with pytest.raises(LedgerStopped):
        reserve(opened, 4)
    opened.close()
    assert snapshots(tmp_path) == []


def test_damage_before_the_snapshot_stops_a_running_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Found in the background, without any command; a reader's figures are refused too, and the next start."""
    # The start verifies a log of up to 32 MiB, which takes long to write.
    monkeypatch.setattr(rechecking, "SHORT_BYTES", 0)
    opened = started(tmp_path)
    reserve(opened, 1, 2, 3)
    opened.close()
    log = tmp_path / "logs" / "events.jsonl"
    log.write_bytes(log.read_bytes().replace(b'"reservation":"r1"', b'"reservation":"rX"', 1))
    reader = FollowedRoot(tmp_path, engines=default_engines(), clock=utc_now)
    opened = started(tmp_path)
    assert soon(lambda: opened.ledger.fault is not None)
    assert "damaged at position 1" in str(opened.ledger.fault)
    opened.close()
    assert soon(lambda: reader.fault is not None)
    with pytest.raises(LogDamaged, match="position 1"):
        _ = reader.state
    reader.close()
    with pytest.raises(LogDamaged, match="position 1"):
        started(tmp_path)


def test_damage_that_stops_a_service_ends_it_in_65_whatever_it_was_doing(tmp_path: Path) -> None:
    """Not in 74, which a supervisor takes for a disk to be tried again. The next start refuses before it serves."""
    root, env_file = tmp_path / "root", write_env_file(tmp_path / "settings")
    opened = started(root)
    reserve(opened, 1, 2, 3)
    opened.close()
    log = root / "logs" / "events.jsonl"
    log.write_bytes(log.read_bytes().replace(b'"reservation":"r1"', b'"reservation":"rX"', 1))
    command = [sys.executable, "-c", SERVE_LONG_LOG, "--root", str(root), "--env-file", str(env_file), "serve"]
    stopped, refused = run(command, cwd=tmp_path), run(command, cwd=tmp_path)
    for ran in (stopped, refused):
        assert (ran.code, "damaged at position 1" in ran.err) == (65, True), ran
    assert "surely on the disk once" in refused.err
    assert "The page is at" not in refused.out


def test_garbage_is_collected_again_after_a_start_as_it_was_before() -> None:
    """Whoever has switched it off finds it off."""
    for enabled in (True, False):
        (gc.enable if enabled else gc.disable)()
        with collecting_no_garbage():
            assert not gc.isenabled()
        assert gc.isenabled() is enabled
    gc.enable()

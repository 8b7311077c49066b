"""What the writer does when the disk fails, is full, or the log is taken away beneath it."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.eventlog.jsonl import JSONLRecorder
from adapters.eventlog.jsonl.reserve_file import PARTS
from adapters.eventlog.jsonl.verify import verify
from adapters.ports.faults import DiskFull, LedgerStopped, StorageUnavailable
from tests.adapters.eventlog.jsonl.logs import Disk, abandon, batch, event, fails, numbers, opened, write_log

NO_SPACE = OSError(errno.ENOSPC, "No space left on device")
BAD_DISK = OSError(errno.EIO, "Input/output error")
ENOUGH = 16 * 1024 * 1024
LOG = "events.jsonl"


def changes(disk: Disk) -> list[tuple[str, str]]:
    """The calls of a disk that change something."""
    return [
        call for call in disk.calls if call[0] not in {"open", "lock", "drop_cache", "read_at", "stat", "free_bytes"}
    ]


def stopped(recorder: JSONLRecorder, why: str) -> None:
    """The recorder has stopped for good: every call says why, and closing it writes nothing."""
    for call in (
        lambda: recorder.append([event()]),
        lambda: recorder.checkpoint(0),
        recorder.read,
        recorder.regain_space,
        recorder.subscribe,
    ):
        with pytest.raises(LedgerStopped, match=why) as caught:
            call()
        assert caught.value.exit_code == 74
    recorder.close()


# -- the ordinary way --------------------------------------------------------------------------------------------------


def test_a_batch_is_one_write_and_one_sync(tmp_path: Path) -> None:
    """Whatever its size; the watermark follows the log's sync, in turn in its two slots, and only if something
    moved.
    """
    disk = Disk()
    recorder = opened(tmp_path, disk)
    disk.calls.clear()
    recorder.append(batch(50))
    assert changes(disk) == [("write", LOG), ("sync_data", LOG)]
    disk.calls.clear()
    for reconciled in (0, 0, 50):
        assert recorder.checkpoint(reconciled)
    assert changes(disk) == [("write_at", "head"), ("sync_data", "head")] * 2
    disk.calls.clear()
    recorder.close()
    assert changes(disk) == [("write_at", "head"), ("sync_data", "head")]
    disk.calls.clear()
    opened(tmp_path, disk).close()
    assert ("write_at", "head") not in changes(disk), "nothing to say anew"
    assert verify(tmp_path).reconciled == 50


def test_nothing_is_shown_before_it_is_synced(tmp_path: Path) -> None:
    """While the sync runs, a read in another thread does not see the batch."""
    disk = Disk()
    recorder = opened(tmp_path, disk)
    recorder.append([event()])
    seen: list[list[int]] = []
    disk.faults["sync_data"] = lambda *_: seen.append(numbers(recorder))
    recorder.append([event()])
    assert seen == [[1]]
    assert numbers(recorder) == [1, 2]
    abandon(recorder)


def test_short_writes_and_reads_are_looped_over(tmp_path: Path) -> None:
    """A disk that takes one byte at a time gives the same log."""
    disk = Disk()
    disk.short = True
    disk.free = 0
    recorder = opened(tmp_path, disk)
    recorder.append(batch(2))
    assert numbers(recorder) == [1, 2]
    recorder.close()
    assert verify(tmp_path).watermark == 2


def test_close_writes_the_watermark(tmp_path: Path) -> None:
    """What was appended since the last checkpoint is surely on the disk, with the position of file work as last
    told.
    """
    recorder = opened(tmp_path)
    recorder.append(batch(2))
    recorder.checkpoint(1)
    recorder.append(batch(2))
    recorder.close()
    report = verify(tmp_path)
    assert (report.watermark, report.reconciled) == (4, 1)


# -- a failing disk ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error", [BAD_DISK, NO_SPACE, OSError(errno.EINTR, "Interrupted"), OSError(errno.EROFS, "Read-only")]
)
def test_a_failed_sync_stops_for_good(tmp_path: Path, error: OSError) -> None:
    """Even if it fails once: no retry, no truncation, no acknowledgement; a restart reads what the disk holds."""
    disk = Disk()
    recorder = opened(tmp_path, disk)
    recorder.append([event()])
    disk.faults["sync_data"] = fails(error, times=1)
    disk.calls.clear()
    with pytest.raises(LedgerStopped, match="not known what it holds"):
        recorder.append(batch(2))
    assert recorder.head == 1
    stopped(recorder, "not known what it holds")
    assert changes(disk) == [("write", LOG), ("sync_data", LOG)]
    again = opened(tmp_path)
    assert numbers(again) == [1, 2, 3]
    again.close()


def test_a_full_disk_found_at_the_sync_is_said(tmp_path: Path) -> None:
    """It stops like any failed sync, and the sentence tells what to look at."""
    disk = Disk()
    recorder = opened(tmp_path, disk)
    disk.faults["sync_data"] = fails(NO_SPACE)
    with pytest.raises(LedgerStopped, match="the disk is full"):
        recorder.append([event()])
    recorder.close()


def test_a_failed_write_that_is_not_a_full_disk_stops(tmp_path: Path) -> None:
    """What was written of it is left for the next start to judge."""
    disk = Disk()
    recorder = opened(tmp_path, disk)
    disk.short = True
    disk.faults["write"] = fails(BAD_DISK, skip=50)
    with pytest.raises(LedgerStopped, match=r"a write to .* failed \(Input/output error\)"):
        recorder.append([event()])
    stopped(recorder, "a write to")
    again = opened(tmp_path)
    assert again.head == 0
    assert len(list((tmp_path / "logs" / "torn").iterdir())) == 1
    again.close()


@pytest.mark.parametrize(
    ("verb", "error", "why"),
    [
        ("write_at", BAD_DISK, "its watermark .* could not be written"),
        ("sync_data", BAD_DISK, "not known what it holds"),
        ("sync_data", NO_SPACE, "not known what it holds"),
    ],
)
def test_a_watermark_that_cannot_be_written_stops(tmp_path: Path, verb: str, error: OSError, why: str) -> None:
    """Its disk is the log's disk. A sync is not tried again, whatever its error; and the log opens again."""
    disk = Disk()
    recorder = opened(tmp_path, disk)
    recorder.append([event()])
    disk.faults[verb] = fails(error, name="head", times=1)
    with pytest.raises(LedgerStopped, match=why):
        recorder.checkpoint(0)
    stopped(recorder, why)
    assert not recorder.short_of_space
    again = opened(tmp_path)
    assert numbers(again) == [1]
    again.close()


def test_a_write_that_takes_nothing_is_given_up(tmp_path: Path) -> None:
    """Interrupted again and again, a write ends after a bounded number of tries."""
    disk = Disk()
    recorder = opened(tmp_path, disk)
    disk.faults["write"] = fails(InterruptedError(errno.EINTR, "Interrupted"), times=99)
    assert recorder.append([event()]) == 1
    disk.faults["write"] = fails(InterruptedError(errno.EINTR, "Interrupted"), times=100)
    with pytest.raises(LedgerStopped, match="nothing was written in 100 calls"):
        recorder.append([event()])
    recorder.close()


@pytest.mark.parametrize("name", [LOG, "head"])
def test_a_failed_sync_while_opening_stops_the_opening(tmp_path: Path, name: str) -> None:
    """Nobody is served from a log that may not be on the disk."""
    write_log(tmp_path, [1])
    disk = Disk()
    disk.faults["sync_data"] = fails(BAD_DISK, name=name)
    with pytest.raises(LedgerStopped, match="not known what it holds"):
        opened(tmp_path, disk)
    opened(tmp_path).close()


# -- a full disk -------------------------------------------------------------------------------------------------------


def test_a_full_disk_refuses_the_batch_and_gives_up_a_part_of_the_reserve_file(tmp_path: Path) -> None:
    """A partial batch is cut off again, earlier ones stand, what fits in that room goes on, and room comes back."""
    disk = Disk()
    disk.free = 10 * ENOUGH
    recorder = opened(tmp_path, disk)
    recorder.append(batch(2))
    size = (tmp_path / "logs" / LOG).stat().st_size
    disk.short = True
    disk.faults["write"] = fails(NO_SPACE, skip=100)
    disk.calls.clear()
    with pytest.raises(DiskFull, match="16 MiB are free") as caught:
        recorder.append([event()])
    assert caught.value.exit_code == 74
    assert str(tmp_path) not in str(caught.value), (
        "members and callers over HTTP hear it, and folders are the operator's"
    )
    assert caught.value.folder == str(tmp_path / "logs")
    assert (tmp_path / "logs" / LOG).stat().st_size == size
    assert changes(disk)[-3:] == [("truncate", LOG), ("sync_data", LOG), ("truncate", ".spare")]
    assert recorder.short_of_space
    disk.short, disk.faults = False, {}
    assert recorder.append([event()]) == 3
    for free, regained in ((ENOUGH - 1, False), (ENOUGH, True), (0, True)):
        disk.free = free
        assert recorder.regain_space() is regained
        assert recorder.short_of_space is not regained
    recorder.close()
    assert verify(tmp_path).positions == 3
    assert (tmp_path / "logs" / ".spare").stat().st_size == 1024 * 1024


def test_what_frees_is_given_room_part_by_part_until_it_fits(tmp_path: Path) -> None:
    """So another program that fills the disk finds no more than a part to take; when all is gone, that is said."""
    disk = Disk()
    recorder = opened(tmp_path, disk)
    reserve_file = tmp_path / "logs" / ".spare"
    part = reserve_file.stat().st_size // PARTS
    disk.faults["write"] = fails(NO_SPACE, times=1)
    with pytest.raises(DiskFull, match="Delete images"):
        recorder.append([event()])
    assert reserve_file.stat().st_size == (PARTS - 1) * part
    disk.faults["write"] = fails(NO_SPACE, times=3)
    assert recorder.append([event()]) == 1
    assert reserve_file.stat().st_size == (PARTS - 4) * part
    used_up = [recorder.room_used_up]
    disk.faults["write"] = fails(NO_SPACE)
    with pytest.raises(DiskFull, match="not even a deletion") as caught:
        recorder.append([event()])
    assert "Delete images" not in str(caught.value)
    assert not reserve_file.exists()
    used_up.append(recorder.room_used_up)
    disk.faults.clear()
    assert recorder.append([event()]) == 2
    used_up.append(recorder.room_used_up)
    assert used_up == [False, True, False]
    recorder.close()
    assert verify(tmp_path).positions == 2


def test_snapshots_are_given_up_before_a_deletion_is_refused(tmp_path: Path) -> None:
    """They are caches: deleting them changes no answer."""
    disk = Disk()
    recorder = opened(tmp_path, disk)
    recorder.append([event()])
    assert recorder.checkpoint(0)
    recorder.write_snapshot(recorder.snapshot_point(), [b"state"])
    disk.faults["write"] = fails(NO_SPACE, times=1 + PARTS)
    with pytest.raises(DiskFull, match="Delete images"):
        recorder.append([event()])
    assert recorder.append([event()]) == 2
    assert list((tmp_path / "logs" / "snapshots").iterdir()) == []
    recorder.close()


def test_a_disk_that_stays_full_refuses_again_and_again(tmp_path: Path) -> None:
    """Without reserve file too the log stays whole, and a quota of the account is a full disk as well."""
    disk = Disk()
    recorder = opened(tmp_path, disk)
    for error in (NO_SPACE, OSError(errno.EDQUOT, "Disk quota exceeded"), NO_SPACE):
        disk.faults["write"] = fails(error)
        with pytest.raises(DiskFull):
            recorder.append([event()])
    disk.faults.clear()
    assert recorder.append([event()]) == 1
    recorder.close()


@pytest.mark.parametrize(
    ("verb", "why"), [("truncate", "could not be cut off"), ("sync_data", "not known what it holds")]
)
def test_a_batch_that_cannot_be_taken_back_stops(tmp_path: Path, verb: str, why: str) -> None:
    """Nobody knows then whether a part of it is on the disk."""
    disk = Disk()
    recorder = opened(tmp_path, disk)
    disk.faults = {"write": fails(NO_SPACE), verb: fails(BAD_DISK)}
    with pytest.raises(LedgerStopped, match=why):
        recorder.append([event()])
    stopped(recorder, why)


def test_a_watermark_waits_while_the_disk_is_full(tmp_path: Path) -> None:
    """That harms nothing: it is written at the next occasion; the reserve file helps once."""
    disk = Disk()
    recorder = opened(tmp_path, disk)
    recorder.append([event()])
    disk.faults["write_at"] = fails(NO_SPACE, times=1)
    assert recorder.checkpoint(0)
    assert recorder.short_of_space
    recorder.append([event()])
    disk.faults["write_at"] = fails(NO_SPACE)
    assert not recorder.checkpoint(2)
    assert verify(tmp_path).watermark == 1
    disk.faults.clear()
    recorder.close()
    assert (verify(tmp_path).watermark, verify(tmp_path).reconciled) == (2, 2)


def test_the_reserve_file_is_not_counted_before_it_stands_whole(tmp_path: Path) -> None:
    """A reserve file of another size was left by a crash; one that cannot be made leaves the log short of space."""
    disk = Disk()
    disk.free = 10 * ENOUGH
    recorder = opened(tmp_path, disk)
    abandon(recorder)
    reserve_file = tmp_path / "logs" / ".spare"
    reserve_file.write_bytes(b"half")
    disk.faults["write"] = fails(NO_SPACE, name=".spare")
    recorder = opened(tmp_path, disk)
    assert recorder.short_of_space
    assert not reserve_file.exists()
    disk.faults = {"unlink": fails(BAD_DISK)}
    reserve_file.write_bytes(b"half")
    assert not recorder.regain_space()
    disk.faults.clear()
    assert recorder.regain_space()
    assert reserve_file.stat().st_size == 1024 * 1024
    recorder.close()


def test_a_start_on_a_full_disk_serves_and_admits_only_what_frees(tmp_path: Path) -> None:
    """Setting a torn batch aside takes the reserve file; then the log is open and short of space."""
    log = write_log(tmp_path, [1])
    log.write_bytes(log.read_bytes() + b"torn")
    disk = Disk()
    disk.free = 0
    disk.faults["write"] = fails(NO_SPACE, times=1)
    recorder = opened(tmp_path, disk)
    assert recorder.short_of_space
    assert recorder.append([event()]) == 2
    recorder.close()


def test_a_start_that_finds_no_room_at_all_says_so(tmp_path: Path) -> None:
    """A first start on a full disk, and one whose torn batch cannot be set aside: DiskFull, with nothing cut."""
    disk = Disk()
    disk.faults["write"] = fails(NO_SPACE)
    with pytest.raises(DiskFull):
        opened(tmp_path / "new", disk)
    log = write_log(tmp_path / "old", [1])
    log.write_bytes(log.read_bytes() + b"torn")
    with pytest.raises(DiskFull):
        opened(tmp_path / "old", disk)
    assert log.read_bytes().endswith(b"torn")
    disk.faults = {"open": fails(NO_SPACE, name=".lock")}
    with pytest.raises(DiskFull):
        opened(tmp_path / "old", disk)
    for fault in (OSError(errno.EROFS, "Read-only file system"), BAD_DISK):
        disk.faults = {"write": fails(fault)}
        with pytest.raises(StorageUnavailable, match=fault.strerror):
            opened(tmp_path / "old", disk)
    (tmp_path / "old" / "logs" / ".spare").write_bytes(b"the rest of it")
    disk.faults = {"write": fails(NO_SPACE, times=1), "unlink": fails(BAD_DISK, name=".spare")}
    opened(tmp_path / "old", disk).close()
    assert verify(tmp_path / "old").torn_bytes == 0


def test_room_that_is_gone_for_another_reason_in_between_is_said(tmp_path: Path) -> None:
    """The second try may meet another fault than the first."""
    log = write_log(tmp_path, [1])
    log.write_bytes(log.read_bytes() + b"torn")
    disk, errors = Disk(), iter([NO_SPACE, BAD_DISK])

    def fault(*_: object) -> None:
        raise next(errors)

    disk.faults["write"] = fault
    with pytest.raises(StorageUnavailable, match="Input/output error"):
        opened(tmp_path, disk)


# -- the log taken away ------------------------------------------------------------------------------------------------


def move(log: Path) -> None:
    """logrotate without `create`."""
    log.rename(log.with_suffix(".1"))


def move_and_recreate(log: Path) -> None:
    """logrotate with `create`: an empty file in its place."""
    move(log)
    log.touch()


def move_and_copy_back(log: Path) -> None:
    """The same bytes in another file."""
    move(log)
    shutil.copy(log.with_suffix(".1"), log)


def copy_and_truncate(log: Path) -> None:
    """logrotate with `copytruncate`."""
    shutil.copy(log, log.with_suffix(".1"))
    os.truncate(log, 0)


def append_to_it(log: Path) -> None:
    """Another program writes into it."""
    with log.open("ab") as file:
        file.write(b"x")


@pytest.mark.parametrize(
    ("interfere", "why"),
    [
        (move, "is gone"),
        (Path.unlink, "is gone"),
        (move_and_recreate, "another file stands at"),
        (move_and_copy_back, "another file stands at"),
        (copy_and_truncate, "has 0 bytes where"),
        (append_to_it, "another program changed it"),
    ],
)
def test_a_log_that_is_taken_away_stops_the_writer(tmp_path: Path, interfere: Callable[[Path], None], why: str) -> None:
    """It is found before the next batch is written, and nothing is acknowledged into a file that nobody will read."""
    disk = Disk()
    recorder = opened(tmp_path, disk)
    recorder.append(batch(2))
    interfere(tmp_path / "logs" / LOG)
    disk.calls.clear()
    with pytest.raises(LedgerStopped, match=why):
        recorder.append([event()])
    assert changes(disk) == []
    stopped(recorder, why)

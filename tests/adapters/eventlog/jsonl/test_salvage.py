"""Rules of a salvage: the new log is whole and begins as the old one, nothing is left out in silence, and the original
is not touched.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

import orjson
import pytest

from adapters.eventlog.jsonl import salvage as salvage_module
from adapters.eventlog.jsonl.salvage import LIST_NAME, salvage
from adapters.eventlog.jsonl.verify import verify
from adapters.ports.faults import ConfigError, DiskFull, LogDamaged, LogForeign, LogMissing, StorageUnavailable
from adapters.ports.log_reports import SalvagedLog
from tests.adapters.eventlog.jsonl.logs import Disk, abandon, batch, contents, event, fails, numbers, opened, write_log


def salvaged(root: Path, to: Path) -> tuple[SalvagedLog, list[dict[str, object]]]:
    """What a salvage does, and its list; the original is as it was, the new log whole and ready to go on."""
    before = contents(root)
    done = salvage(root, to, files=Disk())
    assert contents(root) == before
    report = verify(to)
    assert (report.is_whole, report.torn_bytes, report.positions) == (True, 0, done.positions)
    assert before["events.jsonl"].startswith(done.log.read_bytes())
    assert done.size_bytes == done.log.stat().st_size
    recorder = opened(to)
    assert numbers(recorder) == list(range(1, done.positions + 1))
    assert recorder.append([event(9)]) == done.positions + 1
    recorder.close()
    listed = [orjson.loads(line) for line in done.left_out.read_bytes().splitlines()]
    assert len(listed) == done.entries
    return done, listed


def damage_line(log: Path, number: int) -> bytes:
    """Changes one byte of the line of an event; gives the whole file as it is then."""
    lines = log.read_bytes().split(b"\n")
    lines[number] = lines[number].replace(b"Happened", b"Hoppened")
    log.write_bytes(b"\n".join(lines))
    return log.read_bytes()


def test_what_is_before_the_damaged_batch_is_kept_and_each_line_after_it_listed(tmp_path: Path) -> None:
    """The damage is in the second event of a batch, so the batch's first is left out with it."""
    log = write_log(tmp_path / "old", [2, 3, 1])
    data = damage_line(log, 4)
    done, listed = salvaged(tmp_path / "old", tmp_path / "new")
    assert done.positions == 2
    assert done.damage is not None
    assert done.damage.position == 4
    assert [entry["position"] for entry in listed] == [3, 4, 5, 6, 3]
    assert [entry["offset"] for entry in listed[:4]] == [data.index(b'{"pos":%d' % number) for number in (3, 4, 5, 6)]
    assert sum(entry["bytes"] for entry in listed) == len(data) - done.size_bytes  # type: ignore[misc]  # numbers all
    assert listed[1]["why"] == "its hash does not fit its bytes"
    assert listed[4] == {
        "position": 3, "offset": None, "bytes": 0, "why": "positions 3 to 6 were surely on the disk once",
    }  # fmt: skip


@pytest.mark.skipif(not hasattr(os, "SEEK_DATA"), reason="nobody tells here where a file has holes")
def test_a_hole_is_one_entry_and_is_not_read(tmp_path: Path) -> None:
    """Whoever can write a log has one of any size for nothing; what stands behind it is listed as ever."""
    log = write_log(tmp_path / "old", [2, 3])
    lines = log.read_bytes().splitlines(keepends=True)
    with log.open("r+b") as file:
        file.truncate(len(b"".join(lines[:3])) + 9)
        file.truncate(2**40)
        file.seek(2**40)
        file.write(b"\n" + lines[5])
    if log.stat().st_blocks * 512 > 2**30:
        pytest.skip("this file system has no holes")
    done = salvage(tmp_path / "old", tmp_path / "new")
    hole, rest, line, lost = [orjson.loads(line) for line in done.left_out.read_bytes().splitlines()]
    assert (hole["offset"], hole["position"]) == (done.size_bytes, None)
    assert (hole["bytes"] > 2**39, rest["position"], line["position"], lost["position"]) == (True, None, 5, 3)
    assert hole["bytes"] + rest["bytes"] + line["bytes"] == log.stat().st_size - done.size_bytes


def test_a_log_that_was_cut_says_how_far_it_went_once(tmp_path: Path) -> None:
    """By its watermark; by a snapshot, where that knows more."""
    log = write_log(tmp_path / "old", [2, 2])
    whole = log.read_bytes()
    log.write_bytes(whole[: whole.index(b'{"pos":3')])
    done, listed = salvaged(tmp_path / "old", tmp_path / "new")
    assert done.positions == 2
    assert [entry["why"] for entry in listed] == ["positions 3 to 4 were surely on the disk once"]
    log.write_bytes(whole)
    recorder = opened(tmp_path / "old")
    recorder.append(batch(2, 4))
    recorder.write_snapshot(recorder.snapshot_point(), [b"state"])
    abandon(recorder)
    log.write_bytes(whole)
    done, listed = salvaged(tmp_path / "old", tmp_path / "newer")
    assert (done.positions, len(listed)) == (4, 1)
    assert listed[0]["why"] == "positions 5 to 6 were surely on the disk once"


def test_a_whole_log_is_copied_and_a_torn_end_listed(tmp_path: Path) -> None:
    """Nothing is missing of the first; of the second what was never acknowledged."""
    log = write_log(tmp_path / "old", [2])
    done, listed = salvaged(tmp_path / "old", tmp_path / "whole")
    assert (done.positions, done.damage, listed) == (2, None, [])
    assert (tmp_path / "whole" / "logs" / ".key").read_bytes() == (tmp_path / "old" / "logs" / ".key").read_bytes()
    log.write_bytes(log.read_bytes() + b'{"pos":3')
    done, listed = salvaged(tmp_path / "old", tmp_path / "torn")
    assert (done.positions, done.damage) == (2, None)
    assert [(entry["position"], entry["why"]) for entry in listed] == [(None, "the line does not end")]


def test_the_position_of_file_work_is_taken_over_as_far_as_the_new_log_goes(tmp_path: Path) -> None:
    """A watermark of another log, or none, says nothing; then it begins anew, and so does a lost key."""
    recorder = opened(tmp_path / "old")
    for _ in range(3):
        recorder.append([event()])
    recorder.checkpoint(2)
    abandon(recorder)
    salvaged(tmp_path / "old", tmp_path / "whole")
    assert verify(tmp_path / "whole").reconciled == 2
    damage_line(tmp_path / "old" / "logs" / "events.jsonl", 2)
    salvaged(tmp_path / "old", tmp_path / "less")
    assert verify(tmp_path / "less").reconciled == 1
    (tmp_path / "old" / "logs" / "head").unlink()
    (tmp_path / "old" / "logs" / ".key").unlink()
    done, _ = salvaged(tmp_path / "old", tmp_path / "anew")
    assert (done.positions, verify(tmp_path / "anew").reconciled) == (1, 0)


def test_a_log_that_is_not_the_one_written_has_nothing_to_prove(tmp_path: Path) -> None:
    """Whole in itself, with another hash than the watermark's: where it begins to differ nobody can tell."""
    log = write_log(tmp_path / "old", [1, 1])
    other = write_log(tmp_path / "other", [1, 1])
    (tmp_path / "other" / "logs" / "head").unlink()
    header, *_ = log.read_bytes().split(b"\n")
    other.write_bytes(header + b"\n")
    recorder = opened(tmp_path / "other")
    recorder.append([event(7)])
    recorder.append([event(8)])
    abandon(recorder)
    log.write_bytes(other.read_bytes())
    with pytest.raises(LogDamaged, match="not the log that was written"):
        salvage(tmp_path / "old", tmp_path / "new", files=Disk())
    assert not (tmp_path / "new").exists()


def test_nothing_is_written_over_and_there_must_be_a_log(tmp_path: Path) -> None:
    """A folder with something in it, a root without a log, a file that is none of ours, a file that cannot be read."""
    log = write_log(tmp_path / "old", [1])
    with pytest.raises(ConfigError, match="not empty"):
        salvage(tmp_path / "old", tmp_path / "old")
    with pytest.raises(ConfigError, match="inside"):
        salvage(tmp_path / "old", tmp_path / "old" / "logs" / "new")
    with pytest.raises(LogMissing):
        salvage(tmp_path / "nothing", tmp_path / "new")
    disk = Disk()
    disk.faults["read_at"] = fails(OSError(errno.EIO, "broken"))
    with pytest.raises(StorageUnavailable):
        salvage(tmp_path / "old", tmp_path / "new", files=disk)
    log.write_bytes(b"none of ours\n")
    with pytest.raises(LogForeign):
        salvage(tmp_path / "old", tmp_path / "new")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("name", [LIST_NAME, ".key", "head", "events.jsonl.new"])
def test_a_salvage_that_finds_no_room_leaves_no_log(tmp_path: Path, name: str) -> None:
    """What is half done is never taken for a log: a start there refuses, or the folder is as good as empty."""
    write_log(tmp_path / "old", [1])
    disk = Disk()
    disk.faults["open"] = fails(OSError(errno.ENOSPC, "full"), name=name, skip=1 if name == "head" else 0)
    with pytest.raises(DiskFull):
        salvage(tmp_path / "old", tmp_path / "new", files=disk)
    assert not (tmp_path / "new" / "logs" / "events.jsonl").exists()


def test_a_line_longer_than_any_of_ours_is_listed_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that no memory is too small for it."""
    monkeypatch.setattr(salvage_module, "MAX_LINE_BYTES", 500)
    monkeypatch.setattr(salvage_module, "BLOCK_BYTES", 300)
    log = write_log(tmp_path / "old", [1, 1])
    size = log.stat().st_size
    log.write_bytes(log.read_bytes() + bytes(1_000) + b"\nend")
    done, listed = salvaged(tmp_path / "old", tmp_path / "new")
    assert done.positions == 2
    assert [entry["offset"] for entry in listed] == [size, size + 600, size + 1_001]

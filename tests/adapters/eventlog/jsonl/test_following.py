"""A reader beside a running writer sees what is surely on the disk, and moves on with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.eventlog.jsonl import JSONLRecorder
from adapters.eventlog.jsonl.verify import verify
from adapters.ports.faults import LogDamaged, LogMissing, StorageUnavailable
from tests.adapters.eventlog.jsonl.logs import Disk, abandon, batch, event, fails, numbers, opened, write_log


@pytest.fixture
def writer(tmp_path: Path) -> JSONLRecorder:
    """A writer with three events, two of them at or below the watermark."""
    recorder = opened(tmp_path)
    recorder.append(batch(2))
    recorder.checkpoint(1)
    recorder.append([event()])
    return recorder


def test_a_reader_shows_what_is_at_or_below_the_watermark(tmp_path: Path, writer: JSONLRecorder) -> None:
    """Above it the writer may still lose a batch to a power cut; with the watermark the reader moves on. Only the
    opening hands events on: what is followed is read.
    """
    replayed: list[int] = []
    reader = opened(tmp_path, read_only=True, on_event=lambda found: replayed.append(found.position))
    assert (numbers(reader), reader.reconciled, reader.follow()) == ([1, 2], 1, 2)
    writer.checkpoint(3)
    assert (reader.follow(), numbers(reader), reader.reconciled) == (3, [1, 2, 3], 3)
    writer.append(batch(500))
    writer.checkpoint(3)
    assert (reader.follow(), len(numbers(reader))) == (503, 503)
    assert replayed == [1, 2]
    reader.close()
    writer.close()


def test_a_reader_may_look_beyond_the_watermark(tmp_path: Path, writer: JSONLRecorder) -> None:
    """Then it shows every whole batch, and of a batch that is being written nothing."""
    reader = opened(tmp_path, read_only=True, beyond_watermark=True)
    assert numbers(reader) == [1, 2, 3]
    writer.append(batch(2))
    assert reader.follow() == 5
    log = tmp_path / "logs" / "events.jsonl"
    whole = log.read_bytes()
    log.write_bytes(whole + b'{"pos":6,"batch":[6,7],"type"')
    assert reader.follow() == 5
    log.write_bytes(whole)
    writer.append([event()])
    assert (reader.follow(), numbers(reader)) == (6, [1, 2, 3, 4, 5, 6])
    writer.checkpoint(0)
    assert reader.follow() == 6
    reader.close()
    writer.close()


def test_a_subscription_of_a_reader_moves_on_with_it(tmp_path: Path, writer: JSONLRecorder) -> None:
    """It gives what `follow` took in, in order."""
    reader = opened(tmp_path, read_only=True)
    with reader.subscribe(after=1) as subscription:
        assert next(subscription).position == 2
        writer.checkpoint(0)
        reader.follow()
        assert next(subscription).position == 3
    reader.close()
    writer.close()


def test_a_writer_has_nothing_to_follow(writer: JSONLRecorder) -> None:
    """It is at its own head."""
    assert writer.follow() == 3
    writer.close()


def test_a_reader_sees_the_first_event_of_a_new_log(tmp_path: Path) -> None:
    """It may be opened before there is any."""
    writer = opened(tmp_path)
    reader = opened(tmp_path, read_only=True)
    assert (reader.head, reader.read().head) == (0, None)
    writer.append([event()])
    assert reader.follow() == 0
    writer.checkpoint(0)
    assert reader.follow() == 1
    reader.close()
    writer.close()


def test_a_log_that_grows_while_it_is_looked_at_is_not_called_cut(tmp_path: Path, writer: JSONLRecorder) -> None:
    """The writer may append and move the watermark between two looks of an opening reader, or of `abby verify`."""
    disk = Disk()
    grown: list[int] = []

    def grow(name: str, *_: object) -> None:
        if name == "head":
            grown.append(writer.append(batch(3)))
            writer.checkpoint(0)

    disk.faults["open"] = grow
    reader = opened(tmp_path, disk, read_only=True)
    assert grown == [6]
    assert reader.head == 6
    assert reader.follow() == 9
    assert verify(tmp_path, files=disk).is_whole
    reader.close()
    writer.close()


def test_a_slot_that_is_being_written_does_not_disturb_a_reader(tmp_path: Path, writer: JSONLRecorder) -> None:
    """It goes by the older slot, and does not go back behind what it has shown."""
    writer.checkpoint(0)
    reader = opened(tmp_path, read_only=True)
    assert reader.head == 3
    head = tmp_path / "logs" / "head"
    whole = head.read_bytes()
    head.write_bytes(whole[:4096] + b"\xff" + whole[4097:])
    assert verify(tmp_path).watermark == 2
    assert (reader.follow(), numbers(reader)) == (3, [1, 2, 3])
    head.write_bytes(whole)
    reader.close()
    writer.close()


def test_a_log_that_is_no_longer_the_one_opened_is_damage(tmp_path: Path, writer: JSONLRecorder) -> None:
    """Another file in its place, cut, changed, its watermark gone: said, and what was shown stays as it was."""
    writer.checkpoint(0)
    reader = opened(tmp_path, read_only=True)
    log, head = tmp_path / "logs" / "events.jsonl", tmp_path / "logs" / "head"
    whole, mark = log.read_bytes(), head.read_bytes()
    writer.append(batch(2))
    writer.checkpoint(0)
    longer = log.read_bytes()
    head_now = head.read_bytes()

    def said(why: str) -> None:
        for _ in range(2):
            with pytest.raises(LogDamaged, match=why):
                reader.follow()
        assert reader.head == 3

    log.write_bytes(whole[:-10])
    said("was cut while it was open")
    log.write_bytes(whole)
    said("ends too early: 5 positions")
    log.write_bytes(longer[:-100] + b"?" + longer[-99:])
    said("its hash does not fit")
    log.write_bytes(longer)
    head.unlink()
    said("missing or unreadable")
    head.write_bytes(mark)
    log.rename(log.with_suffix(".1"))
    with pytest.raises(StorageUnavailable):
        reader.follow()
    log.write_bytes(longer)
    said("another file was put in its place")
    log.with_suffix(".1").replace(log)
    head.write_bytes(head_now)
    assert (reader.follow(), numbers(reader)) == (5, [1, 2, 3, 4, 5])
    reader.close()
    abandon(writer)


def test_verify_tells_what_stands_in_a_log(tmp_path: Path) -> None:
    """Whole, with a batch that is not, beside its writer, and not there."""
    log = write_log(tmp_path, [2, 3], watermark_after=1)
    report = verify(tmp_path)
    found = (report.positions, report.batches, report.watermark, report.reconciled, report.torn_bytes, report.is_whole)
    assert found == (5, 2, 2, 0, 0, True)
    assert report.size_bytes == log.stat().st_size
    assert report.location == str(log)
    assert (len(report.log_id), len(report.digest), report.created[:4]) == (32, 64, "2026")
    with log.open("ab") as file:
        file.write(b"torn")
    report = verify(tmp_path)
    assert (report.positions, report.torn_bytes, report.is_whole) == (5, 4, True)
    empty = tmp_path / "empty"
    abandon(opened(empty))
    (empty / "logs" / "head").unlink()
    report = verify(empty)
    assert (report.positions, report.watermark, report.reconciled, report.is_whole) == (0, None, None, True)
    with pytest.raises(LogMissing):
        verify(tmp_path / "nothing")


def test_verify_says_that_a_log_cannot_be_read(tmp_path: Path) -> None:
    """An error of the file system is no verdict on the log."""
    write_log(tmp_path, [1])

    disk = Disk()
    disk.faults["read_at"] = fails(OSError(5, "Input/output error"))
    for ask in (verify, lambda root, files: opened(root, files, read_only=True)):
        with pytest.raises(StorageUnavailable, match="Input/output error"):
            ask(tmp_path, files=disk)


def test_a_log_that_is_cut_while_it_is_verified_is_damage(tmp_path: Path) -> None:
    """The size is known before the bytes are read; where they end sooner, what is there is judged."""
    log = write_log(tmp_path, [1, 1])
    whole = log.read_bytes()

    disk = Disk()

    def cut(name: str, *_: object) -> None:
        if name == log.name:
            log.write_bytes(whole[:-200])

    disk.faults["read_at"] = cut
    assert not verify(tmp_path, files=disk).is_whole

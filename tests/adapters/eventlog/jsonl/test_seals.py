"""Rules of the log's key: a watermark that it has not sealed proves nothing, and what came after an end in order is
nobody's.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from adapters.eventlog.jsonl.format import Tip
from adapters.eventlog.jsonl.points import encode_point
from adapters.eventlog.jsonl.salvage import salvage
from adapters.eventlog.jsonl.seals import SECRET_BYTES, Key, Proof
from adapters.eventlog.jsonl.verify import verify
from adapters.eventlog.jsonl.watermark import SLOT_BYTES, Slot, encode_slot
from adapters.ports.faults import LogDamaged
from tests.adapters.eventlog.jsonl.logs import (
    Disk,
    abandon,
    as_before_seals,
    batch,
    contents,
    event,
    key_of,
    numbers,
    opened,
    refused,
    slot_of,
    write_head,
)


def stopped(root: Path, events: int = 3) -> Slot:
    """A log whose writer stopped in order; its watermark."""
    recorder = opened(root)
    for number in range(events):
        recorder.append([event(number)])
    recorder.close()
    return slot_of(root)


def appended(root: Path, events: int, *, to: Path) -> None:
    """Lines with hashes that fit, which no writer of this log wrote: made by one of a copy without its head."""
    shutil.copytree(root / "logs", to / "logs")
    as_before_seals(to)
    recorder = opened(to)
    recorder.append(batch(events, 50))
    abandon(recorder)
    shutil.copy(to / "logs" / "events.jsonl", root / "logs")


def test_the_longest_watermark_fits_its_slot() -> None:
    """With every number at its longest."""
    longest = 10**18 - 1
    tip = Tip(longest, longest, bytes(32))
    slot = Slot("0" * 32, longest, tip, longest, ended=True).sealed(Key(bytes(32)))
    assert len(encode_slot(slot)) == SLOT_BYTES


def test_a_stop_in_order_is_kept_and_taken_back_before_the_next_line(tmp_path: Path) -> None:
    """Surely: the watermark is synced before a byte of the log is written. An opening alone says nothing anew."""
    slot = stopped(tmp_path)
    assert (slot.ended, slot.proof, slot.tip.position) == (True, Proof.SEALED, 3)
    opened(tmp_path).close()
    assert slot_of(tmp_path) == slot
    disk = Disk()
    recorder = opened(tmp_path, disk)
    disk.calls.clear()
    recorder.append([event()])
    steps = [call for call in disk.calls if call[0] in {"write", "write_at", "sync_data"}]
    assert steps == [
        ("write_at", "head"),
        ("sync_data", "head"),
        ("write", "events.jsonl"),
        ("sync_data", "events.jsonl"),
    ]
    assert (slot_of(tmp_path).ended, slot_of(tmp_path).counter) == (False, slot.counter + 1)
    abandon(recorder)
    recorder = opened(tmp_path)
    assert numbers(recorder) == [1, 2, 3, 4]
    recorder.close()
    assert slot_of(tmp_path).ended


def test_what_was_added_after_a_stop_is_damage_and_can_be_left_out(tmp_path: Path) -> None:
    """Lines whose hashes fit, half of one, an empty one: told with their number, by writer and `verify` alike."""
    root = tmp_path / "root"
    slot = stopped(root)
    whole = (root / "logs" / "events.jsonl").read_bytes()
    appended(root, 2, to=tmp_path / "forge")
    forged = (root / "logs" / "events.jsonl").read_bytes()
    for number, (added, words) in enumerate([
        (forged[len(whole) :], "2 lines, "), (forged[len(whole) : -9], "bytes were"), (b"\n", "1 bytes were added"),
    ]):  # fmt: skip
        (root / "logs" / "events.jsonl").write_bytes(whole + added)
        fault = refused(root)
        assert "were added after the service had stopped" in str(fault)
        assert words in str(fault)
        assert (fault.position, fault.offset) == (4, slot.tip.offset)
        damage = verify(root).damage
        assert damage is not None
        assert damage.what in str(fault)
        done = salvage(root, tmp_path / str(number))
        assert done.damage is not None
        assert (done.positions, done.damage.position) == (3, 4)
        recorder = opened(tmp_path / str(number))
        assert numbers(recorder) == [1, 2, 3]
        recorder.close()


def test_a_point_that_the_key_has_not_sealed_accuses_nobody(tmp_path: Path) -> None:
    """Whoever may write the file outside cannot stop a service with it; a point that is sealed and missing does."""
    recorder = opened(tmp_path)
    recorder.append(batch(2))
    now = "2026-03-01T12:00:00.000000Z"
    mine = recorder.sealed_point(now)
    ahead = encode_point(slot_of(tmp_path)._replace(tip=Tip(9, 10_000, bytes(32))), now, Key(bytes(32)))
    recorder.refuse_without_point(mine + ahead)
    recorder.refuse_without_point(mine + mine.replace(b'"position":2', b'"position":9') + b"no line\n")
    missing = encode_point(slot_of(tmp_path)._replace(tip=Tip(9, 10_000, bytes(32))), now, key_of(tmp_path))
    with pytest.raises(LogDamaged, match="a point kept outside"):
        recorder.refuse_without_point(mine + missing)
    recorder.close()


def test_what_stands_after_the_last_seal_of_a_crash_is_taken_in_and_told(tmp_path: Path) -> None:
    """It may be ours: a crash leaves up to a second of it. Whoever reads the line knows how much to look at."""
    recorder = opened(tmp_path)
    recorder.append(batch(2))
    recorder.checkpoint(0)
    recorder.append(batch(3, 2))
    abandon(recorder)
    report = verify(tmp_path)
    assert (report.is_whole, report.after_seal, report.is_sealed) == (True, 3, True)
    with capture_logs() as said:
        recorder = opened(tmp_path)
    assert [(entry["event"], entry["events"], entry["after"]) for entry in said] == [
        ("events after the last seal", 3, 2)
    ]
    recorder.close()
    assert verify(tmp_path).after_seal == 0


Harm = Callable[[Path, Slot], None]


def lose_key(root: Path, _: Slot) -> None:
    (root / "logs" / ".key").unlink()


def replace_key(root: Path, _: Slot) -> None:
    (root / "logs" / ".key").write_bytes(bytes(SECRET_BYTES))


def cut_key(root: Path, _: Slot) -> None:
    (root / "logs" / ".key").write_bytes(b"short")


def strip_seal(root: Path, slot: Slot) -> None:
    write_head(root, slot._replace(seal=None))


HARMS: dict[str, tuple[Harm, str]] = {
    "no seal": (strip_seal, "has no seal, and logs/.key has sealed before"),
    "no seal, and no end": (lambda root, slot: write_head(root, slot._replace(seal=None, ended=False)), "has no seal"),
    "another's seal": (lambda root, slot: write_head(root, slot._replace(ended=False)), "not written with logs/.key"),
    "file work": (lambda root, slot: write_head(root, slot._replace(reconciled=3)), "not written with logs/.key"),
    "another key": (lambda root, slot: write_head(root, slot.sealed(Key(b"x" * 32))), "not written with logs/.key"),
    "key replaced": (replace_key, "not written with logs/.key"),
    "key cut": (cut_key, "is missing or no key"),
    "key lost": (lose_key, "is missing or no key"),
}  # fmt: skip


@pytest.mark.parametrize("name", HARMS)
def test_a_watermark_that_the_key_has_not_sealed_is_refused(tmp_path: Path, name: str) -> None:
    """By writer, reader and `verify`, each with the same words; salvage takes what the hashes prove."""
    root = tmp_path / "root"
    harm, words = HARMS[name]
    harm(root, stopped(root))
    fault = refused(root)
    assert words in str(fault)
    assert "abby salvage" in str(fault)
    report = verify(root)
    assert report.damage is not None
    assert words in report.damage.what
    assert report.is_sealed is None
    done = salvage(root, tmp_path / "new")
    assert (done.positions, done.damage) == (3, report.damage)
    recorder = opened(tmp_path / "new")
    assert numbers(recorder) == [1, 2, 3]
    recorder.append([event()])
    recorder.close()
    assert slot_of(tmp_path / "new").proof is Proof.SEALED


def test_a_log_of_before_there_were_seals_is_taken_in_once(tmp_path: Path) -> None:
    """Its watermark is sealed, then its key says that it has sealed: without a seal it is not taken in again."""
    stopped(tmp_path)
    as_before_seals(tmp_path)
    before = contents(tmp_path)
    report = verify(tmp_path)
    assert (report.is_whole, report.is_sealed) == (True, False)
    secret = key_of(tmp_path).secret
    assert not key_of(tmp_path).has_sealed
    opened(tmp_path, read_only=True).close()
    assert contents(tmp_path) == before
    opened(tmp_path).close()
    assert slot_of(tmp_path).proof is Proof.SEALED
    assert key_of(tmp_path) == Key(secret, has_sealed=True)
    (tmp_path / "logs" / "head").write_bytes(before["head"])
    assert "has no seal" in str(refused(tmp_path))


def test_a_reader_who_may_not_read_the_key_is_not_told_of_seals(tmp_path: Path) -> None:
    """An account that may read the log alone: what the hashes and the watermark say is still said."""
    stopped(tmp_path)
    disk = Disk()

    def hidden(name: str, *_: object) -> None:
        if name == ".key":
            raise PermissionError(13, "Permission denied")

    disk.faults["open"] = hidden
    report = verify(tmp_path, files=disk)
    assert (report.is_whole, report.is_sealed) == (True, None)
    opened(tmp_path, disk, read_only=True).close()


def test_a_reader_beside_a_writer_that_begins_again_accuses_nobody(tmp_path: Path) -> None:
    """It saw the watermark of the last stop, then the writer's first line: it looks at the watermark again."""
    stopped(tmp_path)
    recorder = opened(tmp_path)
    disk, reads = Disk(), 0

    def goes_on(name: str, *_: object) -> None:
        nonlocal reads
        reads += name == "head"
        if (name, reads) == ("head", 2):  # both slots were read
            reads += 1
            recorder.append([event()])

    disk.faults["read_at"] = goes_on
    reader = opened(tmp_path, disk, read_only=True, beyond_watermark=True)
    assert reader.head in {3, 4}
    reader.close()
    recorder.close()

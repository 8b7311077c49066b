"""Rules of snapshots: a cache that changes no answer, is never believed against the log, and tells when that lost its
end.
"""

from __future__ import annotations

import errno
import os
import shutil
import threading
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from time import monotonic, sleep

import pytest

from adapters.eventlog.jsonl import JSONLRecorder, rechecking
from adapters.eventlog.jsonl.format import Tip
from adapters.eventlog.jsonl.verify import verify
from adapters.eventlog.jsonl.watermark import Slot, encode_slot
from adapters.ports.faults import LedgerStopped, LogDamaged
from tests.adapters.eventlog.jsonl.logs import Disk, abandon, batch, event, fails, key_of, numbers, opened, refused

WAIT_SECONDS = 10.0


@pytest.fixture(autouse=True)
def checked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a snapshot spared the opening is long, and verified right after it."""
    monkeypatch.setattr(rechecking, "BEGIN_AFTER_SECONDS", 0)
    # Beside a log of some lines.
    monkeypatch.setattr(rechecking, "SHORT_BYTES", 0)


class Taker:
    """What an opening hands over: the state of a snapshot, and the positions of later events."""

    def __init__(self, *, refuses: bytes = b"") -> None:
        self.state = b""
        self.taken: list[int] = []
        self._refuses = refuses

    def restore(self, state: bytes) -> bool:
        if state == self._refuses:
            return False
        self.state = state
        return True

    def open(self, root: Path, files: Disk | None = None, **options: object) -> JSONLRecorder:
        """A recorder of a root that hands over to this."""
        return opened(
            root, files, on_event=lambda found: self.taken.append(found.position), restore=self.restore, **options
        )


def keep(recorder: JSONLRecorder, state: bytes) -> None:
    """A snapshot of this moment, as the storage makes one: behind the watermark."""
    assert recorder.checkpoint(0)
    recorder.write_snapshot(recorder.snapshot_point(), [state[:3], state[3:]])


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root whose log has 5 events, with snapshots at 2 and 4."""
    recorder = opened(tmp_path)
    recorder.append(batch(2))
    keep(recorder, b"state at 2")
    recorder.append(batch(2, 2))
    keep(recorder, b"state at 4")
    recorder.append([event(4)])
    recorder.close()
    return tmp_path


def snapshots(root: Path) -> list[Path]:
    """The files that a start may go on from, and what else stands there but older ones, the newest first."""
    files = (root / "logs" / "snapshots").iterdir()
    return sorted((path for path in files if path.suffix != ".past"), reverse=True)


def handed_over(root: Path, *, read_only: bool = False) -> tuple[bytes, list[int]]:
    """The state and the positions that an opening hands over; all events are there to read in any case."""
    taker = Taker()
    recorder = taker.open(root, read_only=read_only)
    assert numbers(recorder) == [1, 2, 3, 4, 5]
    assert recorder.resumed == 5 - len(taker.taken)
    recorder.close()
    return taker.state, taker.taken


@pytest.mark.parametrize("read_only", [False, True])
def test_an_opening_goes_on_from_the_newest_snapshot(root: Path, *, read_only: bool) -> None:
    """Its state is handed over and then the events after it alone; without snapshots all of them."""
    assert handed_over(root, read_only=read_only) == (b"state at 4", [5])
    snapshots(root)[0].unlink()
    assert handed_over(root, read_only=read_only) == (b"state at 2", [3, 4, 5])
    shutil.rmtree(root / "logs" / "snapshots")
    assert handed_over(root, read_only=read_only) == (b"", [1, 2, 3, 4, 5])


def test_a_log_goes_on_after_an_opening_from_a_snapshot(root: Path) -> None:
    """Positions and hashes continue: the whole log is what it is without snapshots."""
    recorder = Taker().open(root)
    assert recorder.append(batch(2, 5)) == 7
    keep(recorder, b"state at 7")
    recorder.close()
    report = verify(root)
    assert (report.positions, report.is_whole) == (7, True)
    assert [path.name for path in snapshots(root)] == ["000000000000000007.snapshot", "000000000000000004.snapshot"]


def test_a_snapshot_of_the_first_event_is_one_too(tmp_path: Path) -> None:
    """Before it stands the header."""
    recorder = opened(tmp_path)
    recorder.append([event()])
    keep(recorder, b"state at 1")
    recorder.close()
    taker = Taker()
    taker.open(tmp_path).close()
    assert (taker.state, taker.taken) == (b"state at 1", [])


def test_a_changed_snapshot_is_not_used_whatever_byte_it_is(root: Path) -> None:
    """The next one is, and the answers are the same."""
    newest = snapshots(root)[0]
    whole = newest.read_bytes()
    for place in range(0, len(whole), 3):
        changed = bytearray(whole)
        changed[place] ^= 1
        newest.write_bytes(changed)
        assert handed_over(root, read_only=True) == (b"state at 2", [3, 4, 5]), place
    for size in (0, 1, 300, len(whole) - 1):
        newest.write_bytes(whole[:size])
        assert handed_over(root, read_only=True) == (b"state at 2", [3, 4, 5]), size


def test_a_first_line_of_another_shape_is_none_of_ours(root: Path) -> None:
    """Though its check fits."""
    body = b'{"log":"x","position":9'
    line = b'%b,"check":"%b"}\n' % (body, sha256(body).hexdigest().encode())
    (root / "logs" / "snapshots" / "000000000000000009.snapshot").write_bytes(line)
    assert handed_over(root) == (b"state at 4", [5])


def test_a_state_of_another_version_is_not_used(root: Path) -> None:
    """Who restores it says so; the next one is asked."""
    taker = Taker(refuses=b"state at 4")
    taker.open(root).close()
    assert (taker.state, taker.taken) == (b"state at 2", [3, 4, 5])


def test_what_was_made_on_a_machine_of_another_order_of_bytes_is_not_used(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its offsets would be read backwards."""
    monkeypatch.setattr("adapters.eventlog.jsonl.snapshots.sys.byteorder", "big")
    assert handed_over(root) == (b"", [1, 2, 3, 4, 5])


def test_a_snapshot_of_another_log_is_not_used(root: Path, tmp_path: Path) -> None:
    """A cache says nothing about a log that it is not of, not even that the log has lost its end."""
    other = tmp_path / "other"
    recorder = opened(other)
    recorder.append([event()])
    recorder.checkpoint(0)
    recorder.close()
    shutil.copytree(root / "logs" / "snapshots", other / "logs" / "snapshots")
    taker = Taker()
    taker.open(other).close()
    assert (taker.state, taker.taken) == (b"", [1])


@pytest.mark.parametrize(("old", "new"), [(b'"number":3', b'"number":4'), (b'"number":2', b'"number":1')])
def test_a_snapshot_at_whose_position_the_log_has_another_hash_is_not_used(root: Path, old: bytes, new: bytes) -> None:
    """The log is verified from before it then, and the damage found; here it lies at the snapshot's line, or the hash
    before it.
    """
    log = root / "logs" / "events.jsonl"
    lines = log.read_bytes().split(b"\n")
    lines[4] = lines[4].replace(old, new)
    digest = lines[3][-66:-2]
    lines[3] = lines[3].replace(digest, digest[::-1] if new.endswith(b"1") else digest)
    log.write_bytes(b"\n".join(lines))
    taker = Taker()
    with pytest.raises(LogDamaged) as caught:
        taker.open(root)
    assert caught.value.position in (3, 4)


def test_a_line_without_a_hash_before_a_snapshots_place_makes_it_invalid(root: Path) -> None:
    """Bytes that are no hexadecimal digits, or end before the place."""
    log = root / "logs" / "events.jsonl"
    lines = log.read_bytes().split(b"\n")
    for changed in (lines[3][:-10] + b"\xff" * 8 + lines[3][-2:], lines[3]):
        ending = [changed, lines[4][:-5] + b"xxxxx", *lines[5:]]
        log.write_bytes(b"\n".join([*lines[:3], *ending]))
        with pytest.raises(LogDamaged):
            Taker().open(root)


def test_a_log_shorter_than_a_snapshot_of_it_has_lost_its_end(root: Path) -> None:
    """Even where the watermark is as old: refused by writer and reader, and told by `abby verify`."""
    cut_with_its_watermark(root)
    assert "a snapshot of it was made at position 4" in str(refused(root))
    with pytest.raises(LogDamaged, match="ends too early"):
        opened(root, read_only=True)
    damage = verify(root).damage
    assert damage is not None
    assert damage.position == 4
    shutil.rmtree(root / "logs" / "snapshots")
    opened(root).close()


def cut_with_its_watermark(root: Path) -> None:
    """The log as it was after two events, and a watermark that knows no more."""
    log, head = root / "logs" / "events.jsonl", root / "logs" / "head"
    copy = root / "copy"
    key_of(root, to=copy)
    recorder = opened(copy)
    header = log.read_bytes().split(b"\n")[0] + b"\n"
    abandon(recorder)
    (copy / "logs" / "events.jsonl").write_bytes(header)
    (copy / "logs" / "head").unlink()
    recorder = opened(copy)
    recorder.append(batch(2))
    recorder.close()
    log.write_bytes((copy / "logs" / "events.jsonl").read_bytes())
    head.write_bytes((copy / "logs" / "head").read_bytes())
    shutil.rmtree(copy)


def test_a_reader_takes_no_snapshot_beyond_what_it_shows(root: Path) -> None:
    """That is the watermark, here one that was put back; the snapshot of before it is used."""
    recorder = opened(root, read_only=True)
    line = (root / "logs" / "events.jsonl").read_bytes().split(b"\n")[2]
    tip = Tip(2, recorder._log.starts[2], bytes.fromhex(line[-66:-2].decode()))
    slot = Slot(recorder.log_id, 1, tip, 0).sealed(key_of(root))
    recorder.close()
    (root / "logs" / "head").write_bytes(bytes(4096) + encode_slot(slot))
    taker = Taker()
    reader = taker.open(root, read_only=True)
    assert (taker.state, taker.taken, numbers(reader)) == (b"state at 2", [], [1, 2])
    reader.close()


@pytest.mark.parametrize("verb", ["open", "write", "sync_data", "rename", "sync_directory"])
def test_a_snapshot_that_cannot_be_written_harms_nothing(root: Path, verb: str) -> None:
    """Each of its steps fails: the log goes on, and a later start has the older snapshots."""
    disk = Disk()
    recorder = opened(root, disk)
    names = {"sync_directory": "snapshots", "rename": "000000000000000005.snapshot"}
    disk.faults[verb] = fails(OSError(errno.ENOSPC, "full"), name=names.get(verb, "new"))
    with pytest.raises(OSError, match="full"):
        keep(recorder, b"state at 5")
    disk.faults.clear()
    assert recorder.append([event(5)]) == 6
    recorder.close()
    taker = Taker()
    taker.open(root).close()
    assert taker.state in ((b"state at 4", b"state at 5") if verb == "sync_directory" else (b"state at 4",))


def test_what_a_crash_left_of_a_snapshot_is_in_nobodys_way(root: Path) -> None:
    """It is written anew; a snapshot that cannot be read is as good as none."""
    (root / "logs" / "snapshots" / "new").write_bytes(b"half")
    disk = Disk()
    disk.faults["open"] = fails(OSError(errno.EIO, "broken"), name="000000000000000004.snapshot")
    taker = Taker()
    recorder = taker.open(root, disk)
    assert taker.state == b"state at 2"
    keep(recorder, b"state at 5")
    recorder.close()
    assert [path.name[-10:] for path in snapshots(root)] == ["5.snapshot", "4.snapshot"]


def flip(root: Path, number: int) -> None:
    """Changes one byte of the line of an event."""
    log = root / "logs" / "events.jsonl"
    lines = log.read_bytes().split(b"\n")
    lines[number] = lines[number].replace(b"Happened", b"Hoppened")
    log.write_bytes(b"\n".join(lines))


def refusal(call: Callable[[], object]) -> Exception:
    """What a call raises once the background check has come to its end."""
    until = monotonic() + WAIT_SECONDS
    while monotonic() < until:
        try:
            call()
        except (LedgerStopped, LogDamaged) as error:
            return error
        sleep(0.01)
    raise AssertionError("nothing was found")


@pytest.mark.parametrize("number", [1, 2])
def test_damage_before_the_snapshot_stops_the_writer(root: Path, number: int) -> None:
    """Found in the background, it is final: nothing is taken any more, and the watermark is left as it is."""
    flip(root, number)
    recorder = Taker().open(root)
    error = refusal(lambda: recorder.checkpoint(0))
    assert isinstance(error, LedgerStopped)
    assert f"damaged at position {number}" in str(error)
    with pytest.raises(LedgerStopped):
        recorder.append([event()])
    head = (root / "logs" / "head").read_bytes()
    recorder.close()
    assert (root / "logs" / "head").read_bytes() == head


@pytest.mark.parametrize("number", [1, 2])
def test_after_such_a_finding_the_next_start_is_refused_before_it_serves(root: Path, number: int) -> None:
    """The snapshots are gone, so all of the log is read, at that start and at each one after it."""
    flip(root, number)
    recorder = Taker().open(root)
    refusal(lambda: recorder.checkpoint(0))
    recorder.close()
    for _ in range(2):
        with pytest.raises(LogDamaged, match="abby verify") as raised:
            Taker().open(root)
        assert raised.value.position == number


def test_a_snapshot_that_was_being_written_when_damage_was_found_does_not_stay(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would spare the next start the damaged part again."""
    # Not before the test does it itself.
    monkeypatch.setattr(rechecking, "BEGIN_AFTER_SECONDS", WAIT_SECONDS)
    flip(root, 1)
    recorder = Taker().open(root)
    point = recorder.snapshot_point()
    recorder._recheck.carry_out()
    recorder.write_snapshot(point, [b"state at 5"])
    recorder.close()
    assert snapshots(root) == []


@pytest.mark.parametrize("number", [1, 2])
def test_damage_in_a_short_part_before_the_snapshot_is_refused_before_the_first_event(
    root: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is acknowledged on top of it."""
    # Beside a log of some lines.
    monkeypatch.setattr(rechecking, "SHORT_BYTES", (root / "logs" / "events.jsonl").stat().st_size)
    flip(root, number)
    before = (root / "logs" / "head").read_bytes()
    with pytest.raises(LogDamaged, match=f"damaged at position {number}"):
        Taker().open(root)
    assert (root / "logs" / "head").read_bytes() == before
    Taker().open(root, read_only=True).close()


def test_a_short_part_that_was_verified_at_the_start_is_not_read_again(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The background has nothing left to do."""
    # Beside a log of some lines.
    monkeypatch.setattr(rechecking, "SHORT_BYTES", (root / "logs" / "events.jsonl").stat().st_size)
    recorder = Taker().open(root)
    assert recorder.resumed == 4
    assert not recorder._recheck._thread.is_alive()
    recorder.close()


def test_damage_before_the_snapshot_stops_a_reader(root: Path) -> None:
    """It tells the position, in every call."""
    flip(root, 2)
    reader = Taker().open(root, read_only=True)
    error = refusal(reader.follow)
    assert isinstance(error, LogDamaged)
    assert error.position == 2
    with pytest.raises(LogDamaged, match="position 2"):
        reader.read()
    reader.close()


def test_a_watermark_before_the_snapshot_whose_hash_the_log_has_not_is_found(root: Path) -> None:
    """Its offset fits, which is all that an opening can see of it."""
    recorder = opened(root, read_only=True)
    tip = Tip(2, recorder._log.starts[2], b"\0" * 32)
    slot = Slot(recorder.log_id, 1, tip, 0).sealed(key_of(root))
    recorder.close()
    (root / "logs" / "head").write_bytes(bytes(4096) + encode_slot(slot))
    recorder = Taker().open(root)
    assert "at position 2" in str(refusal(lambda: recorder.checkpoint(0)))
    recorder.close()


def test_a_part_that_cannot_be_read_in_the_background_is_a_finding(root: Path) -> None:
    """A disk that loses what was written once is no disk to go on with."""
    disk = Disk()
    here = threading.get_ident()

    def broken(*_: object) -> None:
        if threading.get_ident() != here:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    disk.faults["read_at"] = broken
    recorder = Taker().open(root, disk)
    assert "cannot be read" in str(refusal(lambda: recorder.checkpoint(0)))
    recorder.close()


def test_a_close_ends_the_check(root: Path) -> None:
    """It does not wait until all is read, and a check that was ended finds nothing."""
    flip(root, 1)
    disk = Disk()
    here, go_on = threading.get_ident(), threading.Event()

    def wait(*_: object) -> None:
        if threading.get_ident() != here:
            assert go_on.wait(WAIT_SECONDS)

    disk.faults["open"] = wait
    recorder = Taker().open(root, disk)
    closing = threading.Thread(target=recorder.close)
    closing.start()
    assert recorder._recheck._stopped.wait(WAIT_SECONDS)
    go_on.set()
    closing.join(WAIT_SECONDS)
    assert not closing.is_alive()
    assert recorder._finding is None


def test_a_close_before_the_check_begins_asks_nothing_of_the_disk(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a disk that fails just then would pass for a damaged log, and the watermark would not be written."""
    # Not before the test does it itself.
    monkeypatch.setattr(rechecking, "BEGIN_AFTER_SECONDS", WAIT_SECONDS)
    disk = Disk()
    here = threading.get_ident()

    def broken(*_: object) -> None:
        if threading.get_ident() != here:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    disk.faults["open"] = broken
    recorder = Taker().open(root, disk)
    recorder.append([event(5)])
    recorder.close()
    assert recorder._finding is None
    assert verify(root).watermark == 6

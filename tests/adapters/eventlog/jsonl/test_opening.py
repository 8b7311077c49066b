"""Every row of the table "Opening", in its order, and files that are none of ours."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from eventsourcing.dcb.api import DCBEvent
from structlog.testing import capture_logs

from adapters.eventlog.jsonl.format import Tip, decode_header, encode_batch, encode_header
from adapters.eventlog.jsonl.verify import verify
from adapters.ports.faults import LogDamaged, LogForeign
from tests.adapters.eventlog.jsonl.logs import NOW, Disk, abandon, batch, event, numbers, opened, refused, write_log

OTHER_ID = "f" * 32


# -- a file that is none of ours ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "start",
    [
        b"",
        b"\0" * 4096,
        b"\xef\xbb\xbf" + encode_header(OTHER_ID, NOW),
        b'{"_id":"an older events.jsonl"}\n',
        encode_header(OTHER_ID, NOW).replace(b"\n", b"\r\n"),
        encode_header(OTHER_ID, NOW).replace(b":1,", b":9,"),
    ],
)
def test_a_file_without_our_header_is_foreign_and_left_alone(tmp_path: Path, start: bytes) -> None:
    """It is called foreign, not damaged, for writers, readers and `abby verify`."""
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "events.jsonl").write_bytes(start)
    told = str(refused(tmp_path, LogForeign))
    assert "left alone" in told
    assert ("written in format 9, and this version of Abby reads format 1" in told) is (b":9," in start)
    with pytest.raises(LogForeign):
        opened(tmp_path, read_only=True)
    with pytest.raises(LogForeign):
        verify(tmp_path)


def test_a_log_whose_header_is_damaged_is_told_with_the_ways_out(tmp_path: Path) -> None:
    """By the watermark beside it; a log of a newer version is not taken for one."""
    opened(tmp_path).close()
    log = tmp_path / "logs" / "events.jsonl"
    whole = log.read_bytes()
    for damaged in (b"", bytes(len(whole)), b"\x00" + whole[1:], whole.replace(b'"created"', b'"creatfd"')):
        log.write_bytes(damaged)
        told = str(refused(tmp_path, LogForeign))
        assert "Put it back from a copy" in told
        assert "`abby adopt" in told
    log.write_bytes(whole.replace(b":1,", b":9,", 1))
    assert "adopt" not in str(refused(tmp_path, LogForeign))


def test_a_directory_in_the_logs_place_is_foreign(tmp_path: Path) -> None:
    """What is no file cannot be opened as one, and is left alone."""
    (tmp_path / "logs" / "events.jsonl").mkdir(parents=True)
    with pytest.raises(LogForeign, match="is a folder"):
        opened(tmp_path)


# -- lines end at LF alone ---------------------------------------------------------------------------------------------


def test_what_other_programs_take_for_a_line_end_ends_no_line(tmp_path: Path) -> None:
    """U+2028, U+2029 and U+0085 stand in the log as they are, and each event is one record to everybody who reads."""
    recorder = opened(tmp_path)
    data = '{"reason":"a\u2028b\u2029c\u0085d"}'.encode()
    recorder.append([DCBEvent("T\u2028", data, ["user:\u0085"])] * 2)
    recorder.close()
    text = (tmp_path / "logs" / "events.jsonl").read_text(encoding="utf-8")
    assert (text.count("\n"), len(text.splitlines())) == (3, 1 + 2 * 6)
    for read_only in (False, True):
        recorder = opened(tmp_path, read_only=read_only)
        assert [found.event.data for found in recorder.read()] == [data, data]
        recorder.close()
    report = verify(tmp_path)
    assert (report.positions, report.is_whole, report.torn_bytes) == (2, True, 0)


# -- row 1: the watermark ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("head", [None, b"", b"\0" * 8192, b'{"check":"no"}\n' * 400])
def test_events_without_a_valid_watermark_are_refused(tmp_path: Path, head: bytes | None) -> None:
    """Without a watermark nobody could tell whether the end is missing."""
    write_log(tmp_path, [1, 2])
    (tmp_path / "logs" / "head").unlink()
    if head is not None:
        (tmp_path / "logs" / "head").write_bytes(head)
    assert "watermark, logs/head, is missing or unreadable" in str(refused(tmp_path))
    with pytest.raises(LogDamaged, match="missing or unreadable"):
        opened(tmp_path, read_only=True)


def test_a_torn_first_batch_without_a_watermark_is_refused(tmp_path: Path) -> None:
    """The watermark is made before the first event, so whatever follows the header proves that one is missing."""
    log = write_log(tmp_path, [])
    (tmp_path / "logs" / "head").unlink()
    log.write_bytes(log.read_bytes() + b"{")
    assert "missing or unreadable" in str(refused(tmp_path))


def test_one_valid_slot_is_enough(tmp_path: Path) -> None:
    """A slot torn by a power cut leaves the other one, which is older."""
    recorder = opened(tmp_path)
    for _ in range(2):
        recorder.append([event()])
        recorder.checkpoint(0)
    abandon(recorder)
    head = tmp_path / "logs" / "head"
    whole = head.read_bytes()
    assert verify(tmp_path).watermark == 2
    for slot, left in ((0, 2), (4096, 1)):
        head.write_bytes(whole[:slot] + b"\xff" + whole[slot + 1 :])
        assert verify(tmp_path).watermark == left
        abandon(opened(tmp_path))


def test_the_watermark_of_another_log_is_refused(tmp_path: Path) -> None:
    """A head and a log that do not belong together are never used together, even while the log is empty."""
    write_log(tmp_path / "one", [1])
    for name, sizes in (("other", [1]), ("empty", [])):
        write_log(tmp_path / name, sizes)
        (tmp_path / name / "logs" / "head").write_bytes((tmp_path / "one" / "logs" / "head").read_bytes())
        assert "that of another log" in str(refused(tmp_path / name))


# -- row 2: cut or replaced --------------------------------------------------------------------------------------------


def test_a_log_that_was_cut_is_refused(tmp_path: Path) -> None:
    """The last line deleted cleanly, the last batch deleted, all events deleted, a cut inside a line."""
    log = write_log(tmp_path, [2, 2])
    whole = log.read_bytes()
    ends = [place + 1 for place, byte in enumerate(whole) if byte == 10]
    for size, position in ((ends[3], 3), (ends[2], 3), (ends[0], 1), (ends[3] + 40, 3), (len(whole) - 1, 3)):
        log.write_bytes(whole[:size])
        fault = refused(tmp_path)
        assert "ends too early: 4 positions" in str(fault)
        assert fault.position == position
        assert "abby verify" in str(fault)


def rewrite(log: Path, sizes: list[int], *, number: int = 0) -> None:
    """Another history under the same header, with hashes that fit."""
    header, _, _ = log.read_bytes().partition(b"\n")
    lines, tip = [header + b"\n"], Tip(0, 0, decode_header(header + b"\n").digest)
    for size in sizes:
        made, digest = encode_batch([event(number)] * size, tip)
        lines += made
        tip = Tip(tip.position + size, 0, digest)
    log.write_bytes(b"".join(lines))


@pytest.mark.parametrize(
    ("sizes", "number", "why"),
    [
        ([1, 1], 7, "was changed or replaced"),
        ([1, 1], 1000, "was changed or replaced"),
        ([1, 1, 1], 7, "was changed or replaced"),
        ([1, 2], 7, "was changed or replaced"),
    ],
)
def test_a_log_that_was_replaced_is_refused(tmp_path: Path, sizes: list[int], number: int, why: str) -> None:
    """Another history whose hashes fit: as long, with longer lines, with more of them, the watermark inside a batch."""
    log = write_log(tmp_path, [1, 1])
    rewrite(log, sizes, number=number)
    fault = refused(tmp_path)
    assert why in str(fault)
    assert fault.position == 2
    with pytest.raises(LogDamaged):
        opened(tmp_path, read_only=True)


def test_a_line_that_is_no_event_is_refused_though_its_hash_fits(tmp_path: Path) -> None:
    """Somebody recomputed the hashes after editing a line by hand."""
    log = write_log(tmp_path, [1])
    header, line, _ = log.read_bytes().split(b"\n")
    body = line[:-75].replace(b'"data"', b'"dato"')
    digest = sha256(decode_header(header + b"\n").digest + body).hexdigest().encode()
    log.write_bytes(header + b"\n" + body + b',"hash":"' + digest + b'"}\n')
    assert "it is no event line" in str(refused(tmp_path))


# -- row 3: damage at or below the watermark ---------------------------------------------------------------------------


def swap(lines: list[bytes]) -> list[bytes]:
    """Two neighbours change places."""
    return [*lines[:2], lines[3], lines[2], *lines[4:]]


def zeros(lines: list[bytes]) -> list[bytes]:
    """A hole of zeros in the middle of a line."""
    return [*lines[:2], lines[2][:30] + bytes(60) + lines[2][90:], *lines[3:]]


DAMAGES: dict[str, tuple[Callable[[list[bytes]], list[bytes]], int]] = {
    "blank line in the middle": (lambda lines: [*lines[:3], b"", *lines[3:]], 3),
    "two lines swapped": (swap, 2),
    "hole of zeros in an earlier batch": (zeros, 2),
    "CRLF line ends": (lambda lines: [lines[0], *(line + b"\r" for line in lines[1:-1]), lines[-1]], 1),
    "a line doubled": (lambda lines: [*lines[:3], lines[2], *lines[3:]], 3),
    "an LF lost": (lambda lines: [*lines[:2], lines[2] + lines[3], *lines[4:]], 2),
    "one hash in upper case": (lambda lines: [*lines[:2], lines[2][:-66] + lines[2][-66:].upper(), *lines[3:]], 2),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_in_acknowledged_history_is_refused(tmp_path: Path, name: str) -> None:
    """The refusal names the first bad position and the byte offset of its line, to a writer, a reader and `abby
    verify`.
    """
    damage, position = DAMAGES[name]
    log = write_log(tmp_path, [1, 1, 1, 2])
    lines = log.read_bytes().split(b"\n")
    offset = sum(len(line) + 1 for line in lines[:position])
    log.write_bytes(b"\n".join(damage(lines)).ljust(log.stat().st_size))
    fault = refused(tmp_path)
    assert (fault.position, fault.offset) == (position, offset)
    assert f"position {position} (byte {offset})" in str(fault)
    report = verify(tmp_path)
    assert report.damage is not None
    assert (report.damage.position, report.damage.offset, report.is_whole) == (position, offset, False)
    with pytest.raises(LogDamaged):
        opened(tmp_path, read_only=True)


# -- row 4: damage above the watermark that a later batch follows ------------------------------------------------------


@pytest.mark.parametrize("name", ["blank line in the middle", "two lines swapped", "hole of zeros in an earlier batch"])
def test_damage_before_a_later_batch_is_refused_without_a_watermark_too(tmp_path: Path, name: str) -> None:
    """A later batch is written only after the earlier one was synced, so this was acknowledged."""
    damage, position = DAMAGES[name]
    log = write_log(tmp_path, [1, 1, 1, 2], watermark_after=1)
    lines = log.read_bytes().split(b"\n")
    log.write_bytes(b"\n".join(damage(lines)))
    fault = refused(tmp_path)
    assert fault.position == position
    assert "although a later batch" in str(fault)


def test_a_lost_batch_before_a_later_one_is_refused(tmp_path: Path) -> None:
    """The line that stands in the place of the missing one is itself of a later batch."""
    log = write_log(tmp_path, [1, 1, 1], watermark_after=1)
    lines = log.read_bytes().split(b"\n")
    log.write_bytes(b"\n".join([*lines[:2], *lines[3:]]))
    assert refused(tmp_path).position == 2


# -- row 5: a torn batch -----------------------------------------------------------------------------------------------


def recovers(root: Path, whole: bytes, kept: int) -> None:
    """The log opens with `kept` positions, what was cut off lies in torn/, and the next start finds nothing to do."""
    before = (root / "logs" / "events.jsonl").read_bytes()
    with capture_logs() as said:
        recorder = opened(root)
    assert numbers(recorder) == list(range(1, kept + 1))
    after = (root / "logs" / "events.jsonl").read_bytes()
    assert whole.startswith(after)
    torn = before[len(after) :]
    assert [path.read_bytes() for path in sorted((root / "logs" / "torn").iterdir())] == [torn]
    cut = [entry for entry in said if entry["event"] != "events after the last seal"]
    assert [(entry["event"], entry["bytes"], entry["offset"]) for entry in cut] == [
        ("torn batch cut off", len(torn), len(after))
    ]
    recorder.append(batch(2))
    assert numbers(recorder) == list(range(1, kept + 3))
    recorder.close()
    again = opened(root)
    assert numbers(again) == list(range(1, kept + 3))
    again.close()


def test_the_last_batch_cut_at_every_byte_is_dropped_whole(tmp_path: Path) -> None:
    """A batch of three, never acknowledged: whatever a crash left of it, none of it counts and the rest does."""
    log = write_log(tmp_path / "whole", [2, 1, 3], watermark_after=1)
    whole, head, key = log.read_bytes(), *((log.parent / name).read_bytes() for name in ("head", ".key"))
    start = sum(len(line) + 1 for line in whole.split(b"\n")[:4])
    for size in range(start + 1, len(whole)):
        logs = tmp_path / str(size) / "logs"
        logs.mkdir(parents=True)
        (logs / "events.jsonl").write_bytes(whole[:size])
        (logs / "head").write_bytes(head)
        (logs / ".key").write_bytes(key)
        if size % 16 in {0, 1}:
            recovers(tmp_path / str(size), whole, 3)
        else:
            disk = Disk()
            disk.free = 0  # the reserve file would take longer than all the rest
            recorder = opened(tmp_path / str(size), disk)
            assert numbers(recorder) == [1, 2, 3]
            abandon(recorder)
        assert (logs / "torn" / f"20260301T120000.000000Z-{start}.bin").read_bytes() == whole[start:size]


TORN: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "trailing zero bytes": lambda lines: [*lines[:4], bytes(4096)],
    "a hole of zeros in the last batch, valid records after it": lambda lines: [
        *lines[:5],
        lines[5][:40] + bytes(50) + lines[5][90:],
        *lines[6:],
    ],
    "the log ends at a line's end inside the batch": lambda lines: [*lines[:6], b""],
    "only the last line of the batch": lambda lines: [*lines[:4], lines[6], b""],
    "its lines in another order": lambda lines: [*lines[:4], lines[5], lines[4], *lines[6:]],
    "lines of ours that are not of a later batch": lambda lines: [*lines[:4], b"?", lines[3], lines[2], b""],
}


@pytest.mark.parametrize("name", TORN)
def test_what_a_power_cut_may_leave_of_the_last_batch_is_dropped(tmp_path: Path, name: str) -> None:
    """Unsynced data may be there in any combination of sectors; nothing of it was acknowledged, so the service
    starts.
    """
    log = write_log(tmp_path, [2, 1, 3], watermark_after=2)
    lines = log.read_bytes().split(b"\n")
    log.write_bytes(b"\n".join(TORN[name](lines)))
    recovers(tmp_path, b"\n".join(lines), 3)


def test_a_torn_batch_is_set_aside_durably_before_it_is_cut_off(tmp_path: Path) -> None:
    """The copy and its name are on the disk before the cut, and the cut before anyone is served."""
    log = write_log(tmp_path, [1])
    log.write_bytes(log.read_bytes() + b"torn")
    copy = f"20260301T120000.000000Z-{log.stat().st_size - 4}.bin"
    disk = Disk()
    opened(tmp_path, disk).close()
    steps = [call for call in disk.calls if call[0] in {"make_directory", "sync_directory", "sync_data", "truncate"}]
    assert steps == [
        ("sync_data", "events.jsonl"),
        ("make_directory", "torn"),
        ("sync_directory", "logs"),
        ("sync_data", copy),
        ("sync_directory", "torn"),
        ("truncate", "events.jsonl"),
        ("sync_data", "events.jsonl"),
        ("sync_data", "head"),
        ("sync_directory", "logs"),
        ("sync_data", "head"),
    ]


def test_only_whole_batches_reach_the_replay(tmp_path: Path) -> None:
    """The good lines of a torn batch are not handed out."""
    log = write_log(tmp_path, [2, 3], watermark_after=1)
    log.write_bytes(log.read_bytes()[:-10])
    seen: list[int] = []
    recorder = opened(tmp_path, on_event=lambda found: seen.append(found.position))
    assert seen == [1, 2]
    recorder.close()


def test_a_long_tail_without_a_line_end_is_neither_kept_in_memory_nor_an_obstacle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line longer than any of ours is damage at once; a later batch after it is still seen."""
    monkeypatch.setattr("adapters.eventlog.jsonl.scanning.MAX_LINE_BYTES", 1000)
    monkeypatch.setattr("adapters.eventlog.jsonl.scanning.BLOCK_BYTES", 700)
    monkeypatch.setattr("adapters.eventlog.jsonl.opening.BLOCK_BYTES", 700)
    log = write_log(tmp_path / "torn", [1])
    log.write_bytes(log.read_bytes() + bytes(5000))
    recorder = opened(tmp_path / "torn")
    assert recorder.head == 1
    recorder.close()
    assert next((tmp_path / "torn" / "logs" / "torn").iterdir()).read_bytes() == bytes(5000)
    log = write_log(tmp_path / "damaged", [1, 1, 1], watermark_after=1)
    lines = log.read_bytes().split(b"\n")
    log.write_bytes(b"\n".join([*lines[:2], bytes(5000), *lines[3:]]))
    assert refused(tmp_path / "damaged").position == 2


def test_a_recovery_that_crashed_is_done_again(tmp_path: Path) -> None:
    """The copy that an unfinished recovery left is replaced by a whole one."""
    log = write_log(tmp_path, [1])
    log.write_bytes(log.read_bytes() + b"torn")
    torn = tmp_path / "logs" / "torn"
    torn.mkdir()
    (torn / f"20260301T120000.000000Z-{log.stat().st_size - 4}.bin").write_bytes(b"to")
    opened(tmp_path).close()
    assert [path.read_bytes() for path in torn.iterdir()] == [b"torn"]

"""No byte of an acknowledged log can change or go without being found out."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

import orjson
import pytest

from adapters.disk.files import Files
from adapters.eventlog.jsonl.format import MAX_LINE_BYTES, Tip
from adapters.eventlog.jsonl.verify import verify
from adapters.eventlog.jsonl.watermark import Slot, decode_slot, encode_slot
from adapters.ports.faults import LogDamaged
from tests.adapters.eventlog.jsonl.logs import abandon, opened, write_log

BITS = (0, 3, 6)


def is_refused(root: Path) -> bool:
    """Whether a start refuses."""
    try:
        recorder = opened(root)
    except LogDamaged:
        return True
    abandon(recorder)
    return False


def is_seen(root: Path) -> bool:
    """Whether `abby verify` sees that something is wrong."""
    try:
        return not verify(root).is_whole
    except LogDamaged:
        return True


def test_no_flipped_bit_is_silent(tmp_path: Path, thorough: bool) -> None:
    """Each byte of header and events, at or below the watermark, flipped in three bits (--thorough: eight): refused."""
    log = write_log(tmp_path, [1, 2, 1])
    whole = log.read_bytes()
    for place in range(len(whole)):
        for bit in range(8) if thorough else BITS:
            changed = bytearray(whole)
            changed[place] ^= 1 << bit
            log.write_bytes(changed)
            assert is_seen(tmp_path), f"byte {place}, bit {bit}"
            if bit == place % 3 * 3 or thorough:
                assert is_refused(tmp_path), f"byte {place}, bit {bit}"
    log.write_bytes(whole)
    assert not is_refused(tmp_path)
    assert not is_seen(tmp_path)


HOLE_BYTES = 4 * MAX_LINE_BYTES


class Counting(Files):
    """The real file system, which counts the bytes that are read."""

    read_bytes = 0

    def read_at(self, fd: int, size: int, offset: int) -> bytes:
        """Reads and counts."""
        data = super().read_at(fd, size, offset)
        self.read_bytes += len(data)
        return data


class WithoutHoles(Files):
    """A file system that does not tell where files have holes."""

    def next_data(self, fd: int, offset: int) -> int:  # noqa: ARG002 - the port's signature
        """Anything may stand there."""
        return offset


@pytest.mark.skipif(not hasattr(os, "SEEK_DATA"), reason="nobody tells here where a file has holes")
@pytest.mark.parametrize("keeps", [0, 3], ids=["after the header", "after three lines"])
@pytest.mark.parametrize("goes_on", [False, True], ids=["nothing behind", "lines behind"])
def test_a_hole_is_judged_as_its_zeros_would_be(tmp_path: Path, keeps: int, goes_on: bool) -> None:
    """Without being read: a forger has one of any size for nothing. Lines behind it are found all the same."""
    log = write_log(tmp_path, [1, 2, 1])
    lines = log.read_bytes().splitlines(keepends=True)
    begin = b"".join(lines[: keeps + 1])
    with log.open("wb") as file:
        file.write(begin)
        file.seek(len(begin) + HOLE_BYTES)
        file.write(b"\n" + lines[-1] if goes_on else b"")
        file.truncate()
    if not goes_on:
        os.truncate(log, len(begin) + HOLE_BYTES)
    counting = Counting()
    report = verify(tmp_path, files=counting)
    assert report == verify(tmp_path, files=WithoutHoles())
    assert report.damage is not None
    assert counting.read_bytes < HOLE_BYTES


def test_no_cut_is_silent(tmp_path: Path) -> None:
    """The acknowledged log cut at each byte: refused."""
    log = write_log(tmp_path, [1, 2, 1])
    whole = log.read_bytes()
    for size in range(len(whole)):
        log.write_bytes(whole[:size])
        assert is_refused(tmp_path), f"cut to {size} bytes"


def test_no_flipped_bit_above_the_watermark_gives_a_wrong_answer(tmp_path: Path) -> None:
    """Above the watermark a flip may pass for a torn last batch, which is set aside; it never changes what is read."""
    write_log(tmp_path / "whole", [1, 1, 2], watermark_after=2)
    whole = {path.name: path.read_bytes() for path in (tmp_path / "whole" / "logs").iterdir()}
    log_bytes = whole["events.jsonl"]
    expected = [found.event for found in opened(tmp_path / "whole").read()]
    start = sum(len(line) + 1 for line in log_bytes.split(b"\n")[:3])
    root = tmp_path / "changed"
    (root / "logs").mkdir(parents=True)
    for place in range(start, len(log_bytes)):
        for name, content in whole.items():
            (root / "logs" / name).write_bytes(content)
        changed = bytearray(log_bytes)
        changed[place] ^= 1 << place % 8
        (root / "logs" / "events.jsonl").write_bytes(changed)
        recorder = opened(root)
        assert [found.event for found in recorder.read()] == expected[:2], f"byte {place}"
        assert (root / "logs" / "torn").exists()
        abandon(recorder)


def test_no_flipped_bit_in_the_watermark_is_taken_for_a_watermark(tmp_path: Path) -> None:
    """A changed slot is no slot (only the spaces that fill it up do not matter): the log is refused, or the other
    slot holds.
    """
    write_log(tmp_path, [1])
    head = tmp_path / "logs" / "head"
    whole = head.read_bytes()
    used = len(whole[:512].rstrip())
    for place in range(used):
        changed = bytearray(whole)
        changed[place] ^= 1 << place % 8
        head.write_bytes(changed)
        report = verify(tmp_path)
        assert report.watermark == 0, f"byte {place}: the older slot holds"
    for place in range(used):
        changed = bytearray(whole)
        changed[place] ^= 1
        changed[4096 + place] ^= 1
        head.write_bytes(changed)
        with pytest.raises(LogDamaged, match="missing or unreadable"):
            opened(tmp_path)


def test_a_slot_with_a_fitting_check_must_still_be_a_slot() -> None:
    """Members missing or of another kind are no watermark."""
    slot = Slot("0" * 32, 1, Tip(1, 2, bytes(32)), 0)
    data = encode_slot(slot)
    assert len(data) == 512
    assert decode_slot(data) == slot
    fields = orjson.loads(data)
    del fields["check"]
    for changed in ({**fields, "position": "1"}, {**fields, "more": 1}, {"log": "x"}):
        body = orjson.dumps(changed)[:-1]
        assert decode_slot(body + b',"check":"%b"}' % sha256(body).hexdigest().encode()) is None

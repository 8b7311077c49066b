"""How a snapshot's state begins: read alone, and believed because its line is sealed and tells its hash."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from adapters.disk.files import Files
from adapters.eventlog.jsonl import JSONLRecorder
from adapters.eventlog.jsonl.engine import JSONLEngine
from adapters.eventlog.jsonl.layout import LogPaths
from adapters.eventlog.jsonl.seals import read_key, sealed_line
from adapters.eventlog.jsonl.snapshots import BEGINNING_BYTES, OFFSET_BYTES
from tests.adapters.eventlog.jsonl.logs import batch, opened

ENGINE = JSONLEngine(Files())
STATES = {2: b"state at 2", 4: b"state at 4"}


def keep(recorder: JSONLRecorder, state: bytes) -> None:
    """A snapshot of this moment, as the storage makes one: behind the watermark."""
    assert recorder.checkpoint(0)
    recorder.write_snapshot(recorder.snapshot_point(), [state[:3], state[3:]])


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root whose log has snapshots at 2 and 4."""
    recorder = opened(tmp_path)
    for position, state in STATES.items():
        recorder.append(batch(2, position - 2))
        keep(recorder, state)
    recorder.close()
    return tmp_path


def newest(root: Path) -> Path:
    return max((root / "logs" / "snapshots").glob("*.snapshot"))


def told(root: Path, position: int) -> tuple[int, bytes] | None:
    return ENGINE.beginning_before(root, position)


def test_it_is_that_of_the_newest_one_of_a_position_or_before_it(root: Path) -> None:
    """With the pieces in which it was written put together."""
    assert [told(root, position) for position in (1, 3, 4, 9)] == [None, (2, STATES[2]), *[(4, STATES[4])] * 2]


def test_of_a_long_state_it_is_the_first_bytes(root: Path) -> None:
    """So many, in however many pieces they were written."""
    state = bytes(range(256)) * (BEGINNING_BYTES // 128)
    recorder = opened(root)
    recorder.append(batch(1, 4))
    keep(recorder, state)
    recorder.close()
    assert told(root, 5) == (5, state[:BEGINNING_BYTES])


def test_whatever_byte_of_it_is_changed_it_is_not_believed(root: Path) -> None:
    """But of the offsets in the log, of which one alone is asked for: that of the line whose hash is looked at."""
    path = newest(root)
    whole = path.read_bytes()
    offsets = whole.index(b"\n") + 1
    for place in range(len(whole)):
        changed = bytearray(whole)
        changed[place] ^= 1
        path.write_bytes(changed)
        is_needed = not offsets <= place < offsets + 5 * OFFSET_BYTES or (place - offsets) // OFFSET_BYTES == 3
        assert told(root, 4) == ((2, STATES[2]) if is_needed else (4, STATES[4])), place
    for size in (0, 1, 300, len(whole) - 1):
        path.write_bytes(whole[:size])
        assert told(root, 4) == (2, STATES[2]), size


def test_one_that_a_former_version_wrote_does_not_tell_it_and_is_used_all_the_same(root: Path) -> None:
    """Its line has no hash of that."""
    path = newest(root)
    line, _, rest = path.read_bytes().partition(b"\n")
    fields = json.loads(line)
    del fields["seal"], fields["beginning"]
    key = read_key(Files(), LogPaths.below(root))
    assert key is not None
    path.write_bytes(sealed_line(fields, key.of_snapshot) + b"\n" + rest)
    assert told(root, 4) == (2, STATES[2])
    found = ENGINE.snapshot_before(root, 4)
    assert found is not None
    assert (found.position, found.state) == (4, STATES[4])

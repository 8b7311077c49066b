"""What was done to a log is told by its kind, as far as its lines tell, with the position where it shows."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from adapters.eventlog.jsonl.format import MAX_LINE_BYTES
from adapters.eventlog.jsonl.scanning import BLOCK_BYTES
from adapters.eventlog.jsonl.verify import verify
from adapters.ports.faults import LogDamaged
from adapters.ports.log_reports import LOOKS_AS_IF, Tampering
from tests.adapters.eventlog.jsonl.logs import abandon, batch, key_of, opened, slot_of, write_head, write_log

EVENTS = 12
Lines = list[bytes]
Change = Callable[[Lines, Lines], Lines]
EDITED, DROPPED, INSERTED, REORDERED = Tampering.EDITED, Tampering.DROPPED, Tampering.INSERTED, Tampering.REORDERED
TOO_LONG = b"9" * (MAX_LINE_BYTES + 2 * BLOCK_BYTES)
SPLICED, TRUNCATED, OVERWRITTEN = Tampering.SPLICED, Tampering.TRUNCATED, Tampering.OVERWRITTEN


def edited(line: bytes) -> bytes:
    """Other data, the hash left."""
    return line.replace(b'"number":', b'"number":9')


def fitting(line: bytes, before: bytes) -> bytes:
    """A line with a hash that fits after another line."""
    body = line[:-76]
    digest = sha256(bytes.fromhex(before[-67:-3].decode()) + body).hexdigest()
    return b'%b,"hash":"%b"}\n' % (body, digest.encode())


def at(line: bytes, position: int) -> bytes:
    """A line that says that it stands elsewhere."""
    return re.sub(rb'"pos":\d+,"batch":\[\d+,\d+\]', b'"pos":%d,"batch":[%d,%d]' % ((position,) * 3), line)


def flipped(line: bytes) -> bytes:
    """Another hash, the data left."""
    return line[:-67] + (b"0" if line[-67:-66] != b"0" else b"1") + line[-66:]


CASES: dict[str, tuple[Change, int, tuple[Tampering, ...]]] = {
    "a line edited": (lambda a, _: [*a[:6], edited(a[6]), *a[7:]], 6, (EDITED,)),
    "the first line edited": (lambda a, _: [a[0], edited(a[1]), *a[2:]], 1, (EDITED,)),
    "the last line edited": (lambda a, _: [*a[:12], edited(a[12])], 12, (EDITED,)),
    "a line edited, with a hash that fits": (
        lambda a, _: [*a[:6], fitting(edited(a[6]), a[5]), *a[7:]],
        7,
        (EDITED,),
    ),
    "a line longer than any of ours": (
        lambda a, _: [*a[:6], fitting(a[6].replace(b'"number":', b'"number":' + TOO_LONG), a[5]), *a[7:]],
        6,
        (OVERWRITTEN,),
    ),
    "a hash edited": (lambda a, _: [*a[:6], flipped(a[6]), *a[7:]], 6, (EDITED,)),
    "a hash taken off": (lambda a, _: [*a[:6], a[6][:-76] + b"}\n", *a[7:]], 6, (EDITED,)),
    "a line taken out": (lambda a, _: [*a[:6], *a[7:]], 6, (DROPPED,)),
    "lines taken out in many places, the last one too": (
        lambda a, _: [line for number, line in enumerate(a) if number % 3 or not number],
        3,
        (DROPPED,),
    ),
    "lines taken out in two places": (lambda a, _: [*a[:4], *a[6:8], *a[10:]], 4, (DROPPED,)),
    "a line put in twice": (lambda a, _: [*a[:7], a[6], *a[7:]], 7, (INSERTED,)),
    "a later line put in before": (lambda a, _: [*a[:6], a[9], *a[6:]], 6, (INSERTED,)),
    "lines put in twice": (lambda a, _: [*a[:7], *a[4:7], *a[7:]], 7, (INSERTED,)),
    "a made-up line put in that fits": (lambda a, _: [*a[:6], fitting(edited(a[6]), a[5]), *a[6:]], 7, (INSERTED,)),
    "a made-up line put in that does not": (lambda a, _: [*a[:6], edited(a[6]), *a[6:]], 6, (INSERTED,)),
    "two lines exchanged": (lambda a, _: [*a[:6], a[7], a[6], *a[8:]], 6, (REORDERED,)),
    "a line moved up": (lambda a, _: [*a[:4], a[9], *a[4:9], *a[10:]], 4, (REORDERED,)),
    "a line moved down": (lambda a, _: [*a[:4], *a[5:9], a[4], *a[9:]], 4, (REORDERED,)),
    "two blocks exchanged": (lambda a, _: [*a[:3], *a[7:10], *a[3:7], *a[10:]], 3, (REORDERED,)),
    "the end cut off": (lambda a, _: a[:8], 8, (TRUNCATED,)),
    "the end cut off inside a line": (lambda a, _: [*a[:8], a[8][:40]], 8, (TRUNCATED,)),
    "the rest of another log": (lambda a, b: [*a[:6], *b[6:]], 6, (SPLICED, EDITED)),
    "a block of another log in place of ours": (lambda a, b: [*a[:6], *b[6:9], *a[9:]], 6, (SPLICED, EDITED)),
    "a line of another log in place of ours": (lambda a, b: [*a[:6], b[6], *a[7:]], 6, (EDITED, SPLICED)),
    "a block of another log between ours": (lambda a, b: [*a[:6], *b[6:9], *a[6:]], 6, (SPLICED,)),
    "a later block of another log between ours": (lambda a, b: [*a[:6], *b[8:11], *a[6:]], 6, (SPLICED,)),
    "an earlier block of another log between ours": (lambda a, b: [*a[:6], *b[2:4], *a[6:]], 6, (SPLICED,)),
    "a line of another log between ours": (lambda a, b: [*a[:6], b[6], *a[6:]], 6, (INSERTED, SPLICED)),
    "a later block of another log in place of ours": (
        lambda a, b: [*a[:6], *b[9:12], *a[9:]],
        6,
        (SPLICED, DROPPED),
    ),
    "a whole log behind ours": (lambda a, b: [*a[:6], *b], 6, (SPLICED,)),
    "another log under our header": (lambda a, b: [a[0], *b[1:]], 1, (SPLICED, EDITED)),
    "another log": (lambda _, b: b, 0, (Tampering.ANOTHER_LOG,)),
    "bytes overwritten": (lambda a, _: [*a[:6], b"\0" * len(a[6]), *a[7:]], 6, (Tampering.OVERWRITTEN,)),
    "an event changed and new hashes made": (
        lambda a, _: refitted([*a[:6], edited(a[6]), *a[7:]]),
        12,
        (Tampering.ANOTHER_HISTORY,),
    ),
    "a line put in and the rest made to fit": (
        lambda a, _: refitted([*a[:6], *(at(line, number) for number, line in enumerate([a[6], *a[6:]], 6))]),
        12,
        (Tampering.ANOTHER_HISTORY,),
    ),
}


def refitted(lines: Lines) -> Lines:
    """Every hash made anew."""
    digest, out = sha256(lines[0][:-1]).digest(), [lines[0]]
    for line in lines[1:]:
        digest = sha256(digest + line[:-76]).digest()
        out.append(b'%b,"hash":"%b"}\n' % (line[:-76], digest.hex().encode()))
    return out


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Lines, Lines]:
    """A root with a log, its lines, and those of another log; an event is a batch."""
    root, other = tmp_path_factory.mktemp("ours"), tmp_path_factory.mktemp("other")
    write_log(root, [1] * EVENTS)
    recorder = opened(other)
    for number in range(EVENTS):
        recorder.append(batch(1, 100 + number))
    abandon(recorder)
    lines = [(place / "logs" / "events.jsonl").read_bytes().splitlines(keepends=True) for place in (root, other)]
    return root, lines[0], lines[1]


@pytest.mark.parametrize("name", CASES)
def test_each_kind_is_told_with_its_position(name: str, logs: tuple[Path, Lines, Lines]) -> None:
    """Two kinds where both leave the same bytes: the words say so."""
    root, ours, others = logs
    change, position, kinds = CASES[name]
    (root / "logs" / "events.jsonl").write_bytes(b"".join(change(ours, others)))
    damage = verify(root).damage
    assert damage is not None
    assert damage.looks_like == kinds
    assert damage.position == (position or None)
    assert all(LOOKS_AS_IF[kind] in damage.likeness for kind in kinds)
    assert ("same bytes" in damage.likeness) == (len(kinds) == 2)


def test_a_block_in_a_batch_is_told_too(tmp_path: Path) -> None:
    """Where it begins inside of what was written together."""
    ours, others = (write_log(tmp_path / name, [4, 4, 4]).read_bytes().splitlines(keepends=True) for name in "ab")
    (tmp_path / "a" / "logs" / "events.jsonl").write_bytes(b"".join([*ours[:6], *others[6:9], *ours[6:]]))
    damage = verify(tmp_path / "a").damage
    assert damage is not None
    assert (damage.position, damage.looks_like) == (6, (SPLICED,))


BEHIND: dict[str, Change] = {
    "zeros": lambda _, __: [bytes(4_096)],
    "a text": lambda _, __: [b"hello"],
    "a line that is none": lambda _, __: [b"hello\n"],
    "one of its own lines": lambda a, _: [a[3]],
    "all of it once more": lambda a, _: a,
    "lines of another log": lambda _, b: b[1:],
    "a line that fits, and one that does not": lambda a, _: [fitting(at(a[3], EVENTS + 1), a[EVENTS]), a[5]],
}


@pytest.mark.parametrize("what", BEHIND)
def test_what_stands_behind_a_log_that_was_ended_in_order_was_added(
    what: str, logs: tuple[Path, Lines, Lines], tmp_path: Path
) -> None:
    """Whatever it is: nothing of the log was cut off, overwritten or put in another order."""
    root, ours, others = logs
    shutil.copytree(root / "logs", tmp_path / "logs")
    write_head(tmp_path, slot_of(tmp_path)._replace(ended=True).sealed(key_of(tmp_path)))
    (tmp_path / "logs" / "events.jsonl").write_bytes(b"".join([*ours, *BEHIND[what](ours, others)]))
    damage = verify(tmp_path).damage
    assert damage is not None
    assert (damage.position, damage.looks_like) == (EVENTS + 1, (Tampering.ADDED,))


def test_a_whole_log_looks_like_nothing(tmp_path: Path) -> None:
    """And one that goes on is not looked at."""
    write_log(tmp_path, [1] * 3)
    recorder = opened(tmp_path)
    recorder.append(batch(1, 3))
    abandon(recorder)
    assert verify(tmp_path).damage is None
    (tmp_path / "logs" / "events.jsonl").write_bytes(b"")
    with pytest.raises(LogDamaged) as refused:
        opened(tmp_path)
    assert refused.value.looks_like == ()

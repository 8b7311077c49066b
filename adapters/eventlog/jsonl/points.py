"""Points of a log that are kept outside its folder: a line each, sealed, that says how far the log surely was.

    {"log":"<32 hex>","position":9,"size":4711,"hash":"<64 hex>","at":"<time>","seal":"<64 hex>"}

A log that does not hold such a point lost its end, was put back as it was earlier, or was replaced, with whatever seals
beside it. Where the lines are kept is the storage's to say.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import Any, NamedTuple

import orjson

from adapters.disk.files import Files
from adapters.eventlog.jsonl.format import Header, Tip
from adapters.eventlog.jsonl.seals import Key, is_sealed, sealed_line
from adapters.eventlog.jsonl.snapshots import HASH_ENDING_BYTES
from adapters.eventlog.jsonl.watermark import Slot
from adapters.ports.log_reports import Damage, LogPoint, Tampering

OF_ANOTHER = (
    "the points kept outside, in SEAL_FILE, are of another log: this one was put in its place (if that was meant, give "
    "SEAL_FILE another name)"
)
HASH_HEX = 64
MEANT = "if an older copy was put back on purpose, give SEAL_FILE another name"


class LogAsRead(NamedTuple):
    """An open log and what is known of it: the offset after each position, the end of its whole part."""

    fd: int
    header: Header
    starts: array[int]
    whole: Tip


def encode_point(slot: Slot, at: str, key: Key) -> bytes:
    """The line of a watermark that was written."""
    fields = {
        "log": slot.log_id,
        "position": slot.tip.position,
        "size": slot.tip.offset,
        "hash": slot.tip.digest.hex(),
        "at": at,
    }
    return sealed_line(fields, key.of_point) + b"\n"


def lacks_a_point(files: Files, log: LogAsRead, stored: bytes, key: Key | None) -> Damage | None:
    """What a log does not hold of its stored points, from the last backwards, as far as they lie within what was read;
    the chain up to a point holds all before. What the key has not sealed says nothing, but that all lines are another
    log's.
    """
    others = own = False
    for line in reversed(stored.split(b"\n")):
        point = _decoded(line)
        if point is None:
            continue
        if point["log"] != log.header.log_id:
            others = True
        elif key is None or is_sealed(line, key.of_point):
            own = True
            if not _is_unread(log, point) and (damage := _lacks(files, log, point)) is not None:
                return damage
    if others and not own:
        return Damage(None, None, OF_ANOTHER, looks_like=(Tampering.ANOTHER_LOG,))
    return None


def _is_unread(log: LogAsRead, point: dict[str, Any]) -> bool:
    """Whether a point lies before what was read of a log, where nothing is known of it."""
    position: int = point["position"]
    return 0 < position <= log.whole.position and not log.starts[position]


def marked_points(files: Files, log: LogAsRead, positions: Iterable[int]) -> tuple[LogPoint, ...]:
    """The points of positions, of those whose line is in the whole part that was read."""
    found = []
    for position in positions:
        if 0 < position <= log.whole.position and (size := log.starts[position]):
            ending = files.read_all_at(log.fd, HASH_ENDING_BYTES, size - HASH_ENDING_BYTES)
            found.append(LogPoint(position, size, ending[:HASH_HEX].decode()))
        elif position == 0:
            found.append(LogPoint(0, log.header.size, log.header.digest.hex()))
    return tuple(found)


def _decoded(line: bytes) -> dict[str, Any] | None:
    try:
        found = orjson.loads(line)
        kinds = {name: type(value) for name, value in found.items()}
    except (ValueError, AttributeError):
        return None
    wanted = {"log": str, "position": int, "size": int, "hash": str, "at": str, "seal": str}
    return found if kinds == wanted and min(found["position"], found["size"]) >= 0 else None


def _lacks(files: Files, log: LogAsRead, point: dict[str, Any]) -> Damage | None:
    position, size = point["position"], point["size"]
    if position <= log.whole.position:
        if not position:
            return None
        if log.starts[position] == size:
            ending = files.read_all_at(log.fd, HASH_ENDING_BYTES, size - HASH_ENDING_BYTES)
            if ending == b'%b"}\n' % point["hash"].encode():
                return None
        what, like = "another history", Tampering.ANOTHER_HISTORY
    else:
        what, like = f"its end is missing: it ends at position {log.whole.position}", Tampering.SHORTER
    at = min(position, log.whole.position)
    sentence = (
        f"{what}; a point kept outside, in SEAL_FILE, was sealed at position {position}, {point['at']}, and the log "
        f"does not hold it ({MEANT})"
    )
    return Damage(at + 1, log.starts[at], sentence, looks_like=(like,))

"""The older snapshots of a log, for replays of the past: no start goes on from one.

When two newer ones stand, a snapshot becomes `logs/snapshots/<position>.past`: a sealed line as a snapshot's, with the
byte where the line of its position begins in place of all offsets, and then the state, compressed. At most MOST of
them are kept, of at most MOST_BYTES together: where there are more, those go first that the key has not sealed, then
that one whose neighbours lie closest together for their age, so that they are sparser the older they are. All may be
deleted: a replay then begins earlier.
"""

from __future__ import annotations

import logging
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import structlog

from adapters.disk.files import READ, Files
from adapters.eventlog.jsonl.format import Header, Tip
from adapters.eventlog.jsonl.layout import LogPaths
from adapters.eventlog.jsonl.seals import Key, is_sealed, read_key, sealed_line
from adapters.eventlog.jsonl.snapshots import (
    KEPT,
    MAX_HEAD_BYTES,
    NOT_OF_THIS_LOG,
    NOT_SEALED,
    NOT_WHOLE,
    OFFSET_BYTES,
    OLDER,
    Head,
    content_digest,
    opened,
    put,
    read_head,
    snapshot_names,
    snapshots_of,
    stands_in,
)
from adapters.ports.log_reports import KeptSnapshot

MOST = 24
MOST_BYTES = 256 * 1024 * 1024
LEVEL = 1
"""Of compression: a quarter of the size at a hundred megabytes a second."""

_FIELDS = {"log": str, "position": int, "begin": int, "offset": int, "hash": str, "content": str, "seal": str}

_log = structlog.wrap_logger(logging.getLogger(__name__))


class OlderHead(NamedTuple):
    """What the first line of an older one says: `begin` is where the line of its position begins in the log."""

    path: Path
    log_id: str
    begin: int
    tip: Tip
    content: str
    size: int


def retire(files: Files, paths: LogPaths, key: Key) -> None:
    """Keeps all but the latest two as older ones, and of those not too many. Raises OSError, which harms nothing."""
    newest = snapshot_names(files, paths)
    for name in newest[KEPT:]:
        with suppress(OSError):  # what cannot be kept so is no longer kept
            _keep(files, key, paths.snapshots / name)
        files.unlink(paths.snapshots / name)
    kept = _by_position(snapshot_names(files, paths, OLDER))
    sizes = {position: files.lstat(paths.snapshots / name).st_size for position, name in kept.items()}
    until = max([*_by_position(newest), *kept], default=0)
    useless = _not_sealed(files, paths, key, kept) if _are_too_many(sizes) else []
    while _are_too_many(sizes):
        position = useless.pop() if useless else superfluous(sorted(sizes), until)
        files.unlink(paths.snapshots / kept[position])
        del sizes[position]


def _are_too_many(sizes: dict[int, int]) -> bool:
    return len(sizes) > MOST or sum(sizes.values()) > MOST_BYTES


def _not_sealed(files: Files, paths: LogPaths, key: Key, kept: dict[int, str]) -> list[int]:
    """Those that nobody believes: forged, of another key, or cut. What cannot be read now may be whole."""
    found = []
    for position, name in kept.items():
        with suppress(OSError):
            if _read_head(files, paths.snapshots / name, key) is None:
                found.append(position)
    return found


def superfluous(positions: Sequence[int], until: int) -> int:
    """Which of some positions, in order, is missed least in a log that goes up to another: the one that leaves the
    smallest gap for its age.
    """
    after = [*positions[1:], until]
    before = [0, *positions[:-1]]

    def gap(index: int) -> float:
        return (after[index] - before[index]) / max(1, until - before[index])

    return positions[min(range(len(positions)), key=gap)]


def nearest(files: Files, fd: int, paths: LogPaths, header: Header, position: int) -> KeptSnapshot | None:
    """The newest valid snapshot beside an open log, older ones too, of a position or of one before it."""
    heads: list[Head | OlderHead] = [*snapshots_of(files, paths, header), *_heads(files, paths, header)]
    for head in sorted(heads, key=lambda head: head.tip.position, reverse=True):
        if head.tip.position > position:
            continue
        with suppress(OSError):  # its writer has just removed it
            kept = opened(files, fd, header, head) if isinstance(head, Head) else _opened(files, fd, header, head)
            if kept.why is None:
                return kept
            _log.warning("snapshot not used", path=kept.location, reason=kept.why)
    return None


def older_snapshots(files: Files, fd: int, paths: LogPaths, header: Header) -> list[KeptSnapshot]:
    """Each older one with its state, or with why it is not used, the newest first. Raises OSError."""
    names = snapshot_names(files, paths, OLDER)
    read = {head.path.name: head for head in _heads(files, paths, header)}
    return [
        _opened(files, fd, header, read[name])
        if name in read
        else KeptSnapshot(str(paths.snapshots / name), why=NOT_SEALED)
        for name in names
    ]


def _keep(files: Files, key: Key, path: Path) -> None:
    """Writes the older form of a snapshot. Raises OSError."""
    head = read_head(files, path, key)
    if head is None:
        return
    content = memoryview(files.read(path))[head.size :]
    if content_digest([content]) != head.content:
        return
    split = (head.tip.position + 1) * OFFSET_BYTES
    begin = content[:split].cast("Q")[-2]
    state = zlib.compress(content[split:], LEVEL)
    fields = {
        "log": head.log_id,
        "position": head.tip.position,
        "begin": begin,
        "offset": head.tip.offset,
        "hash": head.tip.digest.hex(),
        "content": content_digest([state]),
    }
    target = path.with_name(path.stem + OLDER)
    put(files, target, (sealed_line(fields, key.of_older_snapshot) + b"\n", state))


def _heads(files: Files, paths: LogPaths, header: Header) -> Iterator[OlderHead]:
    """Those that the key has sealed for this log; none where the key cannot be read."""
    names = snapshot_names(files, paths, OLDER)
    try:
        key = read_key(files, paths) if names else None
    except PermissionError:  # a reader of another account
        return
    for name in names if key is not None else ():
        with suppress(OSError):
            head = _read_head(files, paths.snapshots / name, key) if key else None
            if head is not None and head.log_id == header.log_id:
                yield head


def _read_head(files: Files, path: Path, key: Key) -> OlderHead | None:
    fd = files.open(path, READ)
    try:
        line, ending, _ = files.read_all_at(fd, MAX_HEAD_BYTES, 0).partition(b"\n")
    finally:
        files.close(fd)
    if not ending or not is_sealed(line, key.of_older_snapshot):
        return None
    fields: dict[str, Any] = orjson.loads(line)
    if {name: type(value) for name, value in fields.items()} != _FIELDS:
        return None
    tip = Tip(fields["position"], fields["offset"], bytes.fromhex(fields["hash"]))
    return OlderHead(
        path=path,
        log_id=fields["log"],
        begin=fields["begin"],
        tip=tip,
        content=fields["content"],
        size=len(line) + 1,
    )


def _opened(files: Files, fd: int, header: Header, head: OlderHead) -> KeptSnapshot:
    """A sealed one with its state, or with why it is not used. Raises OSError."""
    location = str(head.path)
    state = files.read(head.path)[head.size :]
    if content_digest([state]) != head.content:
        return KeptSnapshot(location, why=NOT_WHOLE)
    try:
        stands = stands_in(files, fd, header, head.tip, head.begin)
    except ValueError:  # no line is there
        stands = False
    if not stands:
        return KeptSnapshot(location, why=NOT_OF_THIS_LOG)
    return KeptSnapshot(location, head.tip.position, state, is_packed=True)


def _by_position(names: Sequence[str]) -> dict[int, str]:
    """The names that are a position's; others are somebody else's."""
    stems = [(name.partition(".")[0], name) for name in names]
    return {int(stem): name for stem, name in stems if stem.isascii() and stem.isdigit()}

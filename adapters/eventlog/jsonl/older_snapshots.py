"""The older snapshots of a log, for replays of the past: no start goes on from one.

When two newer ones stand, a snapshot becomes `logs/snapshots/<position>.past`: a sealed line as a snapshot's, with the
byte where the line of its position begins in place of all offsets, and then the state, compressed. At most MOST of
them are kept, of at most MOST_BYTES together: where there are more, those go first that the key has not sealed, then
that one whose neighbours lie closest together for their age, so that they are sparser the older they are. All may be
deleted: a replay then begins earlier.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from adapters.disk.files import Files
from adapters.eventlog.jsonl.format import Header
from adapters.eventlog.jsonl.layout import LogPaths
from adapters.eventlog.jsonl.seals import Key, sealed_line
from adapters.eventlog.jsonl.snapshots import (
    KEPT,
    OFFSET_BYTES,
    OLDER,
    content_digest,
    last_begin,
    opened,
    put,
    read_head,
    snapshot_names,
    snapshots_of,
)
from adapters.ports.log_reports import KeptSnapshot
from adapters.ports.program_log import ProgramLog

MOST = 48
MOST_BYTES = 256 * 1024 * 1024
LEVEL = 1
"""Of compression: a quarter of the size at a hundred megabytes a second."""

_log = ProgramLog(__name__)


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
            if read_head(files, paths.snapshots / name, key) is None:
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
    heads = [*snapshots_of(files, paths, header), *snapshots_of(files, paths, header, OLDER)]
    for head in sorted(heads, key=lambda head: head.tip.position, reverse=True):
        if head.tip.position > position:
            continue
        with suppress(OSError):  # its writer has just removed it
            kept = opened(files, fd, header, head)
            if kept.why is None:
                return kept
            _log.warning("snapshot not used", path=kept.location, reason=kept.why)
    return None


def _keep(files: Files, key: Key, path: Path) -> None:
    """Writes the older form of a snapshot. Raises OSError."""
    head = read_head(files, path, key)
    if head is None:
        return
    content = memoryview(files.read(path))[head.size :]
    if content_digest([content]) != head.content:
        return
    split = (head.tip.position + 1) * OFFSET_BYTES
    state = zlib.compress(content[split:], LEVEL)
    fields = {
        "log": head.log_id,
        "position": head.tip.position,
        "begin": last_begin(content[:split]),
        "offset": head.tip.offset,
        "hash": head.tip.digest.hex(),
        "content": content_digest([state]),
    }
    target = path.with_name(path.stem + OLDER)
    put(files, target, (sealed_line(fields, key.of_older_snapshot) + b"\n", state))


def _by_position(names: Sequence[str]) -> dict[int, str]:
    """The names that are a position's; others are somebody else's."""
    stems = [(name.partition(".")[0], name) for name in names]
    return {int(stem): name for stem, name in stems if stem.isascii() and stem.isdigit()}

"""The snapshots of a log: what its projections were at a position, so that a start reads the rest alone.

A snapshot is a cache and never a source. Its file, `logs/snapshots/<position>.snapshot`, is a line that names the log,
the position, the byte after it, its hash and the SHA-256 of what follows, and is sealed with the log's key; then the
offset after each position from 0 on, eight bytes each; then the state, of which nothing is known here. How the state
begins has a hash of its own in the line, for whoever wants no more. Offsets are in
the machine's order of bytes, which the content's hash covers, so that another machine takes the file for none. It is
written aside, synced, renamed, its directory synced, and two are kept so; what becomes of older ones, `older_snapshots`
says. When one is made is the storage's to say.

One that the key has not sealed is read no further: a forged state beside a whole log would be believed.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from adapters.disk.files import READ, Files
from adapters.eventlog.jsonl.format import MAX_LINE_BYTES, SUFFIX_BYTES, Header, Tip
from adapters.eventlog.jsonl.layout import LogPaths
from adapters.eventlog.jsonl.seals import Key, is_sealed, read_key, sealed_line
from adapters.ports.event_log import Restore
from adapters.ports.log_reports import Damage, KeptSnapshot, StateBeginning
from adapters.ports.program_log import ProgramLog

KEPT = 2
SUFFIX = ".snapshot"
OLDER = ".past"
"""How the name of an older one ends, which no start goes on from."""
REFUSED = f"{SUFFIX}.refused"
"""How the name of one ends that was set aside."""
MAX_HEAD_BYTES = 512
BEGINNING_BYTES = 64 * 1024
"""How much of the state can be read and proven without the rest."""
OFFSET_BYTES = 8
HASH_ENDING_BYTES = 67
"""The end of a line that begins with its hash: 64 digits, `"}` and LF."""

_FORMER_FIELDS = {"log": str, "position": int, "offset": int, "hash": str, "content": str, "seal": str}
_FIELDS = {**_FORMER_FIELDS, "beginning": str}
_OLDER_FIELDS = {**_FORMER_FIELDS, "begin": int}

NOT_SEALED = "it was not written with the key of this log: forged, of another key, or of an earlier version"
NOT_WHOLE = "it is not as it was written: changed or cut"
NOT_FOR_US = "this account may not read logs/.key, so it cannot tell whose it is"
NOT_OF_THIS_LOG = "the log has not this hash at its position"

_log = ProgramLog(__name__)


class FilePoint(NamedTuple):
    """A point in a log that a snapshot may be of: `starts` are the offsets after position 0 up to the tip's."""

    log_id: str
    tip: Tip
    starts: array[int]

    @property
    def position(self) -> int:
        """The last position before it."""
        return self.tip.position


class Head(NamedTuple):
    """What the first line of a snapshot says. `size` counts its LF; `content` is the hash of what follows, in hex.
    `beginning` is that of the first bytes of the state, which one of a former version does not tell. `begin`, of an
    older one alone, is where the line of its position begins in the log; what follows is then the state alone,
    compressed.
    """

    path: Path
    log_id: str
    tip: Tip
    content: str
    size: int
    beginning: str | None
    begin: int | None


def write_snapshot(files: Files, paths: LogPaths, key: Key, point: FilePoint, state: Iterable[bytes]) -> None:
    """Writes a snapshot durably. Raises OSError, and then none was made."""
    stored = [*state]
    content = [point.starts.tobytes(), *stored]
    path = paths.snapshots / f"{point.tip.position:018d}{SUFFIX}"
    put(files, path, (_encode_head(key, point, content_digest(content), _beginning_of(stored)), *content))


def _beginning_of(state: Iterable[bytes]) -> str:
    """The hash of the first bytes of a state, in hex."""
    beginning = bytearray()
    for block in state:
        beginning += block[: BEGINNING_BYTES - len(beginning)]
        if len(beginning) == BEGINNING_BYTES:
            break
    return content_digest([bytes(beginning)])


def put(files: Files, path: Path, blocks: Iterable[bytes]) -> None:
    """Writes a file of this folder durably, whole or not at all. Raises OSError."""
    in_making = path.with_name("new")
    files.make_directories(path.parent)
    with suppress(FileNotFoundError):
        files.unlink(in_making)
    files.write_blocks_durably(in_making, blocks)
    files.rename(in_making, path)
    files.sync_directory(path.parent)


def forget_snapshots(files: Files, paths: LogPaths) -> bool:
    """Removes them all, so that the next start reads the whole log; whether there were any, and none is left.

    What cannot be removed stays, and is logged.
    """
    try:
        names = [*snapshot_names(files, paths), *snapshot_names(files, paths, OLDER)]
        for name in names:
            files.unlink(paths.snapshots / name)
        if names:
            files.sync_directory(paths.snapshots)
    except OSError as error:
        _log.error("snapshots not removed", path=str(paths.snapshots), reason=error.strerror or str(error))
        return False
    return bool(names)


def snapshots_of(files: Files, paths: LogPaths, header: Header, ending: str = SUFFIX) -> list[Head]:
    """The snapshots of a log whose first line its key has sealed, the newest first; none where the key cannot be read.
    Whether the rest is whole, `resume` and `opened` look.
    """
    found: list[Head] = []
    names = snapshot_names(files, paths, ending)
    try:
        key = read_key(files, paths) if names else None
    except PermissionError:  # a reader of another account
        key = None
    if key is None:
        return found
    for name in names:
        with suppress(OSError):  # one that cannot be read, or that its writer has just removed, is as good as none
            head = read_head(files, paths.snapshots / name, key)
            if head is not None and head.log_id == header.log_id:
                found.append(head)
    return found


def set_aside(files: Files, paths: LogPaths, header: Header, key: Key) -> None:
    """Gives other names to those that the key has not sealed for this log, and says so: forged, of another key, or of
    an earlier version. The latest of them are kept. What cannot be read or named stays, and is not used either.
    """
    with suppress(OSError):
        for name in snapshot_names(files, paths):
            path = paths.snapshots / name
            head = read_head(files, path, key)
            if head is None or head.log_id != header.log_id:
                files.rename(path, path.with_name(path.stem + REFUSED))
                _log.warning("snapshot set aside", path=str(path), reason=NOT_SEALED, then="the log is read instead")
        for name in snapshot_names(files, paths, REFUSED)[KEPT:]:
            files.unlink(paths.snapshots / name)


def newer_than_log(snapshots: list[Head], size: int) -> Damage | None:
    """The evidence that a log of this size has lost its end; None where there is none."""
    newest = max((head.tip for head in snapshots), default=None)
    if newest is None or newest.offset <= size:
        return None
    what = (
        f"it ends too early: a snapshot of it was made at position {newest.position}, after {newest.offset} bytes (if "
        "an older copy was put here on purpose, move logs/snapshots away)"
    )
    return Damage(newest.position, size, what)


def resume(files: Files, fd: int, header: Header, snapshots: list[Head], restore: Restore) -> FilePoint | None:
    """Takes in the first of some snapshots that is valid, and gives its point; None where none is."""
    for head in snapshots:
        with suppress(OSError, ValueError):  # a file or line that cannot be read is none
            content = memoryview(files.read(head.path))[head.size :]
            if content_digest([content]) != head.content:
                _log.warning("snapshot not used", path=str(head.path), reason=NOT_WHOLE)
                continue
            split = (head.tip.position + 1) * OFFSET_BYTES
            starts = array("Q")
            starts.frombytes(content[:split])
            if stands_in(files, fd, header, head.tip, starts[-2]) and restore(bytes(content[split:])):
                return FilePoint(head.log_id, head.tip, starts)
    return None


def look_at_all(files: Files, fd: int, paths: LogPaths, header: Header, ending: str = SUFFIX) -> list[KeptSnapshot]:
    """Each snapshot beside an open log with its state, or with why it is not used, the newest first. Raises OSError."""
    names = snapshot_names(files, paths, ending)
    try:
        key = read_key(files, paths)
    except PermissionError:  # another account, which opens the log without snapshots
        return [KeptSnapshot(str(paths.snapshots / name), why=NOT_FOR_US) for name in names]
    found = []
    for name in names:
        with suppress(FileNotFoundError):  # its writer has just removed it
            found.append(_looked_at(files, fd, header, paths.snapshots / name, key))
    return found


def _looked_at(files: Files, fd: int, header: Header, path: Path, key: Key | None) -> KeptSnapshot:
    location = str(path)
    head = None if key is None else read_head(files, path, key)
    if head is None or head.log_id != header.log_id:
        return KeptSnapshot(location, why=NOT_SEALED)
    return opened(files, fd, header, head)


def opened(files: Files, fd: int, header: Header, head: Head) -> KeptSnapshot:
    """A sealed one with its state, or with why it is not used. Raises OSError."""
    location = str(head.path)
    content = memoryview(files.read(head.path))[head.size :]
    if content_digest([content]) != head.content:
        return KeptSnapshot(location, why=NOT_WHOLE)
    split = (head.tip.position + 1) * OFFSET_BYTES if head.begin is None else 0
    begin = last_begin(content[:split]) if head.begin is None else head.begin
    try:
        stands = stands_in(files, fd, header, head.tip, begin)
    except ValueError:  # no line is there
        stands = False
    if not stands:
        return KeptSnapshot(location, why=NOT_OF_THIS_LOG)
    return KeptSnapshot(location, head.tip.position, bytes(content[split:]), is_packed=head.begin is not None)


def beginning_before(files: Files, fd: int, paths: LogPaths, header: Header, position: int) -> StateBeginning | None:
    """How the state of the newest sealed one beside an open log begins, of a position or of one before it, proven
    without the rest of it; None where none can be. Raises OSError.
    """
    for head in snapshots_of(files, paths, header):
        if head.tip.position <= position and head.beginning is not None:
            with suppress(OSError, ValueError):  # its writer has just removed it, or no line is where it says
                begin, beginning = _read_beginning(files, head)
                is_whole = content_digest([beginning]) == head.beginning
                if is_whole and stands_in(files, fd, header, head.tip, begin):
                    return StateBeginning(head.tip.position, beginning)
    return None


def _read_beginning(files: Files, head: Head) -> tuple[int, bytes]:
    """Where the last line begins and the first bytes of the state. Raises OSError, and ValueError where no line can
    begin there: what stands in the file is not proven before the line is looked at.
    """
    fd = files.open(head.path, READ)
    try:
        split = head.size + (head.tip.position + 1) * OFFSET_BYTES
        begin = last_begin(memoryview(files.read_all_at(fd, 2 * OFFSET_BYTES, split - 2 * OFFSET_BYTES)))
        beginning = files.read_all_at(fd, BEGINNING_BYTES, split)
    finally:
        files.close(fd)
    if not 0 < head.tip.offset - begin <= MAX_LINE_BYTES:
        raise ValueError("no line is that long")
    return begin, beginning


def last_begin(offsets: memoryview) -> int:
    """Where the last line begins, by the stored offsets after each position."""
    starts = array("Q")
    starts.frombytes(offsets[-2 * OFFSET_BYTES :])
    return starts[0]


def snapshot_names(files: Files, paths: LogPaths, ending: str = SUFFIX) -> list[str]:
    """The names of the snapshots, or of those with another ending, the newest first. Raises OSError."""
    return sorted((name for name in files.list_directory(paths.snapshots) if name.endswith(ending)), reverse=True)


def _encode_head(key: Key, point: FilePoint, content: str, beginning: str) -> bytes:
    fields = {
        "log": point.log_id,
        "position": point.tip.position,
        "offset": point.tip.offset,
        "hash": point.tip.digest.hex(),
        "content": content,
        "beginning": beginning,
    }
    return sealed_line(fields, key.of_snapshot) + b"\n"


def read_head(files: Files, path: Path, key: Key) -> Head | None:
    """The first line of a file, None where the key has not sealed it."""
    fd = files.open(path, READ)
    try:
        line, ending, _ = files.read_all_at(fd, MAX_HEAD_BYTES, 0).partition(b"\n")
    finally:
        files.close(fd)
    is_older = path.suffix == OLDER
    if not ending or not is_sealed(line, key.of_older_snapshot if is_older else key.of_snapshot):
        return None
    fields: dict[str, Any] = orjson.loads(line)
    found = {name: type(value) for name, value in fields.items()}
    if found not in ((_OLDER_FIELDS,) if is_older else (_FIELDS, _FORMER_FIELDS)):
        return None
    return Head(
        path=path,
        log_id=fields["log"],
        tip=Tip(fields["position"], fields["offset"], bytes.fromhex(fields["hash"])),
        content=fields["content"],
        size=len(line) + 1,
        beginning=fields.get("beginning"),
        begin=fields.get("begin"),
    )


def content_digest(blocks: Iterable[bytes | memoryview]) -> str:
    """The hash of what follows a first line, in hex; of another machine's order of bytes it is another."""
    digest = sha256(sys.byteorder.encode())
    for block in blocks:
        digest.update(block)
    return digest.hexdigest()


def stands_in(files: Files, fd: int, header: Header, tip: Tip, begin: int) -> bool:
    """Whether the open log has this hash at this position, whose line begins at a byte: the line says so, and makes it
    of the one before. Raises ValueError where no line is there.
    """
    former = header.digest
    if tip.position > 1:
        ending = files.read_all_at(fd, HASH_ENDING_BYTES, begin - HASH_ENDING_BYTES)
        former = bytes.fromhex(ending[:64].decode())
    line = files.read_all_at(fd, tip.offset - begin, begin)
    if not line.endswith(b',"hash":"%b"}\n' % tip.digest.hex().encode()):
        return False
    return sha256(former + line[: -SUFFIX_BYTES - 1]).digest() == tip.digest

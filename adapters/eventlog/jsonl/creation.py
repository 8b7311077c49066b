"""What a log needs before its first event: the log itself under its name, its watermark, its key. Each is durable
before anyone is served.

A new log is begun only where nothing says that there was one: `refuse_beside_remains` looks. When to do what is
`opening`'s.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from stat import S_ISDIR

from adapters.disk.files import Files
from adapters.eventlog.jsonl.format import encode_header
from adapters.eventlog.jsonl.layout import LogPaths
from adapters.eventlog.jsonl.seals import Key, keep_key, new_key
from adapters.ports.clock import Clock
from adapters.ports.faults import LogMissing
from adapters.ports.program_log import ProgramLog

TAG_BYTES = 4
MOST_ORIGIN_BYTES = 4096
MAX_IMAGE_DEPTH = 4
"""Levels below `images/` that may hold an image: users, the user, one folder, and one to spare."""

_log = ProgramLog(__name__)


def new_header(clock: Clock) -> bytes:
    """The header line of a log of its own, with its LF."""
    return encode_header(token_hex(16), clock())


def begin_log(files: Files, paths: LogPaths, header: bytes) -> None:
    """Makes an empty log of that header. It has its name only once that is on the disk."""
    with suppress(PermissionError):  # a root that stands already may lie in a directory that we may pass but not read
        files.sync_directory(paths.root.parent)
    files.sync_directory(paths.root)
    with suppress(FileNotFoundError):
        files.unlink(paths.log_in_making)
    files.write_durably(paths.log_in_making, header)
    files.rename(paths.log_in_making, paths.log)
    files.sync_directory(paths.logs)


def mark_as_copy(files: Files, paths: LogPaths, place: str) -> None:
    """Keeps durably that a log is a copy of one that is kept in a place: nobody writes it as a log of its own."""
    if not files.lexists(paths.origin):
        draw_origin(files, paths, place)
    files.sync_directory(paths.logs)


def mark_as_own(files: Files, paths: LogPaths) -> None:
    """Takes that mark away, durably."""
    with suppress(FileNotFoundError):
        files.unlink(paths.origin)
    files.sync_directory(paths.logs)


def refuse_beside_remains(files: Files, paths: LogPaths, *, adopting: bool) -> None:
    """Raises LogMissing where a watermark, a snapshot or an image says that there was a log. `adopting` means that
    images may stand.
    """
    if files.lexists(paths.head):
        found = f"its watermark {paths.head}"
    elif files.list_directory(paths.snapshots):
        found = f"snapshots of it in {paths.snapshots}"
    elif not adopting and (image := _first_image(files, paths.images, MAX_IMAGE_DEPTH)) is not None:
        raise LogMissing(
            f"There is no log {paths.log}, but there are images, such as {image}. A new log would not know "
            "them, so none was made. "
            f"Put the log back from a copy, or run `abby adopt {paths.images}` to bring the images into a new one."
        )
    else:
        return
    raise LogMissing(
        f"There is no log {paths.log}, but there is {found}: one stood here. Nothing was changed. Put it "
        f"back from a copy; if it is lost, move {paths.logs} away and run `abby adopt {paths.images}` to bring the "
        "images that are left into a new log."
    )


def draw_origin(files: Files, paths: LogPaths, place: str) -> None:
    """Says beside a copy what it is a copy of, and draws the tag by which the others that write that know who writes
    here.
    """
    in_making = paths.origin.with_name("copy-of.new")
    with suppress(FileNotFoundError):
        files.unlink(in_making)
    files.write_durably(in_making, f"{place}\n{token_hex(TAG_BYTES)}\n".encode())
    files.rename(in_making, paths.origin)
    files.sync_directory(paths.logs)


def read_origin(files: Files, paths: LogPaths) -> tuple[str, str]:
    """What a copy is a copy of, and its tag, empty where none is kept. Raises OSError."""
    place, tag, *_ = [*files.read(paths.origin, at_most=MOST_ORIGIN_BYTES).decode(errors="replace").split("\n"), ""]
    return place, tag


def make_key(files: Files, paths: LogPaths, *, events: bool) -> Key:
    """A new secret in place of one that is missing; that is said where there are `events`, which the lost one keyed."""
    if events:
        _log.warning(
            "request key made anew",
            file=str(paths.key),
            reason="it was missing or damaged; repeats of earlier requests will conflict",
        )
    key = new_key()
    keep_key(files, paths, key)
    return key


def _first_image(files: Files, directory: Path, depth: int) -> Path | None:
    """A file that may be an image: names that begin with a dot, and what is in such directories, are none."""
    for name in files.list_directory(directory) if depth else []:
        path = directory / name
        if name.startswith("."):
            continue
        found = _first_image(files, path, depth - 1) if S_ISDIR(files.lstat(path).st_mode) else path
        if found is not None:
            return found
    return None

"""Looks whether what a writer of the log writes can be written, and leaves nothing behind: for an operator who asks
before, and for a writer before anybody pays for what it is to record. What an opening does with a log that cannot be
written is `opening`'s.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from adapters.disk.errors import NotOwnError
from adapters.disk.files import APPEND, CREATE, READ, UPDATE, Files, is_disk_full
from adapters.eventlog.jsonl.layout import LogPaths
from adapters.eventlog.jsonl.log_file import ANYBODY_WRITES

ADVICE = "Check who owns it, its permissions and attributes, and its disk."
WRITES = frozenset({APPEND, UPDATE})


def unwritable(files: Files, paths: LogPaths) -> list[str]:
    """A sentence for each file and folder of the log that stands and cannot be used as a writer does."""
    folders = [(path, None) for path in (paths.logs, paths.snapshots, paths.torn)]
    used = [
        (paths.log, APPEND),
        (paths.head, UPDATE),
        (paths.lock, UPDATE),
        (paths.reserve_file, APPEND),
        (paths.key, READ),
    ]
    found = []
    for path, flags in [*folders, *used]:
        try:
            if files.lexists(path):
                _refuse_folder(files, path) if flags is None else _refuse_file(files, path, flags)
        except NotOwnError as error:
            found.append(error.sentence)
        except OSError as error:
            found.append(f"{path.relative_to(paths.root)} cannot be used ({error.strerror or error}). {ADVICE}")
    return found


def probe(files: Files, paths: LogPaths, head_fd: int, room_bytes: int) -> None:
    """Tries what an append and the watermark need: that both files stand and can be opened as a writer does, and that
    the disk gives so much room to this account. Raises OSError.
    """
    _refuse_file(files, paths.log, APPEND)
    if not os.path.samestat(files.stat(paths.head), files.fstat(head_fd)):
        raise OSError(None, "another file was put in its place", str(paths.head))
    _refuse_file(files, paths.head, UPDATE)
    _refuse_without_room(files, paths.probe, room_bytes)


def _refuse_without_room(files: Files, path: Path, room_bytes: int) -> None:
    """Raises OSError where a file is given no room. Whether one can be made there matters not: an append needs none."""
    try:
        with suppress(FileNotFoundError):  # a crash inside an earlier try may have left it
            files.unlink(path)
        fd = files.open(path, CREATE)
    except OSError:
        return
    try:
        files.take_room(fd, room_bytes)
    except OSError as error:
        if is_disk_full(error):
            raise
    finally:
        files.close(fd)
        with suppress(OSError):
            files.unlink(path)


def _refuse_folder(files: Files, path: Path) -> None:
    """Raises OSError where a folder takes no file, or keeps every one; the one that is tried has no name."""
    files.refuse_append_only(path)
    files.scan_directory(path)
    with tempfile.TemporaryFile(dir=path) as tried:
        tried.write(b"abby")


def _refuse_file(files: Files, path: Path, flags: int) -> None:
    """Raises OSError where a file cannot be opened as a writer does."""
    mode = files.stat(path).st_mode
    if flags in WRITES and not mode & ANYBODY_WRITES:
        raise OSError(None, f"it is write-protected, mode {mode & 0o777:04o}", str(path))
    files.close(files.open(path, flags))

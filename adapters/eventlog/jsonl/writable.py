"""Looks whether what a writer of the log writes can be written, without making or changing anything: for an operator
who asks before. What an opening does with a log that cannot be written is `opening`'s.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from adapters.disk.errors import NotOwnError
from adapters.disk.files import APPEND, READ, Files
from adapters.eventlog.jsonl.layout import LogPaths
from adapters.eventlog.jsonl.log_file import ANYBODY_WRITES

ADVICE = "Check who owns it, its permissions and its disk."


def unwritable(files: Files, paths: LogPaths) -> list[str]:
    """A sentence for each file and folder of the log that stands and cannot be used as a writer does."""
    looks = [(_refuse_folder, path) for path in (paths.logs, paths.snapshots, paths.torn)]
    looks += [(_refuse_file, path) for path in (paths.log, paths.head, paths.lock, paths.key)]
    found = []
    for look, path in looks:
        try:
            if files.lexists(path):
                look(files, path, flags=READ if path == paths.key else APPEND)
        except NotOwnError as error:
            found.append(error.sentence)
        except OSError as error:
            found.append(f"{path.relative_to(paths.root)} cannot be used ({error.strerror or error}). {ADVICE}")
    return found


def _refuse_folder(files: Files, path: Path, *, flags: int) -> None:
    """Raises OSError where a folder takes no file; the one that is tried has no name."""
    del flags
    files.scan_directory(path)
    with tempfile.TemporaryFile(dir=path) as tried:
        tried.write(b"abby")


def _refuse_file(files: Files, path: Path, *, flags: int) -> None:
    """Raises OSError where a file cannot be opened as a writer does."""
    mode = files.stat(path).st_mode
    if flags == APPEND and not mode & ANYBODY_WRITES:
        raise OSError(None, f"it is write-protected, mode {mode & 0o777:04o}")
    files.close(files.open(path, flags))

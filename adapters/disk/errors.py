"""What an error of the file system says beyond its number: what was tried, and whether it is simply not done there.

Each verb of `files` notes on its errors what it was about, so that whoever tells a person can name it.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from functools import lru_cache, wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

from adapters.disk.calls import under_way
from adapters.ports.program_log import ProgramLog

P = ParamSpec("P")
T = TypeVar("T")

NOT_DONE_HERE = frozenset(
    {errno.EINVAL, errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOTTY, errno.ESPIPE}
)
"""Error numbers by which a file system says that it does not do what it is asked for, whoever asks."""
FOLDER_NOT_SYNCED_HERE = NOT_DONE_HERE | {errno.EBADF, errno.EISDIR}
"""The same of the sync of a folder: some answer as though it could not be opened for that."""

_log = ProgramLog(__name__)


class NotOwnError(OSError):
    """What stands at a path of a storage root, or on the way there, is not the root's own: a link, a pipe and the like.
    `sentence` says what it is, by its path from the root, and what to do.
    """

    def __init__(self, sentence: str, path: Path) -> None:
        super().__init__(errno.ELOOP, sentence, str(path))
        self.sentence = sentence


class LeadsNowhereError(NotOwnError, FileNotFoundError):
    """The operator's link leads to nothing at the moment: nothing is there."""


def noting(operation: str) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Marks a call to a disk as under way, and its errors with what it is about, such as "to lock a file"."""

    def decorate(verb: Callable[P, T]) -> Callable[P, T]:
        @wraps(verb)
        def noted(*arguments: P.args, **words: P.kwargs) -> T:
            try:
                with under_way():
                    return verb(*arguments, **words)
            except OSError as error:
                error.add_note(operation)
                raise

        return noted

    return decorate


def operation_of(error: OSError) -> str | None:
    """What was tried, None where nobody noted it."""
    return next(iter(getattr(error, "__notes__", ())), None)


def not_done_there(path: Path, error: OSError) -> str | None:
    """What to tell where the file system of a path says that it does not do something at all; None for other errors."""
    if error.errno not in NOT_DONE_HERE:
        return None
    operation = operation_of(error) or "a call"
    return (
        f"The file system of {path} does not do what is needed here: {operation} is answered with "
        f'"{error.strerror or error}". Use a local disk with ext4, xfs, btrfs, APFS or NTFS, and set STORAGE_ROOT to '
        "a folder on it."
    )


@lru_cache(maxsize=64)
def warn_once(operation: str, reason: str, consequence: str) -> None:
    """Says once what a file system does not do and what follows from it."""
    _log.warning("file system without an operation", operation=operation, reason=reason, consequence=consequence)

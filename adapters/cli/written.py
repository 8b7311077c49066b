"""Answers that are files: written beside their place and put there when they are whole, or sent as they are."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import BinaryIO, TextIO, cast

from adapters.cli import streams
from adapters.cli.tables import printable
from adapters.disk.files import Files, is_disk_full
from adapters.disk.ways import lies_in, resolved
from adapters.ports.faults import ELSEWHERE, Fault, StorageUnavailable, no_room_for

IN_THE_WAY = "{} is there already, and nothing was changed. Name another file."
IN_THE_ROOT = "{} lies in the storage root, which is for the log and the images alone. Name a file elsewhere."

NO_FOLDER = (
    "{} lies in a folder that is not there, and nothing was changed. Make the folder first, or name another file."
)


class InTheWay(Exception):
    """Something stands where an answer was to be written; the message says what to do."""


def why_not_in(root: Path, path: Path) -> str | None:
    """Why nothing is written at a path, as a sentence: it lies in the storage root; None where it does not."""
    return IN_THE_ROOT.format(printable(path)) if lies_in(resolved(path), resolved(root), Files()) else None


def refuse_target(path: Path, root: Path | None, *, replacing: bool = False) -> None:
    """Raises InTheWay where a path lies in the storage root or in no folder, or where something stands there, unless
    it is to be replaced: asked before long work too.
    """
    if root is not None and (why := why_not_in(root, path)):
        raise InTheWay(why)
    if os.path.lexists(path) and not replacing:
        raise InTheWay(IN_THE_WAY.format(printable(path)))
    if not path.absolute().parent.is_dir():
        raise InTheWay(NO_FOLDER.format(printable(path)))


@contextmanager
def new_file(path: Path, root: Path | None) -> Iterator[BinaryIO]:
    """A new file outside a storage root, which is there when the block ends well and not before. Raises InTheWay,
    StorageUnavailable.
    """
    refuse_target(path, root)
    try:
        made = NamedTemporaryFile(dir=path.parent, prefix=f".{path.name[:40]}.", delete=False, buffering=0)  # noqa: SIM115 - below
        kept = _Kept(cast("BinaryIO", made))
        try:
            with made, kept.telling():
                yield cast("BinaryIO", kept)
                os.fsync(made.fileno())
            _put(Path(made.name), path)
        finally:
            with suppress(OSError):
                Path(made.name).unlink()
    except FileExistsError as error:
        raise InTheWay(IN_THE_WAY.format(printable(path))) from error
    except OSError as error:
        raise unwritable(path, error) from error


def unwritable(path: Path, error: OSError) -> Fault:
    """What is said of a new file that could not be written."""
    if is_disk_full(error):
        return no_room_for(printable(path), path.absolute().parent, ELSEWHERE)
    return StorageUnavailable(
        f"{printable(path)} cannot be written: {error.strerror or error}. Check its folder, or name a file elsewhere."
    )


def _put(made: Path, path: Path) -> None:
    """Gives a file its name; what stands there is not replaced. Raises OSError."""
    try:
        os.link(made, path)
    except FileExistsError:
        raise
    except OSError:  # a disk without hard links
        if os.path.lexists(path):
            raise FileExistsError(path) from None
        made.rename(path)


class _Kept:
    """A file that stays open when whoever writes it closes it, and that knows why it could not be written: whoever
    writes may tell that in another way, or go on.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._failed: OSError | None = None

    def write(self, data: bytes) -> int:
        """All of the bytes. Raises OSError."""
        if self._failed is not None:
            raise self._failed
        left = memoryview(data).cast("B")
        try:
            while left:
                left = left[self._file.write(left) :]
        except OSError as error:
            self._failed = error
            raise
        return len(data)

    def flush(self) -> None:
        """Nothing waits to be written."""

    def close(self) -> None:
        """The block closes it."""

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Ends in the OSError of a write that failed, whatever whoever wrote made of it."""
        try:
            yield
        except Exception as error:
            if self._failed is None or self._failed is error:
                raise
            raise self._failed from error
        if self._failed is not None:
            raise self._failed


class Sent:
    """Standard output as a file that an answer is written to, piece by piece. Whoever writes does not learn that nobody
    reads, or that it cannot be written: `end` tells.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._failed: OSError | None = None

    def write(self, data: bytes) -> int:
        """Sends bytes as they are."""
        if self._failed is None:
            try:
                self._stream.flush()
                self._stream.buffer.write(data)
                self._stream.buffer.flush()
            except OSError as error:
                self._failed = error
                streams.give_up(self._stream)
        return len(data)

    @property
    def is_over(self) -> bool:
        """Whether nothing that is written arrives any more."""
        return self._failed is not None

    def flush(self) -> None:
        """Each piece is sent at once."""

    def close(self) -> None:
        """It stays open."""

    def end(self) -> None:
        """A reader who has gone is no failure; raises Unwritable where it is one."""
        if self._failed is not None and not isinstance(self._failed, BrokenPipeError):
            raise streams.Unwritable(self._failed.errno, self._failed.strerror) from self._failed


def send_bytes(stream: TextIO, data: bytes) -> None:
    """Bytes as they are, to standard output. Raises Unwritable."""
    sent = Sent(stream)
    sent.write(data)
    sent.end()

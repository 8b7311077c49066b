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
from adapters.ports.faults import StorageUnavailable


class InTheWay(Exception):
    """Something stands where an answer was to be written; the message says what to do."""


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """A new file, which is there when the block ends well and not before. Raises InTheWay, StorageUnavailable."""
    if path.exists() or path.is_symlink():
        raise InTheWay(f"{printable(path)} is there already, and nothing was changed. Name another file.")
    try:
        with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name[:40]}.", delete=False) as made:
            name = Path(made.name)
            try:
                yield cast("BinaryIO", _Kept(made))
                made.flush()
                os.link(name, path) if hasattr(os, "link") else name.rename(path)
            finally:
                with suppress(OSError):
                    name.unlink()
    except FileExistsError as error:
        raise InTheWay(f"{printable(path)} is there already, and nothing was changed. Name another file.") from error
    except OSError as error:
        raise StorageUnavailable(f"{printable(path)} cannot be written: {error.strerror or error}.") from error


class _Kept:
    """A file that stays open when whoever writes it closes it."""

    def __init__(self, file: object) -> None:
        self._file = file

    def __getattr__(self, name: str) -> object:
        return getattr(self._file, name)

    def close(self) -> None:
        """The block closes it."""


def send_bytes(stream: TextIO, data: bytes) -> None:
    """Bytes as they are, to standard output. A reader who has gone is no failure; raises Unwritable."""
    try:
        stream.flush()
        binary = getattr(stream, "buffer", None)
        if binary is None:
            stream.write(data.decode())
        else:
            binary.write(data)
            binary.flush()
        stream.flush()
    except BrokenPipeError:
        streams.give_up(stream)
    except OSError as error:
        streams.give_up(stream)
        raise streams.Unwritable(error.errno, error.strerror) from error

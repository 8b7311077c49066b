"""The files of a storage root as a backup reads them, beside whoever changes them: bytes that have the hash which the
log has for them, or none.

What is told of how an image was made and cannot be taken in is not the same as nothing: it is said.

How an image was made is read before its bytes: a save that takes the place of another moves its details there first, so
where the former bytes are still there, the details that were read before are theirs.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from adapters.archive.layout import MAX_DETAILS_CHARS
from adapters.disk.files import READ, Files
from adapters.imagestore.local.layout import Layout
from projections.standing_files import StandingFile


class Details(NamedTuple):
    """How an image was made, as it is stored; None where nothing is known, or where something is there that was not to
    be had.
    """

    text: str | None
    is_lacking: bool = False


NOTHING, LACKING = Details(None), Details(None, is_lacking=True)


class SourceFiles:
    """The images and temp files below one root."""

    def __init__(self, root: Path, files: Files) -> None:
        self._layout = Layout(root)
        self._files = files
        files.confine(root, anew=False)

    def read(self, file: StandingFile) -> bytes | None:
        """The bytes of a save, where they lie in place or are still staged; None where they are not to be had."""
        for path in self._places(file):
            data = self._bytes(path, file.size_bytes)
            if data is not None and sha256(data).hexdigest() == file.sha256:
                return data
        return None

    def is_there(self, file: StandingFile) -> bool:
        """Whether something of its size stands where its bytes belong."""
        return any(self._size_of(path) == file.size_bytes for path in self._places(file))

    def details(self, file: StandingFile) -> Details:
        """What is told of how an image was made."""
        if file.temp:
            return NOTHING
        for path in (self._layout.staged_details(file.staged), self._layout.details(file.user, file.name)):
            if (found := self._details(path, file)) is not None:
                return found
        return NOTHING

    def _details(self, path: Path, file: StandingFile) -> Details | None:
        """What stands at a path; None where that is nothing, or another image's."""
        try:
            stored = self._read(path, range(MAX_DETAILS_CHARS + 1))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError:
            return LACKING
        told = None if stored is None else _told(stored)
        if stored is None or told is None:
            return LACKING
        return Details(stored.decode()) if _is_its_own(told, file) else None

    def _places(self, file: StandingFile) -> tuple[Path, Path]:
        """A file moves from the first to the second, never back."""
        return self._layout.staged(file.staged), self._layout.final(file.user, file.name, temp=file.temp)

    def _size_of(self, path: Path) -> int | None:
        try:
            return self._files.lstat(path).st_size
        except OSError:
            return None

    def _bytes(self, path: Path, size_bytes: int) -> bytes | None:
        try:
            return self._read(path, range(size_bytes, size_bytes + 1))
        except OSError:
            return None

    def _read(self, path: Path, sizes: range) -> bytes | None:
        """All of an ordinary file; None where it is not of such a size. Raises OSError."""
        fd = self._files.open(path, READ)
        try:
            found = self._files.fstat(fd).st_size
            return self._files.read_all_at(fd, found, 0) if found in sizes else None
        finally:
            self._files.close(fd)


def is_of(stored: bytes, file: StandingFile) -> bool:
    """Whether details are those of a save."""
    told = _told(stored)
    return told is not None and _is_its_own(told, file)


def _told(stored: bytes) -> dict[str, Any] | None:
    """What details tell; None where they are no object. What is nested too deep to be written again, nobody wrote."""
    try:
        orjson.dumps(told := orjson.loads(stored))
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return None
    return told if isinstance(told, dict) else None


def _is_its_own(told: dict[str, Any], file: StandingFile) -> bool:
    """They name what the save came with; beside an adopted image all are its own."""
    return file.adopted or told.get("staged") == file.staged

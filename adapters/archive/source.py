"""The files of a storage root as a backup reads them, beside whoever changes them: bytes that have the hash which the
log has for them, or none.

How an image was made is read before its bytes: a save that takes the place of another moves its details there first, so
where the former bytes are still there, the details that were read before are theirs.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import orjson

from adapters.archive.layout import MAX_DETAILS_CHARS
from adapters.disk.files import READ, Files
from adapters.imagestore.local.layout import Layout
from projections.standing_files import StandingFile


class SourceFiles:
    """The images and temp files below one root."""

    def __init__(self, root: Path, files: Files) -> None:
        self._layout = Layout(root)
        self._files = files
        files.confine(root, anew=False)

    def read(self, file: StandingFile) -> bytes | None:
        """The bytes of a save, where they lie in place or are still staged; None where they are not to be had."""
        final = self._layout.final(file.user, file.name, temp=file.temp)
        for path in (self._layout.staged(file.staged), final):  # a file moves that way, never back
            data = self._read(path, file.size_bytes)
            if data is not None and sha256(data).hexdigest() == file.sha256:
                return data
        return None

    def details(self, file: StandingFile) -> str | None:
        """How an image was made, as it is stored; None where nothing is known."""
        if file.temp:
            return None
        for path in (self._layout.staged_details(file.staged), self._layout.details(file.user, file.name)):
            stored = self._read(path, None)
            if stored is not None and is_of(stored, file):
                return stored.decode()
        return None

    def _read(self, path: Path, size_bytes: int | None) -> bytes | None:
        """All of an ordinary file, of so many bytes; None where there is no such."""
        try:
            fd = self._files.open(path, READ)
        except OSError:
            return None
        try:
            found = self._files.fstat(fd).st_size
            if found != size_bytes and (size_bytes is not None or found > MAX_DETAILS_CHARS):
                return None
            return self._files.read_all_at(fd, found, 0)
        except OSError:
            return None
        finally:
            self._files.close(fd)


def is_of(stored: bytes, file: StandingFile) -> bool:
    """Whether details are those of a save: they name what it came with; beside an adopted image all are its own. What
    is nested too deep to be written again, nobody wrote.
    """
    try:
        orjson.dumps(told := orjson.loads(stored))
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return False
    return isinstance(told, dict) and (file.adopted or told.get("staged") == file.staged)

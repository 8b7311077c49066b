"""The note in a storage root that its images are in a bucket: who opens it as folders would find none, and is told.

It is written before the first image is put there, and goes when all were carried back.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from adapters.disk.files import Files
from adapters.disk.whole_files import put_whole
from adapters.imagestore.local.layout import Layout

NAME = Path("logs", "images-in")
"""Beside the log, with which it is copied."""
TEXT = "{place}\nThe images of this storage root are there. `abby migrate --to folders` brings them back.\n"
MOST_BYTES, NOTE_MODE = 4096, 0o644


class ElsewhereNote:
    """The note of one root. Raises OSError."""

    def __init__(self, layout: Layout, files: Files) -> None:
        self.path = layout.root / NAME
        self._files = files

    def place(self) -> str | None:
        """Where the images are; None where nothing is noted."""
        try:
            return self._files.read(self.path, MOST_BYTES).decode(errors="replace").partition("\n")[0]
        except FileNotFoundError:
            return None

    def leave(self, place: str) -> None:
        """Notes it, durably."""
        if self.place() != place:
            self._files.make_directories(self.path.parent)
            put_whole(self._files, self.path, TEXT.format(place=place).encode(), NOTE_MODE)

    def remove(self) -> None:
        """Takes it away, durably."""
        with suppress(FileNotFoundError):
            self._files.unlink(self.path)
            self._files.sync_directory(self.path.parent)

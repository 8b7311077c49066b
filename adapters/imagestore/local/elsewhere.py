"""The note in a storage root where its images are, once they were in a bucket: who opens it as folders would find none,
and is told; and so is who opens it with the bucket after they were kept in folders again.

It is written before the first image is put there, and anew when all were carried back.
"""

from __future__ import annotations

from pathlib import Path

from adapters.disk.files import Files
from adapters.disk.whole_files import put_whole
from adapters.imagestore.local.layout import Layout

NAME = Path("logs", "images-in")
"""Beside the log, with which it is copied."""
FOLDERS = "folders"
"""What is noted of images that are below the root again; else it is the address of a bucket."""
TEXT = "{place}\nThe images of this storage root are there; `abby migrate` carries them elsewhere.\n"
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

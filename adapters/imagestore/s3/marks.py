"""What this machine has put into the bucket and no event is known to name yet: an empty file for each such key.

A file is durable before its object is put, and goes once the event is carried out, or the object is gone again. So what
a program that was killed left in the bucket is found again without a listing.

What was put without an answer may come late, after it was deleted: while the program runs, its mark stays until it is
settled, whatever became of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from time import time

from adapters.disk.files import UPDATE, Files
from adapters.imagestore.local.layout import Layout

SETTLED_SECONDS = 3600.0
"""A mark of this age is of nobody who still works on it: another process of this machine may be about to record."""


class Marks:
    """The marks below one folder of this machine. Raises OSError. Safe from any thread."""

    def __init__(self, layout: Layout, files: Files, *, settled_seconds: float = SETTLED_SECONDS) -> None:
        self._folder = layout.staging
        self._files = files
        self._settled_seconds = settled_seconds
        self._late: set[str] = set()

    def put(self, names: Sequence[str]) -> None:
        """Marks them, durably; one may be marked already."""
        self._files.make_directories(self._folder)
        for name in names:
            fd = self._files.open(self._folder / name, UPDATE)
            self._files.close(fd)
        self._files.sync_directory(self._folder)

    def may_be_late(self, names: Sequence[str]) -> None:
        """Keeps the marks of what may be put after all."""
        self._late.update(names)

    def settle(self, name: str) -> None:
        """Nothing is as late as that any more."""
        self._late.discard(name)

    def take(self, names: Sequence[str]) -> None:
        """Takes their marks away, where there are some and they need not stay. One that a power cut brings back is
        looked up in the log.
        """
        for name in names:
            if name in self._late:
                continue
            with suppress(FileNotFoundError):
                self._files.unlink(self._folder / name)

    def has(self, name: str) -> bool:
        """Whether it is marked."""
        return self._files.lexists(self._folder / name)

    def settled(self) -> list[str]:
        """The marks that are old enough to be of nobody."""
        oldest = time() - self._settled_seconds
        found = []
        with suppress(FileNotFoundError):
            for name in sorted(self._files.list_directory(self._folder)):
                with suppress(FileNotFoundError):
                    if self._files.lstat(self._folder / name).st_mtime <= oldest:
                        found.append(name)
        return found

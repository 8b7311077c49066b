"""The storage opened for reading beside its writer: the same readings as `ImageStore`, from a log that a thread
follows.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from adapters.application import reading
from adapters.application.opening import FollowedRoot
from adapters.application.results import GalleryImage
from adapters.disk.files import Files
from adapters.ports.clock import Clock, utc_now
from domain.limits import megabytes
from domain.names import malformed_user, name_key


class ImageReader:
    """One storage root, read only. Readings raise LogDamaged or StorageUnavailable once the log cannot be followed."""

    def __init__(self, root: Path, *, clock: Clock = utc_now, files: Files | None = None) -> None:
        """Raises LogMissing and LogDamaged, StorageUnavailable where the root cannot be read."""
        self.root = root
        self._clock = clock
        self._files = files or Files()
        self._opened = FollowedRoot(root.resolve(), clock=clock, files=self._files)

    def close(self) -> None:
        """Stops following the log."""
        self._opened.close()

    @property
    def position(self) -> int:
        """How far the log has been followed."""
        return self._opened.book.position

    def status(self, user: str) -> dict[str, Any]:
        """The quota dictionary of a user. Raises ValueError for a malformed id."""
        if sentence := malformed_user(user):
            raise ValueError(sentence)
        book = self._opened.book
        return reading.quota_status(book, user, max(self._clock(), book.last_at))

    def global_usage(self) -> dict[str, Any]:
        """The pool's figures, and what is free on the disk."""
        free = megabytes(self._files.free_bytes(self._opened.root))
        return reading.global_usage(self._opened.book) | {"disk_free_mb": free}

    def users(self) -> list[str]:
        """Every user the log knows of."""
        return reading.known_users(self._opened.book)

    def gallery(self, user: str, *, offset: int = 0, limit: int = 50) -> list[GalleryImage]:
        """Some of a user's kept images, newest first."""
        return reading.gallery(self._opened.book, user, offset, limit)

    def names(self, user: str) -> list[str]:
        """The names of a user's kept images, newest first."""
        return reading.names(self._opened.book, user)

    def path(self, user: str, name: str) -> Path | None:
        """Where a kept image lies, None where no such name stands."""
        standing = self._opened.book.standing(user, name_key(name), temp=False)
        return self._opened.reconciler.path(user, standing.name, temp=False) if standing else None

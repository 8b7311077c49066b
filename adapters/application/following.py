"""The storage opened for reading beside its writer: the same readings as `Storage`, from a log that a thread
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


class FollowedStorage:
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
        return self._opened.state.position

    def status(self, user: str) -> dict[str, Any]:
        """The quota dictionary of a user. Raises ValueError for a malformed id."""
        if sentence := malformed_user(user):
            raise ValueError(sentence)
        state = self._opened.state
        return reading.quota_status(state, user, max(self._clock(), state.last_at))

    def global_usage(self) -> dict[str, Any]:
        """The pool's figures, and what is free on the disk."""
        free = megabytes(self._files.free_bytes(self._opened.root))
        return reading.global_usage(self._opened.state) | {"disk_free_mb": free}

    def users(self) -> list[str]:
        """Every user the log knows of."""
        return reading.known_users(self._opened.state)

    def gallery(self, user: str, *, offset: int = 0, limit: int = 50) -> list[GalleryImage]:
        """Some of a user's kept images, newest first."""
        return reading.gallery(self._opened.state, user, offset, limit)

    def names(self, user: str) -> list[str]:
        """The names of a user's kept images, newest first."""
        return reading.names(self._opened.state, user)

    def path(self, user: str, name: str) -> Path | None:
        """Where a kept image lies, None where no such name stands."""
        current = self._opened.state.current_image(user, name_key(name), temp=False)
        return self._opened.images.path(user, current.name, temp=False) if current else None

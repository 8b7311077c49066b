"""A storage root followed beside its writer, for reading alone: a thread takes in what the writer records."""

from __future__ import annotations

from pathlib import Path

from adapters.application.followed_root import FollowedRoot
from adapters.disk.ways import resolved
from adapters.ports.clock import Clock, utc_now
from adapters.ports.engines import Engines


class FollowedStorage:
    """One storage root, read only. Readings raise LogDamaged or StorageUnavailable once the log cannot be followed."""

    def __init__(self, root: Path, *, engines: Engines, clock: Clock = utc_now) -> None:
        """Raises LogMissing and LogDamaged, StorageUnavailable where the root cannot be read."""
        self.root = root
        self._followed = FollowedRoot(resolved(root), engines=engines, clock=clock)

    def running(self) -> FollowedRoot:
        """The followed root. Raises LogDamaged or StorageUnavailable where the log is no longer followed."""
        self._followed.refuse_if_lost()
        return self._followed

    def close(self) -> None:
        """Stops following the log."""
        self._followed.close()

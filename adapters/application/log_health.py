"""How the log stands: how long it is, when something was last recorded, how far it was read at the start and is kept
outside. It asks the disk for its room, so it is for a worker.
"""

from __future__ import annotations

from contextlib import suppress
from typing import NamedTuple

from adapters.application.storage import Storage


class KeptOutside(NamedTuple):
    """The file of seals outside the storage root: up to which position it is told of, and why not further."""

    position: int
    trouble: str | None


class LogHealth(NamedTuple):
    """Bytes and last position of the log, the time of its last event, None where there is none yet, and what is free on
    its disk, None where that cannot say. What stands after `resumed` was verified by the start, at `opened_at`; before
    it, it is verified beside the work where the start did not, and damage there stops the ledger.
    """

    position: int
    size_bytes: int
    last_event_at: str | None
    free_bytes: int | None
    opened_at: str
    resumed: int
    outside: KeptOutside | None


def log_health(storage: Storage) -> LogHealth:
    """All of it, now. Raises StorageUnavailable and LedgerStopped."""
    opened = storage.opened()
    state, seals = opened.state, opened.seals
    free_bytes = None
    with suppress(OSError):
        free_bytes = opened.free_bytes()
    return LogHealth(
        position=state.position,
        size_bytes=opened.recorder.size_bytes,
        last_event_at=state.last_at if state.position else None,
        free_bytes=free_bytes,
        opened_at=opened.opened_at,
        resumed=opened.recorder.resumed,
        outside=None if seals is None else KeptOutside(opened.kept_outside, seals.trouble),
    )

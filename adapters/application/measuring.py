"""What a storage measures of itself: its readiness, its ledger and log, the pool, the disks.

Everything but the ledger's counts is read from the published state, where it stands already; nothing is added up.
"""

from __future__ import annotations

from contextlib import suppress

from adapters.application.notes import NoteKind
from adapters.application.opening import OpenRoot
from adapters.application.readiness import Readiness, readiness_of
from adapters.application.storage import Storage
from adapters.application.workers import DiskStuck
from adapters.ports.faults import LedgerStopped, StorageUnavailable
from adapters.ports.measured import Measured
from domain.instants import seconds_between

LOOKED_AT = 8
"""Images that are looked at for a scrape: it comes often, and goes on where the last one stopped."""


async def measured(storage: Storage) -> list[Measured]:
    """All of it, also of a disk that does not answer, and of a root that cannot be opened: then it says that alone."""
    try:
        return await storage.workers.reading.run(_measured, storage)
    except DiskStuck:
        return [
            Measured("abby_ready", 0),
            Measured("abby_degraded", 1),
            *_notes({NoteKind.DISK_STUCK}),
            *_of_parts(storage),
        ]


def _measured(storage: Storage) -> list[Measured]:
    """The same, for a worker."""
    found = [*_of_readiness(readiness_of(storage, looked_at=LOOKED_AT)), *_of_parts(storage)]
    with suppress(StorageUnavailable, LedgerStopped):
        opened = storage.opened()
        found += [*_of_ledger(opened, storage.clock()), *_of_disks(opened)]
    return found


def _of_readiness(state: Readiness) -> list[Measured]:
    kinds = {note.kind for note in (*state.notes, *([state.begun] if state.begun else []))}
    return [
        Measured("abby_ready", float(state.ready)),
        Measured("abby_degraded", float(state.degraded)),
        *_notes(kinds),
    ]


def _notes(kinds: set[NoteKind]) -> list[Measured]:
    """Every kind has its series, so that an alert is not of one that comes and goes."""
    return [Measured("abby_readiness_note", float(kind in kinds), (kind.value,)) for kind in NoteKind]


def _of_parts(storage: Storage) -> list[Measured]:
    return [one for measure in storage.measured for one in measure()]


def _of_ledger(opened: OpenRoot, now: str) -> list[Measured]:
    state, ledger = opened.state, opened.ledger
    age = [Measured("abby_log_last_event_age_seconds", seconds_between(state.last_at, now))] if state.position else []
    return [
        *ledger.tallies.measured(),
        Measured("abby_ledger_disk_wait_seconds", ledger.disk_wait.seconds()),
        Measured("abby_log_position", state.position),
        *_of_sharing(opened),
        Measured("abby_log_size_bytes", opened.recorder.size_bytes),
        *age,
        Measured("abby_pool_used_bytes", state.pool.used_bytes),
        Measured("abby_pool_held_bytes", state.pool.held_bytes),
        Measured("abby_pool_limit_bytes", state.policy.pool_bytes),
        Measured("abby_users", len(state.tables.users)),
    ]


def _of_sharing(opened: OpenRoot) -> list[Measured]:
    """What is of a log alone that several processes write."""
    if opened.shared is None:
        return []
    return [Measured("abby_log_behind_seconds", opened.seconds_behind), *opened.shared.measured()]


def _of_disks(opened: OpenRoot) -> list[Measured]:
    """What is free; a disk that cannot be asked has no figure, and its note."""
    found = []
    for of, free_bytes in (("images", opened.images.free_bytes), ("log", opened.free_bytes)):
        with suppress(OSError):
            found.append(Measured("abby_disk_free_bytes", free_bytes(), (of,)))
    return [*found, *opened.images.measured()]

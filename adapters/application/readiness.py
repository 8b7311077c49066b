"""Whether a storage admits commands now, and what an operator should look at."""

from __future__ import annotations

from typing import NamedTuple

from adapters.application.keeping import what_keeps_from_saving
from adapters.application.opening import OpenRoot
from adapters.application.storage import Storage
from adapters.ledger.ledger import NO_SPACE
from adapters.ports.faults import LedgerStopped, StorageUnavailable

NAMED_MISSING = 5
"""Images without a file that are named."""
CLOCK_BEHIND = (
    "The clock is more than a day behind the log: one of the two is wrong, and commands are refused. "
    "If the clock is right now, stop the service and run `abby clock-corrected`; else set the clock."
)


class Readiness(NamedTuple):
    """Whether commands are admitted; `degraded` and `notes` say what an operator should look at."""

    ready: bool
    degraded: bool
    notes: tuple[str, ...]
    last_cleanup: str | None
    position: int


def readiness_of(storage: Storage) -> Readiness:
    """How a storage stands, also where it could not be opened or has stopped. Tries whether pictures could be kept, and
    looks at some images: for a worker.
    """
    try:
        opened = storage.opened()
    except (StorageUnavailable, LedgerStopped) as error:
        return Readiness(False, True, (str(error),), storage.last_cleanup, 0)
    ledger, position = opened.ledger, opened.state.position
    if ledger.fault is not None:
        return Readiness(False, True, (str(ledger.fault),), storage.last_cleanup, position)
    if ledger.clock_is_behind():
        return Readiness(False, True, (CLOCK_BEHIND,), storage.last_cleanup, position)
    try:
        notes = [*_notes(opened), *(note for part in storage.watched for note in part())]
    except LedgerStopped as error:
        return Readiness(False, True, (str(error),), storage.last_cleanup, position)
    return Readiness(True, bool(notes), tuple(notes), storage.last_cleanup, position)


def _notes(opened: OpenRoot) -> list[str]:
    """What an operator should look at while the ledger runs."""
    keeping = [NO_SPACE] if opened.short_of_space() else what_keeps_from_saving(opened)
    return [*(f"Pictures cannot be kept, so none is asked for: {why}" for why in keeping), *_notes_on_files(opened)]


def _notes_on_files(opened: OpenRoot) -> list[str]:
    try:
        missing = opened.looking.missing(opened.state, opened.images)
    except OSError as error:
        return [f"The images cannot be looked at: {error.strerror or error}."]
    if not missing:
        return []
    some = ", ".join(f"{key.user}/{key.key}" for key in missing[:NAMED_MISSING])
    return [f"{len(missing)} images have no file, among them {some}. They stay charged."]

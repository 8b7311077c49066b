"""Whether a storage admits commands now, and what an operator should look at."""

from __future__ import annotations

from typing import NamedTuple

from adapters.application.opening import OpenRoot
from adapters.application.storage import Storage
from adapters.ledger.ledger import NO_SPACE
from adapters.ports.faults import LedgerStopped, StorageUnavailable
from adapters.wording.figures import minute
from domain.instants import seconds_between

NAMED_MISSING = 5
"""Images without a file that are named."""
CLOCK_BEHIND = (
    "The clock is more than a day behind the log: one of the two is wrong, and commands are refused. "
    "If the clock is right now, stop the service and run `abby clock-corrected`; else set the clock."
)


CLOCK_NOTICED_SECONDS = 60.0
"""How far the clock may lie behind the last event without a word."""
SECONDS_AN_HOUR = 3600


class Readiness(NamedTuple):
    """Whether commands are admitted; `degraded` and `notes` say what an operator should look at."""

    ready: bool
    degraded: bool
    notes: tuple[str, ...]
    last_cleanup: str | None
    position: int


def readiness_of(storage: Storage) -> Readiness:
    """How a storage stands, also where it could not be opened or has stopped."""
    try:
        opened = storage.opened()
    except (StorageUnavailable, LedgerStopped) as error:
        return Readiness(False, True, (str(error),), storage.last_cleanup, 0)
    ledger, position = opened.ledger, opened.state.position
    if ledger.fault is not None:
        return Readiness(False, True, (str(ledger.fault),), storage.last_cleanup, position)
    if ledger.clock_is_behind():
        return Readiness(False, True, (CLOCK_BEHIND,), storage.last_cleanup, position)
    notes = _notes(opened, storage.clock())
    return Readiness(True, bool(notes), tuple(notes), storage.last_cleanup, position)


class LogAhead(NamedTuple):
    """That the last event lies ahead of the clock and what that does, and what to do."""

    found: str
    advice: str


def log_ahead(last_at: str, now: str) -> LogAhead | None:
    """What is told of a log whose last event lies ahead of the clock; None where it hardly does."""
    seconds = seconds_between(now, last_at)
    if seconds <= CLOCK_NOTICED_SECONDS:
        return None
    ahead = f"{seconds / SECONDS_AN_HOUR:.1f} hours" if seconds >= SECONDS_AN_HOUR else f"{seconds / 60:.0f} minutes"
    return LogAhead(
        f"The log's last event lies {ahead} ahead of the clock ({minute(last_at)}, and it is {minute(now)}): the clock "
        "is wrong, or was then. Until it has caught up events bear the log's time: days begin by it, and reserved "
        "places are held that much longer.",
        "If the clock is right now, stop the service and run `abby clock-corrected`; else set the clock.",
    )


def _notes(opened: OpenRoot, now: str) -> list[str]:
    """What an operator should look at while the ledger runs."""
    notes = [NO_SPACE] if opened.short_of_space() else []
    if opened.state.position and (ahead := log_ahead(opened.state.last_at, now)):
        notes.append(" ".join(ahead))
    if missing := opened.images.missing:
        some = ", ".join(f"{key.user}/{key.key}" for key in sorted(missing)[:NAMED_MISSING])
        notes.append(f"{len(missing)} images have no file, among them {some}. They stay charged.")
    return notes

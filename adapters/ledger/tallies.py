"""What the ledger's one writer counts of its work since the start, for whoever measures: decisions, batches, appends.

Only the writer's thread adds. Names of users, images and prompts never reach a count: what it is counted by is closed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from adapters.ledger.pending import Accepted, PendingCommand
from adapters.ports.faults import DiskFull, StorageUnavailable
from adapters.ports.measured import Distribution, Measured
from domain.commands import ReleaseExpired
from domain.events import TYPES, Event, ImageSaved
from domain.refusals import Reason, Refusal

APPEND_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Bounds for an append with its sync: a sound disk takes 0.1 to 20 ms, one that fails takes seconds."""
BATCH_COMMANDS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
"""Bounds for the commands that share an append."""
NO_REASON = ""
OUTCOMES = (
    ("accepted", NO_REASON),
    ("replayed", NO_REASON),
    *(("refused", reason.value.lower()) for reason in Reason),
    ("failed", "disk_full"),
    ("failed", "storage_unavailable"),
    ("failed", "defect"),
)
"""How a command ends, and for which reason where it was no success. Each is there from the start: the first of a kind
is an increase, too.
"""


class LedgerTallies:
    """The counts of one ledger."""

    def __init__(self, waiting: Callable[[], int]) -> None:
        """`waiting`: how many commands wait to be decided."""
        self._waiting = waiting
        self._decisions: Counter[tuple[str, str]] = Counter(dict.fromkeys(OUTCOMES, 0))
        self._events: Counter[str] = Counter(dict.fromkeys(TYPES, 0))
        self._saved_bytes = 0
        self._appends = Distribution(APPEND_SECONDS)
        self._batches = Distribution(BATCH_COMMANDS)
        self._turned_away = dict.fromkeys((Reason.BUSY, Reason.STOPPED), 0)

    def decided(self, batch: Iterable[PendingCommand]) -> None:
        """A batch was carried out, and its callers are about to be woken."""
        counted = [pending for pending in batch if not isinstance(pending.command, ReleaseExpired)]
        self._decisions.update(map(_outcome_of, counted))
        if counted:
            self._batches.add(len(counted))

    def appended(self, seconds: float, events: Sequence[Event]) -> None:
        """Events were appended and synced in so many seconds."""
        self._appends.add(seconds)
        self._events.update([type(event).__name__ for event in events])
        self._saved_bytes += sum([event.bytes for event in events if isinstance(event, ImageSaved)])

    def turn_away(self, reason: Reason, user: str | None) -> Refusal:
        """The refusal of a command that is not even queued. For whoever holds the queue's gate."""
        self._turned_away[reason] += 1
        return Refusal(reason, user)

    def measured(self) -> list[Measured]:
        """All counts."""
        decisions = self._decisions.copy()
        for reason, count in self._turned_away.items():
            decisions["refused", reason.value.lower()] += count
        return [
            *(Measured("abby_decisions", count, kind) for kind, count in decisions.items()),
            *(Measured("abby_events_recorded", count, (kind,)) for kind, count in self._events.copy().items()),
            Measured("abby_ledger_commands_waiting", self._waiting()),
            Measured("abby_image_saved_bytes", self._saved_bytes),
            Measured("abby_ledger_append_seconds", self._appends.spread()),
            Measured("abby_ledger_batch_commands", self._batches.spread()),
        ]


def _outcome_of(pending: PendingCommand) -> tuple[str, str]:
    """How a command ended, and for which reason where it was no success."""
    if isinstance(pending.error, DiskFull):
        return "failed", "disk_full"
    if isinstance(pending.error, StorageUnavailable):
        return "failed", "storage_unavailable"
    if pending.error is not None or pending.outcome is None:
        return "failed", "defect"
    if isinstance(pending.outcome, Refusal):
        return "refused", pending.outcome.reason.value.lower()
    assert isinstance(pending.outcome, Accepted)
    return ("replayed" if pending.outcome.replayed else "accepted"), NO_REASON

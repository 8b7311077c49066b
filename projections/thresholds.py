"""What people heard of each limit last, so that nothing is told twice: for each limit of a user, a guild and the pool
one row, of its latest window. Of a storage it keeps the least that was used and held since.

What cannot be is refused as ImpossibleFact. The published rows are changed in place; a draft has rows of its own.
"""

from __future__ import annotations

from domain.events import CleanupCompleted, ClockCorrected, Event, ImpossibleFact
from domain.instants import day_of
from domain.limit_names import POOL, POOL_STORAGE, USER, USER_STORAGE
from domain.threshold_events import ThresholdCrossed, Told, is_told, whose_limit
from domain.usage import PoolUsage, UserUsage
from projections.tables import DraftTable, Table

NAME = "told"
"""The table of a snapshot."""
Key = tuple[str, str]
"""Whose limit, and its name."""


class Thresholds:
    """What was told of every limit."""

    def __init__(self, table: Table[Key, Told] | None = None) -> None:
        self._table: Table[Key, Told] = Table() if table is None else table
        self.is_in_use = bool(self._table.rows)
        """Whether anything was ever told."""

    def told(self, whose: str, limit: str) -> Told | None:
        """What was told last of a limit; `whose` is `user:ID`, `guild:ID` or `pool`."""
        return self._table.get((whose, limit))

    def apply(self, event: ThresholdCrossed, pool: PoolUsage, usage: UserUsage) -> None:
        """Notes what was told, where the pool and the event's user use so much. Raises ImpossibleFact."""
        whose, scope = whose_limit(event), event.limit_name.partition("/")[0]
        is_storage = event.limit_name in {USER_STORAGE, POOL_STORAGE}
        if whose.partition(":")[0] != scope or (event.begins is None) != is_storage:
            raise ImpossibleFact(f"{event.limit_name} of {whose} in the window {event.begins} is no limit")
        if event.guild is not None and event.user is not None:
            raise ImpossibleFact(f"{event.limit_name} of a user and of a guild is no limit")
        if event.used * 100 < event.most * event.percent:
            raise ImpossibleFact(f"{event.used} of {event.most} is told to be {event.percent} %")
        stored = {USER_STORAGE: _kept(usage), POOL_STORAGE: pool.used_bytes + pool.held_bytes}.get(event.limit_name)
        if stored not in {None, event.used}:
            raise ImpossibleFact(f"{event.used} bytes are told of {event.limit_name} of {whose}, where {stored} are")
        if event.begins is not None and event.begins > day_of(event.at):
            raise ImpossibleFact(f"{event.limit_name} is told of {event.begins}, which is yet to come")
        if is_told(self.told(whose, event.limit_name), event.begins, event.percent, event.most):
            raise ImpossibleFact(f"{event.percent} % of {event.limit_name} of {whose} is told twice")
        self._table.put((whose, event.limit_name), Told(event.begins, event.percent, event.used))
        self.is_in_use = True

    def note(self, event: Event, pool: PoolUsage, usage: UserUsage | None) -> None:
        """Notes how much is left after an event, of the pool and of the user whom it is about."""
        if isinstance(event, ClockCorrected):
            self._correct(event)
        self._lower((POOL, POOL_STORAGE), pool.used_bytes + pool.held_bytes)
        if usage is not None and not isinstance(event, CleanupCompleted):
            user = getattr(event, "user", None)
            self._lower((f"{USER}:{user}", USER_STORAGE), _kept(usage))

    def dump(self) -> dict[Key, Told]:
        """The rows of a snapshot."""
        return self._table.dump()

    def draft(self) -> DraftThresholds:
        """An empty draft over these rows."""
        return DraftThresholds(self, self._table)

    def _lower(self, key: Key, now: int) -> None:
        told = self._table.get(key)
        if told is not None and now < told.low:
            self._table.put(key, told._replace(low=now))

    def _correct(self, event: ClockCorrected) -> None:
        """What was told of windows that are yet to come is forgotten."""
        today = day_of(event.now)
        for key, told in self._table.items():
            if told.window is not None and told.window > today:
                self._table.drop(key)


class DraftThresholds(Thresholds):
    """What a batch tells, over what is published."""

    def __init__(self, base: Thresholds, table: Table[Key, Told]) -> None:
        self._base = base
        self._draft: DraftTable[Key, Told] = table.draft()
        super().__init__(self._draft)
        self.is_in_use = base.is_in_use

    def commit(self) -> None:
        """Publishes it."""
        self._draft.commit()
        self._base.is_in_use = self.is_in_use


def _kept(usage: UserUsage) -> int:
    """The bytes that a user's storage counts."""
    return usage.image_bytes + usage.held_bytes


def of_rows(rows: list[tuple[list[str], list[object]]]) -> Thresholds:
    """What was told, of a snapshot's rows."""
    return Thresholds(Table({(whose, limit): Told(*told) for (whose, limit), told in rows}))  # type: ignore[arg-type]  # as they were stored


def rows_of(user: str, rows: list[tuple[list[str], list[object]]]) -> list[tuple[list[str], list[object]]]:
    """Those of one user."""
    return [row for row in rows if row[0][0] == f"{USER}:{user}"]

"""The published state of the fold over all events, and the draft of a batch over it.

The published state is changed by one thread alone: at replay event by event, later by committing a draft whose events
are durable. A reader on another thread that needs several figures which belong together compares `version` before and
after: it is odd while a draft is committed.
"""

from __future__ import annotations

from itertools import islice

from domain.instants import EARLIEST
from domain.limits import Limits, TakenIn
from domain.reservations import Reservation
from projections.asks import Asks, DraftAsks
from projections.deadlines import Deadlines
from projections.gallery import Gallery
from projections.global_quota import GlobalQuota
from projections.image_index import DraftImageIndex, ImageIndex
from projections.points import DraftPoints, Points
from projections.quota_fold import QuotaFold, Tables
from projections.tables import DraftTable, Table
from projections.thresholds import DraftThresholds, Thresholds
from projections.tiers import TierBook
from projections.windows import DraftWindowTallies, WindowTallies


class QuotaState(QuotaFold):
    """The published state."""

    def __init__(
        self,
        tables: Tables | None = None,
        gallery: Gallery | None = None,
        temps: ImageIndex | None = None,
        windows: WindowTallies | None = None,
    ) -> None:
        tables = tables or Tables(
            users=Table(),
            days=Table(),
            reservations=Table(),
            overrides=Table(),
            refusals=Table(),
            answers=Table(),
            grants=Table(),
            members=Table(),
        )
        self.tables = tables
        self.gallery = gallery or Gallery()
        self.temps = temps or ImageIndex()
        self.deadlines = Deadlines(reservation for _, reservation in tables.reservations.items())
        self.version = 0
        self.counts_windows = True
        """Whether it counts windows from the log's beginning; else it goes on from what a former version kept."""
        super().__init__(tables, self.gallery, self.temps, windows or WindowTallies())
        self.position = 0
        self.last_at = EARLIEST
        self.policy = Limits()
        self.policy_is_recorded = False
        self.taken_in = TakenIn()
        self.to_cancel = 0
        self.whole = GlobalQuota()
        self.ranks = TierBook(tables.members)
        self.points = Points()
        self.thresholds = Thresholds()
        self.asks = Asks()

    def due(self, at: str, limit: int) -> list[Reservation]:
        """Reservations of which a deadline has come, the oldest first."""
        return due_of(self, self.deadlines, at, limit) if self.deadlines.has_come(at) else []

    def draft(self) -> Draft:
        """An empty draft over this state."""
        users, days, reservations, overrides, refusals, answers, grants, members = self._tables
        return Draft(
            self,
            Tables(
                users=users.draft(),
                days=days.draft(),
                reservations=reservations.draft(),
                overrides=overrides.draft(),
                refusals=refusals.draft(),
                answers=answers.draft(),
                grants=grants.draft(),
                members=members.draft(),
            ),
        )

    def tidy(self) -> None:
        """Forgets what no decision asks for any more: old answers, and reservations that are over."""
        self.answers.prune(self.last_at)
        self.tidy_deadlines(self.last_at)

    def tidy_deadlines(self, at: str) -> None:
        """Forgets reservations that are over at a time, no earlier one than the last; costs next to nothing where none
        is.
        """
        self.deadlines.tidy(self._tables.reservations, at)

    def _note_deadline(self, reservation: Reservation) -> None:
        self.deadlines.add(reservation)


class Draft(QuotaFold):
    """The values that a batch has changed and that are not durable yet, over the published state."""

    def __init__(self, state: QuotaState, tables: Tables) -> None:
        self._state = state
        self._made: list[Reservation] = []
        super().__init__(tables, state.gallery.draft(), state.temps.draft(), state.windows.draft())
        self.position = state.position
        self.last_at = state.last_at
        self.policy = state.policy
        self.policy_is_recorded = state.policy_is_recorded
        self.taken_in = state.taken_in
        self.ranks = TierBook(tables.members, state.tiers)
        self.to_cancel = state.to_cancel
        self.whole = GlobalQuota(state.pool)
        self.points = state.points.draft()
        self.thresholds = state.thresholds.draft()
        self.asks = state.asks.draft()

    def due(self, at: str, limit: int) -> list[Reservation]:
        """Reservations that were due before this batch and still are in it."""
        return due_of(self, self._state.deadlines, at, limit)

    def commit(self) -> None:
        """Publishes the draft: the state is now what this draft is."""
        state = self._state
        state.version += 1
        for table in self._tables:
            assert isinstance(table, DraftTable)
            if table.is_changed:
                table.commit()
        for index in (self._images, self._temp_files):
            assert isinstance(index, DraftImageIndex)
            index.commit()
        assert isinstance(self.windows, DraftWindowTallies)
        self.windows.commit()
        assert isinstance(self.points, DraftPoints)
        self.points.commit()
        assert isinstance(self.thresholds, DraftThresholds)
        self.thresholds.commit()
        assert isinstance(self.asks, DraftAsks)
        self.asks.commit()
        state.position, state.last_at = self.position, self.last_at
        state.policy, state.policy_is_recorded = self.policy, self.policy_is_recorded
        state.taken_in = self.taken_in
        state.ranks.tiers = self.tiers
        state.to_cancel = self.to_cancel
        state.whole.pool = self.whole.pool
        for reservation in self._made:
            state.deadlines.add(reservation)
        state.tidy()
        state.version += 1

    def _note_deadline(self, reservation: Reservation) -> None:
        self._made.append(reservation)


def due_of(state: QuotaFold, deadlines: Deadlines, at: str, limit: int) -> list[Reservation]:
    """The reservations of `state`, by the order of `deadlines`, of which one has come, at most `limit`."""
    return list(islice(deadlines.due(at, state.reservation), limit))

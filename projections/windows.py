"""What each window counts, of every guild and of the pool: places, and credits spent and held. Users' are sums over
their days (`daily_quota.py`).

A window is kept while it is one of the latest that its scope touched. A place is counted in the windows of the day that
it was charged to, and so is whatever becomes of it later; a window that is no longer kept takes nothing more.
"""

from __future__ import annotations

from collections.abc import Iterable

from domain.windows import NOTHING, WINDOWS_KEPT, Counts, Tally, Windows, added, windows_of

OfScope = dict[str, Tally]
"""The tallies of one scope by the names of windows, each length in the order in which its windows were begun."""
Rows = Iterable[tuple[str, list[tuple[str, int, int, int]]]]


_Change = tuple[Counts, bool]
"""What a batch changes of the windows of a day, and whether something was charged to the day itself."""


class WindowTallies:
    """The tallies of all scopes."""

    def __init__(self, scopes: dict[str, OfScope] | None = None) -> None:
        self._scopes = {} if scopes is None else scopes

    def tally(self, scope: str, window: str) -> Tally:
        """What a window of a scope counts."""
        return self._scopes.get(scope, _NO_SCOPE).get(window, NOTHING)

    def tallies(self, scope: str, windows: Windows) -> tuple[Counts, Counts, Counts]:
        """What each of the three windows of a day counts of a scope."""
        kept = self._scopes.get(scope, _NO_SCOPE).get
        return kept(windows[0], NOTHING), kept(windows[1], NOTHING), kept(windows[2], NOTHING)

    def charge(self, scope: str, day: str, change: Counts, *, begins: bool = False) -> None:
        """Counts a change in the windows of a day. One that `begins` is a new charge, and begins them where they are
        not there.
        """
        tallies = self._scopes.get(scope)
        if tallies is None:
            if not begins:
                return
            tallies = self._scopes[scope] = {}
        places, spent, held = change
        for window in windows_of(day):
            former = tallies.get(window)
            if former is not None:
                tallies[window] = Tally(former[0] + places, former[1] + spent, former[2] + held)
            elif begins:
                tallies[window] = Tally(*change)
                _forget(tallies, window)

    def dump(self) -> dict[str, list[tuple[str, int, int, int]]]:
        """The rows of a snapshot."""
        return {scope: [(name, *tally) for name, tally in tallies.items()] for scope, tallies in self._scopes.items()}

    def draft(self) -> DraftWindowTallies:
        """An empty draft over these tallies."""
        return DraftWindowTallies(self)


_NO_SCOPE: OfScope = {}
_NO_CHANGES: dict[str, _Change] = {}


class DraftWindowTallies(WindowTallies):
    """The changes of a batch, a sum for each scope and day, over what is published."""

    def __init__(self, base: WindowTallies) -> None:
        self._base = base
        self._changes: dict[str, dict[str, _Change]] = {}

    def tally(self, scope: str, window: str) -> Tally:
        """What a window counts by base and draft."""
        tally = self._base.tally(scope, window)
        for day, change in self._changes.get(scope, _NO_CHANGES).items():
            counts, begins = change
            if window in windows_of(day) and (begins or tally is not NOTHING):
                tally = Tally(*added(tally, counts))
        return tally

    def tallies(self, scope: str, windows: Windows) -> tuple[Counts, Counts, Counts]:
        """The same of the three windows of a day: nearly always all that a batch changes is of that day."""
        base, changes = self._base.tallies(scope, windows), self._changes.get(scope)
        if changes is None:
            return base
        if len(changes) == 1 and (change := changes.get(windows.day)) is not None and change[1]:
            counts = change[0]
            return added(base[0], counts), added(base[1], counts), added(base[2], counts)
        return self.tally(scope, windows.day), self.tally(scope, windows.week), self.tally(scope, windows.month)

    def charge(self, scope: str, day: str, change: Counts, *, begins: bool = False) -> None:
        """Notes a change for the windows of a day."""
        days = self._changes.get(scope)
        if days is None:
            days = self._changes[scope] = {}
        former = days.get(day)
        days[day] = (change, begins) if former is None else (added(former[0], change), former[1] or begins)

    def commit(self) -> None:
        """Counts the changes in the base."""
        for scope, days in self._changes.items():
            for day, change in days.items():
                self._base.charge(scope, day, change[0], begins=change[1])


def of_rows(rows: Rows) -> WindowTallies:
    """The tallies of a snapshot's rows."""
    return WindowTallies({scope: {name: Tally(*tally) for name, *tally in tallies} for scope, tallies in rows})


def _forget(tallies: OfScope, begun: str) -> None:
    """Drops the window that was begun first, where there are more of the length of the one begun now than are kept."""
    alike = [name for name in tallies if len(name) == len(begun)]
    for name in alike[:-WINDOWS_KEPT]:
        del tallies[name]

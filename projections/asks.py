"""The last ask of every user who asked for more, and how it was answered.

What was approved is given by the event right after it. What cannot be is refused as ImpossibleFact. The published rows
are changed in place; a draft has rows of its own from its first event on.
"""

from __future__ import annotations

from itertools import takewhile
from typing import Any, NamedTuple

from domain.ask_events import (
    APPROVED,
    LIMITS_ASKED_ABOUT,
    Ask,
    AskAnswered,
    AskEvent,
    MoreAsked,
    is_open,
    unit_asked,
)
from domain.asks import MAX_OPEN
from domain.events import ClockCorrected, Event, GrantGiven, ImpossibleFact
from domain.grants import ASKED
from domain.instants import day_of
from projections.tables import DraftTable, Table

NAME = "asks"
"""The table of a snapshot."""
TIDIED_ABOVE = MAX_OPEN
"""Users above whose number those asks are forgotten that are over, and of former days."""


class Owed(NamedTuple):
    """What was approved and is given by the next event."""

    user: str
    grant: str | None
    unit: str
    amount: int | None
    expires_at: str | None
    source: str = ASKED
    rollover: int = 0


class Asks:
    """The last ask of each user."""

    def __init__(self, table: Table[str, Ask] | None = None) -> None:
        self._table: Table[str, Ask] = Table() if table is None else table
        self._waiting: dict[str, Ask] = {}
        """Those without an answer, the oldest first; what lapsed first is forgotten first."""
        self.count, self._day = 0, ""
        """Users whose last ask is kept, open or not; the day of the latest of these."""
        self.owed: Owed | None = None
        """What the next event gives, where the last one approved it."""
        if table is not None:
            self._look_over()

    def of(self, user: str) -> Ask | None:
        """A user's last ask."""
        return self._table.get(user)

    def open_at(self, at: str) -> list[Ask]:
        """What can be answered at a time, the oldest first."""
        return [ask for ask in self._waiting.values() if is_open(ask, at)]

    def are_open(self, at: str) -> int:
        """How many can be answered at a time. What is over stands in front."""
        return len(self._waiting) - sum(1 for _ in takewhile(lambda ask: not is_open(ask, at), self._waiting.values()))

    def find(self, ask: str) -> Ask | None:
        """The last ask of whichever user that has this id."""
        return next((one for _, one in self._table.items() if one.ask == ask), None)

    def settle(self, event: Event) -> None:
        """Takes asks past what is given for what was approved. Raises ImpossibleFact."""
        owed, self.owed = self.owed, None
        given = Owed(*(getattr(event, name) for name in Owed._fields)) if isinstance(event, GrantGiven) else None
        if given != owed:
            raise ImpossibleFact(f"what was approved is {owed}, and is not given")

    def apply(self, position: int, event: AskEvent) -> None:
        """Takes asks past one event. Raises ImpossibleFact."""
        if isinstance(event, MoreAsked):
            self._ask(position, event)
        else:
            self._answer(event)

    def correct(self, event: ClockCorrected) -> None:
        """Asks of later are as of the time that the clock went back to."""
        for user, ask in self._table.items():
            if ask.at > event.now:
                self._table.put(user, ask._replace(at=event.now))
        self._look_over()

    def dump(self) -> dict[str, Ask]:
        """The rows of a snapshot."""
        return self._table.dump()

    def draft(self) -> DraftAsks:
        """An empty draft over these rows."""
        return DraftAsks(self)

    def _ask(self, position: int, event: MoreAsked) -> None:
        last = self.of(event.user)
        if event.limit_name not in LIMITS_ASKED_ABOUT or event.unit != unit_asked(event.limit_name):
            raise ImpossibleFact(f"{event.unit} beyond {event.limit_name} are asked for")
        if last is not None and is_open(last, event.at):
            raise ImpossibleFact(f"{event.user} asks for more while {last.ask} is open")
        if self.count >= TIDIED_ABOVE and day_of(event.at) > self._day:
            self._tidy(event.at)
        for over in list(takewhile(lambda one: not is_open(one, event.at), self._waiting.values())):
            del self._waiting[over.user]
        is_of_its_day = last is not None and day_of(last.at) == day_of(event.at)
        ask = Ask(
            user=event.user,
            ask=event.ask,
            by=event.by,
            unit=event.unit,
            amount=event.amount,
            limit=event.limit_name,
            at=event.at,
            number=position,
            nth=last.nth + 1 if last is not None and is_of_its_day else 1,
            reason=event.reason,
            origin=event.origin,
        )
        self.count += self.of(event.user) is None
        self._day = max(self._day, day_of(event.at))
        self._waiting[event.user] = ask
        self._table.put(event.user, ask)

    def _answer(self, event: AskAnswered) -> None:
        ask = self.of(event.user)
        if ask is None or ask.ask != event.ask or not is_open(ask, event.at):
            raise ImpossibleFact(f"{event.ask} of {event.user} is {event.answer}, and is not open")
        members = (event.amount, event.grant)
        if (event.answer == APPROVED) is (None in members) or (event.answer != APPROVED and members != (None, None)):
            raise ImpossibleFact(f"{event.ask} is {event.answer}, and {event.amount} given as {event.grant}")
        if event.answer != APPROVED and event.expires_at is not None:
            raise ImpossibleFact(f"{event.ask} is {event.answer}, and nothing is given until {event.expires_at}")
        answered = ask._replace(
            answer=event.answer,
            answered_by=event.by,
            answered_at=event.at,
            given=event.amount or 0,
            why=event.reason,
        )
        self._table.put(event.user, answered)
        del self._waiting[event.user]
        if event.answer == APPROVED:
            self.owed = Owed(event.user, event.grant, ask.unit, event.amount, event.expires_at)

    def _tidy(self, at: str) -> None:
        """Goes over all of them, so it is done once a day."""
        for user, ask in self._table.items():
            if not is_open(ask, at) and day_of(ask.at) < day_of(at):
                self._table.drop(user)
        self._look_over()

    def _look_over(self) -> None:
        """Finds anew what is known of all of them."""
        kept = sorted((ask for _, ask in self._table.items()), key=lambda ask: ask.number)
        self._waiting = {ask.user: ask for ask in kept if ask.answer is None}
        self.count, self._day = len(kept), max((day_of(ask.at) for ask in kept), default="")


class DraftAsks(Asks):
    """The asks of a batch that is not durable yet, over the published ones."""

    def __init__(self, base: Asks) -> None:
        self._base = base
        self._table, self._waiting = base._table, base._waiting  # noqa: SLF001 - of the same class
        self.count, self._day = base.count, base._day  # noqa: SLF001 - likewise
        self.owed = base.owed
        self._is_changed = False

    def apply(self, position: int, event: AskEvent) -> None:
        """Takes the draft past one event; from the first on its rows are its own."""
        self._part()
        super().apply(position, event)

    def correct(self, event: ClockCorrected) -> None:
        """The same in the draft."""
        self._part()
        super().correct(event)

    def commit(self) -> None:
        """Writes the changes into the base."""
        self._base.owed = self.owed
        if self._is_changed:
            assert isinstance(self._table, DraftTable)
            self._table.commit()
            self._base._waiting = self._waiting  # noqa: SLF001 - of the same class
            self._base.count, self._base._day = self.count, self._day  # noqa: SLF001 - likewise

    def _part(self) -> None:
        if not self._is_changed:
            self._table, self._waiting = self._table.draft(), dict(self._waiting)
            self._is_changed = True


def of_rows(rows: list[tuple[str, list[Any]]]) -> Asks:
    """The asks of a snapshot's rows."""
    return Asks(Table({user: Ask(*members) for user, members in rows}))

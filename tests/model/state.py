"""The state of the model: what the program keeps, as plain dictionaries.

It shares no code with the product and keeps no events: of each it remembers the type and the user alone, so that what
the log has can be told from what it must have. Times are naive and in UTC.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import NamedTuple

from tests.model.asks import GenerationOutcome, Limits
from tests.model.people import Held, Person
from tests.model.tally import tally
from tests.model.trail import Trail

DAY = timedelta(days=1)
BEFORE_ALL = datetime(1, 1, 1)  # noqa: DTZ001 - all times of the model are naive and in UTC


class Stored(NamedTuple):
    """What was answered under a key, to what and when; `reservation` is what it reserved."""

    asked: tuple[object, ...]
    at: datetime
    answer: GenerationOutcome
    reservation: int | None


class State:
    """Everything the program should know."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.last_at = BEFORE_ALL
        self.limits: Limits | None = None
        self.people: dict[str, Person] = {}
        self.held: dict[int, Held] = {}
        self.answers: dict[tuple[str, str], Stored] = {}
        self.trail = Trail()
        self.reserved = 0
        """Reservations that were ever made; each is known by its number."""
        self.full = False
        """Whether the disk has no room."""
        self.short = False
        """Whether the log's reserve file is used up, too."""

    @property
    def present(self) -> datetime:
        """The time of what is decided now: never before the last event."""
        return max(self.now, self.last_at)

    @property
    def tomorrow(self) -> datetime:
        """When the daily count begins anew."""
        return datetime.combine(self.present.date(), time()) + DAY

    @property
    def is_behind(self) -> bool:
        """Whether the clock lies more than a day behind the last event."""
        return self.last_at - self.now > DAY

    def person(self, user: str) -> Person:
        """What a user has."""
        return self.people.setdefault(user, Person())

    def limits_of(self, user: str) -> tuple[int, int]:
        """A user's bytes, and places a day."""
        assert self.limits is not None
        own = self.person(user).own
        if own is None or (own.until is not None and own.until <= self.present):
            return self.limits.user_bytes, self.limits.daily
        tally["limits of a user's own held"] += 1
        return (
            self.limits.user_bytes if own.user_bytes is None else own.user_bytes,
            self.limits.daily if own.daily is None else own.daily,
        )

    def held_bytes(self, user: str) -> int:
        """What a user's open places keep from others."""
        return sum(held.each * len(held.open()) for held in self.held.values() if held.user == user)

    def pool(self) -> tuple[int, int]:
        """Used and held bytes of all."""
        used = sum(person.used(temp=False) + person.used(temp=True) for person in self.people.values())
        return used, sum(self.held_bytes(user) for user in self.people)

    def known(self, user: str, reservation: int) -> Held | None:
        """A user's reservation, while something can still happen to it."""
        held = self.held.get(reservation)
        tally["a place of another user was asked for"] += held is not None and held.user != user
        if held is None or held.user != user or (not held.open() and held.forgotten_at <= self.present):
            return None
        return held

    def record(self, kind: str, user: str | None = None) -> None:
        """An event is written now."""
        self.trail.add(kind, user)
        self.last_at = self.present

    def become(self, other: State) -> None:
        """Takes another's place, which is not used any more."""
        vars(self).update(vars(other))

    def fill(self, other: State) -> None:
        """Makes another the same as this, sharing nothing that changes."""
        vars(other).update(vars(self))
        other.people = {user: person.copy() for user, person in self.people.items()}
        other.held, other.answers, other.trail = dict(self.held), dict(self.answers), self.trail.copy()

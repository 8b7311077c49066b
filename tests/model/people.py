"""The values of the model: what one user has, and what became of each place of a reservation."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import NamedTuple

DELIVERED_KEPT = timedelta(days=1)
DAYS_KEPT = 16
"""Days whose counts are kept for a user: those that were touched last."""

_FRESH = re.compile(r"(?:[^/]+/)?image_([1-9]\d{0,8})\.[a-z0-9]+")


class Kept(NamedTuple):
    """An image or temp file that stands; `details` is what was said of how it was made."""

    name: str
    data: bytes
    at: datetime
    operation: str
    details: str | None


class Own(NamedTuple):
    """A user's own limits."""

    user_bytes: int | None
    daily: int | None
    until: datetime | None


class Day(NamedTuple):
    """Places charged to a day since its last reset, and how often it was reset."""

    count: int  # type: ignore[assignment]  # the word for it; tuple.count is not needed
    resets: int


class Place(NamedTuple):
    """One place of a reservation: `state` is open, settled, released or expired."""

    state: str = "open"
    delivered: bool = False


class Held(NamedTuple):
    """A reservation, place by place."""

    user: str
    each: int
    expires: datetime
    day: date
    resets: int
    places: tuple[Place, ...]
    exclusive: bool = False

    def open(self, *, delivered: bool | None = None) -> list[int]:
        """Which places are open, or of these the delivered or undelivered ones."""
        return [
            number
            for number, place in enumerate(self.places)
            if place.state == "open" and delivered in (None, place.delivered)
        ]

    def undelivered(self) -> list[int]:
        """Places that the provider has not delivered, in the order in which a delivery is for them: a settled one was
        delivered though nobody had said so, an open one is next, and one that was released may have been paid for.
        """
        order = ("settled", "open", "released", "expired")
        found = [number for number, place in enumerate(self.places) if not place.delivered]
        return sorted(found, key=lambda number: order.index(self.places[number].state))

    def become(self, numbers: list[int], *, state: str | None = None, delivered: bool = False) -> Held:
        """The same with some of its places in another state, or delivered."""
        places = list(self.places)
        for number in numbers:
            former = places[number]
            places[number] = Place(state or former.state, delivered or former.delivered)
        return self._replace(places=tuple(places))

    @property
    def is_settled(self) -> bool:
        """Whether an image came of every place, so that nothing more can be said of it."""
        return all(place.state == "settled" for place in self.places)

    @property
    def deadline(self) -> datetime:
        """When something must be done about its open places."""
        return self.expires if self.open(delivered=False) else self.forgotten_at

    @property
    def forgotten_at(self) -> datetime:
        """When nobody knows it any more, if it is closed."""
        return self.expires + DELIVERED_KEPT


@dataclass
class Person:
    """What a user has: names by their lower case, the name saved last at the end."""

    images: dict[str, Kept] = field(default_factory=dict)
    temps: dict[str, Kept] = field(default_factory=dict)
    days: dict[date, Day] = field(default_factory=dict)
    own: Own | None = None
    refused: dict[str, tuple[date, int]] = field(default_factory=dict)
    """Refusals by reason, of the latest day alone: a corrected clock counts those of a day before anew."""
    highest: dict[bool, int] = field(default_factory=lambda: {False: 0, True: 0})
    """The highest `n` of an `image_<n>` that ever stood, of images and of temp files."""

    def copy(self) -> Person:
        """The same, sharing nothing that changes."""
        return Person(
            dict(self.images), dict(self.temps), dict(self.days), self.own, dict(self.refused), dict(self.highest)
        )

    def names(self, *, temp: bool) -> dict[str, Kept]:
        """One of the two name spaces."""
        return self.temps if temp else self.images

    def used(self, *, temp: bool) -> int:
        """Bytes of a name space."""
        return sum(len(kept.data) for kept in self.names(temp=temp).values())

    def keep(self, kept: Kept, *, temp: bool) -> None:
        """The name stands, as the latest."""
        names, key = self.names(temp=temp), kept.name.lower()
        names.pop(key, None)
        names[key] = kept
        self.highest[temp] = max(self.highest[temp], number_of(kept.name))

    def has_folder(self, folder: str, *, temp: bool) -> bool:
        """Whether a name stands in a folder."""
        return any(key.startswith(folder.lower() + "/") for key in self.names(temp=temp))

    def today(self, day: date) -> Day:
        """The count of a day."""
        return self.days.get(day, Day(0, 0))

    def touch(self, day: date, counted: Day) -> None:
        """A day has another count, and is the one touched last."""
        self.days.pop(day, None)
        self.days[day] = counted
        while len(self.days) > DAYS_KEPT:
            del self.days[next(iter(self.days))]


def number_of(name: str) -> int:
    """The `n` of `image_<n>.<ext>`, 0 for another name."""
    found = _FRESH.fullmatch(name.lower())
    return int(found[1]) if found else 0


def text_of(moment: datetime) -> str:
    """A time as the ledger writes it."""
    return moment.isoformat(timespec="microseconds") + "Z"

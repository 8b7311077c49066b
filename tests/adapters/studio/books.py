"""What the lines of a log say of money: who bears which places and credits, what is left of grants, who has points.

Added up by tests alone, from docs/limits.md and docs/log-format.md, for requests whose places are delivered in one go.
Credits and prices are thousandths.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple

POOL = "pool"
Drawn = Counter[tuple[str, str]]
"""Amounts by the unit and the id of a grant."""


@dataclass
class Hold:
    """One reservation, and what became of it."""

    user: str
    guild: str | None
    count: int
    each: int
    drawn: Drawn
    settled: int = 0
    delivered: int = 0
    cost: int = 0
    given_up: int = 0
    given_up_delivered: int = 0
    of_the_owner: int = 0
    """What may have been paid for nothing, as nobody knows."""

    @property
    def scopes(self) -> list[str]:
        """Whose windows bear all of it."""
        return [POOL] if self.guild is None else [POOL, self.guild]

    @property
    def open_places(self) -> int:
        """Places that are held."""
        return self.count - self.settled - self.given_up

    @property
    def held(self) -> int:
        """What is held for pictures that are to come."""
        waiting = min(self.open_places, max(0, self.delivered - self.settled - self.given_up_delivered))
        return (self.open_places - waiting) * self.each

    @property
    def places(self) -> int:
        """Places that count: those that are open, and all that was delivered."""
        return self.count - self.given_up + self.given_up_delivered

    @property
    def spent(self) -> int:
        """What its pictures cost: as it was told, or the price of those that are kept, where nothing was."""
        return self.cost if self.delivered else self.settled * self.each

    def by_grants(self, unit: str) -> int:
        """What of a unit grants bear."""
        return sum(amount for (of, _), amount in self.drawn.items() if of == unit)


class Sum(NamedTuple):
    """What one has in a window: places, credits that are spent or held, and those of them that are held."""

    places: int = 0
    credits: int = 0
    held: int = 0


@dataclass
class Books:
    """All of it."""

    holds: dict[str, Hold] = field(default_factory=dict)
    grants: dict[tuple[str, str], int] = field(default_factory=dict)
    """What is left of each grant, by its user and id."""
    points: Counter[str] = field(default_factory=Counter)
    bought: list[tuple[str, str | None]] = field(default_factory=list)
    """The buyer and the key of each purchase."""

    def whole(self, scope: str) -> Sum:
        """What the pool bears, or a guild."""
        mine = [hold for hold in self.holds.values() if scope in hold.scopes]
        held = sum(hold.held for hold in mine)
        spent = sum(hold.spent + hold.of_the_owner for hold in mine)
        return Sum(sum(hold.places for hold in mine), spent + held, held)

    def spent(self, scope: str) -> int:
        """What is spent in all: the pool's, a guild's, or what a user and their grants bear."""
        mine = [hold for hold in self.holds.values() if scope in {*hold.scopes, hold.user}]
        return sum(hold.spent + (0 if scope == hold.user else hold.of_the_owner) for hold in mine)

    def by_grants(self, user: str, unit: str) -> int:
        """What of a unit a user's grants bear."""
        return sum(hold.by_grants(unit) for hold in self.holds.values() if hold.user == user)

    def own(self, user: str) -> Sum:
        """What a user bears where nothing is open: what no grant does."""
        mine = [hold for hold in self.holds.values() if hold.user == user]
        places = sum(hold.places - hold.by_grants("generations") for hold in mine)
        return Sum(places, sum(hold.spent - hold.by_grants("credits") for hold in mine))

    def untouched(self, user: str) -> Sum:
        """What is held for a user of whose pictures nothing has come yet."""
        mine = [hold for hold in self.holds.values() if hold.user == user and not hold.delivered + hold.settled]
        held = sum(hold.held for hold in mine)
        return Sum(sum(hold.open_places for hold in mine), held, held)


def books_of(log: bytes) -> Books:
    """The sums over the whole lines of a log."""
    books = Books()
    for line in log.split(b"\n")[1:-1]:
        event = json.loads(line)
        _count(books, event["type"], event["data"])
    for (user, grant), left in books.grants.items():
        assert left >= 0, f"more was drawn from {grant} of {user} than it had"
    assert all(amount >= 0 for hold in books.holds.values() for amount in hold.drawn.values())
    assert sum(books.points.values()) == 0, "a point was made or lost"
    assert min([0, *(left for account, left in books.points.items() if account != "mint")]) == 0
    return books


def _count(books: Books, kind: str, data: dict[str, Any]) -> None:
    """Takes the sums past one line."""
    match kind:
        case "GrantGiven":
            books.grants[data["user"], data["grant"]] = data["amount"]
            if data["source"] == "bought":
                books.bought.append((data["user"], data.get("request", {}).get("key")))
        case "PointsMoved":
            books.points[data["payer"]] -= data["amount"]
            books.points[data["payee"]] += data["amount"]
        case "GenerationReserved":
            drawn: Drawn = Counter()
            books.holds[data["reservation"]] = Hold(
                user=data["user"],
                guild=data.get("origin") if str(data.get("origin")).startswith("guild:") else None,
                count=data["count"],
                each=data.get("credits_each", 0),
                drawn=drawn,
            )
            _move(books, books.holds[data["reservation"]], data.get("drawn", []), 1)
        case "GenerationCompleted" | "GenerationReleased" | "ImageSaved" if data.get("reservation"):
            _become(books, books.holds[data["reservation"]], kind, data)


def _become(books: Books, hold: Hold, kind: str, data: dict[str, Any]) -> None:
    """What comes of a reservation."""
    _move(books, hold, data.get("returned", []), -1)
    if kind == "ImageSaved":
        hold.settled += 1
    elif kind == "GenerationCompleted":
        assert not hold.delivered, "a studio tells a delivery once"
        hold.delivered, hold.cost = data["count"], data["cost"]
    else:
        hold.given_up += data["count"]
        hold.given_up_delivered += data["delivered"]
        hold.of_the_owner += data.get("cost", 0)
    assert hold.open_places >= 0, "a place was settled or released twice"


def _move(books: Books, hold: Hold, draws: list[dict[str, Any]], sign: int) -> None:
    """Moves what a grant bears to a reservation, or back."""
    for draw in draws:
        hold.drawn[draw["unit"], draw["grant"]] += sign * draw["amount"]
        books.grants[hold.user, draw["grant"]] -= sign * draw["amount"]

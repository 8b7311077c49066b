"""Grants: generations, credits or bytes that a user has beyond the limits, and what of one can be drawn at a time.

A grant ends by its time, not by an event. Of what is left when it expires, `rollover` units at most stay for one more
window, until `rollover_until`. Amounts are places, thousandths of credits, or bytes.
"""

from __future__ import annotations

from typing import NamedTuple

from domain.limit_names import CREDITS, GENERATIONS

BYTES = "bytes"
GRANT_UNITS = (GENERATIONS, CREDITS, BYTES)
GIVEN_SOURCES = MANAGER, EARNED, BOUGHT, GIFTED = ("manager", "earned", "bought", "gifted")
ASKED = "asked"
"""Of what a manager gave whoever asked for it: it comes of an approval alone."""
SOURCES = (*GIVEN_SOURCES, ASKED)
NEVER = "9999-12-31T23:59:59.999999Z"
MAX_PRIORITY = 100
MOST_DRAWN = 1_000
"""Grants of one unit that one decision draws on; what they do not bear is refused. An event has room for two units."""


class Draw(NamedTuple):
    """So much of a grant, drawn for a reservation or given back to the grant."""

    grant: str
    unit: str
    amount: int


class Grant(NamedTuple):
    """What a user was given, and the `balance` that was not drawn. `number` is the position of its event: the order of
    age. `rolled`: it was touched after its expiry, and what lapsed then is gone from the balance.
    """

    grant: str
    user: str
    unit: str
    amount: int
    number: int
    at: str
    priority: int = 0
    expires_at: str | None = None
    rollover: int = 0
    rollover_until: str | None = None
    source: str = "manager"
    balance: int = 0
    rolled: bool = False
    voided: bool = False


def available(grant: Grant, at: str) -> int:
    """What of a grant can be drawn at a time."""
    if grant.voided:
        return 0
    if grant.expires_at is None or at < grant.expires_at:
        return grant.balance
    if grant.rollover_until is None or grant.rollover_until <= at:
        return 0
    return grant.balance if grant.rolled else min(grant.balance, grant.rollover)


def ends_at(grant: Grant, at: str) -> str:
    """When what is available at a time ends."""
    if grant.expires_at is None:
        return NEVER
    return grant.expires_at if at < grant.expires_at else grant.rollover_until or grant.expires_at


def in_drawing_order(grants: tuple[Grant, ...], unit: str, at: str) -> list[Grant]:
    """The grants of a unit from which something can be drawn: the highest priority first, then what expires first, then
    the oldest.
    """
    usable = [grant for grant in grants if grant.unit == unit and available(grant, at) > 0]
    return sorted(usable, key=lambda grant: (-grant.priority, ends_at(grant, at), grant.number))


def drawn_from(grants: tuple[Grant, ...], unit: str, amount: int, at: str) -> tuple[Draw, ...]:
    """Draws of `amount` in all, or of as much as there is in the first MOST_DRAWN grants."""
    draws = []
    for grant in in_drawing_order(grants, unit, at)[:MOST_DRAWN]:
        if amount <= 0:
            break
        part = min(amount, available(grant, at))
        draws.append(Draw(grant.grant, unit, part))
        amount -= part
    return tuple(draws)


def touched(grant: Grant, change: int, at: str) -> Grant:
    """The grant after something was drawn (below 0) or given back. After its expiry, what does not roll over lapses
    first; what is given back later is there all the same.
    """
    balance, rolled = grant.balance, grant.rolled
    if not rolled and grant.expires_at is not None and at >= grant.expires_at:
        balance, rolled = min(balance, grant.rollover), True
    return grant._replace(balance=balance + change, rolled=rolled)


def total(draws: tuple[Draw, ...], unit: str) -> int:
    """What draws of a unit come to."""
    return sum([draw.amount for draw in draws if draw.unit == unit]) if draws else 0


class Parted(NamedTuple):
    """Draws in two parts: those that were taken out, and those that are left; `missing` was not to be had."""

    taken: tuple[Draw, ...]
    left: tuple[Draw, ...]
    missing: int


def from_the_back(draws: tuple[Draw, ...], unit: str, amount: int) -> Parted:
    """`amount` of a unit taken out of draws, what was drawn last first."""
    taken: list[Draw] = []
    left: list[Draw] = []
    for draw in reversed(draws):
        part = min(draw.amount, amount) if draw.unit == unit else 0
        amount -= part
        if part:
            taken.append(draw._replace(amount=part))
        if part < draw.amount:
            left.append(draw._replace(amount=draw.amount - part))
    return Parted(tuple(taken), tuple(reversed(left)), amount)


def from_the_front(draws: tuple[Draw, ...], unit: str, amount: int) -> Parted:
    """The same, what was drawn first first."""
    taken, left, missing = from_the_back(draws[::-1], unit, amount)
    return Parted(taken, left[::-1], missing)

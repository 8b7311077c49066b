"""Facts about users who ask managers for more than a limit gives them, and what the managers answered.

An ask is open until it is answered, or for `OPEN_SECONDS`: it lapses by its time, without an event. What may be asked
and answered is `asks.py`'s.
"""

from __future__ import annotations

from typing import NamedTuple

from domain.grants import BYTES
from domain.idempotency import IdempotencyKey
from domain.instants import later
from domain.limit_names import DAILY, OF_A_USER, USER_STORAGE

LIMITS_ASKED_ABOUT = (DAILY, *OF_A_USER, USER_STORAGE)
"""The user's own limits: those that a grant helps with."""
ANSWERS = APPROVED, DENIED, WITHDRAWN = ("approved", "denied", "withdrawn")
LAPSED = "lapsed"
"""What became of an ask that nobody answered."""
OPEN_DAYS = 7
OPEN_SECONDS = OPEN_DAYS * 86_400
"""How long an ask is open."""


class MoreAsked(NamedTuple):
    """A user asks for `amount` places, thousandths of credits or bytes more than `limit_name`, one of the user's own
    limits, gives. `reason` is what the user wrote.
    """

    at: str
    user: str
    by: str
    ask: str
    unit: str
    amount: int
    limit_name: str
    reason: str | None = None
    origin: str | None = None
    request: IdempotencyKey | None = None


class AskAnswered(NamedTuple):
    """What became of a user's open ask: approved or denied by a manager, or withdrawn. By an approval `amount` is
    given, which may be another than was asked for, as the grant `grant`, until `expires_at`: the next event does it.
    """

    at: str
    user: str
    by: str
    ask: str
    answer: str
    amount: int | None = None
    grant: str | None = None
    expires_at: str | None = None
    reason: str | None = None
    origin: str | None = None
    request: IdempotencyKey | None = None


AskEvent = MoreAsked | AskAnswered
"""The closed union of these facts."""


class Ask(NamedTuple):
    """The last ask of a user. `number` is the position of its event, `nth` says the how manieth it is of its day. What
    was answered, where it was: `answer`, by whom, when, and what was given.
    """

    user: str
    ask: str
    by: str
    unit: str
    amount: int
    limit: str
    at: str
    number: int
    nth: int = 1
    reason: str | None = None
    origin: str | None = None
    answer: str | None = None
    answered_by: str | None = None
    answered_at: str | None = None
    given: int = 0
    why: str | None = None


def lapses_at(ask: Ask) -> str:
    """When an ask that nobody answers is no longer open."""
    return later(ask.at, seconds=OPEN_SECONDS)


def is_open(ask: Ask, at: str) -> bool:
    """Whether an ask can be answered at a time."""
    return ask.answer is None and at < lapses_at(ask)


def unit_asked(limit: str) -> str:
    """The unit of what is asked for beyond a limit."""
    return BYTES if limit == USER_STORAGE else limit.rpartition("/")[2]

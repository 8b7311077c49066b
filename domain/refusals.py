"""The ordinary "no": a value with a reason code and the figures behind it. Its wording belongs to whoever shows it."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from domain.commands import ReserveGeneration
from domain.events import Asked, RequestRefused
from domain.instants import next_midnight


class Reason(Enum):
    """Why a command was refused, in the order in which the rules are asked; BUSY and STOPPED come from the ledger."""

    MALFORMED = "MALFORMED"
    CLOCK_BEHIND = "CLOCK_BEHIND"
    REQUEST_CONFLICT = "REQUEST_CONFLICT"
    REQUEST_RUNNING = "REQUEST_RUNNING"
    NOT_FOUND = "NOT_FOUND"
    UNKNOWN_RESERVATION = "UNKNOWN_RESERVATION"
    NAME_TAKEN = "NAME_TAKEN"
    LIMITS_CHANGED = "LIMITS_CHANGED"
    DAILY_LIMIT = "DAILY_LIMIT"
    USER_STORAGE = "USER_STORAGE"
    POOL_STORAGE = "POOL_STORAGE"
    BUSY = "BUSY"
    STOPPED = "STOPPED"


class Refusal(NamedTuple):
    """A refused command. `limit`, `used` and `held` are places or bytes, as the reason says; of a BUSY one they are the
    user's own requests under way, and 0 where those of all users are too many. `estimated`: nothing is made
    yet, and the bytes asked for are what a reservation would hold.

    `detail` is the sentence of a malformed command, or names what was not found, taken or changed meanwhile;
    `resets_at` ends a DAILY_LIMIT. `record` is the event that the refusal leaves in the log, where it leaves one.
    """

    reason: Reason
    user: str | None = None
    detail: str = ""
    asked: Asked = Asked(0, 0)
    limit: int = 0
    used: int = 0
    held: int = 0
    resets_at: str | None = None
    record: RequestRefused | None = None
    estimated: bool = False


def refusal_of(record: RequestRefused) -> Refusal:
    """A recorded refusal as it was answered."""
    return Refusal(
        reason=Reason(record.reason),
        user=record.user,
        asked=record.asked,
        limit=record.limit,
        used=record.used,
        held=record.held,
        resets_at=next_midnight(record.at) if record.reason == Reason.DAILY_LIMIT.value else None,
        estimated=record.command == ReserveGeneration.__name__,
    )

"""The ordinary "no": a value with a reason code and the figures behind it. Its wording belongs to whoever shows it."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from domain.commands import ReserveGeneration
from domain.events import Asked, Event, LimitExceeded, RequestRefused
from domain.instants import next_midnight
from domain.limit_names import DAILY, POOL_STORAGE, USER_STORAGE
from domain.tier_events import GroupsSeen
from domain.windows import begins_anew_at


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
    OFFER_CHANGED = "OFFER_CHANGED"
    CLAIMED_TODAY = "CLAIMED_TODAY"
    POINTS_SHORT = "POINTS_SHORT"
    ASK_OPEN = "ASK_OPEN"
    ASK_LIMIT = "ASK_LIMIT"
    ASK_CLOSED = "ASK_CLOSED"
    NOT_ALLOWED = "NOT_ALLOWED"
    PRICE_UNKNOWN = "PRICE_UNKNOWN"
    DAILY_LIMIT = "DAILY_LIMIT"
    WINDOW_LIMIT = "WINDOW_LIMIT"
    USER_STORAGE = "USER_STORAGE"
    POOL_STORAGE = "POOL_STORAGE"
    BUSY = "BUSY"
    STOPPED = "STOPPED"


IMAGE = "image"


class Refusal(NamedTuple):
    """A refused command. `limit`, `used` and `held` are places or bytes, as the reason says; of a BUSY one they are the
    user's own requests under way, and 0 where those of all users are too many. `estimated`: nothing is made
    yet, and the bytes asked for are what a reservation would hold. Of POINTS_SHORT `used` are the points that it takes,
    and `limit` are those that the user has.

    `detail` is the sentence of a malformed command, or names what was not found or taken, an image where `what` says no
    other, what was changed meanwhile, what is not allowed and what would be, or whose price is not known; of ASK_OPEN
    the ask that is open, of ASK_CLOSED who answered it, and `what` is the answer then. `window` is the name of the
    limit of a WINDOW_LIMIT, whose figures are places or thousandths of credits. `resets_at`: when a limit of a window
    begins anew, the points of a day can be claimed, or more asked for. `record` is the event that the refusal leaves
    in the log, where it leaves one; `seen` is one before it, of groups that came with the command.
    """

    reason: Reason
    user: str | None = None
    detail: str = ""
    asked: Asked = Asked(0, 0)
    limit: int = 0
    used: int = 0
    held: int = 0
    resets_at: str | None = None
    window: str | None = None
    record: RequestRefused | None = None
    estimated: bool = False
    what: str = IMAGE
    seen: GroupsSeen | None = None

    @property
    def recorded(self) -> tuple[Event, ...]:
        """The events that the refusal leaves in the log."""
        return tuple([event for event in (self.seen, self.record) if event is not None])


def resets_at(reason: Reason, window: str | None, at: str) -> str | None:
    """When the limit that said no begins anew; None for one that does not."""
    if window is not None:
        return begins_anew_at(at, window.split("/")[1])
    return next_midnight(at) if reason is Reason.DAILY_LIMIT else None


_OWN_REASONS = {"DAILY_LIMIT": DAILY, "USER_STORAGE": USER_STORAGE, "POOL_STORAGE": POOL_STORAGE}


def limit_of(record: RequestRefused | LimitExceeded) -> str:
    """The name of the limit that refused, or would have."""
    return record.window or _OWN_REASONS[record.reason]


def refusal_of(record: RequestRefused) -> Refusal:
    """A recorded refusal as it was answered."""
    return Refusal(
        reason=Reason(record.reason),
        user=record.user,
        asked=record.asked,
        limit=record.limit,
        used=record.used,
        held=record.held,
        resets_at=resets_at(Reason(record.reason), record.window, record.at),
        window=record.window,
        estimated=record.command == ReserveGeneration.__name__,
    )

"""What is used and held, as immutable values, each with the function that takes it past one event.

These functions hold no rules: an event says what it does. They only refuse what cannot have happened (ImpossibleFact).
Sizes are bytes. Which value belongs to which user is for the projections to know.
"""

from __future__ import annotations

from typing import NamedTuple, assert_never

from domain.events import (
    DailyCountReset,
    GenerationCompleted,
    GenerationReleased,
    GenerationReserved,
    ImageSaved,
    ImpossibleFact,
)
from domain.instants import day_of, later

DELIVERED_KEPT_SECONDS = 86_400
"""How long after its reservation's expiry a delivered place stays held, and a released one may still be reported as
delivered.
"""

MOST_BYTES = 2**63 - 1
"""What all users together may use and hold: every program and every stored form of a number can have it."""

DAYS_KEPT = 16
"""Distinct days whose counts are kept for one user; more than one, so that a corrected clock reopens no day."""


class UserUsage(NamedTuple):
    """One user's bytes: of kept images, of temp files, and what open places hold."""

    image_bytes: int = 0
    temp_bytes: int = 0
    held_bytes: int = 0


class PoolUsage(NamedTuple):
    """The bytes of all users together, temp files included."""

    used_bytes: int = 0
    held_bytes: int = 0


class DayCount(NamedTuple):
    """Places charged to one UTC day of a user since that day's last reset; `resets` numbers the resets."""

    day: str
    count: int  # type: ignore[assignment]  # the stored name; tuple.count is not needed
    resets: int = 0


class Reservation(NamedTuple):
    """A hold on places. `day` and `resets` say which count was charged; the other counts say what became of the
    places.
    """

    reservation: str
    user: str
    operation: str
    count: int  # type: ignore[assignment]  # the stored name; tuple.count is not needed
    bytes_each: int
    expires_at: str
    day: str
    resets: int = 0
    completed: int = 0
    settled: int = 0
    released: int = 0
    released_delivered: int = 0
    expired: int = 0

    @property
    def open(self) -> int:
        """Places neither settled nor released."""
        return self.count - self.settled - self.released

    @property
    def open_delivered(self) -> int:
        """Open places for which the provider has delivered."""
        return min(self.open, max(0, self.completed - self.settled - self.released_delivered))

    @property
    def held_bytes(self) -> int:
        """Bytes that the open places keep from others."""
        return self.open * self.bytes_each

    @property
    def forgotten_at(self) -> str:
        """From this time on nothing more can happen to the reservation."""
        return later(self.expires_at, seconds=DELIVERED_KEPT_SECONDS)


class CurrentImage(NamedTuple):
    """A name that stands, kept image or temp file, with what lists show. `position` is that of its ImageSaved."""

    name: str
    bytes: int
    at: str
    position: int
    media_type: str
    width: int
    height: int
    operation: str


class KeyedAnswer(NamedTuple):
    """What was answered to an idempotency key: its digest, the positions of its events, what they reserved."""

    digest: str
    positions: tuple[int, ...]
    at: str
    reservation: str | None = None


def reserve(event: GenerationReserved, *, resets: int) -> Reservation:
    """The new reservation; `resets` numbers the resets that its day had had."""
    if event.count < 1 or event.bytes_each < 0:
        raise ImpossibleFact(f"a reservation of {event.count} places of {event.bytes_each} bytes")
    return Reservation(
        reservation=event.reservation,
        user=event.user,
        operation=event.operation,
        count=event.count,
        bytes_each=event.bytes_each,
        expires_at=event.expires_at,
        day=day_of(event.at),
        resets=resets,
    )


def evolve_reservation(
    reservation: Reservation | None, event: GenerationCompleted | GenerationReleased | ImageSaved
) -> Reservation:
    """The reservation after a delivery, a release or a settlement."""
    if reservation is None:
        raise ImpossibleFact(f"there is no reservation {event.reservation}")
    if reservation.user != event.user:
        raise ImpossibleFact(f"reservation {reservation.reservation} belongs to another user than {event.user}")
    match event:
        case GenerationCompleted():
            if event.count < 1 or reservation.completed + event.count > reservation.count:
                raise ImpossibleFact(
                    f"{event.count} more delivered than reservation {reservation.reservation} has places"
                )
            return reservation._replace(completed=reservation.completed + event.count)
        case GenerationReleased():
            return _release(reservation, event)
        case ImageSaved():
            if reservation.open < 1:
                raise ImpossibleFact(f"reservation {reservation.reservation} has no open place to settle")
            return reservation._replace(settled=reservation.settled + 1)
        case _:
            assert_never(event)


def _release(reservation: Reservation, event: GenerationReleased) -> Reservation:
    if not 1 <= event.count <= reservation.open:
        raise ImpossibleFact(f"{event.count} places released of {reservation.open} open in {reservation.reservation}")
    if not 0 <= event.delivered <= min(event.count, reservation.open_delivered):
        raise ImpossibleFact(f"{event.delivered} delivered places released of {reservation.open_delivered}")
    if event.count - event.delivered > reservation.open - reservation.open_delivered:
        raise ImpossibleFact(f"{event.count - event.delivered} undelivered places released, fewer are open")
    if not 0 <= event.refunded <= event.count:
        raise ImpossibleFact(f"{event.refunded} refunded of {event.count}")
    return reservation._replace(
        released=reservation.released + event.count,
        released_delivered=reservation.released_delivered + event.delivered,
        expired=reservation.expired + (event.count if event.reason == "expired" else 0),
    )


def evolve_user(usage: UserUsage, *, image_change: int, temp_change: int, held_change: int) -> UserUsage:
    """A user's bytes after an event that changes them by this much."""
    after = UserUsage(usage.image_bytes + image_change, usage.temp_bytes + temp_change, usage.held_bytes + held_change)
    if after.image_bytes < 0 or after.temp_bytes < 0 or after.held_bytes < 0:
        raise ImpossibleFact(f"negative usage of a user: {after}")
    return after


def evolve_pool(pool: PoolUsage, *, used_change: int, held_change: int) -> PoolUsage:
    """The pool after an event that changes used and held bytes by this much."""
    after = PoolUsage(pool.used_bytes + used_change, pool.held_bytes + held_change)
    if after.used_bytes < 0 or after.held_bytes < 0:
        raise ImpossibleFact(f"negative usage of the pool: {after}")
    if after.used_bytes + after.held_bytes > MOST_BYTES:
        raise ImpossibleFact(f"all users together use and hold more bytes than there can be: {after}")
    return after


def find_day(days: tuple[DayCount, ...], day: str) -> DayCount | None:
    """The count of one day, None where none is kept. The day asked for is nearly always the one touched last."""
    for count in reversed(days):
        if count.day == day:
            return count
    return None


def evolve_days(days: tuple[DayCount, ...], event: GenerationReserved | DailyCountReset) -> tuple[DayCount, ...]:
    """A user's counts after a charge or a reset, the day touched last at the end."""
    today = find_day(days, day_of(event.at)) or DayCount(day_of(event.at), 0)
    match event:
        case GenerationReserved():
            after = DayCount(today.day, today.count + event.count, today.resets)
        case DailyCountReset():
            after = DayCount(today.day, 0, today.resets + 1)
        case _:
            assert_never(event)
    others = days[:-1] if days and days[-1] is today else tuple([count for count in days if count is not today])
    return (*others, after)[-DAYS_KEPT:]


def refundable(
    reservation: Reservation, days: tuple[DayCount, ...], event: GenerationReleased, *, moderated_free: bool
) -> int:
    """The places that a release gives back to the day that was charged: none where that day was reset since, or is no
    longer kept; else those not delivered, and with `moderated_free` a moderated one too.
    """
    charged = find_day(days, reservation.day)
    if charged is None or charged.resets != reservation.resets:
        return 0
    return event.count if moderated_free and event.reason == "moderated" else event.count - event.delivered


def refund(days: tuple[DayCount, ...], reservation: Reservation, refunded: int) -> tuple[DayCount, ...]:
    """A user's counts after `refunded` places went back to the day that `reservation` was charged to."""
    if refunded == 0:
        return days
    charged = find_day(days, reservation.day)
    if charged is None or charged.resets != reservation.resets or charged.count < refunded:
        raise ImpossibleFact(f"{refunded} places given back to {reservation.day}, where they are not charged")
    after = charged._replace(count=charged.count - refunded)
    return tuple(after if count.day == reservation.day else count for count in days)

"""What is used and held, as immutable values, each with the function that takes it past one event.

These functions hold no rules: an event says what it does. They only refuse what cannot have happened (ImpossibleFact).
Sizes are bytes. Which value belongs to which user is for the projections to know.
"""

from __future__ import annotations

from typing import NamedTuple, assert_never

from domain.events import DailyCountReset, GenerationReserved, ImpossibleFact
from domain.grants import total
from domain.instants import day_of
from domain.limit_names import CREDITS, GENERATIONS
from domain.made_by_name import made_by_name
from domain.windows import NOTHING, Counts, Tally, Windows, added, windows_of

MOST_BYTES = 2**63 - 1
"""What all users together may use and hold: every program and every stored form of a number can have it."""

DAYS_KEPT = 40
"""Distinct days whose counts are kept for one user: those of a month, and more, so that a corrected clock reopens none.
"""


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
    """Places charged to one UTC day of a user since that day's last reset; `resets` numbers the resets.

    `before` were charged before them: longer windows count these too. `credits` are thousandths, spent and held, of
    which `held` are held.
    """

    day: str
    count: int  # type: ignore[assignment]  # the stored name; tuple.count is not needed
    resets: int = 0
    before: int = 0
    credits: int = 0
    held: int = 0


day_count = made_by_name(DayCount)


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


current_image = made_by_name(CurrentImage)


class KeyedAnswer(NamedTuple):
    """What was answered to an idempotency key: its digest, the positions of its events, what they reserved."""

    digest: str
    positions: tuple[int, ...]
    at: str
    reservation: str | None = None


def evolve_user(usage: UserUsage, *, image_change: int, temp_change: int, held_change: int) -> UserUsage:
    """A user's bytes after an event that changes them by this much."""
    images, temps, held = usage
    images, temps, held = images + image_change, temps + temp_change, held + held_change
    after = UserUsage(images, temps, held)
    if images < 0 or temps < 0 or held < 0:
        raise ImpossibleFact(f"negative usage of a user: {after}")
    return after


def evolve_pool(pool: PoolUsage, *, used_change: int, held_change: int) -> PoolUsage:
    """The pool after an event that changes used and held bytes by this much."""
    used, held = pool.used_bytes + used_change, pool.held_bytes + held_change
    after = PoolUsage(used, held)
    if used < 0 or held < 0:
        raise ImpossibleFact(f"negative usage of the pool: {after}")
    if used + held > MOST_BYTES:
        raise ImpossibleFact(f"all users together use and hold more bytes than there can be: {after}")
    return after


def find_day(days: tuple[DayCount, ...], day: str) -> DayCount | None:
    """The count of one day, None where none is kept. The day asked for is nearly always the one touched last."""
    for count in reversed(days):
        if count.day == day:
            return count
    return None


def charged_places(event: GenerationReserved) -> int:
    """Places that the user's own windows bear: those that no grant does."""
    return event.count - total(event.drawn, GENERATIONS) if event.drawn else event.count


def own_price(event: GenerationReserved) -> int:
    """Thousandths of credits that the user's own windows bear of a reservation: what no grant does."""
    price = event.count * event.credits_each if event.credits_each else 0
    return price - total(event.drawn, CREDITS) if event.drawn else price


def tallies_of(days: tuple[DayCount, ...], windows: Windows) -> tuple[Counts, Counts, Counts]:
    """What each of the three windows of a day counts of a user. The other days are gone through once."""
    today: Counts = NOTHING
    of_week, of_month = today, today
    for count in days:
        day, week, month = windows_of(count.day)
        if month == windows.month or week == windows.week:
            tally = count.count + count.before, count.credits, count.held
            today = tally if day == windows.day else today
            of_week = _with(of_week, tally) if week == windows.week else of_week
            of_month = _with(of_month, tally) if month == windows.month else of_month
    return today, of_week, of_month


def _with(sums: Counts, tally: Counts) -> Counts:
    return tally if sums is NOTHING else added(sums, tally)


def tally_of(days: tuple[DayCount, ...], window: str) -> Tally:
    """What a window counts of a user: the sum over its days."""
    places = spent = held = 0
    for count in days:
        if window in windows_of(count.day):
            places, spent, held = places + count.count + count.before, spent + count.credits, held + count.held
    return Tally(places, spent, held)


def evolve_days(days: tuple[DayCount, ...], event: GenerationReserved | DailyCountReset) -> tuple[DayCount, ...]:
    """A user's counts after a charge or a reset, the day touched last at the end."""
    day = windows_of(day_of(event.at)).day  # one text for all users of a day
    today = find_day(days, day) or DayCount(day, 0)
    match event:
        case GenerationReserved():
            price = own_price(event)
            after = day_count(
                day=day,
                count=today.count + charged_places(event),
                resets=today.resets,
                before=today.before,
                credits=today.credits + price,
                held=today.held + price,
            )
        case DailyCountReset():
            after = today._replace(count=0, resets=today.resets + 1, before=today.before + today.count)
        case _:
            assert_never(event)
    if days and days[-1] is today:
        return with_day(days, today, after)
    return (*[count for count in days if count is not today], after)[-DAYS_KEPT:]


def with_day(days: tuple[DayCount, ...], former: DayCount, after: DayCount) -> tuple[DayCount, ...]:
    """A user's counts with one in the place of a former one, which is nearly always the last, or the only one."""
    if days[-1] is former:
        return (*days[:-1], after)
    return tuple([after if count is former else count for count in days])

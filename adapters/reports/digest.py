"""The digest of a week: its figures beside those of the week before, how long storage lasts, and one piece of advice.

One reading of the log gives it for every guild and for the whole; it needs no extra. Only the events of these two weeks
are read, the images that came and went in the days by which the forecast goes, and what was asked for so shortly before
that it may have been settled in them. How it reads is `digest_words`'.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date, timedelta
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple

from eventsourcing.dcb.api import DCBQuery, DCBQueryItem

from adapters.ledger.codec import decode
from adapters.ports.event_log import EventLogEngine, OpenedLog
from adapters.reports.reporting import PACE_DAYS, Forecast, LimitOfAll, forecast, limits_of_all
from domain.events import CleanupCompleted, ClockCorrected, Event, GenerationReserved, ImageDeleted, ImageSaved
from domain.instants import EARLIEST, day_of, later
from domain.reservations import DELIVERED_KEPT_SECONDS
from domain.validation import MAX_TTL_SECONDS
from projections.iso_weeks import Week
from projections.weekly_figures import FACTS, Figures, WeeklyFigures

EVENTS_BETWEEN_LOOKS = 1_000
MANY_REFUSALS = 10
"""From so many in a week on, a limit is worth a word."""
MANY_FAILURES, FAILING_SHARE = 5, 0.2
SOON_DAYS = 30
MIDNIGHT, SECONDS_A_DAY = "T00:00:00.000000Z", 86_400
LONGEST_OPEN_SECONDS = MAX_TTL_SECONDS + DELIVERED_KEPT_SECONDS
FIRST_FACT = DCBQuery(items=[DCBQueryItem(types=[kind.__name__ for kind in FACTS])])
CORRECTIONS = DCBQuery(items=[DCBQueryItem(types=[ClockCorrected.__name__])])

OnRead = Callable[[], None]
"""Called every thousand events; what it raises ends the reading."""


class Pool(NamedTuple):
    """What is stored now and what there is room for, as the quota state has them. `today` is the day that a forecast
    looks ahead from; where it is None, or the clock stands before the log, the log's last one is.
    """

    used_bytes: int
    pool_bytes: int
    today: str | None = None


class AdviceKind(Enum):
    """What an operator may want to do something about, the most pressing first."""

    POOL_FULL = "pool_full"
    FAILING = "failing"
    POOL_SOON = "pool_soon"
    REFUSED_POOL = "refused_pool"
    REFUSED_WINDOW = "refused_window"
    REFUSED_DAILY = "refused_daily"
    REFUSED_USER = "refused_user"


class Advice(NamedTuple):
    """What to look at: of what kind, how often it was met, and the limit that was."""

    kind: AdviceKind
    count: int = 0  # type: ignore[assignment]  # tuple.count is not needed
    limit: int | None = None


class Digest(NamedTuple):
    """What is told of a week, of one guild or, where that is None, of everything. `growth` are the days by which the
    forecast goes, with what was stored at the end of each: of everything, as all share the storage.
    """

    week: Week
    guild: str | None
    position: int
    this: Figures
    former: Figures
    forecast: Forecast
    growth: tuple[dict[str, Any], ...]
    advice: Advice | None
    limits: tuple[LimitOfAll, ...] = ()


class Weeks(NamedTuple):
    """One reading of a log, from which the digest of any guild is told. `began_on` is the day of the log's first event,
    None where there is none.
    """

    figures: WeeklyFigures
    position: int
    began_on: str | None
    forecast: Forecast
    growth: tuple[dict[str, Any], ...]
    limits: tuple[LimitOfAll, ...]

    @property
    def is_before_the_log(self) -> bool:
        """Whether the week had ended before the log began, so that there is nothing to tell."""
        return self.began_on is None or self.began_on > self.figures.week.sunday.isoformat()

    def digest(self, guild: str | None) -> Digest:
        """What is told to one guild; to whoever may hear of everything, where it is None."""
        week = self.figures.week
        this = self.figures.of(week, guild)
        return Digest(
            week=week,
            guild=guild,
            position=self.position,
            this=this,
            former=self.figures.of(week.former(), guild),
            forecast=self.forecast,
            growth=self.growth,
            advice=advice(this, self.forecast, self.growth[-1]["day"] if self.growth else None),
            limits=self.limits,
        )


def read_weeks(root: Path, engine: EventLogEngine, week: Week, pool: Pool, on_read: OnRead = lambda: None) -> Weeks:
    """Reads a week, beside whoever writes. Raises LogDamaged, StorageUnavailable. For a worker."""
    with closing(engine.open_for_reading(root, at_end=True)) as log:
        figures, grown = WeeklyFigures(week), Counter[str]()
        first = next(log.read(FIRST_FACT, limit=1), None)
        began_on = last_on = None if first is None else day_of(decode(first).at)
        for event in _wanted(log, week, on_read):
            figures.apply(event)
            if began_on is not None and isinstance(event, FACTS):
                last_on = max(last_on or began_on, day_of(event.at))
                grown[day_of(event.at)] += _growth(event)
        if began_on is None or last_on is None:
            days = []
        else:
            days = _each_day(began_on, max(last_on, pool.today or last_on), grown, pool.used_bytes)
        return Weeks(
            figures=figures,
            position=log.head,
            began_on=began_on,
            forecast=forecast(days, pool.pool_bytes),
            growth=tuple(days),
            limits=limits_of_all(log),
        )


def advice(this: Figures, ahead: Forecast, today: str | None) -> Advice | None:
    """The one thing to look at first, None where all is well. `today` is the day that the forecast looks ahead from."""
    daily, user, shared = (this.refusals[name] for name in ("refused_daily", "refused_user", "refused_pool"))
    windows = this.refusals["refused_window"]
    failed = this.releases["failed"] + this.releases["unknown"]
    found = (
        (ahead.is_full, Advice(AdviceKind.POOL_FULL, shared)),
        (failed >= MANY_FAILURES and failed >= FAILING_SHARE * this.asked, Advice(AdviceKind.FAILING, failed)),
        (_is_soon(ahead, today), Advice(AdviceKind.POOL_SOON)),
        (shared >= MANY_REFUSALS, Advice(AdviceKind.REFUSED_POOL, shared)),
        (windows >= max(MANY_REFUSALS, daily, user), Advice(AdviceKind.REFUSED_WINDOW, windows)),
        (daily >= max(MANY_REFUSALS, user), Advice(AdviceKind.REFUSED_DAILY, daily, this.daily_limit)),
        (user >= MANY_REFUSALS, Advice(AdviceKind.REFUSED_USER, user)),
    )
    return next((told for is_so, told in found if is_so), None)


def _is_soon(ahead: Forecast, today: str | None) -> bool:
    if ahead.full_on is None or today is None:
        return False
    return date.fromisoformat(ahead.full_on) - date.fromisoformat(today) <= timedelta(days=SOON_DAYS)


# -- reading ---------------------------------------------------------------------------------------


def _wanted(log: OpenedLog, week: Week, on_read: OnRead) -> Iterator[Event]:
    """What came and went in the days of the pace, the reservations that were not settled when the former week began,
    and everything from then on.
    """
    ends = _ends_of_order(log)
    latest = max((_at(log, end) for end in ends), default=EARLIEST)
    weeks_begin = _last_before(log, ends, week.former().begins_at)
    open_since = _last_before(log, ends, later(week.former().begins_at, seconds=-LONGEST_OPEN_SECONDS))
    pace_begins = _last_before(log, ends, later(day_of(latest) + MIDNIGHT, seconds=-SECONDS_A_DAY * PACE_DAYS))
    for stored in log.read(after=min(pace_begins, open_since)):
        if stored.position % EVENTS_BETWEEN_LOOKS == 0:
            on_read()
        if stored.position > weeks_begin or stored.event.type in _EARLIER:
            yield decode(stored)


_EARLIER = frozenset(kind.__name__ for kind in (GenerationReserved, ImageSaved, ImageDeleted, CleanupCompleted))


def _ends_of_order(log: OpenedLog) -> list[int]:
    """The positions up to which times do not go back: before each correction of the clock, and the end."""
    return [*(stored.position - 1 for stored in log.read(CORRECTIONS)), log.head]


def _last_before(log: OpenedLog, ends: list[int], at: str) -> int:
    """The position after which the first event of a time or later stands, wherever the clock was corrected."""
    begin = 0
    for end in ends:
        low, high = begin, end
        while low < high:
            middle = (low + high) // 2
            if _at(log, middle + 1) < at:
                low = middle + 1
            else:
                high = middle
        if low < end:
            return low
        begin = end
    return log.head


def _at(log: OpenedLog, position: int) -> str:
    stored = next(log.read(after=position - 1, limit=1), None) if position > 0 else None
    return EARLIEST if stored is None else decode(stored).at


def _growth(event: Event) -> int:
    match event:
        case ImageSaved():
            return event.bytes - event.replaced_bytes
        case ImageDeleted():
            return -event.bytes
        case CleanupCompleted():
            return -sum(file.bytes for file in event.files)
        case _:
            return 0


def _each_day(began_on: str, last_on: str, grown: Counter[str], used_bytes: int) -> list[dict[str, Any]]:
    """The days of the pace and the last one, from the log's first where that is later, each with its growth and what
    was stored at its end: counted back from what is stored now.
    """
    last = date.fromisoformat(last_on)
    since = max(last - timedelta(days=PACE_DAYS), date.fromisoformat(min(began_on, last_on)))
    rows, stored = [], used_bytes
    for number in range((last - since).days + 1):
        day = (last - timedelta(days=number)).isoformat()
        rows.append({"day": day, "growth_bytes": grown[day], "stored_bytes": stored})
        stored -= grown[day]
    return rows[::-1]

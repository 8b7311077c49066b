"""The figures of a week and of the one before, of each guild and of everything, from the events of both.

They mean what those of `abby report` mean, and need no database: an event counts in the week of its time, and in the
guild where its generation was asked for, or of its own origin where it belongs to none. What comes from no guild
(direct messages, the page, programs, cleanups) counts in the whole alone. How they read is `adapters/reports`'.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from math import fsum
from typing import NamedTuple

from domain.credits import PER_CREDIT
from domain.events import (
    CleanupCompleted,
    Event,
    GenerationCompleted,
    GenerationReleased,
    GenerationReserved,
    ImageDeleted,
    ImageSaved,
    RequestRefused,
)
from domain.instants import day_of
from projections.iso_weeks import Week

MOST_MAKERS = 5
GUILD = "guild:"
REFUSED = {
    "DAILY_LIMIT": "refused_daily",
    "WINDOW_LIMIT": "refused_window",
    "USER_STORAGE": "refused_user",
    "POOL_STORAGE": "refused_pool",
}
FACTS = (
    GenerationReserved,
    GenerationCompleted,
    GenerationReleased,
    ImageSaved,
    ImageDeleted,
    CleanupCompleted,
    RequestRefused,
)
"""What figures are made of."""
RELEASES = ("failed", "rejected", "moderated", "not_kept", "expired", "cancelled", "unknown")


class Maker(NamedTuple):
    """A user and how many pictures they made."""

    user: str
    made: int


class Figures(NamedTuple):
    """The sums of one week. Sizes are bytes; `by_day` has what was made on each day, `daily_limit` is the limit that
    most refusals by it named; None where nothing is to be told.
    """

    asked: int
    made: int
    kept: int
    refused: int
    refusals: dict[str, int]
    releases: dict[str, int]
    added_bytes: int
    removed_bytes: int
    credits: float | None
    median_seconds: float | None
    p95_seconds: float | None
    users: int
    by_day: dict[str, int]
    makers: tuple[Maker, ...]
    daily_limit: int | None

    @property
    def growth_bytes(self) -> int:
        """By how much storage grew."""
        return self.added_bytes - self.removed_bytes

    @property
    def is_empty(self) -> bool:
        """Whether nothing was asked for, and nothing refused."""
        return not (self.asked or self.made or self.refused or self.added_bytes)


class _Tally:
    """What is added up of one week and place."""

    def __init__(self) -> None:
        self.sums: Counter[str] = Counter()
        self.makers: Counter[str] = Counter()
        self.by_day: Counter[str] = Counter()
        self.limits: Counter[int] = Counter()
        self.users: set[str] = set()
        self.seconds: list[float] = []
        self.credits: list[float] = []

    def join(self, other: _Tally) -> None:
        self.sums.update(other.sums)
        self.makers.update(other.makers)
        self.by_day.update(other.by_day)
        self.limits.update(other.limits)
        self.users |= other.users
        self.seconds.extend(other.seconds)
        self.credits.extend(other.credits)

    def figures(self) -> Figures:
        seconds = sorted(self.seconds)
        sums = self.sums
        first = sorted(self.makers.items(), key=lambda item: (-item[1], item[0]))[:MOST_MAKERS]
        return Figures(
            asked=sums["asked"],
            made=sums["made"],
            kept=sums["kept"],
            refused=sums["refused"],
            refusals={name: sums[name] for name in REFUSED.values()},
            releases={name: sums[name] for name in RELEASES},
            added_bytes=sums["added_bytes"],
            removed_bytes=sums["removed_bytes"],
            credits=round(fsum(self.credits), 6) if self.credits else None,
            median_seconds=_quantile(seconds, 0.5),
            p95_seconds=_quantile(seconds, 0.95),
            users=len(self.users),
            by_day=dict(self.by_day),
            makers=tuple(Maker(user, made) for user, made in first),
            daily_limit=max(self.limits, key=lambda limit: (self.limits[limit], limit)) if self.limits else None,
        )


class WeeklyFigures:
    """A week and the one before it. Feed it events in the log's order, with the reservations of which something was
    settled in these weeks; of other weeks it takes only where their reservations were asked for.
    """

    def __init__(self, week: Week) -> None:
        self.week = week
        self._days = {day: one for one in (week, week.former()) for day in one.days}
        self._tallies: dict[tuple[Week, str], _Tally] = defaultdict(_Tally)
        self._asked_in: dict[str, str] = {}

    def apply(self, event: Event) -> None:
        """Takes an event in."""
        if isinstance(event, GenerationReserved):
            self._asked_in[event.reservation] = _guild(event.origin)
        if (week := self._days.get(day_of(event.at))) is not None:
            _add(self._tallies[week, self._place(event)], event)

    def _place(self, event: Event) -> str:
        """The guild that an event counts in, "" for none."""
        match event:
            case GenerationReserved() | GenerationCompleted() | GenerationReleased() | ImageSaved():
                return self._asked_in.get(event.reservation or "", _guild(event.origin))
            case _:
                return _guild(event.origin)

    def of(self, week: Week, guild: str | None) -> Figures:
        """The figures of one of both weeks: of a guild, or of everything where it is None."""
        whole = _Tally()
        for (of_week, place), tally in self._tallies.items():
            if of_week == week and (guild is None or guild == place):
                whole.join(tally)
        return whole.figures()


def _guild(origin: str | None) -> str:
    return origin.removeprefix(GUILD) if origin is not None and origin.startswith(GUILD) else ""


def _add(tally: _Tally, event: Event) -> None:
    sums = tally.sums
    match event:
        case GenerationReserved():
            sums["asked"] += event.count
        case GenerationCompleted():
            _add_made(tally, event)
        case GenerationReleased():
            sums[event.reason] += event.count
            tally.credits += [event.cost / PER_CREDIT] if event.cost else []
        case ImageSaved():
            sums["kept"] += event.reservation is not None
            sums["added_bytes"] += event.bytes
            sums["removed_bytes"] += event.replaced_bytes
        case ImageDeleted():
            sums["removed_bytes"] += event.bytes
        case CleanupCompleted():
            sums["removed_bytes"] += sum(file.bytes for file in event.files)
            tally.users.update(file.user for file in event.files)
            return
        case RequestRefused():
            sums["refused"] += 1
            sums[REFUSED.get(event.reason, event.reason)] += 1
            if event.reason == "DAILY_LIMIT":
                tally.limits[event.limit] += 1
        case _:
            return
    tally.users.add(event.user)


def _add_made(tally: _Tally, event: GenerationCompleted) -> None:
    tally.sums["made"] += event.count
    tally.makers[event.user] += event.count
    tally.by_day[day_of(event.at)] += event.count
    tally.seconds.append(event.seconds)
    if event.cost is not None or event.credits is not None:
        tally.credits.append((event.credits or 0.0) if event.cost is None else event.cost / PER_CREDIT)


def _quantile(ordered: list[float], share: float) -> float | None:
    """Linear between the two nearest, as DuckDB's `quantile_cont`."""
    if not ordered:
        return None
    place = (len(ordered) - 1) * share
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)

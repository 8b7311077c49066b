"""What a report says: the figures of each day, week, month, user, guild, operation, style or provider, and how storage
grows.

The sums are SQL over the views, the same that a query may ask; nothing is added up here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from eventsourcing.dcb.api import DCBQuery, DCBQueryItem

from adapters.ledger.codec import decode
from adapters.ports.event_log import OpenedLog
from adapters.reports.database import OnProgress, database, unwatched
from adapters.reports.patience import patiently
from adapters.reports.querying import plain, told
from adapters.reports.views import NO_STYLE
from domain.events import PolicyChanged
from domain.instants import day_of

if TYPE_CHECKING:
    import duckdb

PACE_DAYS = 30
"""The pace of a forecast is that of so many whole days before today, or of all where there are fewer."""
LEAST_PACE_DAYS = 2
MOST_FORECAST_DAYS = 3_650
"""Storage that is full later than in ten years is said to stay free."""

NOT_KNOWN = "(not known)"
NOT_DELIVERED = "(nothing delivered)"
"""A generation of which no provider delivered anything, and none is recorded that was asked."""
KEYS: Mapping[str, str] = MappingProxyType(
    {
        "day": 'CAST("day" AS VARCHAR)',
        "week": """strftime("day", '%G-W%V')""",
        "month": """strftime("day", '%Y-%m')""",
        "user": "coalesce(\"user\", '(nobody)')",
        "guild": f"""coalesce(CASE WHEN placed.reservation IS NULL THEN facts.guild ELSE placed.guild END,
            '{NOT_KNOWN}')""",
        "operation": f"coalesce(facts.operation, gone.operation, known.operation, '{NOT_KNOWN}')",
        "style": f"""coalesce(facts.style, known.style,
            CASE WHEN known.reserved_at > known.styles_since THEN '{NO_STYLE}' ELSE '{NOT_KNOWN}' END)""",
        "provider": f"""coalesce(facts.provider, known.provider,
            CASE WHEN NOT known.is_kept THEN '{NOT_DELIVERED}' ELSE '{NOT_KNOWN}' END)""",
    }
)
"""What a report can be told by, and how that is said of a fact. What a generation came to is told where it was asked
for, whoever recorded it; a deletion where somebody deleted.
"""
OVER_TIME = frozenset({"day", "week", "month"})
RELEASES = ("failed", "rejected", "moderated", "not_kept", "expired", "cancelled", "unknown")
REFUSALS = MappingProxyType(
    {
        "refused_daily": "DAILY_LIMIT",
        "refused_window": "WINDOW_LIMIT",
        "refused_user": "USER_STORAGE",
        "refused_pool": "POOL_STORAGE",
    }
)
_KNOWN = """LEFT JOIN (
    SELECT position, "user", name_key, saved.reservation AS reservation, saved.operation AS operation FROM (
        SELECT position, type, "user", name_key, last_value(
                   CASE WHEN type = 'ImageSaved' THEN {'reservation': reservation, 'operation': operation} END
                   IGNORE NULLS
               ) OVER (PARTITION BY "user", temp, name_key ORDER BY position) AS saved
        FROM (SELECT position, type, coalesce("user", file."user") AS "user", temp OR file IS NOT NULL AS temp,
                     lower(coalesce("name", file."name")) AS name_key, reservation, operation
              FROM (SELECT position, type, "user", temp, "name", reservation, operation,
                           unnest(CASE WHEN type = 'CleanupCompleted' THEN files ELSE [NULL] END) AS file
                    FROM events WHERE type IN ('ImageSaved', 'ImageDeleted', 'CleanupCompleted')))
    ) WHERE type <> 'ImageSaved'
) AS gone ON gone.position = facts.position AND gone."user" = facts."user" AND gone.name_key = lower(facts."name")
LEFT JOIN (
    SELECT reservation, bool_or(type = 'ImageSaved') AS is_kept,
           min(position) FILTER (type = 'GenerationReserved') AS reserved_at,
           min(min(position) FILTER (style IS NOT NULL)) OVER () AS styles_since,
           max(operation) FILTER (type = 'GenerationReserved') AS operation,
           max(style) FILTER (type = 'GenerationReserved') AS style,
           coalesce(max_by(provider, position) FILTER (type = 'GenerationCompleted'),
                    max_by(provider, position) FILTER (type = 'GenerationReleased')) AS provider
    FROM events WHERE type IN ('GenerationReserved', 'GenerationCompleted', 'GenerationReleased', 'ImageSaved')
    GROUP BY reservation
) AS known ON known.reservation = coalesce(facts.reservation, gone.reservation)"""
"""What the log knows of the generation that a fact belongs to, of a deletion that of the save which it ends; and since
when it has styles.
"""
_PLACED = """LEFT JOIN (
    SELECT reservation, max(guild) AS guild FROM events WHERE type = 'GenerationReserved' GROUP BY reservation
) AS placed ON placed.reservation = facts.reservation"""
"""Where the generation that a fact belongs to was asked for."""
_JOINED = MappingProxyType({"operation": _KNOWN, "style": _KNOWN, "provider": _KNOWN, "guild": _PLACED})
_BY_REASON = ",\n".join(
    [
        *(
            f"sum(released) FILTER (type = 'GenerationReleased' AND reason = '{reason}') AS {reason}"
            for reason in RELEASES
        ),
        *(f"sum(refused) FILTER (reason = '{reason}') AS {name}" for name, reason in REFUSALS.items()),
    ]
)
SUMS = f"""sum(asked) AS asked, sum(made) AS made, sum(kept) AS kept, sum(released) AS released,
sum(refunded) AS refunded, sum(refused) AS refused, sum(exceeded) AS exceeded,
{_BY_REASON},
sum(added_bytes) AS added_bytes, sum(removed_bytes) AS removed_bytes,
sum(added_bytes) - sum(removed_bytes) AS growth_bytes, round(fsum(credits), 6) AS credits,
median(seconds) AS median_seconds, quantile_cont(seconds, 0.95) AS p95_seconds,
count(DISTINCT "user") AS users"""
_STORED = """sum(sum(added_bytes) - sum(removed_bytes))
    OVER (PARTITION BY grouping("key"), grouping("day") ORDER BY "day") AS stored_bytes"""
GROWTH = """
SELECT "day", growth_bytes, sum(growth_bytes) OVER (ORDER BY "day") AS stored_bytes
FROM (SELECT "day", sum(added_bytes) - sum(removed_bytes) AS growth_bytes FROM facts GROUP BY "day")
ORDER BY "day" """
POLICIES = DCBQuery(items=[DCBQueryItem(types=["PolicyChanged"])])


class Terms(NamedTuple):
    """By what a report is told, of the last so many days; of all where that is None. `today` is the day from which days
    are counted and a forecast looks ahead; where it is None, or the clock stands before the log, the log's last one is.
    """

    by: str = "day"
    days: int | None = None
    today: str | None = None


Outlook = Literal["nothing_recorded", "no_limit", "full", "too_short", "no_growth", "full_on", "over_ten_years"]
"""What a forecast comes to: only `full_on` has a day, and each of the others has its own reason for none."""


class Forecast(NamedTuple):
    """How long storage lasts, seen from the day `as_of`: what is used of how much, the growth of a day at the pace of
    the `pace_days` before it, and the day on which it is full, which is later than `as_of`; None where `outlook` says
    why.
    """

    as_of: str | None
    used_bytes: int
    pool_bytes: int | None
    pace_bytes: int
    pace_days: int
    outlook: Outlook
    full_on: str | None = None

    @property
    def is_full(self) -> bool:
        """Whether there is no room left."""
        return self.outlook == "full"


class LimitOfAll(NamedTuple):
    """From which day on there was room for how many bytes of all together."""

    day: str
    pool_bytes: int


class Report(NamedTuple):
    """The figures: of each key, of each day, and of the whole; `stored` is what was stored at the end of each day.
    `since` is the day from which on days were counted, None where all were; `limits` are those of all.
    """

    position: int
    by: str
    first_day: str | None
    last_day: str | None
    rows: list[dict[str, Any]]
    days: list[dict[str, Any]]
    total: dict[str, Any]
    stored: list[dict[str, Any]]
    forecast: Forecast
    since: str | None = None
    limits: tuple[LimitOfAll, ...] = ()


def report(log: OpenedLog, terms: Terms, progress: OnProgress = unwatched) -> Report:
    """The figures of a log. Raises ConfigError without the extra, LogDamaged, NotAnswered where memory is short."""
    newest = log.newest(None, 1)
    today = max(terms.today or "", decode(newest[0]).at[:10] if newest else "") or None
    since = None if terms.days is None or today is None else date.fromisoformat(today) - timedelta(days=terms.days - 1)
    with database(log, progress=progress) as made, told():
        found = patiently(made, lambda: _rows(made, _figures(terms.by), [since or date.min]))
        growth = _grown(found) if since is None else patiently(made, lambda: _rows(made, GROWTH, []))
    rows = [row for row in found if row.pop("is_key")]
    days = [row for row in found if row["day"] is not None]
    total = next(row for row in found if row["key"] is None and row["day"] is None)
    for row in (*rows, total):
        del row["day"]
    for row in (*rows, *days, total):
        del row["stored_bytes"]
    limits = limits_of_all(log)
    stored = [row for row in growth if since is None or row["day"] >= since.isoformat()]
    return Report(
        position=log.head,
        by=terms.by,
        first_day=days[0]["day"] if days else None,
        last_day=days[-1]["day"] if days else None,
        rows=rows,
        days=days,
        total=total,
        stored=stored,
        forecast=forecast(growth, limits[-1].pool_bytes if limits else None, today),
        since=None if since is None else since.isoformat(),
        limits=limits,
    )


def forecast(growth: list[dict[str, Any]], pool_bytes: int | None, today: str | None = None) -> Forecast:
    """When storage is full, if it goes on growing as it did in the last whole days before today, or before the last day
    that is known where that is later. What grew on that day itself, which is not over, is in what is used alone.
    """
    if not growth:
        return Forecast(
            as_of=today, used_bytes=0, pool_bytes=pool_bytes, pace_bytes=0, pace_days=0, outlook="nothing_recorded"
        )
    last = date.fromisoformat(max(growth[-1]["day"], today or ""))
    pace_days = min(PACE_DAYS, (last - date.fromisoformat(growth[0]["day"])).days)
    since = (last - timedelta(days=pace_days)).isoformat()
    grown = sum(row["growth_bytes"] for row in growth if since <= row["day"] < last.isoformat())
    pace = grown // pace_days if pace_days else 0
    used = growth[-1]["stored_bytes"]
    outlook, full_on = _outlook(last, used, pool_bytes, pace, pace_days)
    return Forecast(
        as_of=last.isoformat(),
        used_bytes=used,
        pool_bytes=pool_bytes,
        pace_bytes=pace,
        pace_days=pace_days,
        outlook=outlook,
        full_on=full_on,
    )


def limits_of_all(log: OpenedLog) -> tuple[LimitOfAll, ...]:
    """The storage of all as it was set, from the first day on: of each day the limit at its end."""
    found: dict[str, int] = {}
    for stored in log.read(POLICIES):
        event = decode(stored)
        assert isinstance(event, PolicyChanged)
        found[day_of(event.at)] = event.limits.pool_bytes
    return tuple(LimitOfAll(*one) for one in sorted(found.items()))


def _outlook(last: date, used: int, pool_bytes: int | None, pace: int, pace_days: int) -> tuple[Outlook, str | None]:
    """What a pace leads to, and on which day that is full."""
    if pool_bytes is None:
        return "no_limit", None
    if used >= pool_bytes:
        return "full", None
    if pace_days < LEAST_PACE_DAYS:
        return "too_short", None
    if pace <= 0:
        return "no_growth", None
    left = -(-(pool_bytes - used) // pace)
    if left > MOST_FORECAST_DAYS:
        return "over_ten_years", None
    return "full_on", (last + timedelta(days=left)).isoformat()


def _grown(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The growth of each day, where the figures are of all days and so have it."""
    names = ("day", "growth_bytes", "stored_bytes")
    return [{name: row[name] for name in names} for row in found if row["day"] is not None]


def _figures(by: str) -> str:
    """The sums of each key, of each day and of all, from one reading of the log."""
    return f"""
SELECT grouping("key") = 0 AS is_key, CAST("key" AS VARCHAR) AS "key", CAST("day" AS VARCHAR) AS "day", {SUMS},
{_STORED}
FROM (SELECT facts.*, {KEYS[by]} AS "key" FROM facts {_JOINED.get(by, "")} WHERE "day" >= ? AND resets = 0)
GROUP BY GROUPING SETS (("key"), ("day"), ())
ORDER BY ALL"""  # noqa: S608 - texts of this module alone; what is asked for is a value


def _rows(made: duckdb.DuckDBPyConnection, text: str, values: list[Any]) -> list[dict[str, Any]]:
    found = made.execute(text, values)
    names = [column[0] for column in found.description]
    return [
        {
            name: _whole(plain(value)) if name not in _MAY_BE_NOTHING else plain(value)
            for name, value in zip(names, row, strict=True)
        }
        for row in found.fetchall()
    ]


_MAY_BE_NOTHING = frozenset({"key", "day", "credits", "median_seconds", "p95_seconds", "is_key"})


def _whole(value: Any) -> Any:
    """A sum; of nothing it is 0."""
    return 0 if value is None else value

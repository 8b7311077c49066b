"""When storage will be full: what is said of it, seen from which day, and of days in which nothing was done."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.cli.reports.formats import ReportFormat
from adapters.cli.reports.reporting import FILES, _as_text
from adapters.reports.reporting import Forecast, Terms, forecast, report
from adapters.reports.wording import in_words
from tests.adapters.reports.conftest import opened
from tests.adapters.reports.guild_weeks import Deed, write

TWO_DAYS = [("2026-03-01", 10), ("2026-03-02", 10)]
AND_TODAY = [*TWO_DAYS, ("2026-03-03", 0)]


def foreseen(growth: list[tuple[str, int]], pool: int | None, today: str | None = None) -> Forecast:
    rows, stored = [], 0
    for day, grown in growth:
        stored += grown
        rows.append({"day": day, "growth_bytes": grown, "stored_bytes": stored})
    return forecast(rows, pool, today)


@pytest.mark.parametrize(
    ("growth", "pool", "outlook", "full_on", "said"),
    [
        (AND_TODAY, 100, "full_on", "2026-03-11", "full on 11 March 2026"),
        (AND_TODAY, 25, "full_on", "2026-03-04", "full on 4 March 2026"),
        (TWO_DAYS, 20, "full", None, "that is full"),
        (TWO_DAYS, None, "no_limit", None, "no limit"),
        ([("2026-03-01", 10), ("2026-03-02", -10), ("2026-03-03", 9)], 100, "no_growth", None, "that it did not grow"),
        ([("2026-03-01", 10)], 100, "too_short", None, "too short a time"),
        (TWO_DAYS, 100, "too_short", None, "too short a time"),
        ([("2026-03-01", 10)], 10, "full", None, "that is full"),
        ([("2026-03-01", 2), ("2026-03-03", 1)], 10**9, "over_ten_years", None, "not full within ten years"),
        ([], 100, "nothing_recorded", None, "Nothing is recorded yet."),
        ([], None, "nothing_recorded", None, "Nothing is recorded yet."),
    ],
)
def test_a_forecast_without_a_day_says_which_reason_it_has(
    growth: list[tuple[str, int]], pool: int | None, outlook: str, full_on: str | None, said: str
) -> None:
    """In its data and in words, and never the reason of another."""
    found = foreseen(growth, pool)
    assert (found.outlook, found.full_on, found.is_full) == (outlook, full_on, outlook == "full")
    assert said in in_words(found)


@pytest.mark.parametrize(
    ("today", "pace", "full_on"),
    [
        (None, 10, None),
        ("2026-02-01", 10, None),
        ("2026-03-03", 10, "2026-03-11"),
        ("2026-03-05", 5, "2026-03-21"),
        ("2026-04-01", 0, None),
        ("2027-01-01", 0, None),
    ],
)
def test_a_forecast_looks_ahead_from_today(today: str | None, pace: int, full_on: str | None) -> None:
    """Days in which nothing was stored count into the pace, and no day that has passed is named. A clock that stands
    before the log is not believed.
    """
    found = foreseen(TWO_DAYS, 100, today)
    assert (found.pace_bytes, found.full_on) == (pace, full_on)
    assert found.as_of == max(today or "", "2026-03-02")
    assert found.full_on is None or found.full_on > found.as_of


def test_the_pace_is_that_of_thirty_whole_days_before_today() -> None:
    """The thirtieth counts, the one before it does not, and neither does today, which is not over."""
    march = [(f"2026-03-{day:02}", 0) for day in range(1, 32)]
    first, second, *others, today = march
    counts = [first, (second[0], 300), *others[:-1], others[-1], (today[0], 0), ("2026-04-01", 9_999)]
    found = foreseen(counts, 10**6)
    assert (found.as_of, found.pace_days, found.pace_bytes) == ("2026-04-01", 30, 10)
    assert foreseen([("2026-03-01", 300), *counts[2:]], 10**6).pace_bytes == 0


FORMATS = [name for name in ReportFormat if name not in {ReportFormat.PNG, ReportFormat.HTML}]
"""Those two draw what SVG draws, and take long."""


def test_days_without_events_are_told_in_every_format(tmp_path: Path) -> None:
    """Long after the last event: pictures are those of an empty log, and what is stored stands."""
    write(tmp_path, [Deed("2026-11-16T10:00:00.000000Z", "1", None, made=1, size_bytes=5_000)])
    with opened(tmp_path) as log:
        told = report(log, Terms("user", 3, "2030-01-01"))
    assert told.forecast.as_of == "2030-01-01"
    found = [FILES.get(name, _as_text(name))(told) for name in FORMATS]
    assert all(found)
    assert all(b"None to None" not in made for made in found)
    assert "On 1 January 2030 5 kB of" in _as_text(ReportFormat.TABLE)(told).decode()


def test_the_last_days_are_counted_from_today(month: Path) -> None:
    """Not from the log's last event."""
    with opened(month) as log:
        whole = report(log, Terms())
        last = whole.rows[-1]["key"]
        assert [row["key"] for row in report(log, Terms("day", 2, last)).rows] == [whole.rows[-2]["key"], last]
        assert report(log, Terms("day", 1, "2039-01-01")).rows == []

"""What the charts of a report are drawn of, and what they say to who does not see them."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.reports.charts import NOTHING, charts
from adapters.reports.looks import DARK, LIGHT, Look
from adapters.reports.pictures import alone, describe
from adapters.reports.reporting import KEYS, OVER_TIME, Forecast, Report, Terms, report
from tests.adapters.reports.conftest import opened
from tests.adapters.reports.guild_weeks import Deed, write


@pytest.fixture(scope="module")
def told(month: Path) -> Report:
    """Of the last ten days."""
    with opened(month) as log:
        return report(log, Terms("day", 10))


def of_day(day: date) -> dict[str, Any]:
    return {"year": day.year, "month": day.month, "date": day.day, "utc": True}


@pytest.mark.parametrize("by", KEYS)
def test_each_chart_says_the_sums_that_it_shows(month: Path, by: str) -> None:
    """In its description, by which a picture has its name for who hears it."""
    with opened(month) as log:
        told = report(log, Terms(by))
    found = charts(told, LIGHT)
    assert list(found) == ["generations", "refusals", "storage", "seconds" if by in OVER_TIME else "largest", "credits"]
    says = {name: chart["description"] for name, chart in found.items()}
    assert f"{told.total['kept']} kept" in says["generations"]
    assert f"{told.total['refused_pool']} storage of all" in says["refusals"]
    assert f"{told.forecast.used_bytes / 1024**2:,.1f}"[:-1] in says["storage"]
    assert f"{told.total['credits']:.2f} in all" in says["credits"]
    if by in OVER_TIME:
        assert f"half of them within {told.total['median_seconds']:.1f}" in says["seconds"]
    else:
        first = min(told.rows, key=lambda row: (-row["asked"], row["key"]))
        assert f": {first['key']} {first['asked']}" in says["largest"]
    values = found["generations"]["data"]["values"]
    assert sum(row["count"] for row in values if row["kind"] == "kept") == told.total["kept"]


def test_days_on_which_nothing_was_have_their_place(tmp_path: Path) -> None:
    """A single day among ten is a tenth of the chart, and the days end with the one on which it is asked for."""
    write(tmp_path, [Deed("2026-11-16T10:00:00.000000Z", "1", None, made=1, size_bytes=5_000)])
    with opened(tmp_path) as log:
        few = report(log, Terms("day", 10, "2026-11-20"))
        whole = report(log, Terms("day", None, "2026-11-20"))
    scale = charts(few, LIGHT)["generations"]["encoding"]["x"]["scale"]
    assert scale["domain"] == [of_day(date(2026, 11, 11)), of_day(date(2026, 11, 21))]  # a bar ends with its day
    scale = charts(whole, LIGHT)["seconds"]["encoding"]["x"]["scale"]
    assert scale["domain"] == [of_day(date(2026, 11, 16)), of_day(date(2026, 11, 20))]


def test_where_nothing_was_the_word_for_it_is_drawn(tmp_path: Path) -> None:
    """And said; without anything paid there is no chart of it."""
    write(tmp_path, [Deed("2026-11-16T10:00:00.000000Z", "1", None, made=1, size_bytes=5_000)])
    with opened(tmp_path) as log:
        found = charts(report(log, Terms("day", 3, "2030-01-01")), LIGHT)
    assert "credits" not in found
    assert found["storage"]["description"].startswith("Storage of all, at the end of each day: On 1 January 2030")
    for name in ("generations", "refusals", "seconds"):
        assert found[name]["description"].endswith(f": {NOTHING}.")
        assert found[name]["mark"]["type"] == "text"


@pytest.mark.parametrize(("pool_bytes", "unit", "largest"), [(1024**3 - 1, "MB", 1_024), (1024**3, "GB", 1)])
def test_storage_is_told_in_a_unit_that_fits(told: Report, pool_bytes: int, unit: str, largest: int) -> None:
    """A GB is the least limit that is told in GB."""
    forecast = told.forecast._replace(pool_bytes=pool_bytes)
    chart = charts(told._replace(forecast=forecast), LIGHT)["storage"]
    area, rule = chart["layer"][0], chart["layer"][1]
    assert area["encoding"]["y"]["title"] == unit
    assert rule["data"]["values"][0]["size"] == pytest.approx(largest)
    assert area["data"]["values"][-1]["size"] * (1024**3 if unit == "GB" else 1024**2) == pytest.approx(
        forecast.used_bytes
    )


@pytest.mark.parametrize(
    ("days", "shown_days", "shown_bytes"), [(30, 30, 1_000), (31, 30, 400 + 30 * 20), (3_000, 30, 400 + 30 * 20)]
)
def test_a_day_far_ahead_does_not_press_all_others_together(
    told: Report, days: int, shown_days: int, shown_bytes: int
) -> None:
    """The line ahead is as long as what is shown of the past, or thirty days."""
    as_of = date.fromisoformat(told.stored[-1]["day"])
    ahead = Forecast(
        as_of=as_of.isoformat(),
        used_bytes=400,
        pool_bytes=1_000,
        pace_bytes=20,
        pace_days=30,
        outlook="full_on",
        full_on=(as_of + timedelta(days=days)).isoformat(),
    )
    line = charts(told._replace(forecast=ahead), LIGHT)["storage"]["layer"][-1]["data"]["values"]
    assert line[1]["day"] == (as_of + timedelta(days=shown_days)).isoformat()
    assert line[1]["size"] * 1024**2 == pytest.approx(shown_bytes)


@pytest.mark.parametrize("look", [LIGHT, DARK])
def test_charts_alone_are_those_of_the_whole_picture(told: Report, look: Look) -> None:
    """But for where they stand."""
    whole, single = describe(told, look), alone(told, look)
    placed = ("width", "autosize", "background", "config", "$schema")
    bare = [{name: part for name, part in chart.items() if name not in placed} for chart in single.values()]
    assert bare == [{name: part for name, part in chart.items() if name != "width"} for chart in whole["concat"]]
    assert re.fullmatch("#[0-9a-f]{6}", whole["background"])
    assert {chart["background"] for chart in single.values()} == {"transparent"}

"""What the charts of a report are drawn of, and what they say to who does not see them."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.reports.charts import NOTHING, charts, limit_by_day
from adapters.reports.looks import DARK, LIGHT, Look
from adapters.reports.pictures import alone, describe
from adapters.reports.querying import ask
from adapters.reports.reporting import KEYS, OVER_TIME, Forecast, LimitOfAll, Report, Terms, report
from domain.limits import MEGABYTE
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


def test_storage_is_told_in_the_unit_of_the_words_beside_it(told: Report) -> None:
    """MB, as everywhere."""
    area = charts(told, LIGHT)["storage"]["layer"][0]
    assert area["encoding"]["y"]["title"] == "MB"
    assert f"{area['data']['values'][-1]['size']:.2f} MB" in charts(told, LIGHT)["storage"]["description"]


def test_the_limit_of_all_is_drawn_as_it_was(told: Report) -> None:
    """Each day has the limit that stood then, from the first that is shown to the last of the forecast."""
    first, last = told.stored[0]["day"], told.stored[-1]["day"]
    between, former = told.stored[4]["day"], (date.fromisoformat(first) - timedelta(days=9)).isoformat()
    set_ = [LimitOfAll(former, MEGABYTE), LimitOfAll(between, 3 * MEGABYTE)]
    ahead = told.forecast._replace(as_of=last, full_on=None, outlook="no_growth")
    line = charts(told._replace(limits=tuple(set_), forecast=ahead), LIGHT)["storage"]["layer"][1]
    assert line["mark"]["interpolate"] == "step-after"
    assert [(row["day"], row["size"]) for row in line["data"]["values"]] == [(first, 1), (between, 3), (last, 3)]
    assert limit_by_day(set_[1:], first, last)[0]["day"] == between
    assert limit_by_day(set_[1:], former, first) == []


def test_the_limits_of_a_report_are_those_of_the_log(month: Path) -> None:
    """Of each day the last that was set."""
    with opened(month) as log:
        found = report(log, Terms()).limits
        rows = ask(
            log,
            """SELECT CAST(CAST(time AS DATE) AS VARCHAR), max_by(pool_bytes, position) FROM limits
        WHERE "user" IS NULL GROUP BY ALL ORDER BY ALL""",
        ).rows
    assert [tuple(one) for one in found] == rows
    assert len(rows) > 1


@pytest.mark.parametrize("by", ["week", "month"])
def test_pictures_by_week_and_month_are_drawn_so(month: Path, by: str) -> None:
    """A bar is a row of the table; those in which nothing was have their place."""
    with opened(month) as log:
        told = report(log, Terms(by))
    found = {str(name): chart for name, chart in charts(told, LIGHT).items()}
    for name, title in (("generations", "Generations"), ("refusals", "Refusals"), ("credits", "Credits")):
        assert found[name]["title"] == f"{title} by {by}"
        assert {row["day"] for row in found[name]["data"]["values"]} <= {row["key"] for row in told.rows}
    kept = {row["day"]: row["count"] for row in found["generations"]["data"]["values"] if row["kind"] == "kept"}
    assert kept == {row["key"]: row["kept"] for row in told.rows if row["kept"]}
    without = told._replace(rows=[told.rows[0], told.rows[-1]])
    domain = charts(without, LIGHT)["generations"]["encoding"]["x"]["scale"]["domain"]
    assert domain[: len(told.rows)] == [row["key"] for row in told.rows]


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

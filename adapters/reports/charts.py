"""The charts of a report, each a Vega-Lite description: what became of generations, refusals by their reason, storage
with its limit and forecast, how long pictures took or, for other keys than time, who asked most, and what was paid.

Each says in `description` what it shows, for who does not see it. Nothing here adds anything up. How they are put
together and drawn is `pictures`' business.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any, Literal

from adapters.reports.looks import Look
from adapters.reports.reporting import OVER_TIME, PACE_DAYS, Forecast, Report
from adapters.reports.wording import in_words
from domain.limits import MEGABYTE

STORAGE = "Storage of all, at the end of each day"
NOTHING = "nothing in that time"
_NO_DATA: dict[str, Any] = {"values": [{"what": NOTHING}]}
WIDTH, HEIGHT = 460, 240
BARS_SHOWN = 15
MOST_BAR_HEIGHT = 26
"""Of a bar that lies: a few keys do not fill a chart with one block."""
BAR_SHARE = 0.8
GIGABYTE = 1024**3

OUTCOMES = MappingProxyType(
    {
        "kept": "kept",
        "moderated": "moderated",
        "failed": "failed",
        "rejected": "rejected by the provider",
        "not_kept": "made, not kept",
        "expired": "expired",
        "cancelled": "cancelled",
        "unknown": "outcome unknown",
    }
)
REASONS = MappingProxyType(
    {"refused_daily": "daily limit", "refused_user": "own storage", "refused_pool": "storage of all"}
)
ChartName = Literal["generations", "refusals", "storage", "seconds", "largest", "credits"]


def charts(told: Report, look: Look) -> dict[ChartName, dict[str, Any]]:
    """All charts of a report by their names: `generations`, `refusals`, `storage`, `seconds` where it is told over time
    and `largest` where it is not, and `credits` where anything was paid.
    """
    found: dict[ChartName, dict[str, Any]] = {
        "generations": _stacked(told, "Generations by day", OUTCOMES, look.outcomes),
        "refusals": _stacked(told, "Refusals by day", REASONS, look.reasons),
        "storage": _storage(told, look),
        **({"seconds": _seconds(told, look)} if told.by in OVER_TIME else {"largest": _largest(told, look)}),
    }
    return {**found, "credits": _credits(told, look)} if told.total["credits"] else found


def unit_of(largest_bytes: int) -> tuple[str, int]:
    """The unit in which sizes up to this one are told, and its bytes."""
    return ("GB", GIGABYTE) if largest_bytes >= GIGABYTE else ("MB", MEGABYTE)


def is_empty(chart: Mapping[str, Any]) -> bool:
    """Whether a chart has but the word that there is nothing."""
    return chart.get("data") == _NO_DATA


def _chart(heading: str, says: str, **parts: Any) -> dict[str, Any]:
    """A chart. Where it `says` nothing, nothing can be drawn either but the word that there is nothing."""
    if not says:
        parts = {"data": _NO_DATA, "mark": {"type": "text", "fontSize": 14}, "encoding": {"text": {"field": "what"}}}
    told = f"{heading}: {says or NOTHING}."
    return {"title": heading, "description": told, "width": WIDTH, "height": HEIGHT, **parts}


def _days(told: Report, *, are_bars: bool = False) -> dict[str, Any]:
    """The days that a report is of, also those on which nothing was: as an axis of points, or of bars, which have a
    width.
    """
    if told.first_day is None or told.last_day is None:
        return {}
    first = min(told.since or told.first_day, told.first_day)
    last = date.fromisoformat(max(told.last_day, told.forecast.as_of or ""))
    ends = (date.fromisoformat(first), last + timedelta(days=are_bars))
    unit = {"timeUnit": _TIME_UNIT} if are_bars else {}
    return {**_DAY, **unit, "scale": {"type": "utc", "domain": [_at(day) for day in ends]}}


def _at(day: date) -> dict[str, Any]:
    """A day as Vega-Lite writes it. Written as milliseconds, an interpreter of its expressions gets it wrong."""
    return {"year": day.year, "month": day.month, "date": day.day, "utc": True}


_TIME_UNIT = "utcyearmonthdate"
_DAY = MappingProxyType(
    {"field": "day", "type": "temporal", "title": None, "axis": {"format": "%d %b", "tickCount": 8, "grid": False}}
)
_ON = MappingProxyType(
    {"field": "day", "type": "temporal", "timeUnit": _TIME_UNIT, "format": "%d %B %Y", "title": "day"}
)
"""The day as it is shown to the pointer; with its unit it is that of the log, wherever the reader is."""


def _whole(field: str) -> dict[str, Any]:
    """An axis of counts."""
    return {"field": field, "type": "quantitative", "title": None, "axis": {"tickMinStep": 1}}


def _stacked(told: Report, heading: str, kinds: Mapping[str, str], colours: Sequence[str]) -> dict[str, Any]:
    """Bars of days, one upon another."""
    values = [
        {"day": row["day"], "kind": word, "count": row[name], "order": order}
        for row in told.days
        for order, (name, word) in enumerate(kinds.items())
        if row[name]
    ]
    present = {name: word for name, word in kinds.items() if told.total[name]}
    range_ = [colours[list(kinds).index(name)] for name in present]
    return _chart(
        heading,
        ", ".join(f"{told.total[name]:,} {word}" for name, word in present.items()),
        data={"values": values},
        mark={"type": "bar", "binSpacing": 1},
        encoding={
            "x": _days(told, are_bars=True),
            "y": {**_whole("count"), "stack": "zero"},
            "color": {
                "field": "kind",
                "type": "nominal",
                "scale": {"domain": list(present.values()), "range": range_},
                "legend": {"title": None, "orient": "bottom"},
            },
            "order": {"field": "order", "type": "quantitative"},
            "tooltip": [{**_ON}, {"field": "kind"}, {"field": "count", "type": "quantitative", "format": ","}],
        },
    )


def _storage(told: Report, look: Look) -> dict[str, Any]:
    """What is stored, the limit of all, and where the pace of the last days leads."""
    forecast = told.forecast
    largest = max([forecast.pool_bytes or 0, forecast.used_bytes, *(row["stored_bytes"] for row in told.stored)])
    unit, unit_bytes = unit_of(largest)
    stored = [{"day": row["day"], "size": row["stored_bytes"] / unit_bytes} for row in told.stored]
    if not stored and not forecast.used_bytes:
        return _chart(STORAGE, "")
    if forecast.as_of is not None and (not stored or stored[-1]["day"] < forecast.as_of):  # it stands since then
        stored.append({"day": forecast.as_of, "size": forecast.used_bytes / unit_bytes})
    x = {**_DAY, "scale": {"type": "utc"}}
    y = {"field": "size", "type": "quantitative", "title": unit}
    tip = [{**_ON}, {"field": "size", "type": "quantitative", "format": ",.2f", "title": unit}]
    area = {"type": "area", "line": {"color": look.main}, "color": look.main, "fillOpacity": 0.18}
    layers = [{"data": {"values": stored}, "mark": area, "encoding": {"x": x, "y": y, "tooltip": tip}}]
    if forecast.pool_bytes is not None:
        layers += limit_of_all(forecast.pool_bytes / unit_bytes, y, look)
    if ahead := _ahead(forecast, since=stored[0]["day"]):
        points = [stored[-1], {"day": ahead[0], "size": ahead[1] / unit_bytes}]
        line = {"type": "line", "color": look.main, "strokeDash": [5, 4], "point": {"color": look.main}}
        layers.append({"data": {"values": points}, "mark": line, "encoding": {"x": x, "y": y, "tooltip": tip}})
    return _chart(STORAGE, in_words(forecast).rstrip("."), layer=layers)


def limit_of_all(size: float, y: Mapping[str, Any], look: Look, *, below: bool = False) -> list[dict[str, Any]]:
    """The line of the limit, and the word for it, above the line or below it."""
    limit = {"values": [{y["field"]: size, "what": "limit of all"}]}
    rule = {"type": "rule", "color": look.warning, "strokeDash": [2, 3], "strokeWidth": 1.5}
    text = {"type": "text", "align": "left", "x": 4, "dy": 9 if below else -7, "color": look.warning}
    return [{"data": limit, "mark": rule, "encoding": {"y": y}},
            {"data": limit, "mark": text, "encoding": {"y": y, "text": {"field": "what"}}}]  # fmt: skip


def _ahead(forecast: Forecast, *, since: str) -> tuple[str, int] | None:
    """Where the pace leads: the day on which all is full and the limit, or what is stored by then where that day is so
    far away that nothing else could be seen.
    """
    if forecast.full_on is None or forecast.pool_bytes is None or forecast.as_of is None:
        return None
    as_of, full_on = date.fromisoformat(forecast.as_of), date.fromisoformat(forecast.full_on)
    days = max(PACE_DAYS, (as_of - date.fromisoformat(since)).days)
    if (full_on - as_of).days <= days:
        return forecast.full_on, forecast.pool_bytes
    return (as_of + timedelta(days=days)).isoformat(), forecast.used_bytes + forecast.pace_bytes * days


def _seconds(told: Report, look: Look) -> dict[str, Any]:
    names = {"median_seconds": "half of them within", "p95_seconds": "95 of 100 within"}
    values = [
        {"day": row["day"], "kind": word, "seconds": row[name]}
        for row in told.days
        for name, word in names.items()
        if row[name] is not None
    ]
    return _chart(
        "Seconds that a provider took",
        ", ".join(f"{word} {told.total[name]:,.1f}" for name, word in names.items() if told.total[name] is not None),
        data={"values": values},
        mark={"type": "line", "point": True},
        encoding={
            "x": _days(told),
            "y": {"field": "seconds", "type": "quantitative", "title": None},
            "color": {
                "field": "kind",
                "type": "nominal",
                "scale": {"domain": list(names.values()), "range": [look.main, look.warning]},
                "legend": {"title": None, "orient": "bottom"},
            },
            "tooltip": [{**_ON}, {"field": "kind"}, {"field": "seconds", "type": "quantitative", "format": ",.2f"}],
        },
    )


def _credits(told: Report, look: Look) -> dict[str, Any]:
    values = [{"day": row["day"], "credits": row["credits"]} for row in told.days if row["credits"]]
    return _chart(
        "Credits by day",
        f"{told.total['credits']:,.2f} in all",
        data={"values": values},
        mark={"type": "bar", "color": look.main, "binSpacing": 1},
        encoding={
            "x": _days(told, are_bars=True),
            "y": {"field": "credits", "type": "quantitative", "title": None},
            "tooltip": [{**_ON}, {"field": "credits", "type": "quantitative", "format": ",.2f"}],
        },
    )


def _largest(told: Report, look: Look) -> dict[str, Any]:
    largest = sorted(told.rows, key=lambda row: (-row["asked"], row["key"]))[:BARS_SHOWN]
    values = [{"key": row["key"], "asked": row["asked"]} for row in largest]
    height = min(MOST_BAR_HEIGHT, BAR_SHARE * HEIGHT / max(1, len(values)))
    return _chart(
        f"Pictures asked for, by {told.by}" + (f": the first {BARS_SHOWN}" if len(told.rows) > BARS_SHOWN else ""),
        ", ".join(f"{row['key']} {row['asked']:,}" for row in largest),
        data={"values": values},
        mark={"type": "bar", "color": look.main, "size": height},
        encoding={
            "y": {"field": "key", "type": "nominal", "sort": None, "title": None, "axis": {"labelLimit": 160}},
            "x": {**_whole("asked"), "axis": {"tickCount": 6, "tickMinStep": 1}},
            "tooltip": [{"field": "key"}, {"field": "asked", "type": "quantitative", "format": ","}],
        },
    )

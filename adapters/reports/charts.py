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
from adapters.reports.reporting import OVER_TIME, PACE_DAYS, Forecast, LimitOfAll, Report
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
UNIT = "MB"
"""Of sizes: that in which the words beside them tell them too."""

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
    {
        "refused_daily": "daily limit",
        "refused_window": "limits of windows",
        "refused_user": "own storage",
        "refused_pool": "storage of all",
    }
)
ChartName = Literal["generations", "refusals", "storage", "seconds", "largest", "credits"]


def charts(told: Report, look: Look) -> dict[ChartName, dict[str, Any]]:
    """All charts of a report by their names: `generations`, `refusals`, `storage`, `seconds` where it is told over time
    and `largest` where it is not, and `credits` where anything was paid.
    """
    found: dict[ChartName, dict[str, Any]] = {
        "generations": _stacked(told, f"Generations by {_unit(told)}", OUTCOMES, look.outcomes),
        "refusals": _stacked(told, f"Refusals by {_unit(told)}", REASONS, look.reasons),
        "storage": _storage(told, look),
        **({"seconds": _seconds(told, look)} if told.by in OVER_TIME else {"largest": _largest(told, look)}),
    }
    return {**found, "credits": _credits(told, look)} if told.total["credits"] else found


def is_empty(chart: Mapping[str, Any]) -> bool:
    """Whether a chart has but the word that there is nothing."""
    return chart.get("data") == _NO_DATA


def _chart(heading: str, says: str, **parts: Any) -> dict[str, Any]:
    """A chart. Where it `says` nothing, nothing can be drawn either but the word that there is nothing."""
    if not says:
        parts = {"data": _NO_DATA, "mark": {"type": "text", "fontSize": 14}, "encoding": {"text": {"field": "what"}}}
    told = f"{heading}: {says or NOTHING}."
    return {"title": heading, "description": told, "width": WIDTH, "height": HEIGHT, **parts}


def _unit(told: Report) -> str:
    """What of the time a bar or a point is of."""
    return told.by if told.by in OVER_TIME else "day"


def _times(told: Report) -> list[dict[str, Any]]:
    """The figures of each day, or of each week or month where a report is told by those; `day` is its name."""
    return told.days if _unit(told) == "day" else [{**row, "day": row["key"]} for row in told.rows]


def _ends(told: Report) -> tuple[date, date] | None:
    """The first and the last day that a report is of, also where nothing was on them."""
    if told.first_day is None or told.last_day is None:
        return None
    first = min(told.since or told.first_day, told.first_day)
    return date.fromisoformat(first), date.fromisoformat(max(told.last_day, told.forecast.as_of or ""))


def _axis(told: Report, *, are_bars: bool = False) -> dict[str, Any]:
    """All days, weeks or months that a report is of: of days as an axis of points, or of bars, which have a width."""
    if (ends := _ends(told)) is None:
        return {}
    first, last = ends
    if _unit(told) != "day":
        names = dict.fromkeys(
            (first + timedelta(days=number)).strftime(NAMES[_unit(told)]) for number in range((last - first).days + 1)
        )
        return {"field": "day", "type": "ordinal", "title": None, "scale": {"domain": list(names)}, "axis": {**_FEW}}
    unit = {"timeUnit": _TIME_UNIT} if are_bars else {}
    domain = [_at(day) for day in (first, last + timedelta(days=are_bars))]
    return {**_DAY, **unit, "scale": {"type": "utc", "domain": domain}}


def _on(told: Report) -> dict[str, Any]:
    """What is shown of the time to the pointer."""
    return {**_ON} if _unit(told) == "day" else {"field": "day", "title": told.by}


def _at(day: date) -> dict[str, Any]:
    """A day as Vega-Lite writes it. Written as milliseconds, an interpreter of its expressions gets it wrong."""
    return {"year": day.year, "month": day.month, "date": day.day, "utc": True}


NAMES = MappingProxyType({"week": "%G-W%V", "month": "%Y-%m"})
_FEW = MappingProxyType({"grid": False, "labelOverlap": True, "labelAngle": 0})
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
        for row in _times(told)
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
            "x": _axis(told, are_bars=True),
            "y": {**_whole("count"), "stack": "zero"},
            "color": {
                "field": "kind",
                "type": "nominal",
                "scale": {"domain": list(present.values()), "range": range_},
                "legend": {"title": None, "orient": "bottom"},
            },
            "order": {"field": "order", "type": "quantitative"},
            "tooltip": [_on(told), {"field": "kind"}, {"field": "count", "type": "quantitative", "format": ","}],
        },
    )


def _storage(told: Report, look: Look) -> dict[str, Any]:
    """What is stored, the limit of all as it was, and where the pace of the last days leads."""
    forecast = told.forecast
    stored = [{"day": row["day"], "size": row["stored_bytes"] / MEGABYTE} for row in told.stored]
    if not stored and not forecast.used_bytes:
        return _chart(STORAGE, "")
    if forecast.as_of is not None and (not stored or stored[-1]["day"] < forecast.as_of):  # it stands since then
        stored.append({"day": forecast.as_of, "size": forecast.used_bytes / MEGABYTE})
    ahead = _ahead(forecast, since=stored[0]["day"])
    ends = stored[0]["day"], ahead[0] if ahead else stored[-1]["day"]
    layers = stored_layers(stored, limit_by_day(told.limits, *ends), look)
    if ahead:
        points = [stored[-1], {"day": ahead[0], "size": ahead[1] / MEGABYTE}]
        line = {"type": "line", "color": look.main, "strokeDash": [5, 4], "point": {"color": look.main}}
        layers.append({"data": {"values": points}, "mark": line, "encoding": {**layers[0]["encoding"]}})
    return _chart(STORAGE, in_words(forecast).rstrip("."), layer=layers)


def limit_by_day(limits: Sequence[LimitOfAll], first: str, last: str) -> list[dict[str, Any]]:
    """The limit of all from the first day to the last: where it begins, each day from which on it was another, and
    where it ends. Nothing where none was set until then.
    """
    before = [one.pool_bytes for one in limits if one.day <= first][-1:]
    steps = [
        *((first, size) for size in before),
        *((one.day, one.pool_bytes) for one in limits if first < one.day <= last),
    ]
    steps += [(last, size) for _, size in steps[-1:]]
    return [{"day": day, "size": size / MEGABYTE, "what": "limit of all"} for day, size in steps]


def stored_layers(
    stored: Sequence[Mapping[str, Any]], limit: Sequence[Mapping[str, Any]], look: Look, *, below: bool = False
) -> list[dict[str, Any]]:
    """What was stored as an area, and the limit of all as a line of steps with the word for it, above or below it."""
    x = {**_DAY, "scale": {"type": "utc"}}
    y = {"field": "size", "type": "quantitative", "title": UNIT}
    tip = [{**_ON}, {"field": "size", "type": "quantitative", "format": ",.2f", "title": UNIT}]
    area = {"type": "area", "line": {"color": look.main}, "color": look.main, "fillOpacity": 0.18}
    layers = [{"data": {"values": list(stored)}, "mark": area, "encoding": {"x": x, "y": y, "tooltip": tip}}]
    if limit:
        line = {
            "type": "line",
            "interpolate": "step-after",
            "color": look.warning,
            "strokeDash": [2, 3],
            "strokeWidth": 1.5,
        }
        text = {"type": "text", "align": "right", "dx": -4, "dy": 9 if below else -7, "color": look.warning}
        layers += [
            {"data": {"values": list(limit)}, "mark": line, "encoding": {"x": x, "y": y, "tooltip": tip}},
            {"data": {"values": [limit[-1]]}, "mark": text, "encoding": {"x": x, "y": y, "text": {"field": "what"}}},
        ]
    return layers


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
        for row in _times(told)
        for name, word in names.items()
        if row[name] is not None
    ]
    return _chart(
        "Seconds that a provider took",
        ", ".join(f"{word} {told.total[name]:,.1f}" for name, word in names.items() if told.total[name] is not None),
        data={"values": values},
        mark={"type": "line", "point": True},
        encoding={
            "x": _axis(told),
            "y": {"field": "seconds", "type": "quantitative", "title": None},
            "color": {
                "field": "kind",
                "type": "nominal",
                "scale": {"domain": list(names.values()), "range": [look.main, look.warning]},
                "legend": {"title": None, "orient": "bottom"},
            },
            "tooltip": [_on(told), {"field": "kind"}, {"field": "seconds", "type": "quantitative", "format": ",.2f"}],
        },
    )


def _credits(told: Report, look: Look) -> dict[str, Any]:
    values = [{"day": row["day"], "credits": row["credits"]} for row in _times(told) if row["credits"]]
    return _chart(
        f"Credits by {_unit(told)}",
        f"{told.total['credits']:,.2f} in all",
        data={"values": values},
        mark={"type": "bar", "color": look.main, "binSpacing": 1},
        encoding={
            "x": _axis(told, are_bars=True),
            "y": {"field": "credits", "type": "quantitative", "title": None},
            "tooltip": [_on(told), {"field": "credits", "type": "quantitative", "format": ",.2f"}],
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

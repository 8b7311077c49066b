"""The charts of a report, each a Vega-Lite description: what became of generations, refusals by their reason, storage
with its limit and forecast, and how long pictures took or, for other keys than time, who asked most.

Nothing here adds anything up. How they are put together and drawn is `pictures`' business.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from adapters.reports.looks import Look
from adapters.reports.reporting import OVER_TIME, Report

STORAGE = "Storage of all, at the end of each day"
NO_VALUES: dict[str, Any] = {"values": []}
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


def charts(told: Report, look: Look) -> list[dict[str, Any]]:
    """All charts of a report."""
    fourth = _latency(told, look) if told.by in OVER_TIME else _largest(told, look)
    return [_stacked("Generations by day", told.days, OUTCOMES, look.outcomes),
            _stacked("Refusals by day", told.days, REASONS, look.reasons),
            _storage(told, look), fourth]  # fmt: skip


def _chart(heading: str, **parts: Any) -> dict[str, Any]:
    """A chart; where it has no values, which nothing can be drawn of, the word that there are none."""
    if parts.get("data") == NO_VALUES:
        nothing = {"values": [{"what": "nothing in that time"}]}
        parts = {"data": nothing, "mark": {"type": "text", "fontSize": 14}, "encoding": {"text": {"field": "what"}}}
    return {"title": heading, "width": WIDTH, "height": HEIGHT, **parts}


_DAY = MappingProxyType(
    {"field": "day", "type": "temporal", "title": None, "axis": {"format": "%d %b", "tickCount": 8, "grid": False}}
)


def _stacked(
    heading: str, days: Sequence[Mapping[str, Any]], kinds: Mapping[str, str], colours: Sequence[str]
) -> dict[str, Any]:
    """Bars of days, one upon another."""
    values = [
        {"day": row["day"], "kind": word, "count": row[name], "order": order}
        for row in days
        for order, (name, word) in enumerate(kinds.items())
        if row[name]
    ]
    present = [word for word in kinds.values() if any(value["kind"] == word for value in values)]
    range_ = [colours[list(kinds.values()).index(word)] for word in present]
    tooltip = [{"field": "day", "type": "temporal", "format": "%d %B %Y"}, {"field": "kind"},
               {"field": "count", "type": "quantitative", "format": ","}]  # fmt: skip
    return _chart(
        heading,
        data={"values": values},
        mark={"type": "bar", "binSpacing": 1},
        encoding={
            "x": {**_DAY, "timeUnit": "utcyearmonthdate", "scale": {"type": "utc"}},
            "y": {"field": "count", "type": "quantitative", "title": None, "stack": "zero"},
            "color": {
                "field": "kind",
                "type": "nominal",
                "scale": {"domain": present, "range": range_},
                "legend": {"title": None, "orient": "bottom", "columns": 4},
            },
            "order": {"field": "order", "type": "quantitative"},
            "tooltip": tooltip,
        },
    )


def _storage(told: Report, look: Look) -> dict[str, Any]:
    """What is stored, the limit of all, and where the pace of the last days leads."""
    forecast = told.forecast
    stored = [{"day": row["day"], "gb": row["stored_bytes"] / GIGABYTE} for row in told.stored]
    if not stored and not forecast.used_bytes:
        return _chart(STORAGE, data=NO_VALUES)
    if forecast.as_of is not None and (not stored or stored[-1]["day"] < forecast.as_of):  # it stands since then
        stored.append({"day": forecast.as_of, "gb": forecast.used_bytes / GIGABYTE})
    x = {**_DAY, "scale": {"type": "utc"}}
    y = {"field": "gb", "type": "quantitative", "title": "GB"}
    tip = [
        {"field": "day", "type": "temporal", "format": "%d %B %Y"},
        {"field": "gb", "type": "quantitative", "format": ",.2f", "title": "GB"},
    ]
    layers: list[dict[str, Any]] = [
        {
            "data": {"values": stored},
            "mark": {"type": "area", "line": {"color": look.main}, "color": look.main, "fillOpacity": 0.18},
            "encoding": {"x": x, "y": y, "tooltip": tip},
        }
    ]
    if forecast.pool_bytes is not None:
        limit = [{"gb": forecast.pool_bytes / GIGABYTE, "what": "limit of all"}]
        rule = {"type": "rule", "color": look.warning, "strokeDash": [2, 3], "strokeWidth": 1.5}
        text = {"type": "text", "align": "left", "x": 4, "dy": -7, "color": look.warning}
        layers.append({"data": {"values": limit}, "mark": rule, "encoding": {"y": y}})
        layers.append({"data": {"values": limit}, "mark": text, "encoding": {"y": y, "text": {"field": "what"}}})
    if forecast.full_on is not None and forecast.pool_bytes is not None:
        ahead = [stored[-1], {"day": forecast.full_on, "gb": forecast.pool_bytes / GIGABYTE}]
        line = {"type": "line", "color": look.main, "strokeDash": [5, 4], "point": {"color": look.main}}
        layers.append({"data": {"values": ahead}, "mark": line, "encoding": {"x": x, "y": y, "tooltip": tip}})
    return _chart(STORAGE, layer=layers)


def _latency(told: Report, look: Look) -> dict[str, Any]:
    heading = "Seconds that a provider took"
    names = {"median_seconds": "half of them within", "p95_seconds": "95 of 100 within"}
    values = [
        {"day": row["day"], "kind": word, "seconds": row[name]}
        for row in told.days
        for name, word in names.items()
        if row[name] is not None
    ]
    return _chart(
        heading,
        data={"values": values},
        mark={"type": "line", "point": True},
        encoding={
            "x": {**_DAY, "scale": {"type": "utc"}},
            "y": {"field": "seconds", "type": "quantitative", "title": None},
            "color": {
                "field": "kind",
                "type": "nominal",
                "scale": {"domain": list(names.values()), "range": [look.main, look.warning]},
                "legend": {"title": None, "orient": "bottom"},
            },
            "tooltip": [
                {"field": "day", "type": "temporal", "format": "%d %B %Y"},
                {"field": "kind"},
                {"field": "seconds", "type": "quantitative", "format": ",.2f"},
            ],
        },
    )


def _largest(told: Report, look: Look) -> dict[str, Any]:
    largest = sorted(told.rows, key=lambda row: (-row["asked"], row["key"]))[:BARS_SHOWN]
    values = [{"key": row["key"], "asked": row["asked"]} for row in largest]
    height = min(MOST_BAR_HEIGHT, BAR_SHARE * HEIGHT / max(1, len(values)))
    return _chart(
        f"Pictures asked for, by {told.by}" + (f": the first {BARS_SHOWN}" if len(told.rows) > BARS_SHOWN else ""),
        data={"values": values},
        mark={"type": "bar", "color": look.main, "size": height},
        encoding={
            "y": {"field": "key", "type": "nominal", "sort": None, "title": None, "axis": {"labelLimit": 160}},
            "x": {"field": "asked", "type": "quantitative", "title": None, "axis": {"tickCount": 6}},
            "tooltip": [{"field": "key"}, {"field": "asked", "type": "quantitative", "format": ","}],
        },
    )

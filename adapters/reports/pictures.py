"""The pictures of a report: one Vega-Lite description, which is drawn as SVG or PNG, or lives in a page.

Four charts: what became of generations, refusals by their reason, storage with its limit and forecast, and how long
pictures took or, for other keys than time, who asked most. Nothing here adds anything up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from adapters.reports.drawing import as_png, as_svg
from adapters.reports.reporting import OVER_TIME, Report
from adapters.reports.wording import title

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
STORAGE = "Storage of all, at the end of each day"
NO_VALUES: dict[str, Any] = {"values": []}
WIDTH, HEIGHT = 460, 240
BARS_SHOWN = 15
MOST_BAR_HEIGHT = 26
"""Of a bar that lies: a few keys do not fill a chart with one block."""
BAR_SHARE = 0.8
FONT = "system-ui, -apple-system, Segoe UI, Roboto, DejaVu Sans, sans-serif"
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


class Look(NamedTuple):
    """The colours of a picture: ground, words, lines, and what is drawn."""

    ground: str
    words: str
    faint: str
    grid: str
    main: str
    warning: str
    outcomes: Sequence[str]
    reasons: Sequence[str]


LIGHT = Look(
    ground="#ffffff",
    words="#1f2430",
    faint="#5b6475",
    grid="#e6e8ee",
    main="#5b3fd4",
    warning="#c2410c",
    outcomes=("#5b3fd4", "#e0a800", "#c2410c", "#e57373", "#0f766e", "#94a3b8", "#64748b", "#334155"),
    reasons=("#5b3fd4", "#0f766e", "#c2410c"),
)
DARK = Look(
    ground="#171a21",
    words="#e8eaf0",
    faint="#a3abbb",
    grid="#2c313c",
    main="#a592ff",
    warning="#ff9a62",
    outcomes=("#8f78f5", "#f2c94c", "#ff8a50", "#f5a3a3", "#3fbfae", "#94a3b8", "#6b7a90", "#cbd5e1"),
    reasons=("#8f78f5", "#3fbfae", "#ff8a50"),
)


def describe(told: Report, look: Look = LIGHT) -> dict[str, Any]:
    """The description of all charts in one."""
    fourth = _latency(told, look) if told.by in OVER_TIME else _largest(told, look)
    charts = [_stacked("Generations by day", told.days, OUTCOMES, look.outcomes),
              _stacked("Refusals by day", told.days, REASONS, look.reasons),
              _storage(told, look), fourth]  # fmt: skip
    return framed(title(told), charts, look)


def framed(heading: str, charts: Sequence[dict[str, Any]], look: Look) -> dict[str, Any]:
    """Charts side by side in one look, under a title."""
    return {
        "$schema": SCHEMA,
        "title": {"text": heading, "offset": 18},
        "background": look.ground,
        "padding": 20,
        "concat": list(charts),
        "columns": 2,
        "spacing": {"row": 42, "column": 46},
        "resolve": {"scale": {"color": "independent"}},
        "config": _config(look),
    }


def svg(told: Report) -> bytes:
    """All charts as one picture that scales. Raises ConfigError without the extra, NotDrawn."""
    return as_svg(describe(told))


def png(told: Report) -> bytes:
    """All charts as one picture of dots. Raises ConfigError without the extra, NotDrawn."""
    return as_png(describe(told))


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


def _config(look: Look) -> dict[str, Any]:
    return {
        "font": FONT,
        "view": {"stroke": None},
        "title": {
            "color": look.words,
            "fontSize": 14,
            "anchor": "start",
            "fontWeight": 600,
            "offset": 12,
            "frame": "group",
        },
        "axis": {
            "labelColor": look.faint,
            "titleColor": look.faint,
            "gridColor": look.grid,
            "domainColor": look.grid,
            "tickColor": look.grid,
            "labelFontSize": 11,
            "titleFontWeight": "normal",
        },
        "legend": {"labelColor": look.words, "labelFontSize": 11, "symbolType": "square"},
        "text": {"font": FONT, "fontSize": 11},
        "line": {"strokeWidth": 2},
        "point": {"size": 22, "filled": True},
    }

"""The chart of the pairs: durable pairs a second by the number of callers, a line for each peer, as SVG.

It is described in Vega-Lite and drawn by vl-convert, which needs no network.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import vl_convert

from scripts.bench.figures import Figure

SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
OURS = "Abby Ledger"
COLOURS = ["#5b3fd4", "#c2410c", "#d97706", "#0f766e", "#6b7280"]


def draw(figures: Sequence[Figure], users: str = "1,000 users") -> str:
    """The chart of all pairs among some figures, with the usual users."""
    values: list[dict[str, Any]] = []
    for figure in figures:
        callers, _, of = figure.case.partition(", ")
        if figure.work != "pairs" or of != users:
            continue
        count = int(callers.split()[0].replace(",", ""))
        ours = {"callers": count, "who": OURS, "pairs": figure.ours}
        if ours not in values:
            values.append(ours)
        if figure.theirs is not None:
            values.append({"callers": count, "who": figure.peer, "pairs": figure.theirs})
    svg: str = vl_convert.vegalite_to_svg(_description(values))
    return svg


def _description(values: list[dict[str, Any]]) -> dict[str, Any]:
    names = list(dict.fromkeys(value["who"] for value in values))
    last = max((value["callers"] for value in values), default=0)
    colour = {"field": "who", "type": "nominal", "legend": None, "scale": {"domain": names, "range": COLOURS}}
    axes = {
        "x": {
            "field": "callers",
            "type": "ordinal",
            "title": "callers at once",
            "axis": {"labelAngle": 0},
        },
        "y": {
            "field": "pairs",
            "type": "quantitative",
            "title": "durable reserve+save pairs a second (log scale)",
            "scale": {"type": "log"},
        },
    }
    return {
        "$schema": SCHEMA,
        "width": 420,
        "height": 300,
        "padding": 12,
        "background": "white",
        "data": {"values": values},
        "encoding": axes,
        "layer": [
            {"mark": {"type": "line", "point": True, "strokeWidth": 2}, "encoding": {"color": colour}},
            {
                "transform": [{"filter": f"datum.callers == {last}"}],
                "mark": {"type": "text", "align": "left", "dx": 10, "fontSize": 11},
                "encoding": {"text": {"field": "who"}, "color": colour},
            },
        ],
        "config": {"view": {"stroke": None}, "font": "DejaVu Sans, sans-serif"},
    }

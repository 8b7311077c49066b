"""The pictures of a report: one Vega-Lite description of all its charts, drawn as SVG or PNG, or living in a page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from adapters.reports.charts import ChartName, charts
from adapters.reports.drawing import as_png, as_svg
from adapters.reports.looks import LIGHT, Look, config
from adapters.reports.reporting import Report
from adapters.reports.wording import title

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"


NARROW_PIXELS = 380
"""A chart that is less wide has its legend in two columns, and a smaller title."""
NARROW_TITLE = 12


def describe(told: Report, look: Look = LIGHT) -> dict[str, Any]:
    """The description of all charts in one."""
    return framed(title(told), list(charts(told, look).values()), look)


def framed(heading: str, inside: Sequence[dict[str, Any]], look: Look) -> dict[str, Any]:
    """Charts side by side in one look, under a title."""
    return {
        "$schema": SCHEMA,
        "title": {"text": heading, "offset": 18},
        "background": look.ground,
        "padding": 20,
        "concat": list(inside),
        "columns": 2,
        "spacing": {"row": 42, "column": 46},
        "resolve": {"scale": {"color": "independent"}},
        "config": config(look),
    }


def alone(told: Report, look: Look) -> dict[ChartName, dict[str, Any]]:
    """The same charts by their names, each a description of its own, for a place that gives it its ground and width."""
    common = config(look)
    title, legend = common["title"], common["legend"]
    own = {
        **common,
        "title": {**title, "frame": "bounds", "fontSize": _narrow(NARROW_TITLE, title["fontSize"])},
        "legend": {**legend, "columns": _narrow(2, legend["columns"])},
    }
    return {
        name: {
            "$schema": SCHEMA,
            **chart,
            "width": "container",
            "background": "transparent",
            "autosize": {"type": "fit-x", "contains": "padding"},
            "config": own,
        }
        for name, chart in charts(told, look).items()
    }


def _narrow(then: int, otherwise: int) -> dict[str, str]:
    return {"expr": f"width < {NARROW_PIXELS} ? {then} : {otherwise}"}


def svg(told: Report) -> bytes:
    """All charts as one picture that scales. Raises ConfigError without the extra, NotDrawn."""
    return as_svg(describe(told))


def png(told: Report) -> bytes:
    """All charts as one picture of dots. Raises ConfigError without the extra, NotDrawn."""
    return as_png(describe(told))

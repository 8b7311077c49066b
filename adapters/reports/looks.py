"""The colours and letters of charts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

FONT = "system-ui, -apple-system, Segoe UI, Roboto, DejaVu Sans, sans-serif"


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


def config(look: Look) -> dict[str, Any]:
    """What all charts of a look have in common, as Vega-Lite takes it."""
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
        "legend": {"labelColor": look.words, "labelFontSize": 11, "symbolType": "square", "columns": 4},
        "text": {"font": FONT, "fontSize": 11},
        "line": {"strokeWidth": 2},
        "point": {"size": 22, "filled": True},
    }

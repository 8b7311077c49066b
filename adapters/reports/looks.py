"""The colours and letters of charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

FONT = "system-ui, -apple-system, Segoe UI, Roboto, DejaVu Sans, sans-serif"


class Look(NamedTuple):
    """The colours of a picture: ground, words, lines, and what is drawn; and how high its letters are in pixels."""

    ground: str
    words: str
    faint: str
    grid: str
    main: str
    warning: str
    outcomes: Sequence[str]
    reasons: Sequence[str]
    letters: int = 11


LIGHT = Look(
    ground="#ffffff",
    words="#1f2430",
    faint="#5b6475",
    grid="#e6e8ee",
    main="#5b3fd4",
    warning="#c2410c",
    outcomes=("#5b3fd4", "#e0a800", "#c2410c", "#e57373", "#0f766e", "#94a3b8", "#64748b", "#334155"),
    reasons=("#5b3fd4", "#e0a800", "#0f766e", "#c2410c"),
)
DARK = Look(
    ground="#171a21",
    words="#e8eaf0",
    faint="#a3abbb",
    grid="#2c313c",
    main="#a592ff",
    warning="#ff9a62",
    outcomes=("#8f78f5", "#f2c94c", "#ff8a50", "#f5a3a3", "#3fbfae", "#94a3b8", "#6b7a90", "#cbd5e1"),
    reasons=("#8f78f5", "#f0c040", "#3fbfae", "#ff8a50"),
)
ON_THE_PAGE: Mapping[str, Look] = MappingProxyType(
    {
        "light": Look(
            ground="#fffdf9",
            words="#22261f",
            faint="#5c6156",
            grid="#ddd6c8",
            main="#2f5d50",
            warning="#a4302a",
            outcomes=("#2f5d50", "#b8791f", "#a4302a", "#d0655b", "#3f7fa6", "#8d8a7c", "#6b6e64", "#22261f"),
            reasons=("#2f5d50", "#4a6fa5", "#b8791f", "#a4302a"),
            letters=13,
        ),
        "dark": Look(
            ground="#1c2024",
            words="#ece8df",
            faint="#a9aaa2",
            grid="#31363a",
            main="#8fcbb4",
            warning="#f3a097",
            outcomes=("#8fcbb4", "#e9b565", "#e57368", "#f3b8b0", "#86b7d8", "#9a9c95", "#777d7c", "#ece8df"),
            reasons=("#8fcbb4", "#8fb3e0", "#e9b565", "#e57368"),
            letters=13,
        ),
    }
)
"""Those of the service's page, on its two grounds; a test compares them with its `style.css`."""


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
            "labelFontSize": look.letters,
            "labelSeparation": 6,
            "titleFontWeight": "normal",
            "titleFontSize": look.letters,
        },
        "legend": {"labelColor": look.words, "labelFontSize": look.letters, "symbolType": "square", "columns": 4},
        "text": {"font": FONT, "fontSize": look.letters, "color": look.faint},
        "line": {"strokeWidth": 2},
        "point": {"size": 22, "filled": True},
    }

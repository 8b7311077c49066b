"""The picture of a digest: what was made on each day of this week and of the last, and how full the storage is.

It needs vl-convert, of the extra `reports`, and no database.
"""

from __future__ import annotations

from typing import Any

from adapters.reports.charts import STORAGE, limit_by_day, stored_layers
from adapters.reports.digest import Digest
from adapters.reports.digest_words import title
from adapters.reports.drawing import as_png
from adapters.reports.looks import DARK, Look
from adapters.reports.pictures import framed
from domain.limits import MEGABYTE

DAY_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
THIS, FORMER = "this week", "the week before"
WIDTH, HEIGHT = 330, 190


def picture(digest: Digest) -> bytes:
    """As PNG, on a dark ground of its own. Raises ConfigError without the extra, NotDrawn."""
    return as_png(describe(digest, DARK))


def in_words(digest: Digest) -> str:
    """What the picture shows, for who does not see it."""
    days = ", ".join(
        f"{name} {digest.this.by_day.get(day, 0):,}" for name, day in zip(DAY_NAMES, digest.week.days, strict=True)
    )
    return f"Pictures made by day: {days}."


def describe(digest: Digest, look: Look) -> dict[str, Any]:
    """The description of both charts."""
    return framed(title(digest.week), [_made(digest, look), _storage(digest, look)], look)


def _made(digest: Digest, look: Look) -> dict[str, Any]:
    week = digest.week
    values = [
        {"day": name, "of": word, "made": figures.by_day.get(day, 0)}
        for word, figures, days in ((FORMER, digest.former, week.former().days), (THIS, digest.this, week.days))
        for name, day in zip(DAY_NAMES, days, strict=True)
    ]
    return {
        "title": "Pictures made by day (UTC)",
        "width": WIDTH,
        "height": HEIGHT,
        "data": {"values": values},
        "mark": {"type": "bar", "cornerRadiusEnd": 2},
        "encoding": {
            "x": {"field": "day", "sort": list(DAY_NAMES), "title": None, "axis": {"labelAngle": 0, "grid": False}},
            "xOffset": {"field": "of", "sort": [FORMER, THIS]},
            "y": {"field": "made", "type": "quantitative", "title": None, "axis": {"tickMinStep": 1}},
            "color": {
                "field": "of",
                "scale": {"domain": [FORMER, THIS], "range": [look.outcomes[6], look.main]},
                "legend": {"title": None, "orient": "bottom"},
            },
        },
    }


def _storage(digest: Digest, look: Look) -> dict[str, Any]:
    stored = [{"day": row["day"], "size": row["stored_bytes"] / MEGABYTE} for row in digest.growth]
    limit = limit_by_day(digest.limits, stored[0]["day"], stored[-1]["day"]) if stored else []
    layers = stored_layers(stored, limit, look, below=True)
    return {"title": STORAGE, "width": WIDTH, "height": HEIGHT, "layer": layers}

"""A report as text: its columns and their names, cells, and the sentence of the forecast. What prints or draws is
elsewhere.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import date
from io import StringIO
from types import MappingProxyType
from typing import Any

from adapters.reports.querying import NOT_VERIFIED
from adapters.reports.reporting import NOT_KNOWN, OVER_TIME, RELEASES, Forecast, Report
from adapters.wording.figures import counted, size_in_words

OTHER = "other"
COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "asked": "asked",
        "made": "made",
        "kept": "kept",
        "failed": "failed",
        "moderated": "moderated",
        OTHER: "other",
        "refused_daily": "refused: daily",
        "refused_window": "windows",
        "refused_user": "own storage",
        "refused_pool": "all storage",
        "exceeded": "only tried",
        "growth_bytes": "growth",
        "credits": "credits",
        "median_seconds": "median s",
        "p95_seconds": "95 % within s",
    }
)
"""The columns that people are shown, with their names; CSV and JSON have all."""
OTHERS = tuple(name for name in RELEASES if name not in COLUMNS)
"""What came of places beside that, in one column together, so that a row adds up."""
DASH = "-"
KEPT_ALONE = (
    "More is kept than made where images were only saved here, by programs that make them elsewhere (operation "
    '"unspecified"): the log records no making of them.'
)
ADDS_UP = (
    "Each that was asked for was kept, failed, was moderated, or is in other: rejected by the provider, made and not "
    "kept, expired, cancelled, outcome unknown"
)
TRIED_NOTED = "Limits that are only tried out would have refused "
OF_FORMER_DAYS = "what was asked for before and ended later counts where it ended"
KEPT_LATER = "It also is where images were made before midnight and kept after it."

UNKNOWN: Mapping[str, str] = MappingProxyType(
    {
        "guild": (
            "what was asked for in direct messages, on the page, over HTTP and by programs, cleanups and deletions "
            "outside of a server, and what is older than the log's notes of places"
        ),
        "operation": "requests that were refused, of which the log does not say what kind of picture they were for",
        "style": (
            "what was asked for before the log had styles, requests without one that were refused, and images that "
            "were made elsewhere"
        ),
        "provider": "requests that were refused before anybody was asked, and images that were made elsewhere",
    }
)
"""What stands in the row of what is not known, by the report's key."""


def cell(name: str, value: Any) -> str:
    """A figure for people."""
    if value is None:
        return DASH
    if name.endswith("_bytes"):
        return f"-{size_in_words(-value)}" if value < 0 else size_in_words(value)
    if name.endswith("_seconds"):
        return f"{value:,.1f}"
    return f"{value:,.2f}" if isinstance(value, float) else f"{value:,}"


def cells(row: Mapping[str, Any]) -> list[str]:
    """The figures of a row for people, in the order of the columns."""
    whole = {**row, OTHER: sum(row[name] for name in OTHERS)}
    return [cell(name, whole[name]) for name in COLUMNS]


def title(told: Report) -> str:
    """Of which days a report is."""
    if told.first_day is None:
        return "Image generation: nothing in that time"
    return f"Image generation, {told.first_day} to {told.last_day}"


def in_words(forecast: Forecast) -> str:
    """When storage is full, and where no day is named, why."""
    if forecast.as_of is None or forecast.outlook == "nothing_recorded":
        return "Nothing is recorded yet."
    used = size_in_words(forecast.used_bytes)
    if forecast.pool_bytes is None:
        return f"On {_day(forecast.as_of)} {used} were stored; the log knows no limit of all."
    days = counted(forecast.pace_days, "day")
    pace = f"at the pace of the {days} before ({size_in_words(forecast.pace_bytes)} a day)"
    ends = {
        "full": ": that is full.",
        "too_short": ". Fewer than two whole days are too short a time to say when it is full.",
        "no_growth": f". In the {days} before that it did not grow.",
        "over_ten_years": f": not full within ten years {pace}.",
    }
    of = f"On {_day(forecast.as_of)} {used} of {size_in_words(forecast.pool_bytes)} were stored"
    return of + (ends[forecast.outlook] if forecast.full_on is None else f": full on {_day(forecast.full_on)} {pace}.")


def notes(told: Report) -> list[str]:
    """What a reader of the figures might wonder about."""
    return [*sums_noted(told), *tried_noted(told), *key_noted(told)]


def tried_noted(told: Report) -> list[str]:
    """How often a limit that is only tried out would have refused."""
    exceeded = told.total["exceeded"]
    return [f"{TRIED_NOTED}{counted(exceeded, 'time')}; those requests went on."] if exceeded else []


def key_noted(told: Report) -> list[str]:
    """What stands in a row of what is not known."""
    is_told = told.by in UNKNOWN and any(row["key"] == NOT_KNOWN for row in told.rows)
    return [f"{NOT_KNOWN}: {UNKNOWN[told.by]}."] if is_told else []


def sums_noted(told: Report) -> list[str]:
    """How the columns of a row belong together."""
    total = told.total
    if not total["asked"]:
        return []
    is_more = any(row["kept"] > row["made"] for row in (*told.rows, total))
    more = [f"{KEPT_ALONE} {KEPT_LATER}" if told.by in OVER_TIME else KEPT_ALONE] if is_more else []
    open_places = total["asked"] - total["kept"] - total["released"]
    under_way = f"; {open_places:,} under way" if open_places > 0 else ""
    of_former = f"; {OF_FORMER_DAYS}" if told.by in OVER_TIME or told.since is not None else ""
    return [*more, f"{ADDS_UP}{under_way}{of_former}."]


def _day(day: str) -> str:
    found = date.fromisoformat(day)
    return f"{found.day} {found:%B %Y}"


def as_csv(told: Report) -> str:
    """Every figure of each key."""
    made = StringIO()
    names = [told.by, *(name for name in told.total if name != "key")]
    written = csv.writer(made, lineterminator="\n")
    written.writerow(names)
    for row in told.rows:
        written.writerow([_unformula(row["key"]), *("" if row[name] is None else row[name] for name in names[1:])])
    return made.getvalue()


def as_markdown(told: Report) -> str:
    """The report as a document."""
    lines = [f"# {title(told)}", "", in_words(told.forecast), ""]
    lines += [f"| {told.by} | {' | '.join(COLUMNS.values())} |", f"|---|{'---:|' * len(COLUMNS)}"]
    for row in (*told.rows, {**told.total, "key": "**all**"}):
        key = row["key"] if row["key"] == "**all**" else _escaped(row["key"])
        lines.append(f"| {key} | {' | '.join(cells(row))} |")
    return "\n".join([*lines, "", *notes(told), f"As of position {told.position:,}. {NOT_VERIFIED}", ""])


def described(told: Report) -> dict[str, Any]:
    """The report for programs."""
    return {
        "position": told.position,
        "by": told.by,
        "first_day": told.first_day,
        "last_day": told.last_day,
        "rows": told.rows,
        "days": told.days,
        "total": {name: value for name, value in told.total.items() if name != "key"},
        "stored": told.stored,
        "forecast": foretold(told.forecast),
        "is_verified": False,
    }


def foretold(forecast: Forecast) -> dict[str, Any]:
    """A forecast for programs."""
    return {**forecast._asdict(), "is_full": forecast.is_full, "sentence": in_words(forecast)}


def _escaped(text: str) -> str:
    return "".join(f"\\{char}" if char in "\\|`*_[]<>#" else char if char.isprintable() else " " for char in text)


def _unformula(text: str) -> str:
    """A cell that a spreadsheet does not take for a formula."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text

"""The view `daily` says of each user and day what a fold in Python finds, and what decisions read."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date
from math import fsum
from pathlib import Path
from typing import Any

import pytest

from adapters.ledger.codec import decode
from adapters.reports.querying import ask
from domain.events import (
    CleanupCompleted,
    DailyCountReset,
    Event,
    GenerationCompleted,
    GenerationReleased,
    GenerationReserved,
    ImageDeleted,
    ImageSaved,
    RequestRefused,
)
from projections.quota_state import QuotaState
from tests.adapters.reports.conftest import opened

SUMMED = ("asked", "refunded", "resets", "made", "kept", "released", "refused", "added_bytes", "removed_bytes")
WHOLE = {"user": '"user"', "day": 'CAST("day" AS VARCHAR)'}
KEYS = {
    "day and user": (WHOLE["day"], WHOLE["user"]),
    "day": (WHOLE["day"],),
    "user": (WHOLE["user"],),
    "week": ("strftime(\"day\", '%G-W%V')",),
    "month": ("strftime(\"day\", '%Y-%m')",),
}
Day = tuple[str, str]


class Days:
    """The figures of each user's days, folded by hand, and the counts of the quota state."""

    def __init__(self, root: Path) -> None:
        self.sums: dict[Day, Counter[str]] = defaultdict(Counter)
        self.credits: dict[Day, list[float]] = defaultdict(list)
        self.counted: dict[Day, int] = {}
        self._charged: dict[str, Day] = {}
        self._state = QuotaState()
        with opened(root) as log:
            for stored in log.read():
                self._take(stored.position, decode(stored))

    def _take(self, position: int, event: Event) -> None:
        day, user = event.at[:10], getattr(event, "user", "")
        if isinstance(event, CleanupCompleted):
            for file in event.files:
                self.sums[day, file.user]["removed_bytes"] += file.bytes
        elif isinstance(event, GenerationReserved):
            self._charged[event.reservation] = (day, user)
        elif isinstance(event, GenerationReleased):
            self.sums[self._charged[event.reservation]]["refunded"] += event.refunded
        elif isinstance(event, GenerationCompleted):
            self.credits[day, user] += [event.credits] if event.credits is not None else []
        if figures := adds(event):
            self.sums[day, user].update(figures)
        self._state.apply(position, event)
        for count in self._state.days(user):
            self.counted[count.day, user] = count.count


def adds(event: Event) -> dict[str, int]:
    """What an event adds to the day on which it was recorded."""
    match event:
        case GenerationReserved():
            return {"asked": event.count}
        case GenerationReleased():
            return {"released": event.count}
        case GenerationCompleted():
            return {"made": event.count}
        case ImageSaved():
            kept = int(event.reservation is not None)
            return {"kept": kept, "added_bytes": event.bytes, "removed_bytes": event.replaced_bytes}
        case ImageDeleted():
            return {"removed_bytes": event.bytes}
        case RequestRefused():
            return {"refused": 1}
        case DailyCountReset():
            return {"resets": 1}
        case _:
            return {}


def keyed(day: str, user: str, by: str) -> tuple[str, ...]:
    """The key of a user's day, found in Python."""
    year, week, _ = date.fromisoformat(day).isocalendar()
    keys = {"day": (day,), "user": (user,), "week": (f"{year}-W{week:02}",), "month": (day[:7],)}
    return keys.get(by, (day, user))


@pytest.fixture(scope="module")
def days(month: Path) -> Days:
    return Days(month)


@pytest.mark.parametrize("by", KEYS)
def test_daily_is_what_a_fold_in_python_finds(by: str, month: Path, days: Days) -> None:
    """Every column, by each key; also days on which somebody only deleted, was refused, or was refunded later."""
    sums: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    costs: dict[tuple[str, ...], list[float]] = defaultdict(list)
    for (day, user), figures in days.sums.items():
        key = keyed(day, user, by)
        sums[key].update(figures)
        sums[key]["counted"] += days.counted.get((day, user), 0)
        costs[key] += days.credits[day, user]
    names = (*SUMMED, "counted")
    asked = ", ".join(f"sum({name})" for name in names)
    with opened(month) as log:
        rows = ask(log, f"SELECT {', '.join(KEYS[by])}, {asked}, fsum(credits) FROM daily GROUP BY ALL").rows
    found: dict[tuple[str, ...], tuple[Any, ...]] = {row[: len(KEYS[by])]: row[len(KEYS[by]) :] for row in rows}
    assert set(found) == set(sums)
    for key, figures in sums.items():
        *counts, paid = found[key]
        assert dict(zip(names, counts, strict=True)) == {name: figures[name] for name in names}, key
        assert paid == (pytest.approx(fsum(costs[key])) if costs[key] else None), key


def test_each_users_day_has_one_row(month: Path, days: Days) -> None:
    """So that a sum over rows counts nothing twice."""
    with opened(month) as log:
        rows = ask(log, 'SELECT count(*), count(DISTINCT (day, "user")) FROM daily').rows
    assert rows == [(len(days.sums), len(days.sums))]

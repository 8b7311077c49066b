"""Report, view and the projections of the quota state agree on every figure of a month, each computed by itself."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from math import fsum
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from adapters.ledger.codec import decode
from adapters.reports.querying import ask
from adapters.reports.reporting import KEYS, OVER_TIME, REFUSALS, RELEASES, Report, Terms, report
from adapters.reports.wording import COLUMNS, KEPT_ALONE, KEPT_LATER, UNKNOWN, cells, notes
from domain.events import (
    CleanupCompleted,
    Event,
    GenerationCompleted,
    GenerationReleased,
    GenerationReserved,
    ImageDeleted,
    ImageSaved,
    RequestRefused,
)
from domain.names import name_key
from projections.quota_state import QuotaState
from tests.adapters.reports.conftest import opened

NAMES = {reason: name for name, reason in REFUSALS.items()}
COUNTED = (
    "asked",
    "made",
    "kept",
    "released",
    "refunded",
    "refused",
    *RELEASES,
    *REFUSALS,
    "added_bytes",
    "removed_bytes",
)


@dataclass
class Fold:
    """The figures by a key, folded in Python, and the quota state at the end of each day."""

    sums: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    credits: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    state: QuotaState = field(default_factory=QuotaState)
    stored: dict[str, int] = field(default_factory=dict)
    operations: dict[str, str] = field(default_factory=dict)
    providers: dict[str, str] = field(default_factory=dict)
    styles: dict[str, str] = field(default_factory=dict)
    guilds: dict[str, str] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)
    has_styles: bool = False
    standing: dict[tuple[str, bool, str], ImageSaved] = field(default_factory=dict)
    gone: dict[tuple[int, str], ImageSaved] = field(default_factory=dict)

    def follow(self, position: int, event: Event) -> None:
        """Which save a deletion or a cleanup is of."""
        if isinstance(event, ImageSaved):
            self.standing[event.user, event.temp, name_key(event.name)] = event
        elif isinstance(event, ImageDeleted):
            self.gone[position, event.name] = self.standing[event.user, event.temp, name_key(event.name)]
        elif isinstance(event, CleanupCompleted):
            for file in event.files:
                self.gone[position, f"{file.user}/{file.name}"] = self.standing[file.user, True, name_key(file.name)]

    def note(self, event: Event) -> None:
        """What is known of the generation of an event."""
        if isinstance(event, GenerationReserved):
            self.operations[event.reservation] = event.operation
            self.guilds[event.reservation] = guild_of(event.origin)
            self.has_styles = self.has_styles or event.style is not None
            self.styles[event.reservation] = event.style or ("(none)" if self.has_styles else "(not known)")
        elif isinstance(event, GenerationCompleted):
            self.providers[event.reservation] = event.provider
        elif isinstance(event, GenerationReleased) and event.provider:
            self.providers.setdefault(event.reservation, event.provider)
        elif isinstance(event, ImageSaved):
            self.kept |= {event.reservation} if event.reservation else set()

    def style_of(self, event: Event) -> str:
        """The style that a figure belongs to."""
        told = event.style if isinstance(event, RequestRefused) else None
        return told or self.styles.get(getattr(event, "reservation", None) or "", "(not known)")

    def provider_of(self, event: Event) -> str:
        """Who made it, or was asked for it."""
        reservation = getattr(event, "reservation", None) or ""
        told: str | None = getattr(event, "provider", None) or self.providers.get(reservation)
        return told or ("(not known)" if not reservation or reservation in self.kept else "(nothing delivered)")


def guild_of(origin: str | None) -> str:
    """The guild of an origin."""
    return (origin or "").removeprefix("guild:") if (origin or "").startswith("guild:") else "(not known)"


def facts(event: Event) -> Counter[str]:
    """What an event adds, as its class says."""
    match event:
        case GenerationReserved():
            return Counter(asked=event.count)
        case GenerationCompleted():
            return Counter(made=event.count)
        case GenerationReleased():
            return Counter({"released": event.count, "refunded": event.refunded, event.reason: event.count})
        case RequestRefused():
            return Counter({"refused": 1, NAMES[event.reason]: 1})
        case ImageSaved():
            kept = int(event.reservation is not None)
            return Counter(kept=kept, added_bytes=event.bytes, removed_bytes=event.replaced_bytes)
        case ImageDeleted():
            return Counter(removed_bytes=event.bytes)
        case _:
            return Counter()


def folded(root: Path, by: str) -> Fold:
    """Reads the log once, event by event."""
    made = Fold()
    with opened(root) as log:
        events = [(stored.position, decode(stored)) for stored in log.read()]
    for position, event in events:
        made.note(event)
        made.follow(position, event)
    for position, event in events:
        made.state.apply(position, event)
        made.stored[event.at[:10]] = made.state.pool.used_bytes
        if isinstance(event, CleanupCompleted):
            for file in event.files:
                gone = made.gone[position, f"{file.user}/{file.name}"]
                made.sums[key_of(made, event, by, file.user, gone)]["removed_bytes"] += file.bytes
            continue
        if (sums := facts(event)) or isinstance(event, GenerationReserved):
            of = made.gone[position, event.name] if isinstance(event, ImageDeleted) else event
            key = key_of(made, event, by, getattr(event, "user", ""), of)
            made.sums[key].update(sums)
            if isinstance(event, GenerationCompleted):
                made.credits[key] += [event.credits] if event.credits is not None else []
                made.seconds[key].append(event.seconds)
    return made


def key_of(made: Fold, event: Any, by: str, user: str, of: Any) -> str:
    """The key of a report, found in Python. `of`: the event itself, of a deletion the save of what went."""
    day = date.fromisoformat(event.at[:10])
    reservation = getattr(of, "reservation", None) or ""
    keys: dict[str, str] = {
        "day": event.at[:10],
        "week": "{}-W{:02}".format(*day.isocalendar()[:2]),
        "month": event.at[:7],
        "user": user,
        "guild": made.guilds.get(getattr(event, "reservation", None) or "", guild_of(event.origin)),
        "operation": getattr(of, "operation", None) or made.operations.get(reservation, "(not known)"),
        "style": made.style_of(of),
        "provider": made.provider_of(of),
    }
    return keys[by]


@cache
def told(root: Path, by: str) -> Report:
    with opened(root) as log:
        return report(log, Terms(by))


@pytest.mark.parametrize("by", KEYS)
def test_a_report_says_what_a_fold_in_python_finds(by: str, month: Path) -> None:
    """Every figure of every key, and of the whole."""
    found, made = told(month, by), folded(month, by)
    assert {row["key"] for row in found.rows} == set(made.sums)
    for row in found.rows:
        key = row["key"]
        assert {name: row[name] for name in COUNTED} == {name: made.sums[key][name] for name in COUNTED}, key
        assert row["growth_bytes"] == made.sums[key]["added_bytes"] - made.sums[key]["removed_bytes"]
        assert row["credits"] == (round(fsum(made.credits[key]), 6) if made.credits[key] else None)
        assert row["median_seconds"] == (pytest.approx(median(made.seconds[key])) if made.seconds[key] else None)
    whole = sum(made.sums.values(), Counter[str]())
    assert {name: found.total[name] for name in COUNTED} == {name: whole[name] for name in COUNTED}


OF_GENERATIONS = {
    "user": '"user"',
    "guild": "coalesce(guild, '(not known)')",
    "operation": "operation",
    "style": "coalesce(style, '(not known)')",
    "provider": "coalesce(provider, CASE WHEN kept > 0 THEN '(not known)' ELSE '(nothing delivered)' END)",
}
"""The keys of a report that a generation has from its beginning to its end, as the view tells them."""


@pytest.mark.parametrize("by", OF_GENERATIONS)
def test_a_report_says_what_the_view_of_generations_says(by: str, month: Path) -> None:
    """What was asked for, made, kept, released and paid is told by each key alike: what a generation came to belongs
    where it was asked for, whoever recorded it.
    """
    names = ("asked", "made", "kept", "released", "refunded", "credits")
    text = f"""SELECT {OF_GENERATIONS[by]} AS "key", sum(places), sum(made), sum(kept), sum(released), sum(refunded),
    round(fsum(credits), 6) FROM generations GROUP BY ALL"""
    with opened(month) as log:
        view = {row[0]: row[1:] for row in ask(log, text).rows}
    rows = {row["key"]: tuple(row[name] for name in names) for row in told(month, by).rows}
    assert {key: figures for key, figures in rows.items() if any(figures)} == view


def test_storage_is_what_the_quota_state_says_at_the_end_of_each_day(month: Path) -> None:
    """In the report, and in the views; a clock that went back leaves a day its last figure in the log."""
    found, made = told(month, "day"), folded(month, "day")
    last = max(made.stored)
    assert {row["day"] for row in found.stored} <= set(made.stored)
    assert found.stored[-1]["stored_bytes"] == made.state.pool.used_bytes
    assert found.forecast.used_bytes == made.state.pool.used_bytes
    assert found.forecast.pool_bytes == made.state.policy.pool_bytes
    assert found.last_day == last
    with opened(month) as log:
        (sums,) = ask(log, "SELECT sum(bytes) FROM images WHERE stands").rows
        users = dict(ask(log, 'SELECT "user", sum(bytes) FROM images WHERE stands AND NOT temp GROUP BY ALL').rows)
        open_places = dict(ask(log, "SELECT reservation, open FROM generations WHERE open > 0").rows)
    assert sums == (made.state.pool.used_bytes,)
    assert users == {user: usage.image_bytes for user, usage in made.state.tables.users.items() if usage.image_bytes}
    assert open_places == {kept.reservation: kept.open for kept in made.state.open_reservations()}


def test_styles_and_providers_of_the_views_are_those_of_the_fold(month: Path) -> None:
    """Of every generation and every image of one; what is not known is null. The month has each kind of answer."""
    made = folded(month, "style")
    with opened(month) as log:
        styles = dict(ask(log, "SELECT reservation, coalesce(style, '(not known)') FROM generations").rows)
        providers = dict(ask(log, "SELECT reservation, provider FROM generations WHERE provider IS NOT NULL").rows)
        images = ask(log, "SELECT reservation, coalesce(style, '(not known)') FROM images").rows
        saves = ask(log, "SELECT count(*) FROM events WHERE type = 'ImageSaved'").rows
    assert styles == made.styles
    assert providers == made.providers
    assert images == [(reservation, made.styles.get(reservation, "(not known)")) for reservation, _ in images]
    assert [(len(images),)] == saves
    assert {"anime", "(none)", "(not known)"} <= set(styles.values())
    assert {row["key"] for row in told(month, "provider").rows} >= {"(nothing delivered)", "(not known)", "sketch"}


def test_what_goes_is_told_where_it_was_made(month: Path) -> None:
    """Bytes that are deleted or cleaned leave the row that they came to: none is at what is not known of it."""
    for by in ("operation", "provider"):
        rows = {row["key"]: row for row in told(month, by).rows}
        assert all(row["added_bytes"] >= row["removed_bytes"] for row in rows.values()), by
        assert sum(row["removed_bytes"] > 0 for row in rows.values()) > 2, by
    assert rows["(not known)"]["removed_bytes"] > 0  # images that were made elsewhere: no provider is told of them


@pytest.mark.parametrize("by", KEYS)
def test_a_row_of_what_is_not_known_says_why(by: str, month: Path) -> None:
    """Below the table, where there is such a row; so it is said why more is kept than made, where that is so."""
    found = told(month, by)
    has_row = any(row["key"] == "(not known)" for row in found.rows)
    assert has_row == (by in UNKNOWN)
    assert any(note.startswith("(not known): ") for note in notes(found)) == has_row
    assert notes(found)[0] == (f"{KEPT_ALONE} {KEPT_LATER}" if by in OVER_TIME else KEPT_ALONE)
    whole = {**found.total, "kept": found.total["made"]}
    alike = found._replace(rows=[{**row, "kept": row["made"]} for row in found.rows], total=whole)
    assert not any(note.startswith(KEPT_ALONE) for note in notes(alike))


@pytest.mark.parametrize("by", KEYS)
def test_a_row_adds_up(by: str, month: Path) -> None:
    """What people are shown: of what was asked for, what was kept, failed, was moderated, or is other; and it is said
    what is under way.
    """
    found = told(month, by)
    shown = dict(zip(COLUMNS, cells(found.total), strict=True))
    *parts, asked = (int(shown[name].replace(",", "")) for name in ("kept", "failed", "moderated", "other", "asked"))
    with opened(month) as log:
        ((open_places,),) = ask(log, "SELECT sum(open) FROM generations").rows
    assert asked - sum(parts) == open_places
    assert any(f"; {open_places:,} under way" in note for note in notes(found)) == (open_places > 0)
    assert any(row["released"] > row["failed"] + row["moderated"] for row in found.rows)


def test_a_part_of_the_days_has_the_same_figures(month: Path) -> None:
    """`--days` leaves days out and changes none; the forecast is of the whole."""
    whole = told(month, "day")
    with opened(month) as log:
        part = report(log, Terms("day", 7))
    since = part.first_day
    assert since is not None
    assert part.rows == [row for row in whole.rows if row["key"] >= since]
    assert part.forecast == whole.forecast

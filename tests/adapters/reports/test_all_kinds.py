"""Two months of people who use all kinds of limits: report, view and fold agree, and every refusal is explained."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path
from typing import NamedTuple

import pytest

from adapters.engines.choice import default_engine
from adapters.history.explaining import explain_position
from adapters.ledger.codec import decode
from adapters.reports.querying import ask
from adapters.reports.reporting import KEYS, Terms, report
from adapters.reports.wording import TRIED_NOTED, notes
from adapters.wording.explanations import told
from domain.credits import PER_CREDIT
from domain.events import Event, GenerationCompleted, GenerationReleased, LimitExceeded, RequestRefused
from domain.grants import available
from domain.point_events import PointsMoved
from domain.refusals import limit_of
from projections.activity import Activity
from projections.iso_weeks import Week
from projections.quota_state import QuotaState
from projections.weekly_figures import WeeklyFigures
from scripts.month.all_kinds import AllKinds
from scripts.month.life import Shape
from scripts.simulate_month import simulate
from tests.adapters.reports.conftest import opened

SHAPE = Shape(users=10, events=2_000, days=61)
"""From the first of October, so that all of two months is in it."""
SEED = 14
"""One of which so few events show all kinds."""
REFUSING = {"user/day/generations", "user/week/generations", "user/month/credits", "pool/month/credits"}
TRIED = {"guild/day/generations", "user/month/credits"}
KINDS = {*("GrantGiven", "GrantVoided", "TierDefined", "TierAssigned", "GroupsSeen", "PointsMoved", "OfferSet"),
         *("OfferWithdrawn", "FavouriteSet", "ThresholdCrossed", "ClockCorrected", "DailyCountReset")}  # fmt: skip
MONTHS = (
    """SELECT strftime(day, '%Y-%m'), CAST(1000 * sum(cost) AS BIGINT) FROM generations GROUP BY ALL ORDER BY ALL"""
)


class Log(NamedTuple):
    """Two months: where they lie, their events, and what they come to by the fold that decisions read."""

    root: Path
    events: list[Event]
    state: QuotaState
    told: dict[str, int]


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Log:
    root = tmp_path_factory.mktemp("all-kinds") / "root"
    made, state = simulate(root, SHAPE, seed=SEED, of=AllKinds), QuotaState()
    with opened(root) as source:
        events = [decode(stored) for stored in source.read()]
    for position, event in enumerate(events, 1):
        state.apply(position, event)
    return Log(root, events, state, made.told)


def test_the_log_has_all_kinds(log: Log) -> None:
    """So that nothing below is true of nothing."""
    events = log.events
    assert {limit_of(event) for event in events if isinstance(event, RequestRefused)} >= REFUSING
    assert {limit_of(event) for event in events if isinstance(event, LimitExceeded)} == TRIED
    assert {draw.unit for event in events for draw in getattr(event, "drawn", ())} == {"generations", "credits"}
    assert any(getattr(event, "returned", ()) for event in events)
    assert any(isinstance(event, GenerationReleased) and event.cost for event in events)
    assert {type(event).__name__ for event in events} >= KINDS
    movements = {event.kind for event in events if isinstance(event, PointsMoved)}
    assert movements == {"mint", "burn", "claim", "gift", "purchase", "favourite"}
    answers = {answer.partition(",")[0] for answer in log.told}
    assert answers >= {"NOT_ALLOWED", "PRICE_UNKNOWN", "CLAIMED_TODAY", "POINTS_SHORT", "OFFER_CHANGED"}


@pytest.mark.parametrize("by", KEYS)
def test_a_report_has_what_all_events_say(by: str, log: Log) -> None:
    """Refusals by windows, what would have been refused, and what was paid, for nothing too."""
    root = log.root
    with opened(root) as source:
        found = report(source, Terms(by))
    refused = Counter(event.reason for event in log.events if isinstance(event, RequestRefused))
    exceeded = sum(isinstance(event, LimitExceeded) for event in log.events)
    assert f"{TRIED_NOTED}{exceeded:,} times; those requests went on." in notes(found)
    assert all(TRIED_NOTED not in note for note in notes(found._replace(total={**found.total, "exceeded": 0})))
    for rows in ([found.total], found.rows):
        assert sum(row["refused_window"] for row in rows) == refused["WINDOW_LIMIT"]
        assert sum(row["exceeded"] for row in rows) == exceeded
        assert sum(row["credits"] or 0 for row in rows) == pytest.approx(paid(log) / PER_CREDIT, abs=1e-6)


def paid(log: Log) -> int:
    """What was paid, or may have been, in thousandths."""
    costs = [event for event in log.events if isinstance(event, GenerationCompleted | GenerationReleased)]
    return sum(event.cost or 0 for event in costs)


def test_views_say_exactly_what_the_quota_state_says(log: Log) -> None:
    """Refusals by the name of their limit, grants with what is left, a month's credits of all together, points."""
    root = log.root
    with opened(root) as source:
        refusals = dict(ask(source, "SELECT limit_name, count(*) FROM refusals GROUP BY ALL").rows)
        exceeded = dict(ask(source, "SELECT limit_name, count(*) FROM exceeded GROUP BY ALL").rows)
        grants = ask(source, 'SELECT "user", "grant", "left" FROM grants ORDER BY position').rows
        months = ask(source, MONTHS).rows
        accounts = dict(ask(source, "SELECT account, sum(change) FROM points GROUP BY ALL").rows)
    events, state = log.events, log.state
    assert refusals == Counter(limit_of(event) for event in events if isinstance(event, RequestRefused))
    assert exceeded == Counter(limit_of(event) for event in events if isinstance(event, LimitExceeded))
    given = sorted((grant for of in state.tables.grants.dump().values() for grant in of), key=lambda one: one.number)
    assert grants == [(grant.user, grant.grant, available(grant, state.last_at)) for grant in given]
    assert {whose: has for whose, has in accounts.items() if has} == {
        whose: has for whose, has in state.points.accounts().items() if has
    }
    spent = {name: state.tally("pool", name) for name, _ in months}
    assert len(months) == 2
    assert months == [(name, tally.credits - tally.held) for name, tally in spent.items()]


def test_projections_of_the_same_events_add_up_to_the_same_credits(log: Log) -> None:
    """Activity by user, and the weekly figures."""
    root = log.root
    activity = Activity()
    figures = WeeklyFigures(Week(date(2026, 11, 9)))
    for position, event in enumerate(log.events, 1):
        activity.apply(position, event)
        figures.apply(event)
    with opened(root) as source:
        by_user = {row["key"]: row["credits"] for row in report(source, Terms("user")).rows}
        by_week = {row["key"]: row for row in report(source, Terms("week")).rows}
    assert {user: activity.total(user).credits for user in by_user} == pytest.approx(by_user)
    for week in (figures.week, figures.week.former()):
        found, row = figures.of(week, None), by_week[f"2026-{week.name[-3:]}"]
        assert found.credits == row["credits"]
        assert found.refusals["refused_window"] == row["refused_window"]


def test_every_refusal_and_what_would_have_been_one_is_explained(log: Log) -> None:
    """By the limit's name and figures, in sentences; where the user's own lines tell them, they agree."""
    recorder = default_engine().open_for_reading(log.root, at_end=True)
    for position, event in enumerate(log.events, 1):
        if not isinstance(event, RequestRefused | LimitExceeded):
            continue
        found = explain_position(recorder, position)
        assert found is not None
        assert found.agrees is not False
        words = told(found)
        assert words.headline.endswith(f"(position {position}).")
        assert words.sentence
        assert words.limits
        if event.window is not None:
            assert [use.name for use in found.windows].count(event.window) == 1
        parts = {"WINDOW_LIMIT": words.windows, "DAILY_LIMIT": words.day}
        assert parts.get(event.reason, words.storage)
    recorder.close()

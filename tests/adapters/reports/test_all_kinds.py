"""Two months of people who use all kinds of limits: report, view and fold agree, and every refusal is explained."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from adapters.engines.choice import default_engine
from adapters.history.explaining import explain_position
from adapters.reports.querying import ask
from adapters.reports.reporting import KEYS, Terms, report
from adapters.wording.explanations import told
from domain.credits import PER_CREDIT
from domain.events import GenerationCompleted, GenerationReleased, LimitExceeded, RequestRefused
from domain.grants import available
from domain.refusals import limit_of
from projections.activity import Activity
from projections.iso_weeks import Week
from projections.weekly_figures import WeeklyFigures
from tests.adapters.reports.all_kinds import People, live
from tests.adapters.reports.conftest import opened

DAYS = 59
REFUSING = {"user/week/generations", "user/month/credits", "pool/month/credits"}
TRIED = {"user/day/generations", "guild/day/generations", "user/month/credits"}
MONTHS = (
    """SELECT strftime(day, '%Y-%m'), CAST(1000 * sum(cost) AS BIGINT) FROM generations GROUP BY ALL ORDER BY ALL"""
)

Log = tuple[Path, People]


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Log:
    root = tmp_path_factory.mktemp("all-kinds") / "root"
    return root, live(root, days=DAYS)


def test_the_log_has_all_kinds(log: Log) -> None:
    """So that nothing below is true of nothing."""
    events = log[1].events
    assert {limit_of(event) for event in events if isinstance(event, RequestRefused)} >= REFUSING
    assert {limit_of(event) for event in events if isinstance(event, LimitExceeded)} == TRIED
    assert {draw.unit for event in events for draw in getattr(event, "drawn", ())} == {"generations", "credits"}
    assert any(getattr(event, "returned", ()) for event in events)
    assert any(type(event).__name__ == "GrantVoided" for event in events)
    assert any(isinstance(event, GenerationReleased) and event.cost for event in events)


@pytest.mark.parametrize("by", KEYS)
def test_a_report_has_what_all_events_say(by: str, log: Log) -> None:
    """Refusals by windows, what would have been refused, and what was paid, for nothing too."""
    root, people = log
    with opened(root) as source:
        found = report(source, Terms(by))
    refused = Counter(event.reason for event in people.events if isinstance(event, RequestRefused))
    exceeded = sum(isinstance(event, LimitExceeded) for event in people.events)
    for rows in ([found.total], found.rows):
        assert sum(row["refused_window"] for row in rows) == refused["WINDOW_LIMIT"]
        assert sum(row["exceeded"] for row in rows) == exceeded
        assert sum(row["credits"] or 0 for row in rows) == pytest.approx(paid(people) / PER_CREDIT, abs=1e-6)


def paid(people: People) -> int:
    """What was paid, or may have been, in thousandths."""
    costs = [event for event in people.events if isinstance(event, GenerationCompleted | GenerationReleased)]
    return sum(event.cost or 0 for event in costs)


def test_views_say_exactly_what_the_quota_state_says(log: Log) -> None:
    """Refusals by the name of their limit, grants with what is left, a month's credits of all together."""
    root, people = log
    with opened(root) as source:
        refusals = dict(ask(source, "SELECT limit_name, count(*) FROM refusals GROUP BY ALL").rows)
        exceeded = dict(ask(source, "SELECT limit_name, count(*) FROM exceeded GROUP BY ALL").rows)
        grants = ask(source, 'SELECT "user", "grant", "left" FROM grants ORDER BY position').rows
        months = ask(source, MONTHS).rows
    events, state = people.events, people.state
    assert refusals == Counter(limit_of(event) for event in events if isinstance(event, RequestRefused))
    assert exceeded == Counter(limit_of(event) for event in events if isinstance(event, LimitExceeded))
    given = sorted((grant for of in state.tables.grants.dump().values() for grant in of), key=lambda one: one.number)
    assert grants == [(grant.user, grant.grant, available(grant, state.last_at)) for grant in given]
    spent = {name: state.tally("pool", name) for name, _ in months}
    assert len(months) > 1
    assert months == [(name, tally.credits - tally.held) for name, tally in spent.items()]


def test_projections_of_the_same_events_add_up_to_the_same_credits(log: Log) -> None:
    """Activity by user, and the weekly figures."""
    root, people = log
    activity = Activity()
    figures = WeeklyFigures(Week(date(2026, 3, 9)))
    for position, event in enumerate(people.events, 1):
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
    """By the limit's name and figures; where the user's own lines tell them, they agree."""
    root, people = log
    recorder = default_engine().open_for_reading(root, at_end=True)
    for position, event in enumerate(people.events, 1):
        if isinstance(event, RequestRefused | LimitExceeded):
            found = explain_position(recorder, position)
            assert found is not None
            assert found.agrees is not False
            if event.window is not None:
                assert [use.name for use in found.windows].count(event.window) == 1
                assert told(found).windows
    recorder.close()

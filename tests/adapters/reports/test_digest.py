"""The digest of a week: its figures are the report's, though no database adds them up, and its words say them."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from adapters.engines.choice import default_engine
from adapters.engines.opening import open_store
from adapters.history.past import Moment
from adapters.history.past import opened as past_of
from adapters.reports.digest import Advice, AdviceKind, Digest, Pool, Weeks, advice, read_weeks
from adapters.reports.digest_words import Todo, advice_in_words, headline, title
from adapters.reports.querying import Answer, ask
from adapters.reports.reporting import SUMS, Forecast, Terms, report
from domain.commands import CompleteGeneration, ReleasePlaces, ReserveGeneration
from projections.iso_weeks import Week, last_whole_week, week_named, week_of
from projections.weekly_figures import Figures, WeeklyFigures
from tests.adapters.reports.conftest import opened
from tests.adapters.reports.guild_weeks import LIMITS, Deed, write

SAME = ("asked", "made", "kept", "refused", "added_bytes", "removed_bytes", "growth_bytes", "credits", "users")
BY_GUILD = f"""SELECT guild, {SUMS}
FROM (SELECT facts.* REPLACE (CASE WHEN placed.reservation IS NULL THEN facts.guild ELSE placed.guild END AS guild)
      FROM facts LEFT JOIN (SELECT reservation, guild FROM generations) AS placed USING (reservation))
WHERE "day" BETWEEN '{{}}' AND '{{}}' AND resets = 0 GROUP BY GROUPING SETS ((guild), ())"""
TODO = Todo(limits="Raise it.", room="Make room.", look="Look.")
NO_REFUSALS = {"refused_daily": 0, "refused_window": 0, "refused_user": 0, "refused_pool": 0}
FORECAST = Forecast(as_of="2026-10-04", used_bytes=10, pool_bytes=100, pace_bytes=0, pace_days=30, outlook="no_growth")


def read(root: Path, week: Week) -> Weeks:
    """As the command does."""
    with past_of(root, default_engine()) as past:
        state = past.everybody(Moment()).state
    return read_weeks(root, default_engine(), week, Pool(state.pool.used_bytes, state.policy.pool_bytes))


def weeks_of(root: Path) -> list[Week]:
    with opened(root) as log:
        days = [row[0] for row in ask(log, 'SELECT DISTINCT CAST("day" AS VARCHAR) FROM facts').rows]
    return sorted({week_of(f"{day}T00:00:00.000000Z") for day in days})


def test_every_figure_is_that_of_the_report(month: Path) -> None:
    """Of each week, of each guild and of the whole; the forecast too."""
    weeks = weeks_of(month)
    assert len(weeks) >= 4
    for week in weeks:
        found = read(month, week)
        both = ((week, "this"), (week.former(), "former"))
        for told_week, which in both if week == weeks[-1] else both[:1]:
            with opened(month) as log:
                answer = ask(log, BY_GUILD.format(told_week.monday, told_week.sunday))
            rows = _rows(answer)
            whole = max(rows, key=lambda row: row["asked"] or 0)
            for row in rows:
                if row is whole or row["guild"] is not None:
                    _agree(getattr(found.digest(None if row is whole else row["guild"]), which), row)
    with opened(month) as log:
        assert found.forecast == report(log, Terms("week")).forecast


def _rows(answer: Answer) -> list[dict[str, Any]]:
    names = [name for name, _ in answer.columns]
    return [dict(zip(names, row, strict=True)) for row in answer.rows]


def _agree(figures: Figures, row: dict[str, Any]) -> None:
    assert {name: getattr(figures, name) or None for name in SAME} == {name: row[name] or None for name in SAME}
    parts = {**figures.refusals, **figures.releases}
    assert parts == {name: row[name] or 0 for name in parts}
    for name in ("median_seconds", "p95_seconds"):
        assert getattr(figures, name) == (None if row[name] is None else pytest.approx(row[name]))


FOXES, OWLS, NOWHERE = 71, 72, None
TWO_GUILDS = [
    Deed("2026-11-16T10:00:00.000000Z", "1", FOXES, made=1),
    Deed("2026-11-22T23:59:59.999999Z", "2", FOXES, made=2),
    Deed("2026-11-23T00:00:00.000000Z", "1", FOXES, made=3, failed=1),
    Deed("2026-11-25T00:00:00.000000Z", "3", OWLS, made=4, refused=11),
    Deed("2026-11-26T00:00:00.000000Z", "3", FOXES, made=1),
    Deed("2026-11-29T23:59:59.999999Z", "4", NOWHERE, made=5),
    Deed("2026-11-30T00:00:00.000000Z", "4", OWLS, made=5),
]


def test_a_guild_is_told_its_own_members_alone(tmp_path: Path) -> None:
    """What they made elsewhere, too, is in the whole and in that guild; and each figure is that of the views."""
    write(tmp_path / "root", TWO_GUILDS)
    week = Week(date(2026, 11, 23))
    found = read(tmp_path / "root", week)
    foxes, owls, whole = (found.digest(guild) for guild in (str(FOXES), str(OWLS), None))
    assert [tuple(maker) for maker in foxes.this.makers] == [("1", 3), ("3", 1)]
    assert [tuple(maker) for maker in owls.this.makers] == [("3", 4)]
    assert [tuple(maker) for maker in whole.this.makers] == [("3", 5), ("4", 5), ("1", 3)]
    assert (foxes.former.made, owls.former.made, whole.former.made) == (3, 0, 3)
    assert (foxes.advice, owls.advice) == (None, Advice(AdviceKind.REFUSED_DAILY, 11, 5))
    assert found.digest("no such guild").this.is_empty
    with opened(tmp_path / "root") as log:
        rows = _rows(ask(log, BY_GUILD.format(week.monday, week.sunday)))
    for digest in (foxes, owls):
        (row,) = (row for row in rows if row["guild"] == digest.guild)
        _agree(digest.this, row)


def test_what_was_asked_for_in_a_guild_is_made_there_whoever_records_it(tmp_path: Path) -> None:
    """Also where it was asked for before both weeks: programs record without an origin what a provider delivered."""
    now = ["2026-11-15T23:59:00.000000Z"]
    store = open_store(tmp_path / "root", limits=LIMITS, clock=lambda: now[0])
    ledger = store.opened().ledger
    ledger.execute(ReserveGeneration("1", "discord:1", "a" * 32, 86_400, origin=f"guild:{FOXES}"))
    now[0] = "2026-11-16T00:00:00.000000Z"
    ledger.execute(CompleteGeneration("1", "system", "a" * 32, "stability", "core", 4.0, credits=0.2))
    ledger.execute(ReleasePlaces("1", "system", "a" * 32, "not_kept"))
    store.close()
    found = read(tmp_path / "root", Week(date(2026, 11, 23))).digest(str(FOXES)).former
    assert (found.asked, found.made, found.releases["not_kept"], found.credits) == (0, 1, 1, 0.2)


def test_it_needs_no_database_and_nothing_that_draws(month: Path) -> None:
    """In a Python that has neither: the extra `reports` is for the picture alone."""
    week = weeks_of(month)[1]
    program = f"""
import sys
for name in ("duckdb", "fsspec", "vl_convert"):
    sys.modules[name] = None
from pathlib import Path
from datetime import date
from adapters.engines.choice import default_engine
from adapters.ports.faults import ConfigError
from adapters.reports.digest import Pool, read_weeks
from adapters.reports.digest_picture import picture
from projections.iso_weeks import Week
found = read_weeks(Path({str(month)!r}), default_engine(), Week(date.fromisoformat({str(week.monday)!r})), Pool(1, 2))
print(found.digest(None).this.made)
try:
    picture(found.digest(None))
except ConfigError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    made, said = done.stdout.split("\n", 1)
    assert int(made) == read(month, week).digest(None).this.made
    assert "abby-ledger[reports]" in said


def test_a_week_before_the_log_is_known_as_one(month: Path, tmp_path: Path) -> None:
    """So too of a log that has nothing yet."""
    weeks = weeks_of(month)
    assert not read(month, weeks[0]).is_before_the_log
    assert read(month, weeks[0].former()).is_before_the_log
    open_store(tmp_path / "root").close()
    empty = read(tmp_path / "root", weeks[0])
    assert empty.is_before_the_log
    assert empty.digest(None).this.is_empty
    assert headline(empty.digest(None)) == "Nothing was made or asked for in this week."


def test_whoever_gives_up_ends_the_reading(month: Path) -> None:
    """What the caller raises comes out."""

    def stop() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        read_weeks(month, default_engine(), weeks_of(month)[-1], Pool(1, 2), stop)


@pytest.mark.parametrize(
    ("at", "hours", "name"),
    [
        ("2026-11-30T07:59:59.999999Z", 8, "2026-W47"),
        ("2026-11-30T08:00:00.000000Z", 8, "2026-W48"),
        ("2026-12-06T23:59:59.000000Z", 8, "2026-W48"),
        ("2026-11-30T00:00:00.000000Z", 0, "2026-W48"),
        ("2026-12-06T19:00:00.000000Z", 6 * 24 + 20, "2026-W47"),
        ("2027-01-04T08:00:00.000000Z", 8, "2026-W53"),
        ("2021-01-04T00:00:00.000000Z", 0, "2020-W53"),
    ],
)
def test_the_week_that_is_told(at: str, hours: int, name: str) -> None:
    """The newest whole one, once so many hours of the next have passed; a year may have 53."""
    assert last_whole_week(at, hours=hours).name == name
    assert week_named(name) == last_whole_week(at, hours=hours)


@pytest.mark.parametrize(
    "name", ["", "2026-W54", "2026-W00", "2021-W53", "0001-W01", "2026-48", "\uff12026-W48", "2026-W481"]
)
def test_no_week(name: str) -> None:
    """None of that name."""
    assert week_named(name) is None


@pytest.mark.parametrize(
    ("monday", "told"),
    [
        (date(2026, 11, 23), "Week 48: 23 to 29 November 2026"),
        (date(2026, 11, 30), "Week 49: 30 November to 6 December 2026"),
        (date(2026, 12, 28), "Week 53: 28 December 2026 to 3 January 2027"),
    ],
)
def test_a_week_is_told_by_its_days(monday: date, told: str) -> None:
    """Month and year once, where they are the same."""
    assert title(Week(monday)) == told


def figures(**given: Any) -> Figures:
    nothing = WeeklyFigures(Week(date(2026, 11, 23))).of(Week(date(2026, 11, 23)), None)
    refusals = {**NO_REFUSALS, **given.pop("refusals", {})}
    releases = {**nothing.releases, **given.pop("releases", {})}
    return nothing._replace(refusals=refusals, releases=releases, **given)


SOON = FORECAST._replace(outlook="full_on", full_on="2026-12-20")
ADVICE: list[tuple[Figures, Forecast, Advice | None, str]] = [
    (figures(), FORECAST, None, ""),
    (figures(refusals={"refused_daily": 9}), FORECAST, None, ""),
    (
        figures(refusals={"refused_daily": 31}, daily_limit=5),
        FORECAST,
        Advice(AdviceKind.REFUSED_DAILY, 31, 5),
        "31 refusals by the daily limit of 5. Raise it.",
    ),
    (
        figures(refusals={"refused_daily": 31, "refused_user": 32}),
        FORECAST,
        Advice(AdviceKind.REFUSED_USER, 32),
        "32 refusals because a member's own storage was full. Raise it.",
    ),
    (
        figures(refusals={"refused_pool": 10, "refused_daily": 99}),
        FORECAST,
        Advice(AdviceKind.REFUSED_POOL, 10),
        "10 refusals because the storage of all was full. Make room.",
    ),
    (
        figures(refusals={"refused_window": 10, "refused_daily": 9}),
        FORECAST,
        Advice(AdviceKind.REFUSED_WINDOW, 10),
        "10 refusals by limits of a day, week or month. Raise it.",
    ),
    (figures(), SOON, Advice(AdviceKind.POOL_SOON), "Storage is full within a month at this pace. Make room."),
    (figures(), FORECAST._replace(outlook="full_on", full_on="2027-02-01"), None, ""),
    (
        figures(asked=25, releases={"failed": 3, "unknown": 2}),
        SOON,
        Advice(AdviceKind.FAILING, 5),
        "5 generations failed, one in five or more. Look.",
    ),
    (figures(asked=26, releases={"failed": 5}), FORECAST, None, ""),
    (
        figures(asked=5, releases={"failed": 5}, refusals={"refused_pool": 1}),
        FORECAST._replace(outlook="full"),
        Advice(AdviceKind.POOL_FULL, 1),
        "Storage is full, with 1 refusal: nobody can make or keep pictures. Make room.",
    ),
]


@pytest.mark.parametrize(("this", "ahead", "given", "said"), ADVICE)
def test_one_piece_of_advice_the_most_pressing(this: Figures, ahead: Forecast, given: Advice | None, said: str) -> None:
    """Each at its bound, and which goes before which."""
    assert advice(this, ahead, "2026-11-29") == given
    assert (advice_in_words(given, TODO) or "") == said


def test_every_kind_of_advice_is_tried() -> None:
    """A new one needs its rows."""
    assert {given.kind for _, _, given, _ in ADVICE if given} == set(AdviceKind)


@pytest.mark.parametrize(
    ("made", "former", "said"),
    [
        (1, 0, "1 picture by 0 people; none the week before."),
        (3, 2, "3 pictures by 0 people, 50 % more than the week before."),
        (2, 4, "2 pictures by 0 people, 50 % fewer than the week before."),
        (1000, 1001, "1,000 pictures by 0 people, as many as the week before."),
    ],
)
def test_the_week_in_a_sentence(made: int, former: int, said: str) -> None:
    """Beside the week before."""
    week = Week(date(2026, 11, 23))
    both = figures(made=made, asked=made), figures(made=former)
    assert headline(Digest(week, None, 9, *both, forecast=FORECAST, growth=(), advice=None)) == said

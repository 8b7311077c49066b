"""People hear of a limit before it refuses: at which percentages, of which limits, and once."""

from __future__ import annotations

from typing import Any

import pytest

from domain.commands import ReserveGeneration, SetPolicy
from domain.events import Event, GenerationReserved, PolicyChanged
from domain.instants import LATEST, later
from domain.limit_names import ALL_LIMITS, DAILY, OF_WINDOWS, POOL_STORAGE, USER_STORAGE
from domain.refusals import Reason
from domain.threshold_events import ThresholdCrossed
from domain.thresholds import reached
from tests.domain.examples import (
    NOON,
    OTHER,
    USER,
    adopt,
    complete,
    correct_clock,
    delete,
    give,
    key,
    on,
    override,
    policy,
    release,
    reserve,
    reset_daily,
    save,
)
from tests.domain.history import History, given

TELL_AT = (80, 95, 100)
ROOM = 1_000_000_000
MONTH = "2026-03-01"
TODAY = "2026-03-10"
MONDAY = "2026-03-09"


def rule(**limits: Any) -> PolicyChanged:
    """Limits of which nothing but what a test names is ever nearly reached."""
    far = {"daily": ROOM, "user_bytes": ROOM, "pool_bytes": ROOM, "gen_bytes": 0}
    return policy(**{**far, "tell_at": TELL_AT, **limits})


def told(history: History) -> list[tuple[str, int]]:
    """The limits and percentages that the last decision told."""
    assert isinstance(history.decision, tuple)
    return [(event.limit_name, event.percent) for event in history.decision if isinstance(event, ThresholdCrossed)]


def crossed(limit: str, percent: int, used: int, most: int, **more: Any) -> ThresholdCrossed:
    return ThresholdCrossed(NOON, "system", limit, percent, used, most, **more)


def last(history: History) -> Event:
    assert isinstance(history.decision, tuple)
    return history.events[-1]


def of_daily(percent: int, used: int, most: int, **more: Any) -> ThresholdCrossed:
    return crossed(DAILY, percent, used, most, user=USER, begins=TODAY, **more)


@pytest.mark.parametrize(
    ("used", "most", "percent"),
    [
        (799, 1_000, 0),
        (800, 1_000, 80),
        (801, 1_000, 80),
        (949, 1_000, 80),
        (950, 1_000, 95),
        (951, 1_000, 95),
        (999, 1_000, 95),
        (1_000, 1_000, 100),
        (1_001, 1_000, 100),
        (3, 4, 0),
        (4, 5, 80),
        (0, 0, 0),
        (1, 0, 0),
    ],
)
def test_a_percentage_is_reached_from_its_very_figure_on(used: int, most: int, percent: int) -> None:
    """One under, on, one over each; a limit of nothing has none."""
    assert reached(used, most, TELL_AT) == percent


@pytest.mark.parametrize(
    ("before", "now", "percent"),
    [(78, 1, 0), (79, 1, 80), (80, 1, 0), (94, 1, 95), (95, 1, 0), (99, 1, 100), (79, 16, 95), (79, 21, 100)],
)
def test_what_is_reached_is_told_by_the_decision_that_reaches_it(before: int, now: int, percent: int) -> None:
    """Of several that one request jumps over the highest alone; of one that was told before nothing."""
    history = given(rule(daily=100), reserve("r1", count=before), reserve("r2", user=OTHER))
    history.when(reserve("r3", count=now))
    assert told(history) == ([(DAILY, percent)] if percent else [])


def test_it_stands_behind_the_other_events_and_says_whose_limit_it_is() -> None:
    """What is used with it, the limit, the first day of the window, where it was asked."""
    history = given(rule(daily=5), reserve("r1", count=3)).when(reserve("r2", origin="guild:9"))
    assert isinstance(history.decision, tuple)
    assert [type(event) for event in history.decision] == [GenerationReserved, ThresholdCrossed]
    assert last(history) == of_daily(80, 4, 5, origin="guild:9")


def test_nothing_is_told_where_no_percentage_is_set() -> None:
    """As before there were any."""
    history = given(rule(daily=2, tell_at=())).when(reserve("r1", count=2))
    assert told(history) == []


def test_a_jump_over_two_is_not_told_of_the_lower_later() -> None:
    """The highest says it all."""
    history = given(rule(daily=100), reserve("r1", count=96)).when(reserve("r2"))
    assert told(history) == []


@pytest.mark.parametrize("name", OF_WINDOWS)
def test_every_limit_of_a_window_is_told(name: str) -> None:
    """With whose it is, by the first day of its window: a Monday of a week, the first of a month."""
    scope, window, unit = name.split("/")
    limits = {"daily": 10} if name == DAILY else {"windows": ((name, 10_000 if unit == "credits" else 10),)}
    history = given(rule(**limits)).when(reserve("r1", count=8, credits_each=1_000, origin="guild:9"))
    used, most = (8_000, 10_000) if unit == "credits" else (8, 10)
    whose: dict[str, Any] = {"user": {"user": USER}, "guild": {"guild": "9"}, "pool": {}}[scope]
    first = {"day": TODAY, "week": MONDAY, "month": MONTH}[window]
    assert last(history) == crossed(name, 80, used, most, begins=first, origin="guild:9", **whose)


def test_a_users_storage_is_told_with_what_is_held_and_without_temp_files() -> None:
    """As the limit counts it."""
    history = given(rule(user_bytes=1_000), save("t.png", 900, temp=True)).when(save("a.png", 799))
    assert told(history) == []
    history.when(reserve("r1", bytes_each=1))
    assert last(history) == crossed(USER_STORAGE, 80, 800, 1_000, user=USER)


def test_the_pools_storage_is_told_with_temp_files() -> None:
    """Of whoever they are."""
    history = given(rule(pool_bytes=1_000), save("t.png", 700, temp=True)).when(save("a.png", 100, user=OTHER))
    assert last(history) == crossed(POOL_STORAGE, 80, 800, 1_000)


def test_what_is_brought_in_is_told() -> None:
    """It asks no limit, and uses it up all the same."""
    history = given(rule(user_bytes=1_000)).when(adopt("old.png", 2_000))
    assert last(history) == crossed(USER_STORAGE, 100, 2_000, 1_000, user=USER)


def test_a_plain_save_is_told_once_of_what_it_holds_and_uses() -> None:
    """Its place holds its size until the next event."""
    history = given(rule(user_bytes=1_000, daily=1)).when(save("a.png", 950))
    assert told(history) == [(DAILY, 100), (USER_STORAGE, 95)]


def test_a_picture_that_outgrows_its_place_is_told() -> None:
    """By the save, as what was held for it was less."""
    history = given(rule(user_bytes=1_000), reserve("r1", bytes_each=700)).when(save("a.png", 801, reservation="r1"))
    assert last(history) == crossed(USER_STORAGE, 80, 801, 1_000, user=USER)


def test_a_delivery_that_costs_more_than_its_price_is_told() -> None:
    """In the windows of the day that was charged, also where it comes a day later."""
    windows = (("user/day/credits", 1_000), ("pool/month/credits", 1_000))
    history = given(rule(windows=windows), reserve("r1", credits_each=700, ttl_seconds=86_400))
    history.when(complete("r1", cost=950), at=on(11))
    assert [event.begins for event in history.events if isinstance(event, ThresholdCrossed)] == [TODAY, MONTH]
    assert told(history) == [("user/day/credits", 95), ("pool/month/credits", 95)]


def test_a_guilds_limit_is_told_in_that_guild_alone() -> None:
    """And a request from elsewhere counts in none."""
    history = given(rule(windows=(("guild/day/generations", 5),)), reserve("r1", count=4, origin="guild:7"))
    assert told(history.when(reserve("r2", count=4))) == []
    history.when(reserve("r3", count=4, origin="guild:8"))
    assert last(history) == crossed("guild/day/generations", 80, 4, 5, guild="8", begins=TODAY, origin="guild:8")


def test_what_grants_bear_uses_up_no_window() -> None:
    """Whoever is beyond the limit by a grant is not told anew."""
    history = given(rule(daily=5), give("g1", 5), reserve("r1", count=5)).when(reserve("r2", count=3))
    assert told(history) == []


def test_granted_bytes_are_part_of_a_users_storage() -> None:
    """The percentage is of both."""
    history = given(rule(user_bytes=1_000), give("g1", 1_000, "bytes")).when(save("a.png", 1_599))
    assert told(history) == []
    assert told(history.when(save("b.png", 1))) == [(USER_STORAGE, 80)]


def test_a_users_own_limits_count() -> None:
    """Those in force at that time."""
    history = given(rule(daily=100), override(daily=5)).when(reserve("r1", count=4))
    assert last(history) == of_daily(80, 4, 5)


@pytest.mark.parametrize("name", [DAILY, USER_STORAGE, POOL_STORAGE])
def test_a_limit_that_is_tried_out_tells_nothing(name: str) -> None:
    """What it would refuse is recorded; nobody need do anything before it."""
    history = given(rule(daily=1, user_bytes=10, pool_bytes=10, unenforced=(name,))).when(reserve("r1", bytes_each=8))
    assert name not in dict(told(history))
    assert len(told(history)) == 2


def test_a_new_window_is_told_anew() -> None:
    """The first request of the next day that reaches it; one microsecond before midnight is still this day."""
    history = given(rule(daily=5), reserve("r1", count=4))
    history.when(reserve("r2"), at=on(10, "23:59:59.999999"))
    assert told(history) == [(DAILY, 100)]
    history.when(reserve("r3", count=4), at=on(11, "00:00"))
    assert told(history) == [(DAILY, 80)]


def test_what_is_given_back_and_used_again_is_told_once() -> None:
    """Also after a reset: once for each limit, window and percentage."""
    history = given(rule(daily=5), reserve("r1", count=4), release("r1"))
    assert told(history.when(reserve("r2", count=4))) == []
    history.when(reset_daily())
    assert told(history.when(reserve("r3", count=4))) == []
    assert told(history.when(reserve("r4"))) == [(DAILY, 100)]


@pytest.mark.parametrize(("fallen_to", "again"), [(749, True), (750, False), (751, False), (799, False)])
def test_a_storage_is_told_anew_once_it_was_less_by_five_points(fallen_to: int, again: bool) -> None:
    """One under, on, one over: who stands at a percentage is not told at each picture."""
    history = given(rule(user_bytes=1_000, daily=ROOM), save("a.png", 800))
    history.when(save("a.png", fallen_to))
    history.when(save("a.png", 800))
    assert told(history) == ([(USER_STORAGE, 80)] if again else [])


def test_of_a_storage_that_fell_the_lower_percentage_is_told_when_that_is_reached() -> None:
    """It had fallen below both."""
    history = given(rule(user_bytes=1_000), save("a.png", 1_000), delete("a.png"), save("b.png", 700))
    assert told(history.when(save("c.png", 150))) == [(USER_STORAGE, 80)]
    assert told(history.when(save("d.png", 100))) == [(USER_STORAGE, 95)]


def test_of_a_storage_that_fell_a_little_a_lower_percentage_is_not_told() -> None:
    """From 100 to 85 %: 80 was never left."""
    history = given(rule(user_bytes=1_000), save("a.png", 150), save("b.png", 850), delete("a.png"))
    assert told(history.when(save("c.png", 10))) == []
    assert told(history.when(save("d.png", 140))) == [(USER_STORAGE, 100)]


def test_lowered_limits_are_told_by_the_next_request() -> None:
    """A change of limits uses nothing."""
    history = given(rule(daily=100), reserve("r1", count=4))
    history.when(SetPolicy("library", "environment", daily=5))
    assert told(history) == []
    assert told(history.when(reserve("r2"))) == [(DAILY, 100)]


def test_percentages_that_are_set_later_are_told_by_the_next_request() -> None:
    """None were when it was reached."""
    history = given(rule(daily=5, tell_at=()), reserve("r1", count=4))
    history.when(SetPolicy("library", "environment", tell_at=(50,)))
    assert told(history.when(reserve("r2"))) == [(DAILY, 50)]


def test_a_refused_request_tells_nothing() -> None:
    """It reaches nothing."""
    history = given(rule(daily=5), reserve("r1", count=3)).when(reserve("r2", count=3))
    history.then_refused(Reason.DAILY_LIMIT)
    assert [event for event in history.events if isinstance(event, ThresholdCrossed)] == []


def test_after_a_corrected_clock_the_windows_of_the_right_time_are_told() -> None:
    """What was told of windows that are yet to come is forgotten."""
    history = given(rule(daily=5)).when(reserve("r1", count=4), at=on(20))
    history.when(correct_clock(), at=on(10))
    assert told(history.when(reserve("r2", count=4), at=on(10))) == [(DAILY, 80)]
    assert told(history.when(reserve("r3", count=4), at=on(20))) == [(DAILY, 80)]


def test_a_repeated_request_tells_nothing_again() -> None:
    """It gets the answer that it got, in which nothing of this is."""
    asked = reserve("r1", count=4, idempotency_key=key("k"))
    given(rule(daily=5)).when(asked).when(asked).then_answered(2)


def test_the_last_day_of_the_calendar_has_windows_too() -> None:
    """No window ends there, and each begins."""
    windows = tuple((name, 5) for name in OF_WINDOWS[1:9])
    history = given(rule(daily=5, windows=windows)).when(reserve("r1", count=4, origin="guild:9"), at=LATEST)
    assert {percent for _, percent in told(history)} == {80}
    assert len(told(history)) == 9


@pytest.mark.parametrize("tell_at", [(0,), (101,), (80, 80), (95, 80), tuple(range(1, 22)), (True,), (1.5,)])
def test_percentages_rise_from_1_to_100_and_are_not_many(tell_at: tuple[Any, ...]) -> None:
    """A setting that is otherwise is refused before this."""
    given(rule()).when(SetPolicy("library", "environment", tell_at=tell_at)).then_refused(Reason.MALFORMED)


FALSE: list[tuple[str, ThresholdCrossed]] = [
    ("is no limit", of_daily(80, 4, 5)._replace(user=None)),
    ("is no limit", of_daily(80, 4, 5)._replace(begins=None)),
    ("is no limit", of_daily(80, 4, 5)._replace(guild="9")),
    ("is no limit", crossed(USER_STORAGE, 80, 800, 1_000, user=USER, begins=TODAY)),
    ("is no limit", crossed(POOL_STORAGE, 80, 800, 1_000, guild="9")),
    ("is told to be 80 %", of_daily(80, 3, 4)),
    ("yet to come", of_daily(80, 4, 5)._replace(begins="2026-03-11")),
    ("told twice", of_daily(100, 100, 100)),
    ("told twice", of_daily(80, 80, 100)._replace(begins="2026-03-09")),
    ("where 10000 are", crossed(USER_STORAGE, 80, 800, 1_000, user=USER)),
    ("where 10000 are", crossed(POOL_STORAGE, 80, 800, 1_000)),
]


@pytest.mark.parametrize(("because", "event"), FALSE)
def test_what_cannot_have_been_told_stops_a_replay(because: str, event: ThresholdCrossed) -> None:
    """Of nobody's limit, of less than it says, of a window that is yet to come, or twice."""
    given(rule(daily=100), reserve("r1", count=100)).then_impossible(event, because)


def test_every_limit_can_be_told() -> None:
    """None is forgotten here."""
    assert {*OF_WINDOWS, USER_STORAGE, POOL_STORAGE} == set(ALL_LIMITS)


def test_thirty_windows_keep_one_row() -> None:
    """As few rows as there are limits, however many windows there were."""
    history = given(rule(daily=5))
    for day in range(30):
        command: ReserveGeneration = reserve(f"r{day}", count=5)
        history.when(command, at=later(NOON, seconds=86_400 * day))
    assert len(history.state.thresholds.dump()) == 1

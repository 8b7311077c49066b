"""Limits of windows: each of a scope, window and unit is asked, and what a picture costs is held with its place."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from domain.commands import Command
from domain.events import Asked, LimitExceeded, PolicyChanged
from domain.limit_names import ALL_LIMITS, FURTHER, OF_WINDOWS
from domain.refusals import Reason, Refusal
from domain.windows import begin_of, begins_anew_at, window_named, windows_of
from tests.domain.examples import (
    BY,
    NOON,
    OTHER,
    USER,
    complete,
    completed,
    override,
    policy,
    release,
    released,
    reserve,
    reserved,
    reset,
    save,
    saved,
    saved_plainly,
)
from tests.domain.history import Past, given

GUILD = "guild:9"


def limit(name: str, most: int, *others: tuple[str, int]) -> PolicyChanged:
    """A policy with further limits, and no daily one that matters."""
    return policy(daily=1_000, windows=((name, most), *others))


def refusal(told: object) -> Refusal:
    assert isinstance(told, Refusal)
    return told


# -- the calendar


@pytest.mark.parametrize(
    ("at", "window", "begin", "end"),
    [
        ("2026-03-10T23:59:59.999999Z", "day", "2026-03-10", "2026-03-11"),
        ("2026-03-11T00:00:00.000000Z", "day", "2026-03-11", "2026-03-12"),
        ("2026-12-31T12:00:00.000000Z", "week", "2026-12-28", "2027-01-04"),
        ("2027-01-03T23:59:59.999999Z", "week", "2026-12-28", "2027-01-04"),
        ("2027-01-04T00:00:00.000000Z", "week", "2027-01-04", "2027-01-11"),
        ("2026-02-28T23:59:59.999999Z", "month", "2026-02-01", "2026-03-01"),
        ("2028-02-29T23:59:59.999999Z", "month", "2028-02-01", "2028-03-01"),
        ("2026-04-30T23:59:59.999999Z", "month", "2026-04-01", "2026-05-01"),
        ("2026-05-01T00:00:00.000000Z", "month", "2026-05-01", "2026-06-01"),
        ("2026-12-31T23:59:59.999999Z", "month", "2026-12-01", "2027-01-01"),
        ("0001-01-01T00:00:00.000000Z", "week", "0001-01-01", "0001-01-08"),
    ],
)
def test_windows_begin_and_end_at_midnight_of_utc(at: str, window: str, begin: str, end: str) -> None:
    """A day, a week from Monday across New Year, months of 28 to 31 days, a leap day."""
    assert begin_of(at, window) == begin
    assert begins_anew_at(at, window) == f"{end}T00:00:00.000000Z"


@pytest.mark.parametrize("window", ["day", "week", "month"])
def test_the_calendar_has_an_end_and_nothing_breaks_there(window: str) -> None:
    """The last day there is ends with the last time there is."""
    assert begins_anew_at("9999-12-31T23:59:59.999999Z", window) == "9999-12-31T23:59:59.999999Z"


def test_a_window_has_one_name_and_no_two_lengths_share_one() -> None:
    """A first of a month that is a Monday begins all three."""
    assert len(set(windows_of("2026-06-01"))) == 3
    assert {window_named(f"2026-06-0{day}T00:00:00.000000Z", "week") for day in range(1, 8)} == {"week of 2026-06-01"}


# -- the last microsecond of a window

TURNS = [
    ("day", "2026-03-10T23:59:59.999999Z", "2026-03-11T00:00:00.000000Z"),
    ("week", "2026-12-27T23:59:59.999999Z", "2026-12-28T00:00:00.000000Z"),
    ("week", "2027-01-03T23:59:59.999999Z", "2027-01-04T00:00:00.000000Z"),
    ("month", "2026-02-28T23:59:59.999999Z", "2026-03-01T00:00:00.000000Z"),
    ("month", "2028-02-29T23:59:59.999999Z", "2028-03-01T00:00:00.000000Z"),
    ("month", "2026-04-30T23:59:59.999999Z", "2026-05-01T00:00:00.000000Z"),
    ("month", "2026-12-31T23:59:59.999999Z", "2027-01-01T00:00:00.000000Z"),
]


@pytest.mark.parametrize(("window", "last", "first"), TURNS)
@pytest.mark.parametrize("scope", ["user", "guild", "pool"])
@pytest.mark.parametrize("unit", ["generations", "credits"])
def test_one_under_on_and_one_over_and_then_the_window_turns(
    scope: str, unit: str, window: str, last: str, first: str
) -> None:
    """Three fit a limit of three, a fourth does not in the last microsecond, and fits in the next."""
    name = f"{scope}/{window}/{unit}"
    if name == "user/day/generations":
        rule = policy(at=last, daily=3)
    else:
        rule = policy(at=last, daily=1_000, windows=((name, 3),))
    past: Past = [rule, reserved("a", at=last, count=2, credits_each=1, origin=GUILD)]
    asked: dict[str, Any] = {"credits_each": 1, "origin": GUILD}
    given(*past).when(reserve("b", **asked), at=last).then_allowed()
    told = given(*past, reserved("b", at=last, credits_each=1, origin=GUILD)).when(reserve("c", **asked), at=last)
    refused = refusal(told.decision)
    assert (refused.limit, refused.used + refused.held) == (3, 3)
    assert refused.resets_at == first
    told.when(reserve("c", **asked), at=first).then_allowed()


@pytest.mark.parametrize("scope", ["user", "guild", "pool"])
@pytest.mark.parametrize(("month", "days"), [("2026-02", 28), ("2028-02", 29), ("2026-04", 30), ("2026-01", 31)])
def test_a_month_counts_each_of_its_days(scope: str, month: str, days: int) -> None:
    """One place on every day of it: the last fits on its last day, and one more does not."""
    begin = f"{month}-01T00:00:00.000000Z"
    past: Past = [policy(at=begin, daily=9, windows=((f"{scope}/month/generations", days),))]
    past += [reserved(f"d{day}", at=f"{month}-{day:02}T00:00:00.000000Z", origin=GUILD) for day in range(1, days)]
    last = f"{month}-{days}T23:59:59.999999Z"
    told = given(*past).when(reserve("last", origin=GUILD), at=last).then_allowed()
    told.when(reserve("over", origin=GUILD), at=last).then_refused(Reason.WINDOW_LIMIT, limit=days, used=days)


# -- scopes


def test_each_limit_is_of_its_own_scope() -> None:
    """What another user made counts for guild and pool, what another guild's member made for the pool alone."""
    others = reserved("a", user=OTHER, origin=GUILD), reserved("b", user=OTHER, origin="guild:8")
    given(limit("user/week/generations", 1), *others).when(reserve(origin=GUILD)).then_allowed()
    given(limit("guild/week/generations", 2), *others).when(reserve(origin=GUILD)).then_allowed()
    given(limit("guild/week/generations", 1), *others).when(reserve(origin=GUILD)).then_refused(Reason.WINDOW_LIMIT)
    given(limit("guild/week/generations", 0), *others).when(reserve(origin="http")).then_allowed()
    given(limit("pool/week/generations", 2), *others).when(reserve(origin=GUILD)).then_refused(Reason.WINDOW_LIMIT)


def test_a_picture_that_is_saved_without_a_reservation_takes_a_place_of_every_window_and_no_credits() -> None:
    """It was made elsewhere: nobody is paid for it."""
    given(limit("user/month/generations", 1)).when(save()).then_allowed()
    given(limit("user/month/generations", 1), *saved_plainly()).when(save("b.png")).then_refused(Reason.WINDOW_LIMIT)
    given(limit("user/month/credits", 0)).when(save()).then_allowed()


def test_a_reset_of_the_day_gives_the_day_back_and_no_other_window() -> None:
    """A week's count is what the week has had."""
    past: Past = [policy(daily=1, windows=(("user/week/generations", 2),)), reserved("a"), reset()]
    told = given(*past).when(reserve("b"))
    told.then_allowed()
    given(*past, reserved("b"), reset()).when(reserve("c")).then_refused(Reason.WINDOW_LIMIT)


def test_what_a_release_gives_back_counts_in_every_window_even_after_a_reset() -> None:
    """The reset took the day's charge away, not the week's."""
    past: Past = [limit("user/week/generations", 1), reserved("a"), reset(), released("a", refunded=0)]
    given(*past).when(reserve("b")).then_allowed()


# -- what a picture costs


def test_a_price_is_held_and_settled_by_what_was_reported() -> None:
    """10 are held, 7 spent: 3 are free again. Held and spent are told apart."""
    past: Past = [limit("pool/month/credits", 20), reserved("a", credits_each=10)]
    told = refusal(given(*past).when(reserve("b", credits_each=11)).decision)
    assert (told.window, told.used, told.held, told.asked.credits) == ("pool/month/credits", 0, 10, 11)
    told = refusal(given(*past, completed("a", cost=7)).when(reserve("b", credits_each=14)).decision)
    assert (told.used, told.held) == (7, 0)
    given(*past, completed("a", cost=7)).when(reserve("b", credits_each=13)).then_allowed()


def test_a_delivery_costs_what_was_reported_else_the_price() -> None:
    """A free picture costs 0; nothing is known of one without price and report."""
    past: Past = [reserved("a", count=3, credits_each=10)]
    given(*past).when(complete("a", count=2)).then(completed("a", count=2, cost=20))
    given(*past).when(complete("a", count=2, cost=0)).then(completed("a", count=2, cost=0))
    given(reserved("a")).when(complete("a")).then(completed("a"))


def test_more_than_was_held_is_spent_all_the_same() -> None:
    """The provider was paid; the next request hears of it."""
    past: Past = [
        limit("user/month/credits", 20),
        reserved("a", credits_each=10),
        completed("a", cost=25),
    ]
    told = refusal(given(*past).when(reserve("b", credits_each=1)).decision)
    assert (told.used, told.held, told.limit) == (25, 0, 20)


def test_a_release_frees_what_was_held() -> None:
    """Nothing was paid."""
    past: Past = [limit("pool/month/credits", 10), reserved("a", credits_each=10), released("a")]
    given(*past).when(reserve("b", credits_each=10)).then_allowed()


def test_what_was_perhaps_paid_is_the_guilds_and_the_pools_never_the_users() -> None:
    """Nobody knows whether the service took its price."""
    past: Past = [reserved("a", credits_each=10, origin=GUILD)]
    given(*past).when(release("a", "unknown")).then(released("a", reason="unknown", cost=10))
    past += [released("a", reason="unknown", cost=10)]
    again = reserve("b", credits_each=10, origin=GUILD)
    for name in ("guild/month/credits", "pool/month/credits"):
        given(limit(name, 19), *past).when(again).then_refused(Reason.WINDOW_LIMIT)
        given(limit(name, 20), *past).when(again).then_allowed()
    given(limit("user/month/credits", 10), *past).when(again).then_allowed()


def test_a_picture_that_was_moderated_was_paid() -> None:
    """Also where its place is free: the place is the member's, the credits are the owner's."""
    past: Past = [
        policy(daily=1, moderated_free=True, windows=(("pool/month/credits", 19),)),
        reserved("a", credits_each=10),
        completed("a", cost=10),
        released("a", delivered=1, reason="moderated", refunded=1),
    ]
    given(*past).when(reserve("b", credits_each=9)).then_allowed()
    given(*past).when(reserve("b", credits_each=10)).then_refused(Reason.WINDOW_LIMIT)


def test_a_picture_kept_without_a_delivery_costs_its_price_until_one_is_told() -> None:
    """Told later, it costs what was reported, once."""
    past: Past = [
        limit("pool/month/credits", 20),
        reserved("a", count=2, credits_each=10),
        saved(reservation="a"),
    ]
    told = refusal(given(*past).when(reserve("b", credits_each=1)).decision)
    assert (told.used, told.held) == (10, 10)
    told = refusal(given(*past, completed("a", cost=4)).when(reserve("b", credits_each=7)).decision)
    assert (told.used, told.held) == (4, 10)


def test_a_delivery_that_is_told_after_its_release_is_paid() -> None:
    """As its place is: the provider was paid all the same."""
    past: Past = [
        limit("pool/month/credits", 10),
        reserved("a", credits_each=10),
        released("a"),
        completed("a", cost=10),
    ]
    given(*past).when(reserve("b", credits_each=1)).then_refused(Reason.WINDOW_LIMIT)


def test_credits_of_former_versions_are_counted_too() -> None:
    """They stored what was reported as a number with a point, and no price."""
    past: Past = [limit("pool/month/credits", 3_000), reserved("a"), completed("a", credits=2.5)]
    given(*past).when(reserve("b", credits_each=500)).then_allowed()
    given(*past).when(reserve("b", credits_each=501)).then_refused(Reason.WINDOW_LIMIT)


# -- an unknown price


@pytest.mark.parametrize("name", [name for name in OF_WINDOWS if name.endswith("credits")])
def test_without_a_price_nothing_is_taken_while_a_limit_of_credits_applies(name: str) -> None:
    """A free picture has a price, 0; a guild's limit applies in a guild."""
    told = given(limit(name, 1)).when(reserve(model="new-model", origin=GUILD))
    told.then_refused(Reason.PRICE_UNKNOWN, detail="new-model")
    given(limit(name, 1)).when(reserve(credits_each=0, origin=GUILD)).then_allowed()
    if name.startswith("guild"):
        given(limit(name, 1)).when(reserve()).then_allowed()


def test_without_a_limit_of_credits_no_price_is_needed() -> None:
    """As before there were prices."""
    given(limit("user/week/generations", 1)).when(reserve()).then(reserved())


def test_a_limit_of_credits_that_is_only_tried_out_needs_no_price() -> None:
    """It refuses nobody; beside another that is in force it needs one all the same."""
    tried = policy(windows=(("pool/month/credits", 1),), unenforced=("pool/month/credits",))
    given(tried).when(reserve(model="new-model")).then(reserved(model="new-model"))
    both = (("user/month/credits", 1_000), ("pool/month/credits", 1))
    told = given(policy(windows=both, unenforced=("pool/month/credits",))).when(reserve(model="new-model"))
    told.then_refused(Reason.PRICE_UNKNOWN, detail="new-model")


# -- own limits


def test_a_users_own_limit_of_a_window_wins() -> None:
    """It replaces the one for everybody, or is there alone, until its end."""
    own = (("user/week/generations", 2),)
    past: Past = [limit("user/week/generations", 1), reserved("a")]
    given(*past, override(windows=own)).when(reserve("b")).then_allowed()
    given(*past, override(windows=own)).when(reserve("b", count=2)).then_refused(Reason.WINDOW_LIMIT)
    given(policy(), reserved("a"), override(windows=own)).when(reserve("b", count=2)).then_refused(Reason.WINDOW_LIMIT)
    given(*past, override(windows=own, until=NOON)).when(reserve("b")).then_refused(Reason.WINDOW_LIMIT)


# -- order


def test_every_limit_is_asked_in_the_one_order() -> None:
    """Each pair of limits that a request breaks both of names the first."""
    for first, second in permutations(ALL_LIMITS, 2):
        if ALL_LIMITS.index(first) < ALL_LIMITS.index(second):
            told = given(_none_of(first, second)).when(reserve(credits_each=1, origin=GUILD))
            assert _name_of(refusal(told.decision)) == first


def _none_of(*names: str) -> PolicyChanged:
    return policy(
        daily=0 if "user/day/generations" in names else 1_000,
        user_bytes=0 if "user/storage" in names else 1_000,
        pool_bytes=0 if "pool/storage" in names else 1_000,
        windows=tuple((name, 0) for name in FURTHER if name in names),
    )


def _name_of(told: Refusal) -> str:
    names = {"DAILY_LIMIT": "user/day/generations", "USER_STORAGE": "user/storage", "POOL_STORAGE": "pool/storage"}
    return told.window or names[told.reason.value]


# -- limits that are tried out


@pytest.mark.parametrize("name", ALL_LIMITS)
def test_a_limit_that_is_tried_out_refuses_nothing_and_tells_what_it_would_have(name: str) -> None:
    """The request goes on, and the record stands before it."""
    rule = _none_of(name)
    tried = rule._replace(limits=rule.limits._replace(unenforced=(name,)))
    told = given(tried).when(reserve(credits_each=1, origin=GUILD))
    exceeded, place = told.events[-2:]
    assert isinstance(exceeded, LimitExceeded)
    assert (exceeded.limit, exceeded.used, exceeded.by) == (0, 0, BY)
    assert place == reserved(credits_each=1, origin=GUILD)
    enforced = given(rule).when(reserve(credits_each=1, origin=GUILD))
    assert (exceeded.reason, exceeded.window) == (
        refusal(enforced.decision).reason.value,
        refusal(enforced.decision).window,
    )


def test_a_limit_that_is_tried_out_hides_no_other() -> None:
    """The next that says no is the refusal, and nothing else is recorded."""
    tried = policy(daily=0, user_bytes=0, unenforced=("user/day/generations",))
    told = refusal(given(tried).when(reserve()).decision)
    assert told.reason is Reason.USER_STORAGE


def test_a_save_that_a_tried_limit_would_refuse_is_kept() -> None:
    """With its place, and the record before both."""
    tried = policy(daily=0, unenforced=("user/day/generations",))
    decided = given(tried).when(save()).decision
    assert isinstance(decided, tuple)
    assert [type(event).__name__ for event in decided] == ["LimitExceeded", "GenerationReserved", "ImageSaved"]
    assert isinstance(decided[0], LimitExceeded)
    assert decided[0].asked == Asked(1, 100)


@pytest.mark.parametrize("command", [reserve(credits_each=-1), reserve(credits_each=2**53), reserve(credits_each=True)])
def test_a_price_is_whole_thousandths(command: Command) -> None:
    """From 0 up."""
    given(policy()).when(command).then_refused(Reason.MALFORMED)


def test_a_refusal_of_a_window_is_recorded_with_its_limit_and_who_would_have_made_it() -> None:
    """So that anybody can say later why."""
    told = given(limit("user/month/credits", 5)).when(
        reserve(count=2, credits_each=3, provider="stability", model="core", style="anime")
    )
    record = refusal(told.decision).record
    assert record is not None
    assert record.asked == Asked(2, 200, 0, 6)
    assert (record.window, record.provider, record.model, record.user) == (
        "user/month/credits",
        "stability",
        "core",
        USER,
    )

"""Grants: they bear what the own windows of a user have no room for, and get back what is not needed."""

from __future__ import annotations

import pytest

from domain.commands import Command
from domain.events import Event
from domain.grants import Draw, available
from domain.limit_names import CREDITS, GENERATIONS
from domain.refusals import Reason
from tests.domain.examples import (
    NOON,
    OTHER,
    SWEEP,
    USER,
    complete,
    completed,
    give,
    granted,
    on,
    policy,
    release,
    released,
    reserve,
    reserved,
    reset,
    save,
    saved,
    void,
    voided,
)
from tests.domain.history import History, Past, given

MONTH_END = "2026-04-01T00:00:00.000000Z"
NEXT_MONTH_END = "2026-05-01T00:00:00.000000Z"


def places(grant: str, amount: int) -> Draw:
    return Draw(grant, GENERATIONS, amount)


def paid(grant: str, amount: int) -> Draw:
    return Draw(grant, CREDITS, amount)


def balance(told: History, grant: str = "g1", user: str = USER) -> int:
    found = told.state.grant(user, grant)
    assert found is not None
    return found.balance


# -- drawing


def test_a_generation_beyond_a_windows_limit_draws_on_a_grant() -> None:
    """The limit bears what it can, the grant the rest; the decision says how much."""
    past: Past = [policy(daily=2), granted(amount=3)]
    given(*past).when(reserve(count=2)).then(reserved(count=2))
    given(*past).when(reserve(count=4)).then(reserved(count=4, drawn=(places("g1", 2),)))
    given(*past).when(reserve(count=6)).then_refused(Reason.DAILY_LIMIT, limit=2, used=0)


@pytest.mark.parametrize(("asked", "borne"), [(2, 0), (3, 1), (4, 2), (5, 3), (6, None)])
def test_limit_and_grant_together_bear_so_much(asked: int, borne: int | None) -> None:
    """A limit of 2 and a grant of 3: on the limit, one over, one under both, both, one over both."""
    told = given(policy(daily=2), granted(amount=3)).when(reserve(count=asked))
    if borne is None:
        told.then_refused(Reason.DAILY_LIMIT, limit=2, used=0)
    else:
        told.then(reserved(count=asked, drawn=(places("g1", borne),) if borne else ()))


def test_a_limit_that_is_only_tried_out_draws_on_no_grant() -> None:
    """It would have been borne; what is spent of a grant is what a limit in force has no room for."""
    tried = policy(daily=1, windows=(("user/week/generations", 2),), unenforced=("user/day/generations",))
    told = given(tried, granted(amount=3)).when(reserve(count=2))
    assert told.events[-1] == reserved(count=2)
    told = given(tried, granted(amount=3)).when(reserve(count=3))
    assert told.events[-1] == reserved(count=3, drawn=(places("g1", 1),))


def test_one_draw_is_enough_for_all_windows_of_a_unit() -> None:
    """A day that lacks one and a week that lacks two are borne by two."""
    rule = policy(daily=2, windows=(("user/week/generations", 1),))
    given(rule, granted(amount=3)).when(reserve(count=3)).then(reserved(count=3, drawn=(places("g1", 2),)))


def test_what_a_grant_bears_takes_nothing_of_the_windows() -> None:
    """The week's limit is there for what the week's limit bears."""
    rule = policy(daily=1, windows=(("user/week/generations", 2),))
    past: Past = [rule, granted(amount=1), reserved("a"), reserved("b", drawn=(places("g1", 1),))]
    given(*past).when(reserve("c"), at=on(11)).then_allowed()


def test_a_grant_bears_all_where_more_is_used_than_the_limit() -> None:
    """After the limit was lowered, or a service took more than its price: what is beyond it is nobody's to bear."""
    past: Past = [policy(daily=3), reserved("r1", count=3), policy(daily=1), granted(amount=2)]
    told = given(*past).when(reserve("r2", count=2)).then(reserved("r2", count=2, drawn=(places("g1", 2),)))
    told.when(reserve("r3")).then_refused(Reason.DAILY_LIMIT, limit=1, used=3)
    of_credits = policy(windows=(("user/month/credits", 5_000),))
    dear: Past = [of_credits, reserved(credits_each=1_000), completed(cost=9_000), granted(amount=2_000, unit=CREDITS)]
    bears = given(*dear).when(reserve("r2", credits_each=2_000)).then_allowed()
    assert balance(bears) == 0
    bears.when(reserve("r3", credits_each=1)).then_refused(Reason.WINDOW_LIMIT, used=9_000)


def test_credits_beyond_a_limit_are_borne_in_thousandths() -> None:
    """Places and credits each by their own grants."""
    rule = policy(daily=1, windows=(("user/month/credits", 1_500),))
    past: Past = [rule, granted("g1", 5), granted("g2", 700, "credits")]
    expected = reserved(count=2, credits_each=1_000, drawn=(places("g1", 1), paid("g2", 500)))
    given(*past).when(reserve(count=2, credits_each=1_000)).then(expected)
    given(*past).when(reserve(count=2, credits_each=1_200)).then_refused(Reason.WINDOW_LIMIT)


def test_a_grant_is_the_users_alone_and_lifts_no_limit_of_guild_or_pool() -> None:
    """Nobody else's, and not the owner's wallet."""
    given(policy(daily=0), granted(user=OTHER)).when(reserve()).then_refused(Reason.DAILY_LIMIT)
    rule = policy(windows=(("pool/month/generations", 0),))
    given(rule, granted()).when(reserve()).then_refused(Reason.WINDOW_LIMIT, window="pool/month/generations")


def test_a_save_without_a_reservation_draws_too() -> None:
    """Its place is borne by the grant."""
    decided = given(policy(daily=0), granted()).when(save()).decision
    assert isinstance(decided, tuple)
    assert decided[0] == reserved("own", expires_at=NOON, drawn=(places("g1", 1),))


@pytest.mark.parametrize(
    ("grants", "first"),
    [
        ([granted("a", 1), granted("b", 1, priority=1)], "b"),
        ([granted("a", 1, expires_at=on(20)), granted("b", 1, expires_at=on(19))], "b"),
        ([granted("a", 1), granted("b", 1, expires_at=on(20))], "b"),
        ([granted("a", 1, expires_at=on(20)), granted("b", 1, expires_at=on(20))], "a"),
        ([granted("a", 1, priority=1), granted("b", 1, expires_at=on(19))], "a"),
        (
            [
                granted("a", 1, at=on(10), expires_at=on(11), rollover=1, rollover_until=on(25)),
                granted("b", 1, expires_at=on(20)),
            ],
            "a",
        ),
    ],
)
def test_grants_are_drawn_on_by_priority_then_by_end_then_by_age(grants: list[Event], first: str) -> None:
    """One row for each rule, and what comes before what."""
    given(policy(daily=0), *grants).when(reserve()).then(reserved(drawn=(places(first, 1),)))


def test_one_request_draws_on_several_grants_in_their_order() -> None:
    """Each to its end."""
    past: Past = [policy(daily=0), granted("a", 2), granted("b", 2, priority=3)]
    given(*past).when(reserve(count=3)).then(reserved(count=3, drawn=(places("b", 2), places("a", 1))))


# -- what comes back


def test_a_release_gives_back_to_the_grant_that_bore_the_place() -> None:
    """The grant's first, as it was drawn last; then the day's."""
    past: Past = [policy(daily=1), granted(amount=2), reserved("a", count=3, drawn=(places("g1", 2),))]
    told = given(*past).when(release("a", count=1))
    told.then(released("a", refunded=0, returned=(places("g1", 1),)))
    assert balance(told) == 1
    told.when(release("a")).then(released("a", count=2, refunded=1, returned=(places("g1", 1),)))
    assert balance(told) == 2


def test_of_two_grants_each_gets_back_what_it_bore() -> None:
    """What is used up is that of the one drawn on first; what is not needed goes back to the one drawn on last."""
    drawn = (places("b", 2), paid("c", 6), places("a", 1), paid("d", 3))
    past: Past = [
        policy(daily=0, windows=(("user/month/credits", 0),)),
        *(granted("a", 5), granted("b", 2, priority=3), granted("c", 6, "credits"), granted("d", 9, "credits")),
        reserved("a", count=3, credits_each=3, drawn=drawn),
    ]
    told = given(*past).when(release("a", count=1))
    told.then(released("a", refunded=0, returned=(places("a", 1), paid("d", 3))))
    assert [balance(told, grant) for grant in "abcd"] == [5, 0, 0, 9]
    told.when(release("a")).then(released("a", count=2, refunded=0, returned=(places("b", 2), paid("c", 6))))
    assert [balance(told, grant) for grant in "abcd"] == [5, 2, 6, 9]
    kept = given(*past, completed("a", cost=3), saved(reservation="a")).when(release("a"))
    back = (places("a", 1), places("b", 1), paid("d", 3), paid("c", 3))
    kept.then(released("a", count=2, refunded=0, returned=back))


def test_places_that_are_used_are_the_days_first() -> None:
    """So what is released later goes back to the grant."""
    past: Past = [policy(daily=1), granted(amount=1), reserved("a", count=2, drawn=(places("g1", 1),))]
    told = given(*past, completed("a"), saved(reservation="a"))
    told.when(release("a")).then(released("a", refunded=0, returned=(places("g1", 1),)))
    told = given(*past, completed("a", count=2), saved(reservation="a"), saved("b.png", reservation="a"))
    assert balance(told) == 0


def test_a_delivery_that_cost_less_gives_the_rest_back_to_the_grant() -> None:
    """And one that cost more takes nothing more of it."""
    rule = policy(windows=(("user/month/credits", 4),))
    past: Past = [
        rule,
        granted("g1", 10, "credits"),
        reserved("a", credits_each=10, drawn=(paid("g1", 6),)),
    ]
    told = given(*past).when(complete("a", cost=7)).then(completed("a", cost=7, returned=(paid("g1", 3),)))
    assert balance(told) == 7
    assert told.state.tally("user:42", "2026-03").credits == 4
    told = given(*past).when(complete("a", cost=2)).then(completed("a", cost=2, returned=(paid("g1", 6),)))
    assert told.state.tally("user:42", "2026-03").credits == 2
    told = given(*past).when(complete("a", cost=15)).then(completed("a", cost=15))
    assert (balance(told), told.state.tally("user:42", "2026-03").credits) == (4, 9)


def test_what_is_drawn_comes_back_after_the_day_was_reset() -> None:
    """The day's charge is gone, the grant's is not."""
    past: Past = [
        policy(daily=1),
        granted(amount=1),
        reserved("a", count=2, drawn=(places("g1", 1),)),
        reset(),
    ]
    told = given(*past).when(release("a"))
    told.then(released("a", count=2, refunded=0, returned=(places("g1", 1),)))


def test_a_moderated_place_that_is_free_goes_back_to_its_grant() -> None:
    """As it would to the day."""
    past: Past = [
        policy(daily=0, moderated_free=True),
        granted(amount=1),
        reserved("a", drawn=(places("g1", 1),)),
    ]
    told = given(*past, completed("a")).when(release("a", "moderated"))
    told.then(released("a", delivered=1, reason="moderated", refunded=0, returned=(places("g1", 1),)))


def test_what_expires_without_a_word_goes_back_too() -> None:
    """By the sweep, as by anybody."""
    past: Past = [policy(daily=0), granted(amount=1), reserved("a", drawn=(places("g1", 1),))]
    told = given(*past).when(SWEEP, at=on(10, "12:15"))
    told.then(released("a", at=on(10, "12:15"), by="system", reason="expired", refunded=0, returned=(places("g1", 1),)))
    assert balance(told) == 1


# -- ends


@pytest.mark.parametrize(("at", "left"), [(on(19, "23:59:59.999999"), 3), (on(20, "00:00"), 0), (on(21), 0)])
def test_a_grant_is_over_at_its_end(at: str, left: int) -> None:
    """In force while at < expires_at."""
    told = given(granted(amount=3, expires_at=on(20, "00:00")))
    found = told.state.grant(USER, "g1")
    assert found is not None
    assert available(found, at) == left


def test_what_rolls_over_is_there_for_one_more_window_and_no_more_than_was_said() -> None:
    """Of 5, 2 roll over; what lapses is gone once anything is drawn after."""
    past: Past = [
        policy(daily=0),
        granted(amount=5, expires_at=MONTH_END, rollover=2, rollover_until=NEXT_MONTH_END),
    ]
    given(*past).when(reserve(count=5), at="2026-03-31T23:59:59.999999Z").then_allowed()
    given(*past).when(reserve(count=3), at=MONTH_END).then_refused(Reason.DAILY_LIMIT)
    told = given(*past).when(reserve(count=1), at=MONTH_END).then_allowed()
    assert balance(told) == 1
    told.when(reserve("b", count=2), at=MONTH_END).then_refused(Reason.DAILY_LIMIT)
    given(*past).when(reserve(), at=NEXT_MONTH_END).then_refused(Reason.DAILY_LIMIT)


def test_what_comes_back_after_the_window_rolled_is_there_all_the_same() -> None:
    """It was held through the end: nobody loses it."""
    rolls = granted(amount=3, expires_at=MONTH_END, rollover=1, rollover_until=NEXT_MONTH_END)
    late = "2026-03-31T23:59:00.000000Z"
    past: Past = [policy(daily=0), rolls, reserved("a", count=2, at=late, drawn=(places("g1", 2),))]
    told = given(*past).when(release("a"), at=MONTH_END).then_allowed()
    assert balance(told) == 3


def test_voiding_is_never_retroactive() -> None:
    """What was drawn stands, what comes back is void."""
    past: Past = [policy(daily=0), granted(amount=3), reserved("a", drawn=(places("g1", 1),))]
    told = given(*past).when(void()).then(voided())
    told.when(reserve("b")).then_refused(Reason.DAILY_LIMIT)
    told.when(release("a")).then(released("a", refunded=0, returned=(places("g1", 1),)))
    told.when(reserve("c")).then_refused(Reason.DAILY_LIMIT)
    told.when(void()).then()


def test_a_grant_that_a_user_has_not_is_not_found() -> None:
    """Nor is another's."""
    given(granted(user=OTHER)).when(void()).then_refused(Reason.NOT_FOUND, detail="g1")


# -- bytes


def test_bytes_are_beyond_the_storage_limit_while_the_grant_lasts() -> None:
    """Nothing of them is used up: what is deleted makes room again."""
    past: Past = [policy(user_bytes=100), granted("g1", 50, "bytes", expires_at=on(20))]
    given(*past).when(save(size=150)).then_allowed()
    given(*past).when(save(size=151)).then_refused(Reason.USER_STORAGE, limit=150)
    given(*past).when(save(size=101), at=on(20)).then_refused(Reason.USER_STORAGE, limit=100)


# -- giving


def test_a_grant_is_given_once_under_its_id() -> None:
    """Another user may have one of the same id."""
    given().when(give(amount=3)).then(granted(amount=3))
    given(granted()).when(give()).then_refused(Reason.NAME_TAKEN)
    given(granted(user=OTHER)).when(give()).then_allowed()


@pytest.mark.parametrize(
    "command",
    [
        give(amount=0),
        give(amount=2**53),
        give(unit="seconds"),
        give("no id"),
        give(priority=101),
        give(expires_at="tomorrow"),
        give(rollover=1),
        give(rollover_until=on(20)),
        give(rollover=4, expires_at=on(20), rollover_until=on(21)),
        give(rollover=1, expires_at=on(20), rollover_until=on(20)),
        give(source="found"),
        void("no id"),
    ],
)
def test_a_grant_that_makes_no_sense_is_not_given(command: Command) -> None:
    """Each with a sentence."""
    given().when(command).then_refused(Reason.MALFORMED)


# -- what cannot have happened


@pytest.mark.parametrize(
    ("event", "because"),
    [
        (reserved("b", drawn=(places("g9", 1),)), "has no grant g9"),
        (reserved("b", drawn=(places("g1", 2),)), "draws more generations"),
        (reserved("b", count=5, drawn=(places("g1", 4),)), "has not so many"),
        (reserved("b", credits_each=1, drawn=(paid("g1", 1),)), "has not so many"),
        (reserved("b", user=OTHER, drawn=(places("g1", 1),)), "has no grant g1"),
        (released("a", refunded=1), "given back to grants"),
        (released("a", refunded=0, returned=(places("g1", 1),), cost=5), "given back to grants"),
        (completed("a", cost=1, returned=(paid("g1", 1),)), "given back to grants"),
        (granted("g1"), "given twice"),
        (granted("g2", 0), "of nothing"),
        (voided("g9"), "has no grant g9"),
    ],
)
def test_what_grants_cannot_have_borne_stops_the_fold(event: Event, because: str) -> None:
    """A grant that is not there, more than there is, or what does not come back from it."""
    given(policy(daily=0), granted(amount=3), reserved("a", drawn=(places("g1", 1),))).then_impossible(event, because)

"""What cannot have happened stops the fold: on replay that is corruption, and the line is named."""

from __future__ import annotations

import pytest

from domain.events import Event, ImpossibleFact
from domain.instants import later
from domain.reservations import Reservation, changed_day, evolve_reservation
from domain.reservations import reserve as reserve_place
from domain.usage import DAYS_KEPT, DayCount, PoolUsage, UserUsage, evolve_days, evolve_pool, evolve_user, find_day
from domain.windows import Tally
from tests.domain.examples import (
    DAY_SECONDS,
    NOON,
    OTHER,
    USER,
    adopted,
    cleaned,
    completed,
    corrected,
    deleted,
    on,
    policy,
    release,
    released,
    reserve,
    reserved,
    reset,
    saved,
)
from tests.domain.history import given


def test_time_does_not_go_back_without_a_correction() -> None:
    """A microsecond earlier than the event before is impossible; the same time is not."""
    told = given(policy())
    told.then_impossible(policy(at=on(10, "11:59:59.999999")), "an event of .* after one of")
    told.record(policy(), policy(at=on(10, "12:00:00.000001")))


@pytest.mark.parametrize(
    ("count", "bytes_each", "possible"), [(1, 0, True), (0, 100, False), (-1, 100, False), (1, -1, False)]
)
def test_a_reservation_has_places_and_no_negative_size(count: int, bytes_each: int, possible: bool) -> None:
    """At least one place of at least no bytes."""
    event = reserved(count=count, bytes_each=bytes_each)
    if possible:
        given(event)
    else:
        given().then_impossible(event, f"{count} places of {bytes_each} bytes")


def test_a_reservation_is_not_made_twice() -> None:
    """While something can still happen to the first; open or closed."""
    given(reserved()).then_impossible(reserved(), "made twice")
    given(reserved(), released()).then_impossible(reserved(user=OTHER), "made twice")


@pytest.mark.parametrize(
    "event", [completed(), released(), saved(reservation="r1")], ids=["delivered", "released", "settled"]
)
def test_nothing_happens_to_a_reservation_that_is_not_there_or_is_another_users(event: Event) -> None:
    """Or that is wholly settled, and so over."""
    given().then_impossible(event, "there is no reservation r1")
    given(reserved(user=OTHER)).then_impossible(event, "belongs to another user than 42")
    given(reserved(), saved("a.png", reservation="r1")).then_impossible(event, "there is no reservation r1")


@pytest.mark.parametrize(("count", "possible"), [(0, False), (-1, False), (1, True), (2, True), (3, False)])
def test_no_more_is_delivered_than_was_reserved(count: int, possible: bool) -> None:
    """Of three places one was delivered already."""
    told = given(reserved(count=3), completed())
    if possible:
        told.record(completed(count=count))
    else:
        told.then_impossible(completed(count=count), "more delivered than reservation r1 has places")


def test_what_has_a_price_is_not_delivered_without_a_cost() -> None:
    """It says what becomes of the credits held, whatever number the provider told; only what has no price may lack it,
    as in every log of before there were prices.
    """
    priced = given(reserved(count=2, credits_each=400))
    priced.then_impossible(completed(), "which has a price, tells no cost")
    priced.then_impossible(completed(credits=0.4), "which has a price, tells no cost")
    priced.record(completed(credits=0.4, cost=400))
    for each in (None, 0):
        given(reserved(credits_each=each)).record(completed(credits=0.4))


@pytest.mark.parametrize(("count", "possible"), [(0, False), (-1, False), (1, True), (2, True), (3, False)])
def test_no_more_is_released_than_is_open(count: int, possible: bool) -> None:
    """Of three places one was settled."""
    told = given(reserved(count=3), saved(reservation="r1"))
    if possible:
        told.record(released(count=count))
    else:
        told.then_impossible(released(count=count, refunded=0), "places released of 2 open in r1")


def test_a_closed_reservation_has_no_place_to_settle() -> None:
    """All released."""
    given(reserved(), released()).then_impossible(saved(reservation="r1"), "no open place to settle")


@pytest.mark.parametrize(
    ("count", "delivered", "because"),
    [
        (1, 0, None),
        (1, 1, None),
        (2, 0, "2 undelivered places released, fewer are open"),
        (2, 1, None),
        (2, 2, "2 delivered places released of 1"),
        (1, 2, "2 delivered places released of 1"),
        (1, -1, "-1 delivered places released of 1"),
    ],
)
def test_what_is_released_as_delivered_was_delivered(count: int, delivered: int, because: str | None) -> None:
    """Two places are open, one of them delivered."""
    told = given(reserved(count=2), completed())
    event = released(count=count, delivered=delivered, refunded=max(0, count - delivered))
    if because is None:
        told.record(event)
    else:
        told.then_impossible(event, because)


@pytest.mark.parametrize(
    ("refunded", "because"),
    [
        (-1, "-1 places given back"),
        (0, "0 places given back to 2026-03-10, where 2 is right"),
        (1, "1 places given back to 2026-03-10, where 2 is right"),
        (2, None),
        (3, "3 places given back"),
    ],
)
def test_exactly_what_was_not_delivered_is_given_back(refunded: int, because: str | None) -> None:
    """Two places are released; three were charged."""
    told = given(reserved(count=3))
    event = released(count=2, refunded=refunded)
    if because is None:
        told.record(event)
    else:
        told.then_impossible(event, because)


@pytest.mark.parametrize("free", [False, True])
def test_a_moderated_place_is_given_back_where_the_policy_of_its_time_says_so(free: bool) -> None:
    """As the last PolicyChanged before it has it."""
    told = given(policy(moderated_free=free), reserved(), completed())
    event = released(delivered=1, reason="moderated", refunded=0 if free else 1)
    told.then_impossible(event, f"where {int(free)} is right")
    told.record(event._replace(refunded=int(free)))


def test_nothing_is_given_back_to_a_day_that_was_reset_since() -> None:
    """Even if as much was charged to it again."""
    told = given(reserved("a"), reset(), reserved("b"))
    told.then_impossible(released("a", refunded=1), "1 places given back to 2026-03-10")


def test_a_file_that_is_kept_needs_a_place() -> None:
    """Temp files and adopted ones need none."""
    given().then_impossible(saved(), "kept without a place")
    given(saved(temp=True), adopted())
    told = given(reserved())
    told.then_impossible(saved(temp=True, reservation="r1"), "took a place")
    told.then_impossible(adopted()._replace(reservation="r1"), "took a place")


@pytest.mark.parametrize("temp", [False, True])
def test_an_overwrite_replaces_exactly_what_stands(temp: bool) -> None:
    """Neither more nor less, nor anything where nothing stands, nor in the other name space."""
    told = given(adopted("cat.png", 100, temp=temp))
    for replaced in (0, 99, 101):
        told.then_impossible(adopted("CAT.png", 5, replaced=replaced, temp=temp), "bytes that are not there")
    told.then_impossible(adopted("dog.png", 5, replaced=100, temp=temp), "bytes that are not there")
    told.then_impossible(adopted("cat.png", 5, replaced=100, temp=not temp), "bytes that are not there")


@pytest.mark.parametrize("temp", [False, True])
def test_what_is_deleted_or_cleaned_up_stands_with_these_bytes(temp: bool) -> None:
    """Another size, another name, another user, another name space: impossible."""
    told = given(adopted("cat.png", 100, temp=temp))
    for event in (
        deleted("cat.png", 99, temp=temp),
        deleted("dog.png", 100, temp=temp),
        deleted("cat.png", 100, temp=temp, user=OTHER),
        deleted("cat.png", 100, temp=not temp),
        cleaned((USER, "cat.png", 99)),
        cleaned((OTHER, "cat.png", 100)),
    ):
        told.then_impossible(event, "is removed, and does not stand")


@pytest.mark.parametrize("off", [-1, 1])
def test_a_cleanup_frees_what_its_files_add_up_to(off: int) -> None:
    """freed_bytes is their sum."""
    told = given(saved("a.png", 10, temp=True), saved("b.png", 20, temp=True))
    files = (USER, "a.png", 10), (USER, "b.png", 20)
    told.then_impossible(cleaned(*files, freed_bytes=30 + off), "do not add up")
    told.record(cleaned(*files, freed_bytes=30))


def test_a_correction_starts_from_where_the_ledger_stood_and_leads_to_its_own_time() -> None:
    """`was` is the last event's time, `now` the correction's own."""
    told = given(policy())
    earlier = on(9)
    told.then_impossible(corrected(was=on(10, "12:00:00.000001"), now=earlier), "the clock was corrected from")
    told.then_impossible(corrected(was=NOON, now=on(8), at=earlier), "the clock was corrected from")
    told.record(corrected(was=NOON, now=earlier))


def test_a_correction_leads_back() -> None:
    """A clock that goes on, or stands, needs none."""
    told = given(policy())
    for now in (NOON, on(11)):
        told.then_impossible(corrected(was=NOON, now=now), "the clock was corrected from")


def test_what_was_open_when_the_clock_was_corrected_is_cancelled_right_after() -> None:
    """Nothing stands between, no place stays open, and the reason is that one."""
    told = given(reserved("a", count=2), reserved("b"), corrected(was=NOON, now=on(9)))
    of_a, of_b = (released(which, at=on(9), count=count, reason="cancelled") for which, count in (("a", 2), ("b", 1)))
    told.then_impossible(policy(at=on(9)), "are not cancelled")
    told.then_impossible(of_a._replace(count=1, refunded=1), "does not cancel what was open")
    told.then_impossible(of_b._replace(reason="failed"), "does not cancel what was open")
    told.record(of_b, of_a, policy(at=on(9)))


@pytest.mark.parametrize("back", ["11:59:59.999999", "11:00", "00:00"])
def test_time_never_goes_back_but_by_a_correction(back: str) -> None:
    """Neither by a microsecond nor by an hour; a clock that stands wrong makes the ledger's time stand still."""
    given(policy()).then_impossible(policy(at=on(10, back)), "time never goes back in a log")


def test_the_usage_of_a_user_is_never_negative() -> None:
    """Each figure by itself: a surplus elsewhere does not help."""
    assert evolve_user(UserUsage(9, 9, 9), image_change=-9, temp_change=-9, held_change=-9) == (0, 0, 0)
    unchanged = {"image_change": 0, "temp_change": 0, "held_change": 0}
    for figure in unchanged:
        with pytest.raises(ImpossibleFact, match="negative usage of a user"):
            evolve_user(UserUsage(9, 9, 9), **{**unchanged, figure: -10})


def test_the_usage_of_the_pool_is_never_negative() -> None:
    """Used and held each by itself."""
    assert evolve_pool(PoolUsage(5, 5), used_change=-5, held_change=-5) == (0, 0)
    for used, held in ((-6, 9), (9, -6)):
        with pytest.raises(ImpossibleFact, match="negative usage of the pool"):
            evolve_pool(PoolUsage(5, 5), used_change=used, held_change=held)


def test_no_day_is_given_back_more_than_it_was_charged() -> None:
    """Nor a day that is not kept any more."""
    held = Reservation("r1", USER, "unspecified", 9, 1, NOON, "2026-03-10", resets=1)
    charged = (DayCount("2026-03-09", 9), DayCount("2026-03-10", 2, 1))
    given_back = changed_day(charged, held, Tally(-2), 2)
    assert given_back == (DayCount("2026-03-09", 9), DayCount("2026-03-10", 0, 1))
    assert changed_day((), held, Tally(-2), 0) == ()
    for days, refunded in ((charged, 3), ((), 1), ((DayCount("2026-03-10", 9, 0),), 1)):
        with pytest.raises(ImpossibleFact, match="where they are not charged"):
            changed_day(days, held, Tally(-refunded), refunded)


def test_resets_of_a_day_are_numbered_from_none() -> None:
    """The number of a reservation's day tells whether its charge is still there."""
    assert DayCount("2026-03-10", 3) == ("2026-03-10", 3, 0, 0, 0, 0)
    once = evolve_days((), reset())
    assert once == (DayCount("2026-03-10", 0, 1),)
    assert evolve_days(once, reset()) == (DayCount("2026-03-10", 0, 2),)
    assert reserve_place(reserved(), resets=2).resets == 2


def test_a_new_reservation_has_nothing_behind_it() -> None:
    """All of its places are open."""
    new = Reservation("r1", USER, "unspecified", 3, 100, on(10, "12:15"), "2026-03-10")
    assert new == reserve_place(reserved(count=3), resets=0)
    assert new[7:] == (0, 0, 0, 0, 0, 0, None, 0, 0, (), 0)
    assert (new.open, new.open_delivered, new.held_bytes) == (3, 0, 300)


def test_an_unknown_reservation_is_named() -> None:
    """The sentence says which."""
    with pytest.raises(ImpossibleFact, match="there is no reservation r1"):
        evolve_reservation(None, completed())


def test_forty_days_of_a_user_are_kept_and_the_one_touched_longest_ago_goes_first() -> None:
    """More than one, so that a corrected clock reopens no day; bounded, so that no user grows for ever."""
    assert DAYS_KEPT == 40
    days: tuple[DayCount, ...] = ()
    times = [later(NOON, seconds=n * DAY_SECONDS) for n in range(DAYS_KEPT + 1)]
    for at in times[:DAYS_KEPT]:
        days = evolve_days(days, reserved(at=at))
    assert [count.day for count in days] == [at[:10] for at in times[:DAYS_KEPT]]
    days = evolve_days(days, reserved(at=times[0]))
    assert len(days) == DAYS_KEPT
    assert days[-1] == DayCount(times[0][:10], 2)
    days = evolve_days(days, reserved(at=times[-1]))
    assert find_day(days, times[1][:10]) is None
    assert find_day(days, times[0][:10]) == DayCount(times[0][:10], 2)


def test_a_place_of_a_day_that_is_not_kept_any_more_gives_nothing_back() -> None:
    """The decision writes 0, so the fold has nothing to refuse."""
    end, present = (later(NOON, seconds=days * DAY_SECONDS) for days in (2 * DAYS_KEPT, DAYS_KEPT))
    days = [later(NOON, seconds=number * DAY_SECONDS) for number in range(1, DAYS_KEPT + 1)]
    past: list[Event] = [
        reserved("old", expires_at=end),
        *(reserved(f"d{number}", at=at, expires_at=end) for number, at in enumerate(days)),
    ]
    told = given(policy(pool_bytes=10**9, user_bytes=10**9), *past)
    told.when(release("old"), at=present).then(released("old", at=present, refunded=0))
    told.when(reserve("r2"), at=present).then_allowed()

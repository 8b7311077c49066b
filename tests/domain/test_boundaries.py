"""What fits and what does not: the daily count, a user's storage and the pool, at and around their edges."""

from __future__ import annotations

from typing import Any

import pytest

from domain.events import Asked, Event
from domain.refusals import Reason
from tests.domain.examples import (
    NOON,
    OTHER,
    adopted,
    delete,
    deleted,
    on,
    overridden,
    policy,
    released,
    reserve,
    reserved,
    reset,
    save,
    saved,
    saved_plainly,
)
from tests.domain.history import given

FIVE_A_DAY = policy(daily=5)


@pytest.mark.parametrize(
    ("charged", "asked", "fits"),
    [(0, 5, True), (3, 1, True), (4, 1, True), (5, 1, False), (4, 2, False), (0, 6, False), (6, 1, False)],
)
def test_a_day_has_as_many_places_as_its_limit(charged: int, asked: int, fits: bool) -> None:
    """One under, on and one over the limit of 5; also above it, where a limit was lowered."""
    past: list[Event] = [policy(daily=9), *([reserved(count=charged)] if charged else []), FIVE_A_DAY]
    told = given(*past).when(reserve("r2", count=asked))
    if fits:
        told.then(reserved("r2", count=asked))
    else:
        told.then_refused(
            Reason.DAILY_LIMIT,
            limit=5,
            used=charged,
            held=0,
            asked=Asked(asked, 100 * asked),
            resets_at=on(11, "00:00"),
        )


@pytest.mark.parametrize(
    ("now", "fits"),
    [(on(10, "23:59:59.999999"), False), (on(11, "00:00"), True), (on(11, "00:00:00.000001"), True), (on(12), True)],
)
def test_the_daily_limit_resets_at_midnight_utc(now: str, fits: bool) -> None:
    """Five at 23:59:59.999999, the sixth refused; at 00:00:00 there are five again, without any event between."""
    told = given(FIVE_A_DAY, reserved(at=on(10, "23:59:59.999999"), count=5)).when(reserve("r2"), at=now)
    if fits:
        told.then(reserved("r2", at=now))
    else:
        told.then_refused(Reason.DAILY_LIMIT, resets_at=on(11, "00:00"))


def test_a_daily_limit_of_zero_refuses_everything() -> None:
    """Nothing fits into nothing."""
    given(policy(daily=0)).when(save()).then_refused(Reason.DAILY_LIMIT, limit=0, used=0)


def test_daily_counts_of_users_are_apart() -> None:
    """One user's full day is not another's."""
    given(policy(daily=1), reserved(user=OTHER)).when(reserve("r2")).then(reserved("r2"))


@pytest.mark.parametrize(("size", "fits"), [(99, True), (100, True), (101, False)])
def test_used_held_and_asked_bytes_fit_the_users_storage(size: int, fits: bool) -> None:
    """Of 1,000 bytes 600 are used and 300 held: 100 more fit, for a reservation and for a save."""
    past: list[Event] = [policy(user_bytes=1000), adopted("a.png", 600), reserved("h", bytes_each=300)]
    for command, written in (
        (reserve(bytes_each=size), (reserved(bytes_each=size),)),
        (save(size=size), saved_plainly(size=size)),
    ):
        told = given(*past).when(command)
        if fits:
            told.then(*written)
        else:
            told.then_refused(Reason.USER_STORAGE, limit=1000, used=600, held=300, resets_at=None)


@pytest.mark.parametrize(("size", "fits"), [(99, True), (100, True), (101, False)])
def test_used_held_and_asked_bytes_of_all_users_fit_the_pool(size: int, fits: bool) -> None:
    """Of 1,000 bytes others use 500, their temp files 100, and 300 are held."""
    past: list[Event] = [
        policy(pool_bytes=1000),
        adopted("a.png", 500, user=OTHER),
        saved("t.png", 100, user=OTHER, temp=True),
        reserved("h", bytes_each=300, user=OTHER),
    ]
    for command, written in (
        (reserve(bytes_each=size), (reserved(bytes_each=size),)),
        (save(size=size), saved_plainly(size=size)),
        (save(size=size, temp=True), (saved(size=size, temp=True),)),
    ):
        told = given(*past).when(command)
        if fits:
            told.then(*written)
        else:
            told.then_refused(Reason.POOL_STORAGE, limit=1000, used=600, held=300, resets_at=None)


def test_all_places_of_a_reservation_must_fit_together() -> None:
    """Count times bytes_each is asked: three of 100 do not fit into 299."""
    given(policy(user_bytes=299)).when(reserve(count=3)).then_refused(Reason.USER_STORAGE, asked=Asked(3, 300))
    given(policy(user_bytes=300)).when(reserve(count=3)).then(reserved(count=3))


def test_a_reservation_without_a_size_holds_the_policys_estimate() -> None:
    """gen_bytes for each place."""
    given(policy(gen_bytes=7)).when(reserve(bytes_each=None, count=2)).then(reserved(bytes_each=7, count=2))
    given(policy(gen_bytes=7)).when(reserve(bytes_each=0)).then(reserved(bytes_each=0))


@pytest.mark.parametrize(("size", "fits"), [(99, True), (100, True), (101, False)])
def test_temp_bytes_are_bounded_by_the_users_limit_apart_from_images(size: int, fits: bool) -> None:
    """900 bytes of temp files, 950 of images, 50 held: a temp file may have 100."""
    past: list[Event] = [
        policy(user_bytes=1000),
        saved("t.png", 900, temp=True),
        adopted("a.png", 950),
        reserved("h", bytes_each=50),
    ]
    told = given(*past).when(save("u.png", size, temp=True))
    if fits:
        told.then(saved("u.png", size, temp=True))
    else:
        told.then_refused(Reason.USER_STORAGE, limit=1000, used=900, held=0)


def test_temp_files_take_nothing_from_a_users_images() -> None:
    """Images may fill the limit although temp files do too."""
    past: list[Event] = [policy(user_bytes=1000), saved("t.png", 1000, temp=True)]
    given(*past).when(save(size=1000)).then(*saved_plainly(size=1000))


@pytest.mark.parametrize(("size", "fits"), [(99, True), (100, True), (101, False)])
def test_a_save_that_does_not_grow_usage_passes_the_storage_checks(size: int, fits: bool) -> None:
    """Above both limits an image may still be replaced by one of its size, not by one a byte larger."""
    past: list[Event] = [adopted("cat.png", 100), adopted("dog.png", 5000), policy(user_bytes=10, pool_bytes=10)]
    told = given(*past).when(save("cat.png", size))
    if fits:
        told.then(*saved_plainly(size=size, replaced=100))
    else:
        told.then_refused(Reason.USER_STORAGE, asked=Asked(1, 101, 100), used=5100)


def test_only_the_growth_of_an_overwrite_is_asked_of_the_limits() -> None:
    """Replacing 100 of 1,000 used bytes by 150 needs room for 50."""
    past: list[Event] = [policy(user_bytes=1050, pool_bytes=1050), adopted("cat.png", 100), adopted("dog.png", 900)]
    given(*past).when(save("cat.png", 150)).then(*saved_plainly(size=150, replaced=100))
    given(*past).when(save("cat.png", 151)).then_refused(Reason.USER_STORAGE)


@pytest.mark.parametrize(("size", "fits"), [(299, True), (300, True), (301, False)])
def test_a_save_with_a_reservation_is_checked_with_its_real_size_less_its_hold(size: int, fits: bool) -> None:
    """Used 600, this place holds 100 and another 100: of 1,000 bytes the image may have 300."""
    past: list[Event] = [
        policy(user_bytes=1000),
        adopted("a.png", 600),
        reserved("h", bytes_each=100),
        reserved(bytes_each=100),
    ]
    told = given(*past).when(save(size=size, reservation="r1"))
    if fits:
        told.then(saved(size=size, reservation="r1"))
    else:
        told.then_refused(Reason.USER_STORAGE, asked=Asked(0, 301), used=600, held=200)


def test_a_save_within_its_hold_fits_whatever_the_limits_have_become() -> None:
    """The hold was promised; only what exceeds it is checked."""
    past: list[Event] = [reserved(bytes_each=100), policy(user_bytes=0, pool_bytes=0, daily=0)]
    given(*past).when(save(size=100, reservation="r1")).then(saved(size=100, reservation="r1"))
    given(*past).when(save(size=101, reservation="r1")).then_refused(Reason.USER_STORAGE)


def test_a_refused_save_leaves_its_place_open_until_it_is_released() -> None:
    """The place can be settled by a smaller image, or given back, afterwards."""
    told = given(policy(user_bytes=150), reserved(bytes_each=100))
    told.when(save(size=151, reservation="r1")).then_refused(Reason.USER_STORAGE)
    assert told.state.user("42").held_bytes == 100
    told.when(save(size=150, reservation="r1")).then(saved(size=150, reservation="r1"))


def test_lowering_a_limit_deletes_nothing() -> None:
    """What stands stays, is charged, and may be deleted; only what grows is refused."""
    told = given(adopted("cat.png", 100), policy(user_bytes=1, pool_bytes=1, daily=0))
    assert told.state.user("42").image_bytes == 100
    told.when(delete("cat.png")).then(deleted("cat.png", 100))


def test_what_frees_makes_room_again() -> None:
    """A deletion, a release and a reset: each opens what it gave back."""
    given(policy(user_bytes=100), adopted("a.png"), deleted("a.png")).when(save()).then_allowed()
    given(policy(user_bytes=100, daily=1), reserved(), released()).when(save()).then_allowed()
    given(policy(daily=1), reserved(), reset()).when(save()).then_allowed()


@pytest.mark.parametrize(
    ("own", "count", "size", "reason"),
    [
        ({"daily": 2}, 2, 100, None),
        ({"daily": 2}, 3, 100, Reason.DAILY_LIMIT),
        ({"user_bytes": 300}, 1, 300, None),
        ({"user_bytes": 300}, 1, 301, Reason.USER_STORAGE),
    ],
)
def test_a_users_own_limits_are_the_ones_that_count(
    own: dict[str, Any], count: int, size: int, reason: Reason | None
) -> None:
    """Over a policy of one place and 200 bytes."""
    told = given(policy(daily=1, user_bytes=200), overridden(**own)).when(
        reserve(count=count, bytes_each=size // count)
    )
    if reason is None:
        told.then_allowed()
    else:
        told.then_refused(reason)


def test_a_save_is_judged_by_the_users_own_limits_too() -> None:
    """Both kinds of growing commands read the override."""
    past: list[Event] = [policy(daily=0, user_bytes=0), overridden(daily=1, user_bytes=100)]
    given(*past).when(save(size=100)).then_allowed()
    given(*past).when(save(size=101)).then_refused(Reason.USER_STORAGE, limit=100)


def test_the_window_turns_for_a_save_as_for_a_reservation() -> None:
    """A plain save is a generation of its day."""
    past: list[Event] = [policy(daily=1), *saved_plainly("a.png", own="p")]
    given(*past).when(save(), at=NOON).then_refused(Reason.DAILY_LIMIT, used=1)
    given(*past).when(save(), at=on(11, "00:00")).then_allowed()

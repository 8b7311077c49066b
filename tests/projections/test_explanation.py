"""Why a decision fell as it did: limits from old to new, what was used and held, by which lines, and the gap after the
20th refusal.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from domain.commands import Command
from domain.events import Event, RequestRefused, tags_of
from domain.instants import next_midnight
from domain.limits import Limits
from projections.explanation import Explanation, Unrecorded, UserFold, explain, last_decision
from projections.limit_steps import LimitStep
from tests.domain.examples import (
    NOON,
    OTHER,
    USER,
    completed,
    deleted,
    on,
    overridden,
    policy,
    refused,
    released,
    reserved,
    reset,
    saved,
    saved_plainly,
)
from tests.projections.recorded import batches_of
from tests.projections.test_any_history import batches

some = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
POLICY = policy(daily=2, user_bytes=300, pool_bytes=500)
NO = refused(limit=2, used=2)
LAST = refused(limit=2, used=2, last=True)
FULL: list[Event] = [POLICY, *saved_plainly("a.png", own="a"), *saved_plainly("b.png", own="b")]


def explained(history: list[Event], position: int | None = None, *, user: str | None = USER) -> Explanation:
    """The explanation of the last line of a history, or of one."""
    found = explain(list(enumerate(history, 1)), position or len(history), user)
    assert found is not None
    return found


def test_a_refusal_is_explained_by_the_lines_before_it() -> None:
    """The limit in force, the day's lines, what stands."""
    found = explained([*FULL, NO])
    assert (found.position, found.event, found.agrees) == (6, NO, True)
    assert found.limits == Limits(300, 500, 2)
    assert (found.places, [(line.position, line.places) for line in found.day_lines]) == (2, [(2, 1), (4, 1)])
    assert (found.usage.image_bytes, found.images) == (200, 2)
    assert [image.position for image in found.standing] == [5, 3]


def test_a_save_with_its_own_place_is_one_decision() -> None:
    """Asked for by either line; figures are those before the place."""
    for position in (4, 5):
        found = explained(FULL, position)
        assert (found.position, found.events, found.places) == (4, tuple(FULL[3:5]), 1)


def test_what_was_given_back_and_reset_is_told_with_its_line() -> None:
    """Each changes the count of its day."""
    history: list[Event] = [POLICY, reserved(), released(), reserved("r2"), reset(), reserved("r3"), NO]
    changes = [(line.position, line.places) for line in explained(history).day_lines]
    assert changes == [(2, 1), (3, -1), (4, 1), (5, -1), (6, 1)]
    assert explained(history).agrees is False  # 1 is used by these lines, and the refusal says 2


def test_a_release_is_explained_on_the_day_that_was_charged() -> None:
    """Which may be the day before."""
    found = explained([POLICY, reserved(at=on(10, "23:59")), released(at=on(11, "00:01"))])
    assert (found.day, found.places) == ("2026-03-10", 1)


def test_open_places_are_named_where_they_were_reserved() -> None:
    """With what each holds."""
    found = explained([POLICY, reserved(count=2), completed(), saved(reservation="r1"), NO])
    (held,) = found.holds
    assert (held.position, held.reservation.open, held.reservation.held_bytes) == (2, 1, 100)


def test_limits_are_told_from_old_to_new() -> None:
    """Only what changed; an own limit with its end and reason, and its end."""
    history: list[Event] = [
        POLICY,
        policy(at=on(11), daily=4, user_bytes=300, pool_bytes=500),
        overridden(at=on(12), daily=9, until=on(20), reason="a prize", by="discord:7"),
        overridden(at=on(13)),
        policy(at=on(13), daily=6, user_bytes=300, pool_bytes=500, source="manager", by="discord:7", reason="a week"),
        refused(at=on(14), limit=4, used=4),
    ]
    steps = [step for step in explained(history).steps if step.limit == "daily"]
    assert steps == [
        LimitStep(1, NOON, "library", "daily", 2, is_own=False, why="environment"),
        LimitStep(2, on(11), "library", "daily", 4, is_own=False, why="environment", former=2),
        LimitStep(3, on(12), "discord:7", "daily", 9, is_own=True, why="a prize", until=on(20)),
        LimitStep(4, on(13), "library", "daily", None, is_own=True, why="a friend", former=9),
        LimitStep(5, on(13), "discord:7", "daily", 6, is_own=False, why="a week", former=4, is_managers=True),
    ]
    assert len(explained(history).steps) == 7
    assert (explained(history, 4).limits.daily, explained(history).limits.daily) == (9, 6)


def test_an_own_limit_that_is_over_is_not_in_force() -> None:
    """Its step is told all the same."""
    found = explained([POLICY, overridden(daily=9, until=on(11)), refused(at=on(11), limit=2, used=2)])
    assert (found.override, found.limits.daily) == (None, 2)


UNRECORDED: list[tuple[str, list[Event], Unrecorded | None]] = [
    ("not the last", [*FULL, NO], None),
    ("until midnight", [*FULL, LAST], Unrecorded(NOON, next_midnight(NOON), None, of_others=False)),
    ("until a reset", [*FULL, LAST, reset(at=on(10, "13:00"))], Unrecorded(NOON, on(10, "13:00"), 7, of_others=False)),
    (
        "until another limit",
        [*FULL, LAST, overridden(at=on(10, "13:00"), daily=5)],
        Unrecorded(NOON, on(10, "13:00"), 7, of_others=False),
    ),
    (
        "not until an image is deleted, as that is no place of the day",
        [*FULL, LAST, deleted("a.png", at=on(10, "13:00"))],
        Unrecorded(NOON, next_midnight(NOON), None, of_others=False),
    ),
    (
        "of storage until an image is deleted",
        [*FULL, refused("USER_STORAGE", limit=300, used=200, last=True), deleted("a.png", at=on(10, "13:00"))],
        Unrecorded(NOON, on(10, "13:00"), 7, of_others=False),
    ),
    (
        "of the pool nobody knows",
        [*FULL, refused("POOL_STORAGE", limit=500, used=450, last=True), saved("t", temp=True, at=on(11))],
        Unrecorded(NOON, next_midnight(NOON), None, of_others=True),
    ),
]


@pytest.mark.parametrize(("what", "history", "gap"), UNRECORDED, ids=[row[0] for row in UNRECORDED])
def test_after_the_20th_refusal_it_is_said_how_long_it_stood_so(
    what: str, history: list[Event], gap: Unrecorded | None
) -> None:
    """Until the day ended, or a line changed what was used or the limit."""
    assert explained(history, 6).unrecorded == gap, what


def test_lines_without_a_user_are_explained_by_the_policy_alone() -> None:
    """There is nobody's usage to tell."""
    found = explained([POLICY, policy(daily=9)], user=None)
    assert (found.user, found.images, found.day_lines) == (None, 0, ())


def test_the_latest_request_is_found() -> None:
    """What became of it, and not what others did since."""
    history = [*FULL, NO, overridden(daily=9), deleted("a.png")]
    assert last_decision(list(enumerate(history, 1))) == 6
    assert last_decision([(1, POLICY)]) is None
    assert explain([(1, POLICY)], 2, USER) is None


@some
@given(batches)
def test_the_figures_of_one_users_lines_are_those_of_the_whole_log(history: list[tuple[int, list[Command]]]) -> None:
    """Days, bytes, holds, images and limits; what was refused is explained by its own figures."""
    recorded, state = batches_of(history)
    lines = [stored for batch in recorded for stored in batch]
    for user in (USER, OTHER):
        own = [stored for stored in lines if _concerns(stored[1], user)]
        fold = UserFold(user)
        for position, event in own:
            fold.take(position, event)
        assert (fold.state.user(user), fold.state.days(user)) == (state.user(user), state.days(user))
        assert fold.state.gallery.newest_first(user) == state.gallery.newest_first(user)
        account, points = f"user:{user}", fold.state.points
        assert (
            points.balance(account)
            == state.points.balance(account)
            == -points.balance("mint") - points.balance("market")
        )
        assert (points.claimed(user), points.offers()) == (state.points.claimed(user), state.points.offers())
        assert (fold.state.policy, fold.state.override(user)) == (state.policy, state.override(user))
        for position, event in own:
            if isinstance(event, RequestRefused):
                found = explain(own, position, user)
                assert found is not None
                assert found.agrees is not False


def _concerns(event: Event, user: str) -> bool:
    return not {f"user:{user}", "policy"}.isdisjoint(tags_of(event))

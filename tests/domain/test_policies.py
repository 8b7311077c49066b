"""The policy, a user's own limits, an admin's reset and preferences: when each is written and what it replaces."""

from __future__ import annotations

from typing import Any

import pytest

from domain.commands import START_SOURCES, ChangePolicy, SetPreference
from domain.events import Event, LimitsOverridden, PreferenceSet
from domain.limits import Limits, Override, SharedLimits, TakenIn, UserLimits, carried_on
from domain.policies import MAX_RECORDED_RESETS
from domain.refusals import Reason
from tests.domain.examples import (
    BY,
    NOON,
    OTHER,
    USER,
    key,
    on,
    overridden,
    override,
    policy,
    reserve,
    reserved,
    reset,
    reset_daily,
    set_policy,
)
from tests.domain.history import given


def test_a_new_log_gets_its_first_policy_even_if_nothing_is_given() -> None:
    """So that every log tells which limits its decisions used."""
    assert given().state.policy_is_recorded is False
    told = given().when(set_policy("default")).then(policy(source="default"))
    assert told.state.policy_is_recorded is True
    told.when(set_policy("default")).then()


@pytest.mark.parametrize("limit", ["user_bytes", "pool_bytes", "daily", "gen_bytes"])
@pytest.mark.parametrize("value", [6, 7, 8, 0])
def test_a_policy_is_written_only_where_a_given_limit_differs(limit: str, value: Any) -> None:
    """One under, the same, one over."""
    sevens: dict[str, Any] = {"user_bytes": 7, "pool_bytes": 7, "daily": 7, "gen_bytes": 7}
    told = given(policy(**sevens)).when(set_policy(**{limit: value}))
    told.then(*([] if value == 7 else [policy(**{**sevens, limit: value})]))
    assert getattr(told.state.policy, limit) == value


def test_moderated_free_is_part_of_the_policy() -> None:
    """True differs from False, and False is given where None is not."""
    told = given(policy()).when(set_policy(moderated_free=True)).then(policy(moderated_free=True))
    told.when(set_policy(moderated_free=True)).then()
    told.when(set_policy()).then()
    told.when(set_policy(moderated_free=False)).then(policy(moderated_free=False))


@pytest.mark.parametrize("source", START_SOURCES)
def test_a_policy_tells_by_what_it_was_given(source: str) -> None:
    """Environment, constructor or default; and who, from where."""
    told = given(policy(daily=1)).when(set_policy(source, daily=2, by="cli", origin="http"))
    told.then(policy(daily=2, source=source, by="cli", origin="http"))


def test_limits_not_given_stay_those_of_the_log() -> None:
    """A given one changes alone."""
    given(policy(daily=9, user_bytes=8)).when(set_policy(daily=1)).then(policy(daily=1, user_bytes=8))


def test_a_policy_holds_from_its_event_on() -> None:
    """The state's limits are the last PolicyChanged's."""
    told = given()
    assert told.state.policy == Limits()
    told.record(policy(daily=2))
    assert told.state.limits_of(USER, NOON).daily == 2


BY_A_MANAGER: dict[str, Any] = {"source": "manager", "by": "discord:7", "reason": "a busy week"}


def change(seen: dict[str, Any] | None = None, **wanted: Any) -> ChangePolicy:
    """A manager's change of some limits, seen as they say."""
    return ChangePolicy("discord:7", "a busy week", SharedLimits(**wanted), SharedLimits(**(seen or {})))


def test_a_manager_changes_limits_from_what_was_seen() -> None:
    """The others stay; the event says who and why, and carries the request."""
    told = given(policy(daily=5, user_bytes=8))
    told.when(change({"daily": 5}, daily=9)).then(policy(daily=9, user_bytes=8, **BY_A_MANAGER))
    keyed = change(pool_bytes=0)._replace(idempotency_key=key("k"), origin="http")
    request: dict[str, Any] = {"request": key("k"), "origin": "http"}
    told.when(keyed).then(policy(daily=9, user_bytes=8, pool_bytes=0, **BY_A_MANAGER, **request))
    told.when(keyed).then_answered(3)


def test_what_another_manager_changed_meanwhile_is_not_overwritten_unseen() -> None:
    """Only where they want the same is there nothing left to do."""
    told = given(policy(daily=7))
    told.when(change({"daily": 5}, daily=9)).then_refused(Reason.LIMITS_CHANGED, detail="daily is 7")
    told.when(change({"daily": 5, "user_bytes": 1}, user_bytes=2)).then_refused(Reason.LIMITS_CHANGED)
    told.when(change({"daily": 5}, daily=7)).then()


@pytest.mark.parametrize(
    "command",
    [
        change(),
        change(daily=-1),
        change(pool_bytes=2**53),
        change({"daily": -1}, daily=1),
        change(daily=1)._replace(reason=""),
        change(daily=1)._replace(reason="a\nb"),
        change(daily=1)._replace(reason="x" * 201),
    ],
)
def test_a_managers_change_of_no_possible_form_is_malformed(command: ChangePolicy) -> None:
    """Nothing given, no number of bytes, a reason that no log could tell."""
    given(policy()).when(command).then_refused(Reason.MALFORMED)


def test_settings_that_are_as_before_leave_a_managers_limit_and_others_win() -> None:
    """Also one that is now what the manager made of it: from then on it was given so."""
    told = given(policy(daily=5, taken_in=("daily",)), policy(daily=9, **BY_A_MANAGER))
    assert told.state.taken_in == TakenIn(daily=5)
    told.when(set_policy(daily=5)).then()
    told.when(set_policy(daily=9)).then(policy(daily=9, taken_in=("daily",)))
    told.when(change(daily=3)).then(policy(daily=3, **BY_A_MANAGER))
    told.when(set_policy(daily=9)).then()
    told.when(set_policy()).then()
    told.when(set_policy(daily=9, user_bytes=4)).then(policy(daily=3, user_bytes=4, taken_in=("user_bytes",)))
    told.when(set_policy(daily=4)).then(policy(daily=4, user_bytes=4, taken_in=("daily",)))


def test_a_log_of_before_took_all_its_limits_from_settings_unless_they_were_defaults() -> None:
    """Its lines name none."""
    assert given(policy(source="default")).state.taken_in == TakenIn()
    assert given(policy(source="default"), policy(daily=2)).state.taken_in == TakenIn(*Limits(daily=2))


def test_an_override_replaces_that_users_former_one_whole() -> None:
    """What the new one does not have falls back to the policy."""
    told = given(policy(user_bytes=7, daily=7), overridden(user_bytes=1, daily=1))
    told.when(override(daily=2)).then(overridden(daily=2))
    assert told.state.limits_of(USER, NOON)[:3:2] == (7, 2)
    assert told.state.limits_of(OTHER, NOON)[:3:2] == (7, 7)


def test_an_override_keeps_its_end_reason_key_and_origin() -> None:
    """All of them are in the event."""
    command = override(user_bytes=0, until=on(12), reason="a party", idempotency_key=key("k"), origin="http")
    expected = LimitsOverridden(NOON, USER, BY, UserLimits(user_bytes=0), "a party", on(12), "http", key("k"))
    told = given().when(command).then(expected)
    assert told.state.override(USER) == Override(UserLimits(user_bytes=0), on(12))


@pytest.mark.parametrize(
    ("at", "daily"), [(on(11, "23:59:59.999999"), 2), (on(12, "00:00"), 7), (on(12, "00:00:00.000001"), 7)]
)
def test_an_override_with_an_end_is_over_without_an_event(at: str, daily: int) -> None:
    """From its end on the policy holds again."""
    state = given(policy(daily=7), overridden(daily=2, until=on(12, "00:00"))).state
    assert state.limits_of(USER, at).daily == daily


def test_an_override_is_refused_where_the_former_one_is_another_than_was_seen() -> None:
    """Also where none was seen, or none is left; what is so already is no change."""
    seen, none = Override(UserLimits(daily=2)), Override(UserLimits())
    told = given(policy(daily=7), overridden(daily=2))
    told.when(override(daily=3, seen=seen)).then(overridden(daily=3))
    told = given(policy(daily=7), overridden(daily=2))
    told.when(override(daily=3, seen=none)).then_refused(Reason.LIMITS_CHANGED)
    told.when(override(daily=3, seen=seen._replace(until=on(20)))).then_refused(Reason.LIMITS_CHANGED)
    told.when(override(daily=2, seen=none)).then()
    given(policy(daily=7)).when(override(daily=3, seen=seen)).then_refused(Reason.LIMITS_CHANGED)
    given(policy(daily=7)).when(override(daily=3, seen=none)).then(overridden(daily=3))


FORMER = Override(UserLimits(100, 2), on(20))


@pytest.mark.parametrize(
    ("former", "wanted", "expected"),
    [
        (FORMER, Override(UserLimits(daily=3)), Override(UserLimits(100, 3), on(20))),
        (FORMER, Override(UserLimits(user_bytes=0)), Override(UserLimits(0, 2), on(20))),
        (FORMER, Override(UserLimits(daily=3), on(21)), Override(UserLimits(100, 3), on(21))),
        (FORMER, Override(UserLimits(), on(21)), Override(UserLimits())),
        (FORMER._replace(until=on(12)), Override(UserLimits(daily=3)), Override(UserLimits(daily=3))),
        (Override(UserLimits()), Override(UserLimits(daily=3)), Override(UserLimits(daily=3))),
    ],
)
def test_what_is_not_wanted_of_an_override_in_force_stays(
    former: Override, wanted: Override, expected: Override
) -> None:
    """Its end too; with no limit wanted nothing stays, and of one that is over neither."""
    assert carried_on(former, wanted, on(12)) == expected


def test_an_override_of_nothing_takes_the_former_one_away() -> None:
    """limits is null, and an end makes no sense then."""
    told = given(policy(daily=7), overridden(daily=2)).when(override(until=on(12))).then(overridden())
    assert told.state.override(USER) is None
    assert told.state.limits_of(USER, NOON).daily == 7
    told.when(override()).then()


@pytest.mark.parametrize("own", [{"daily": 2}, {"user_bytes": 0}, {"daily": 0, "user_bytes": 9, "until": on(12)}])
def test_limits_that_a_user_has_already_are_no_event(own: dict[str, Any]) -> None:
    """Whatever the reason; another end is another limit."""
    told = given().when(override(**own)).then_allowed()
    told.when(override(reason="again", **own)).then()
    told.when(override(**{**own, "until": on(20)})).then_allowed()


def test_a_reset_sets_todays_count_of_that_user_to_zero() -> None:
    """Not yesterday's, not another's; holds stay."""
    past: list[Event] = [reserved("y", at=on(9)), reserved("t", count=2), reserved("o", user=OTHER)]
    told = given(*past).when(reset_daily(idempotency_key=key("k"))).then(reset(request=key("k")))
    daily = told.state.daily
    assert daily.status(USER, 5, NOON).used == 0
    assert daily.status(USER, 5, on(9)).used == 1
    assert daily.status(OTHER, 5, NOON).used == 1
    assert told.state.user(USER).held_bytes == 300


def test_a_reset_of_an_unused_day_is_recorded_all_the_same() -> None:
    """An admin acted; the log tells so."""
    told = given().when(reset_daily(origin="guild:1")).then(reset(origin="guild:1"))
    assert told.state.daily.status(USER, 5, NOON).used == 0


def test_of_a_count_that_is_0_the_first_resets_of_a_day_are_recorded() -> None:
    """As refusals are. What changes something always is, and other users and days have their own."""
    assert MAX_RECORDED_RESETS == 20
    told = given()
    for _ in range(20):
        told.when(reset_daily()).then(reset())
    told.when(reset_daily()).then()
    told.when(reset_daily(user=OTHER)).then(reset(user=OTHER))
    told.when(reserve()).then_allowed().when(reset_daily()).then(reset())
    told.when(reset_daily()).then()
    told.when(reset_daily(), at=on(11)).then(reset(at=on(11)))


def test_a_preference_is_recorded_and_changes_no_figure() -> None:
    """A user's default style and the like."""
    told = given().when(SetPreference(USER, "discord:42", "style", "anime", "guild:1", key("k")))
    told.then(PreferenceSet(NOON, USER, "discord:42", "style", "anime", "guild:1", key("k")))
    assert told.state.users.users() == []

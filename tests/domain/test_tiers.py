"""Tiers: who has which, what they give together, and what they allow."""

from __future__ import annotations

from typing import Any

import pytest

from domain.events import Event
from domain.limits import Limits, UserLimits
from domain.refusals import Reason
from domain.tiers import (
    MAX_GROUPS_SEEN,
    MAX_TIERS,
    NO_MEMBER,
    PLACES_KEPT,
    Benefits,
    Member,
    benefits_of,
    seen_at,
)
from tests.domain.examples import (
    NOON,
    OTHER,
    USER,
    assign,
    assigned,
    define,
    key,
    no_tier,
    on,
    overridden,
    policy,
    refused,
    reserve,
    reserved,
    save,
    saved,
    see,
    seen,
    take_away,
    tier,
    unassign,
    unassigned,
)
from tests.domain.history import History, Past, given

ROLE, OTHER_ROLE = "guild:9/role:5", "guild:9/role:6"
FROM_GUILD: dict[str, Any] = {"place": "guild:9"}
GOLD: list[Event] = [policy(daily=1), tier(daily=3)]


def limits_of(told: History, user: str = USER, at: str = NOON) -> Limits:
    return told.state.limits_of(user, at)


def benefits(told: History, user: str = USER, at: str = NOON) -> Benefits:
    return benefits_of(told.state.tiers, told.state.member(user), at)


# -- what a tier gives


def test_a_tier_has_limits_of_its_own() -> None:
    """Any of storage, daily places and a user's windows; the rest is the policy's."""
    months = (("user/month/generations", 40),)
    told = given(
        policy(daily=1, user_bytes=500, windows=(("user/week/generations", 9), ("pool/day/generations", 99))),
        tier(daily=3, windows=months),
        assigned(),
    )
    windows = (("user/week/generations", 9), *months, ("pool/day/generations", 99))
    assert limits_of(told) == Limits(user_bytes=500, daily=3, windows=windows)
    assert limits_of(told, OTHER).daily == 1
    told.when(reserve(count=3)).then(reserved(count=3))
    told.when(reserve("r2")).then_refused(Reason.DAILY_LIMIT, limit=3, used=3)


def test_a_tier_can_give_less_than_the_policy() -> None:
    """It is a limit of its own, not an addition."""
    given(policy(daily=5), tier(daily=2), assigned()).when(reserve(count=3)).then_refused(Reason.DAILY_LIMIT, limit=2)


def test_of_several_tiers_the_most_generous_value_of_each_limit_counts() -> None:
    """Each limit by itself; what none of them says is the policy's."""
    told = given(
        policy(daily=1, user_bytes=500),
        tier("a", daily=2, windows=(("user/day/credits", 7), ("user/month/credits", 9))),
        tier("b", daily=0, user_bytes=200, windows=(("user/month/credits", 8),)),
        assigned("a"),
        assigned("b"),
    )
    assert limits_of(told) == Limits(
        daily=2, user_bytes=200, windows=(("user/day/credits", 7), ("user/month/credits", 9))
    )
    assert benefits(told).tiers == ("a", "b")


def test_a_users_own_override_wins_over_all_tiers_until_its_end() -> None:
    """Whether it is more or less than a tier gives; of what it does not name the tier's holds."""
    told = given(*GOLD, tier("big", user_bytes=900), assigned(), assigned("big"), overridden(daily=2, until=on(11)))
    assert [limits_of(told, at=at)[0:3:2] for at in (NOON, on(11))] == [(900, 2), (900, 3)]


def test_a_saved_image_is_held_against_the_limits_of_tiers_too() -> None:
    """One way for all decisions."""
    told = given(policy(user_bytes=50), tier(user_bytes=150), assigned())
    told.when(save(size=151)).then_refused(Reason.USER_STORAGE, limit=150)
    given(policy(user_bytes=50), tier(user_bytes=150), assigned()).when(save(size=150)).then_allowed()


# -- who has one


UNTIL = on(11)


@pytest.mark.parametrize(
    ("at", "daily"), [(on(11, "11:59:59.999999"), 3), (UNTIL, 1), (on(11, "12:00:00.000001"), 1)]
)  # fmt: skip
def test_a_tier_by_hand_is_in_force_until_its_end(at: str, daily: int) -> None:
    """At the end itself it is over; no event says so."""
    told = given(*GOLD, assigned(until=UNTIL))
    assert limits_of(told, at=at).daily == daily
    told.when(reserve(count=daily + 1), at=at).then_refused(Reason.DAILY_LIMIT, limit=daily)


def test_a_tier_is_assigned_once_more_with_another_end() -> None:
    """The later assignment replaces the former; the same one is no event."""
    told = given(*GOLD, assigned(until=UNTIL))
    told.when(assign(until=UNTIL)).then()
    told.when(assign()).then(assigned())
    assert limits_of(told, at=on(31)).daily == 3
    assert len(told.state.member(USER).assigned) == 1


def test_a_tier_by_hand_is_taken_back() -> None:
    """Whether it is over or not; of one that was not given by hand nothing can be taken back."""
    told = given(*GOLD, assigned())
    told.when(unassign()).then(unassigned())
    assert limits_of(told).daily == 1
    told.when(unassign()).then_refused(Reason.NOT_FOUND, detail="gold", user=USER)
    given(*GOLD, assigned(until=NOON)).when(unassign()).then(unassigned())
    told = given(policy(daily=1), tier(daily=3, groups=(ROLE,)), seen(ROLE))
    told.when(unassign()).then_refused(Reason.NOT_FOUND)


def test_only_a_tier_that_there_is_can_be_assigned() -> None:
    """And everybody's is nobody's to be given."""
    given(*GOLD).when(assign("silver")).then_refused(Reason.NOT_FOUND, detail="silver")
    given(tier("everybody")).when(assign("everybody")).then_refused(Reason.MALFORMED)


def test_a_group_that_was_seen_gives_a_tier_everywhere() -> None:
    """Also where nobody tells of groups, such as on the page: as it was last seen."""
    past: Past = [policy(daily=1), tier(daily=3, groups=(ROLE,)), seen(ROLE)]
    given(*past).when(reserve(count=3)).then(reserved(count=3))
    given(*past).when(reserve(count=3, origin="http")).then(reserved(count=3, origin="http"))
    given(*past).when(reserve(count=2, user=OTHER)).then_refused(Reason.DAILY_LIMIT, limit=1)


def test_the_tier_everybody_is_that_of_whoever_has_no_other() -> None:
    """By no group and by no hand; it counts no more beside another, however generous it is."""
    past: Past = [policy(daily=1), tier("everybody", daily=9), tier(daily=3), assigned()]
    told = given(*past)
    assert (limits_of(told).daily, limits_of(told, OTHER).daily) == (3, 9)
    assert (benefits(told).tiers, benefits(told, OTHER).tiers) == (("gold",), ("everybody",))


# -- groups that come with a command


def test_a_change_of_role_counts_at_the_next_command() -> None:
    """The groups are recorded first, and the command is decided with them."""
    told = given(policy(daily=1), tier(daily=3, groups=(ROLE,)))
    told.when(reserve(count=3, groups=(ROLE,), **FROM_GUILD)).then(seen(ROLE), reserved(count=3))
    told.when(reserve("r2", groups=(), **FROM_GUILD)).then_refused(Reason.DAILY_LIMIT, limit=1, used=3)
    assert told.events[-2:] == [seen(), refused(limit=1, used=3)]
    assert told.state.member(USER) == NO_MEMBER


def test_nothing_is_recorded_of_groups_that_are_as_they_were() -> None:
    """Whatever their order, and whatever others there are."""
    told = given(policy(daily=9), tier(groups=(ROLE, OTHER_ROLE)))
    told.when(reserve(groups=(OTHER_ROLE, ROLE, "guild:9/role:1"), **FROM_GUILD)).then(
        seen(ROLE, OTHER_ROLE), reserved()
    )
    told.when(reserve("r2", groups=("guild:9/role:2", ROLE, OTHER_ROLE, ROLE), **FROM_GUILD)).then(reserved("r2"))


def test_nothing_is_recorded_of_groups_that_no_tier_names() -> None:
    """Neither without tiers, nor with tiers that name none."""
    for past in ([policy()], [policy(), tier(), tier("everybody")]):
        given(*past).when(reserve(groups=(ROLE,), **FROM_GUILD)).then(reserved())


def test_groups_are_seen_where_a_command_is_refused_too() -> None:
    """Else a refusal by the limits of a new tier would stand alone in the log; also one that is not recorded itself."""
    told = given(policy(daily=1), tier(models=("core",), groups=(ROLE,)))
    told.when(reserve(model="ultra", groups=(ROLE,), **FROM_GUILD)).then_refused(Reason.NOT_ALLOWED)
    assert told.events[-1] == seen(ROLE)


def test_groups_of_a_repeated_request_change_nothing() -> None:
    """It was answered; the answer stands."""
    asked = reserve(groups=(ROLE,), idempotency_key=key("k"), **FROM_GUILD)
    told = given(policy(daily=1), tier(groups=(ROLE,)))
    told.when(asked).then(seen(ROLE), reserved(request=key("k")))
    told.when(asked._replace(groups=())).then_answered(4)


def test_groups_can_be_told_without_asking_for_anything() -> None:
    """As a door does that knows of a change."""
    told = given(tier(groups=(ROLE,)))
    told.when(see(ROLE)).then(seen(ROLE))
    told.when(see(ROLE)).then()
    told.when(see()).then(seen())


def test_each_place_has_its_own_groups() -> None:
    """What is seen at one changes nothing of another, and a tier of either is the user's."""
    told = given(
        tier("a", groups=(ROLE,)), tier("b", groups=("group:vip",)), seen(ROLE), seen("group:vip", place="api:x")
    )
    assert benefits(told).tiers == ("a", "b")
    told.when(see()).then(seen())
    assert benefits(told).tiers == ("b",)


def test_the_place_that_was_seen_longest_ago_is_forgotten() -> None:
    """At most 32 of one user, so that none grows for ever."""
    assert PLACES_KEPT == 32
    member = Member()
    for number in range(PLACES_KEPT):
        member = seen_at(member, f"guild:{number}", (ROLE,))
    member = seen_at(member, "guild:0", (OTHER_ROLE,))
    assert len(member.seen) == PLACES_KEPT
    member = seen_at(member, "guild:99", (ROLE,))
    places = [place for place, _ in member.seen]
    assert places == [*(f"guild:{number}" for number in range(2, PLACES_KEPT)), "guild:0", "guild:99"]


def test_so_many_groups_of_a_place_are_kept() -> None:
    """256, of those that tiers name; a guild has fewer roles."""
    groups = tuple(sorted(f"guild:9/role:{number}" for number in range(MAX_GROUPS_SEEN + 1)))
    past = [tier(f"t{part}", groups=groups[part * 64 : part * 64 + 64]) for part in range(5)]
    told = given(*past)
    told.when(see(*groups)).then(seen(*groups[:256]))
    told.when(see(*groups)).then()


# -- what is allowed


ALLOWED: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("providers", {"provider": "sketch"}, {"provider": "openai"}, "the provider openai (allowed: sketch, stability)"),
    ("models", {"model": "sketch"}, {"model": "openai"}, "the model openai (allowed: sketch, stability)"),
]


@pytest.mark.parametrize(("which", "right", "wrong", "detail"), ALLOWED, ids=[row[0] for row in ALLOWED])
def test_a_tier_can_allow_some_providers_and_models(
    which: str, right: dict[str, Any], wrong: dict[str, Any], detail: str
) -> None:
    """The refusal names what is not allowed and what would be; nothing is recorded, as nothing was asked of a limit."""
    lists: dict[str, Any] = {which: ("sketch", "stability")}
    past: Past = [policy(daily=9), tier(**lists), assigned()]
    given(*past).when(reserve(**right)).then(reserved(**right))
    told = given(*past).when(reserve(**wrong))
    told.then_refused(Reason.NOT_ALLOWED, detail=detail, user=USER, estimated=True, record=None)
    given(*past).when(reserve(user=OTHER, **wrong)).then_allowed()


def test_a_tier_can_allow_some_operations() -> None:
    """By their names."""
    past: Past = [policy(), tier("everybody", operations=("text_to_image", "upscale"))]
    given(*past).when(reserve(operation="upscale")).then_allowed()
    told = given(*past).when(reserve(operation="image_to_image"))
    told.then_refused(Reason.NOT_ALLOWED, detail="the operation image_to_image (allowed: text_to_image, upscale)")


def test_what_is_not_told_is_not_refused() -> None:
    """Nobody can judge it: whoever makes a picture for others tells who makes it, and how."""
    past: Past = [
        policy(),
        tier("everybody", providers=("sketch",), models=("core",), operations=("text_to_image",)),
    ]
    given(*past).when(reserve()).then(reserved())
    given(*past).when(save()).then_allowed()


def test_what_any_tier_allows_is_allowed() -> None:
    """The union of the lists; a tier without a list allows all."""
    past: Past = [policy(), tier("a", models=("core",)), tier("b", models=("sd3",)), assigned("a"), assigned("b")]
    for model in ("core", "sd3"):
        given(*past).when(reserve(model=model)).then_allowed()
    told = given(*past).when(reserve(model="ultra"))
    told.then_refused(Reason.NOT_ALLOWED, detail="the model ultra (allowed: core, sd3)")
    given(*past, tier("c"), assigned("c")).when(reserve(model="ultra")).then_allowed()


def test_provider_comes_before_model_before_operation() -> None:
    """Whoever breaks several lists hears of the first."""
    lists: dict[str, Any] = {"providers": ("a",), "models": ("a",), "operations": ("upscale",)}
    asked: dict[str, Any] = {"provider": "b", "model": "b", "operation": "text_to_image"}
    names = ("provider", "model", "operation")
    for number, name in enumerate(names):
        told = given(policy(), tier("everybody", **dict(list(lists.items())[number:]))).when(reserve(**asked))
        told.then_refused(Reason.NOT_ALLOWED)
        assert str(getattr(told.decision, "detail", "")).startswith(f"the {name} ")


def test_the_groups_of_the_command_say_what_is_allowed() -> None:
    """A role of this minute counts for it too."""
    past: Past = [policy(), tier("everybody", models=("core",)), tier("all", groups=(ROLE,))]
    given(*past).when(reserve(model="ultra")).then_refused(Reason.NOT_ALLOWED)
    told = given(*past).when(reserve(model="ultra", groups=(ROLE,), **FROM_GUILD))
    told.then(seen(ROLE), reserved(model="ultra"))


# -- the line


def test_the_most_generous_weight_and_waiting_count() -> None:
    """None where no tier says anything."""
    told = given(tier("a", weight=2, waiting=9), tier("b", weight=5), tier("c"), assigned("a"), assigned("b"))
    assert benefits(told)[5:] == (5, 9)
    assert benefits(told, OTHER)[5:] == (None, None)


# -- definitions


def test_a_definition_replaces_the_former_whole() -> None:
    """What it does not name is no more."""
    told = given(policy(daily=1), tier(daily=3, user_bytes=9, weight=4, groups=(ROLE,)), assigned())
    told.when(define(daily=2)).then(tier(daily=2))
    assert limits_of(told) == Limits(daily=2)
    assert benefits(told).weight is None
    told.when(define(daily=2)).then()


def test_a_tier_that_is_taken_away_is_nobodys() -> None:
    """Also if one of this name is defined later: it is another one. Groups give it again, as they were seen."""
    told = given(policy(daily=1), tier(daily=3, groups=(ROLE,)), assigned(), assigned(user=OTHER), seen(ROLE))
    told.when(take_away()).then(no_tier())
    assert [limits_of(told, user).daily for user in (USER, OTHER)] == [1, 1]
    told.when(define(daily=3, groups=(ROLE,))).then(tier(daily=3, groups=(ROLE,)))
    assert [limits_of(told, user).daily for user in (USER, OTHER)] == [3, 1]


def test_only_a_tier_that_there_is_can_be_taken_away() -> None:
    """A second time there is none."""
    told = given(*GOLD, take_away())
    told.when(take_away()).then_refused(Reason.NOT_FOUND, detail="gold")


def test_there_are_at_most_64_tiers() -> None:
    """One of them can be defined anew, and another in the place of one that was taken away."""
    assert MAX_TIERS == 64
    told = given(*(tier(f"t{number}") for number in range(MAX_TIERS)))
    told.when(define()).then_refused(Reason.MALFORMED)
    told.when(define("t0", daily=1)).then(tier("t0", daily=1))
    told.when(take_away("t0")).then_allowed()
    told.when(define()).then(tier())


TWO = ("b", "a")
GROUPS = tuple(sorted(f"guild:9/role:{number}" for number in range(64)))
MALFORMED = [
    ("a key of another form", define("No tier")),
    ("a limit of everybody", define(windows=(("pool/day/generations", 1),))),
    ("a limit below 0", define(daily=-1)),
    ("a group of no form", define(groups=("role:5",))),
    ("too many groups", define(groups=tuple(sorted((*GROUPS, ROLE + "99"))))),
    ("a group twice", define(groups=(ROLE, ROLE))),
    ("groups in another order", define(groups=(ROLE, "group:vip"))),
    ("groups that give everybody's", define("everybody", groups=(ROLE,))),
    ("a list of nothing", define(providers=())),
    ("a list in another order", define(providers=TWO)),
    ("too many models", define(models=tuple(f"m{number:02d}" for number in range(65)))),
    ("a name of nothing", define(models=("",))),
    ("an operation that there is not", define(operations=("draw",))),
    ("a weight of 0", define(weight=0)),
    ("a weight of 101", define(weight=101)),
    ("nobody waits", define(waiting=0)),
    ("a weight of half a turn", define(weight=0.5)),
    ("no tier with a weight", take_away(weight=1)),
    ("no tier with groups", take_away(groups=(ROLE,))),
    ("an end that is no time", assign(until="tomorrow")),
    ("a place of no form", see(ROLE, place="here")),
    ("groups without a place", reserve(groups=(ROLE,))),
    ("a place without groups", reserve(place="guild:9")),
    ("more groups than can be told", see(*map(str, range(1_001)))),
]


@pytest.mark.parametrize(("what", "command"), MALFORMED, ids=[what for what, _ in MALFORMED])
def test_what_is_of_no_possible_form(what: str, command: object) -> None:
    """Each with a sentence."""
    told = given(policy(), tier()).when(command)  # type: ignore[arg-type]  # commands of several types
    told.then_refused(Reason.MALFORMED)
    assert getattr(told.decision, "detail", "").endswith("."), what


def test_what_is_just_in_form() -> None:
    """The bounds themselves."""
    given(define(weight=1, waiting=1)).when(define(weight=100, waiting=100)).then_allowed()
    given().when(define(groups=GROUPS)).then_allowed()
    given().when(define(models=tuple(f"m{number:02d}" for number in range(64)))).then_allowed()
    given().when(see(*map(str, range(1_000)))).then()


# -- what cannot have happened


IMPOSSIBLE: list[tuple[Event, str]] = [
    (assigned("silver"), "there is none to give"),
    (assigned("everybody"), "there is none to give"),
    (unassigned(), "was not given it"),
    (no_tier("silver"), "there is none"),
    (seen(ROLE), "that no tier names"),
]


@pytest.mark.parametrize(("event", "because"), IMPOSSIBLE, ids=[because for _, because in IMPOSSIBLE])
def test_no_log_has_it(event: Event, because: str) -> None:
    """It stops a replay."""
    given(tier(), tier("everybody")).then_impossible(event, because)


def test_no_log_has_65_tiers() -> None:
    """As none could be defined."""
    given(*(tier(f"t{number}") for number in range(MAX_TIERS))).then_impossible(tier(), "one more than there can be")


# -- what does not cost


def test_without_tiers_limits_are_the_policy_itself() -> None:
    """Nothing is made or compared."""
    told = given(policy(daily=3))
    assert limits_of(told) is told.state.policy
    assert benefits(told) == Benefits()
    told = given(policy(daily=3), tier(weight=2), assigned())
    assert limits_of(told) is told.state.policy
    assert benefits(told).limits == UserLimits()


def test_what_tiers_give_is_remembered() -> None:
    """Until something changes."""
    told = given(*GOLD, assigned())
    assert limits_of(told) is limits_of(told)
    assert benefits(told) is benefits(told)
    told.record(tier(daily=4))
    assert limits_of(told).daily == 4


def test_a_place_of_a_reservation_is_saved_into_whatever_became_of_the_tier() -> None:
    """What was granted stands."""
    told = given(policy(daily=1), tier(daily=3), assigned(), reserved(count=3))
    told.when(unassign()).then_allowed()
    told.when(save(reservation="r1")).then(saved(reservation="r1"))

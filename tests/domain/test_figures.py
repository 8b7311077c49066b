"""Whatever is decided can be stored, however large or small the figures become; and whom a forgotten grant concerns.

| what happens | what follows |
|---|---|
| sums beyond 18 digits, or below 0 after what was settled late | a refusal and a threshold tell the nearest figure |
| more grants than one event may name | the first of them are drawn on, and what they do not bear is refused |
| a grant of which nothing is left is forgotten | nothing is decided otherwise than if it were remembered |
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.commands import MAX_LIMIT, Command, VoidGrant
from domain.decisions import StoredAnswer, decide
from domain.event_data import to_data
from domain.event_forms import MOST_DRAWS, misshapen
from domain.events import Event
from domain.grants import MOST_DRAWN, Grant, drawn_from
from domain.instants import later
from domain.limit_names import ALL_LIMITS, FURTHER, in_order
from domain.limits import LARGEST_FIGURE
from domain.refusals import Reason, Refusal
from domain.threshold_events import ThresholdCrossed
from projections import grants as kept_grants
from projections.quota_state import QuotaState
from projections.window_status import windows_of
from tests.domain import history
from tests.domain.examples import NOON, USER, complete, give, release, reserve, save, set_policy, void

CREDITS = "user/month/credits"
EXTREMES = st.sampled_from((0, 1, 2, MAX_LIMIT - 1, MAX_LIMIT))


def storable(events: Iterable[Event]) -> None:
    """Each has the form that every reader takes."""
    for event in events:
        data = json.dumps(to_data(event), ensure_ascii=False, separators=(",", ":")).encode()
        assert misshapen(type(event).__name__, data) is None, data


def decided(state: QuotaState, command: Command, at: str) -> Any:
    """The decision, recorded; a refusal's record too."""
    draft = state.draft()
    decision = decide(command, draft, draft.policy, at)
    assert not isinstance(decision, StoredAnswer)
    events = decision.recorded if isinstance(decision, Refusal) else decision
    storable(events)
    for event in events:
        draft.apply(draft.position + 1, event)
    draft.commit()
    return decision


@st.composite
def steps(draw: st.DrawFn) -> list[Command]:
    """Requests of a user whose prices, costs, grants and files are as small or as large as they may be."""
    found: list[Command] = []
    for number in range(draw(st.integers(2, 12))):
        mine = f"r{draw(st.integers(0, max(0, number - 1)))}"
        places = draw(st.sampled_from((1, 2, 100)))
        found.append(
            draw(
                st.one_of(
                    st.builds(
                        lambda each, size, n=number, c=places: reserve(
                            f"r{n}", count=c, credits_each=each, bytes_each=size
                        ),
                        EXTREMES,
                        EXTREMES,
                    ),
                    st.builds(lambda cost, of=mine: complete(of, cost=cost), st.one_of(st.none(), EXTREMES)),
                    st.builds(
                        lambda why, of=mine: release(of, why), st.sampled_from(("failed", "unknown", "moderated"))
                    ),
                    st.builds(lambda size, n=number: save(f"{n}.png", size, own=f"o{n}"), EXTREMES),
                    st.builds(lambda size, n=number, of=mine: save(f"{n}.png", size, reservation=of), EXTREMES),
                    st.builds(
                        lambda amount, unit, n=number: give(f"g{n}", max(1, amount), unit),
                        EXTREMES,
                        st.sampled_from(("credits", "generations", "bytes")),
                    ),
                )
            )
        )
    return found


LATE: list[Command] = [
    give("g", 20, "credits"),
    reserve(count=2, credits_each=10),
    save("a.png", 1, reservation="r1"),
    complete(cost=0),
]
"""A picture that a grant bore at its price, and that cost nothing after all: the user's window goes below 0."""


@settings(max_examples=80, deadline=None)
@given(steps=steps(), most=EXTREMES, told=st.booleans(), tried=st.booleans())
@example(
    steps=[reserve(f"r{n}", count=100, credits_each=MAX_LIMIT, bytes_each=MAX_LIMIT) for n in range(3)],
    most=MAX_LIMIT, told=True, tried=True,
)  # fmt: skip
def test_whatever_is_decided_can_be_stored(steps: list[Command], most: int, told: bool, tried: bool) -> None:
    """Else one request would fail for good, and the log could not be read with it."""
    state = QuotaState()
    windows = in_order(dict.fromkeys(FURTHER, most))
    limits: dict[str, Any] = {"daily": most, "user_bytes": most, "pool_bytes": most, "windows": windows}
    tell_at = (80, 100) if told else ()
    unenforced = ALL_LIMITS if tried else ()
    decided(state, set_policy(tell_at=tell_at, unenforced=unenforced, **limits), NOON)
    for step in steps:
        decision = decided(state, step, NOON)
        if isinstance(decision, Refusal):
            assert all(0 <= figure <= LARGEST_FIGURE for figure in (decision.limit, decision.used, decision.held))


def test_what_a_window_has_less_than_nothing_of_is_told_as_nothing() -> None:
    """What was settled by a grant and cost nothing after all is the user's own gain, which a refusal tells as 0."""
    told = history.given(set_policy(windows=((CREDITS, 0),)), *LATE).when(reserve("r2", credits_each=11))
    told.then_refused(Reason.WINDOW_LIMIT, window=CREDITS, used=0, held=0, limit=0)
    (status,) = windows_of(told.state, USER, told.state.policy, NOON)
    assert (status.used, status.held, status.remaining) == (0, 0, 10)


def test_a_threshold_tells_the_nearest_figure() -> None:
    """Bills far beyond a limit, of which people hear only then: the largest figure that there is."""
    state = QuotaState()
    limits: dict[str, Any] = {"daily": MAX_LIMIT, "windows": ((CREDITS, 2),)}
    decided(state, set_policy(**limits), NOON)
    for name in ("r1", "r2", "r3"):
        decided(state, reserve(name, count=100, credits_each=0, bytes_each=0), NOON)
    for name in ("r1", "r2"):
        for _ in range(100):
            decided(state, complete(name, cost=MAX_LIMIT), NOON)
    decided(state, set_policy(tell_at=(100,), **limits), NOON)
    *_, told = decided(state, complete("r3", cost=1), NOON)
    assert isinstance(told, ThresholdCrossed)
    assert (told.used, told.most) == (LARGEST_FIGURE, 2)


@pytest.mark.parametrize(("amount", "parts"), [(MOST_DRAWN - 1, MOST_DRAWN - 1), (MOST_DRAWN, MOST_DRAWN)])
def test_a_decision_draws_on_so_many_grants(amount: int, parts: int) -> None:
    """One under, and on it: in the one order, each of a thousandth."""
    draws = drawn_from(tuple(small(number) for number in range(MOST_DRAWN + 5)), "credits", amount, NOON)
    assert len(draws) == parts
    assert draws[0].grant == "g0"


def test_what_more_grants_would_bear_is_refused_by_the_limit() -> None:
    """One over: what the first ones bear is not enough, and nothing is drawn."""
    grants = tuple(small(number) for number in range(MOST_DRAWN + 5))
    assert len(drawn_from(grants, "credits", MOST_DRAWN + 1, NOON)) == MOST_DRAWN
    assert 2 * MOST_DRAWN <= MOST_DRAWS, "both units together are what an event may name"


def test_a_request_that_needs_more_grants_than_an_event_may_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refused by the limit with its figures; a smaller one is drawn from the first of them."""
    monkeypatch.setattr("domain.grants.MOST_DRAWN", 3)
    many = [give(f"g{number}", 1, "credits") for number in range(5)]
    told = history.given(set_policy(windows=((CREDITS, 0),)), *many).when(reserve("r1", credits_each=4))
    told.then_refused(Reason.WINDOW_LIMIT, window=CREDITS, limit=0, used=0)
    told.when(reserve("r2", credits_each=3)).then_allowed()
    assert [draw.grant for draw in told.events[-1].drawn] == ["g0", "g1", "g2"]  # type: ignore[union-attr]  # it is a reservation


def small(number: int) -> Grant:
    """A grant of a thousandth of a credit."""
    return Grant(f"g{number}", USER, "credits", 1, number, NOON, balance=1)


@st.composite
def lives(draw: st.DrawFn) -> list[tuple[Command, int]]:
    """What becomes of many small grants that end soon, step by step and so many seconds later each."""
    found: list[tuple[Command, int]] = []
    for number in range(draw(st.integers(10, 40))):
        of = draw(st.integers(0, number))
        ends = draw(st.sampled_from((None, 5, 40)))
        at = None if ends is None else later(NOON, seconds=number * 3 + ends)
        rolls = None if at is None or not draw(st.booleans()) else later(at, seconds=20)
        amount, unit = draw(st.integers(1, 2)), draw(st.sampled_from(("credits", "generations")))
        ending = give(f"g{number}", amount, unit, expires_at=at, rollover=int(bool(rolls)), rollover_until=rolls)
        steps: tuple[Command, ...] = (
            ending,
            give(f"g{number}", 1, "generations"),
            reserve(f"r{number}", credits_each=1, ttl_seconds=30),
            complete(f"r{of}", cost=draw(st.sampled_from((0, 1, 2)))),
            release(f"r{of}"),
            save(f"{number}.png", 1, reservation=f"r{of}"),
            void(f"g{of}"),
        )
        found.append((draw(st.sampled_from(steps)), draw(st.integers(0, 3))))
    return found


@settings(max_examples=40, deadline=None)
@given(life=lives())
def test_nothing_is_decided_by_a_grant_that_is_forgotten(life: list[tuple[Command, int]]) -> None:
    """Beside a ledger that remembers every grant: the same events, and the same refusals. What of a grant is remembered
    is as it would be.
    """
    remembers, forgets = QuotaState(), QuotaState()
    at = NOON
    for state in (remembers, forgets):
        decided(state, set_policy(daily=0, windows=((CREDITS, 0),)), NOON)
    for command, seconds in life:
        at = later(at, seconds=seconds)
        gone = {grant.grant for grant in remembers.grants(USER)} - {grant.grant for grant in forgets.grants(USER)}
        if isinstance(command, VoidGrant) and command.grant in gone:
            continue  # one has it still, and voids nothing with it; the other says that there is none
        told = []
        for state, above in ((remembers, 10**9), (forgets, 0)):
            with pytest.MonkeyPatch.context() as patched:
                patched.setattr(kept_grants, "TIDIED_ABOVE", above)
                told.append(decided(state, command, at))
        assert told[0] == told[1], command
        left = {grant.grant: grant for grant in forgets.grants(USER)}
        assert {grant.grant: grant for grant in remembers.grants(USER) if grant.grant in left} == left

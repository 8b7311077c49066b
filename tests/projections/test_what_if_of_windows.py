"""The same history under other limits of windows: what is enforced here, tried out here, and what grants bear."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings

from domain.commands import Command
from domain.events import Asked, Event
from domain.grants import Draw
from projections.quota_state import QuotaState
from projections.what_if import AS_THEY_WERE, Further, WhatIf, requests_of
from tests.domain.examples import completed, granted, policy, refused, released, reserve, reserved
from tests.domain.history import given as history_of
from tests.projections.all_kinds import batches_of_all_kinds
from tests.projections.recorded import batches_of

MONTHLY = "user/month/credits"
TRIED = policy(daily=9, windows=((MONTHLY, 800),), unenforced=(MONTHLY,))
some = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def decided(history: list[Event], further: Further = AS_THEY_WERE) -> WhatIf:
    """The history under other limits, each event a batch of its own."""
    story = WhatIf(QuotaState(), {}, further)
    for position, event in enumerate(history, 1):
        story.take(requests_of([(position, event)]))
    return story


def test_a_limit_of_a_window_refuses_what_it_has_no_room_for() -> None:
    """By its name; what was made of it then costs nothing here."""
    history: list[Event] = [policy(daily=9), reserved(credits_each=600), completed(cost=600),
                            reserved("r2", credits_each=600), completed("r2", cost=600)]  # fmt: skip
    whole = decided(history, Further(((MONTHLY, 1_000),))).whole
    assert (whole.refused["WINDOW_LIMIT"], whole.windows, whole.newly_refused) == (1, {MONTHLY: 1}, 1)
    assert (whole.spent, whole.saved, whole.not_made) == (0.6, 0.6, 1)


def test_what_a_window_refused_then_is_counted_and_allowed_without_it() -> None:
    """`none` leaves no limit of a window."""
    no = refused("WINDOW_LIMIT", asked=Asked(2, 200, 0, 800), limit=500, window=MONTHLY)
    history: list[Event] = [policy(daily=9, windows=((MONTHLY, 500),)), no]
    then = decided(history).whole
    assert (then.windows_then, then.windows, then.newly_allowed) == ({MONTHLY: 1}, {MONTHLY: 1}, 0)
    whole = decided(history, Further(alone=True)).whole
    assert (whole.then["WINDOW_LIMIT"], whole.refused_here, whole.newly_allowed, whole.more_made) == (1, 0, 1, 2)
    assert (whole.more_spent, whole.more_unpriced, whole.spent) == (0.8, 0, 0.0)


def test_what_is_made_more_has_no_price_where_none_was_asked_for() -> None:
    """Its pictures are counted without one."""
    no = refused("WINDOW_LIMIT", asked=Asked(2, 200, 0), limit=1, window="user/week/generations")
    whole = decided([policy(daily=9, windows=(("user/week/generations", 1),)), no], Further(alone=True)).whole
    assert (whole.more_made, whole.more_spent, whole.more_unpriced) == (2, 0.0, 2)


def test_a_limit_that_is_given_is_enforced_and_one_that_stays_is_tried_out() -> None:
    """What it would have refused is counted, then and here."""
    past = history_of(TRIED, reserved(credits_each=600)).when(reserve("r2", credits_each=600))
    story = WhatIf(QuotaState(), {})
    story.take(requests_of([(1, TRIED)]))
    story.take(requests_of([(2, past.events[1])]))
    story.take(requests_of(list(enumerate(past.events[2:], 3))))
    whole = story.whole
    assert (whole.tried_then, whole.tried, whole.refused_here) == ({MONTHLY: 1}, {MONTHLY: 1}, 0)
    enforced = decided(
        [TRIED, reserved(credits_each=600), reserved("r2", credits_each=600)], Further(((MONTHLY, 800),))
    )
    assert (enforced.whole.windows, enforced.whole.tried) == ({MONTHLY: 1}, {})


def test_grants_are_given_here_too_and_bear_what_a_limit_has_no_room_for() -> None:
    """As recorded; what they bear is decided anew."""
    history: list[Event] = [policy(daily=9), granted(amount=700, unit="credits"),
                            reserved(credits_each=600, count=2)]  # fmt: skip
    story = decided(history, Further(((MONTHLY, 500),)))
    assert story.whole.refused_here == 0
    assert story.state.reservation("r1").drawn == (Draw("g1", "credits", 700),)  # type: ignore[union-attr]  # it is there


def test_a_request_without_a_price_counts_what_it_then_cost() -> None:
    """Of older logs, which tell a cost with the delivery alone: it is no refusal for want of a price."""
    history: list[Event] = [policy(daily=9), reserved(), completed(credits=0.7), reserved("r2"),
                            released("r2"), reserved("r3", credits_each=500)]  # fmt: skip
    whole = decided(history, Further(((MONTHLY, 1_000),))).whole
    assert (whole.asked, whole.refused_here, whole.windows) == (3, 1, {MONTHLY: 1})


@some
@given(batches_of_all_kinds)
def test_with_the_limits_of_its_time_any_history_goes_as_it_went(history: list[tuple[int, list[Command]]]) -> None:
    """Nothing that was allowed is refused; what was tried out would have refused as much, where nothing was refused."""
    recorded, _ = batches_of(history)
    story = WhatIf(QuotaState(), {})
    for batch in recorded:
        story.take(requests_of(batch))
    whole = story.whole
    assert whole.newly_refused == 0
    assert whole.tried == whole.tried_then or whole.refused_then

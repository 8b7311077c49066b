"""The same history under other limits: what would have been refused, made, paid and kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from domain.commands import Command
from domain.events import Asked, Event
from projections.quota_state import QuotaState
from projections.what_if import WhatIf, requests_of
from tests.domain.examples import (
    OTHER,
    cleaned,
    completed,
    deleted,
    on,
    overridden,
    policy,
    refused,
    released,
    reserved,
    saved,
    saved_plainly,
)
from tests.projections.recorded import batches_of
from tests.projections.state import state_of
from tests.projections.test_any_history import batches

some = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@some
@given(batches)
def test_with_the_limits_in_force_nothing_goes_another_way(history: list[tuple[int, list[Command]]]) -> None:
    """Each request ends as it did, each refusal for its reason, and what stands at the end is what stands, but for
    answers to keys: what was answered before was not recorded again.
    """
    recorded, state = batches_of(history)
    story = WhatIf(QuotaState(), {})
    for batch in recorded:
        story.take(requests_of(batch))
    story.state.tidy()
    assert state_of(story.state) == {**state_of(state), "answers": []}
    assert story.whole.refused_here == story.whole.refused_then
    assert (story.whole.newly_refused, story.whole.newly_allowed, story.whole.not_made) == (0, 0, 0)


POLICY = policy(daily=3, user_bytes=1_000, pool_bytes=2_000)
PRICE = 0.5


def under(history: Sequence[Sequence[Event]], **limits: int) -> WhatIf:
    """The story of a history under other limits."""
    story, position = WhatIf(QuotaState(), limits), 1
    for batch in history:
        story.take(requests_of(list(enumerate(batch, position))))
        position += len(batch)
    return story


def one(*events: Event) -> list[Event]:
    """A batch."""
    return list(events)


def made(number: int, **more: Any) -> list[list[Event]]:
    """A picture that was reserved, delivered for a price, and kept."""
    name = f"r{number}"
    at = {key: value for key, value in more.items() if key in {"at", "user"}}
    return [
        one(reserved(name, **at)),
        one(completed(name, credits=PRICE, **at)),
        one(saved(f"{name}.png", reservation=name, **at)),
    ]


THREE: list[list[Event]] = [one(POLICY), *made(1), *made(2), *made(3)]


def test_what_a_smaller_day_refuses_was_not_made_not_paid_and_not_stored() -> None:
    """Two of three: who, how often, and what it saves."""
    story = under(THREE, daily=1)
    whole = story.whole
    assert (whole.asked, whole.refused_then, whole.refused) == (
        3,
        0,
        {"DAILY_LIMIT": 2, "WINDOW_LIMIT": 0, "USER_STORAGE": 0, "POOL_STORAGE": 0},
    )
    assert (whole.made, whole.spent, whole.not_made, whole.saved) == (1, PRICE, 2, 2 * PRICE)
    assert story.state.pool == (100, 0)
    assert story.users == {"42": whole}
    assert story.days == {"2026-03-10": whole}


def test_a_picture_whose_price_is_not_recorded_is_counted_apart() -> None:
    """Its credits are in no sum."""
    story = under([one(POLICY), one(reserved()), one(completed())], daily=0)
    assert (story.whole.not_made, story.whole.saved, story.whole.unpriced_saved) == (1, 0.0, 1)


def test_what_was_done_with_a_place_that_is_refused_here_did_not_happen() -> None:
    """Its release gives nothing back, its picture is not deleted, and a later request is decided on what is there."""
    history = [
        one(POLICY),
        one(reserved("gone", bytes_each=900)),
        one(released("gone")),
        *made(1),
        one(deleted("r1.png")),
        one(reserved("r2", bytes_each=50)),
    ]
    story = under(history, user_bytes=60)
    assert (story.whole.newly_refused, story.whole.refused["USER_STORAGE"]) == (2, 2)
    assert story.state.user("42").held_bytes == 50
    assert story.state.pool == (0, 50)


def test_a_deletion_makes_room_here_too() -> None:
    """Only of what is here."""
    history = [one(POLICY), *made(1), one(deleted("r1.png")), *made(2)]
    assert under(history, user_bytes=100).whole.newly_refused == 0
    assert under([one(POLICY), *made(1), *made(2)], user_bytes=100).whole.newly_refused == 1


def test_the_pool_is_full_at_a_position() -> None:
    """The first refusal for it, and the most that there was."""
    history = [one(POLICY), *made(1), *made(2, user=OTHER), *made(3)]
    story = under(history, pool_bytes=250)
    assert (story.pool.full_position, story.pool.full_at) == (8, on(10))
    assert (story.pool.peak_bytes, story.pool.peak_at) == (200, on(10))
    assert story.pool.days == {"2026-03-10": 200}
    assert under(history, pool_bytes=300).pool.full_at is None


def test_a_picture_larger_than_its_place_that_finds_no_room_is_made_and_not_kept() -> None:
    """It is paid all the same, and its place is given back as the studio does."""
    history = [one(POLICY), one(reserved()), one(completed(credits=PRICE)), one(saved(size=300, reservation="r1"))]
    story = under(history, user_bytes=200)
    assert (story.whole.not_kept, story.whole.made, story.whole.spent) == (1, 1, PRICE)
    assert story.state.pool == (0, 0)


def test_a_plain_save_is_refused_by_the_day_and_by_storage() -> None:
    """It is a request of its own."""
    history = [one(POLICY), one(*saved_plainly("a", own="a")), one(*saved_plainly("b", own="b"))]
    assert under(history, daily=1).whole.refused["DAILY_LIMIT"] == 1
    assert under(history, user_bytes=150).whole.refused["USER_STORAGE"] == 1


def test_what_was_refused_and_is_allowed_here_fills_the_storage() -> None:
    """As many pictures as it asked for, each as large as was expected; so the next one may find no room."""
    no = refused(limit=3, used=3, asked=Asked(2, 600))
    story = under([*THREE, one(no), one(no)], daily=9)
    assert (story.whole.newly_allowed, story.whole.more_made) == (1, 2)
    assert story.whole.refused == {"DAILY_LIMIT": 0, "WINDOW_LIMIT": 0, "USER_STORAGE": 1, "POOL_STORAGE": 0}
    assert story.state.pool == (900, 0)


REFUSED_SAVES: list[tuple[str, list[list[Event]], Event]] = [
    ("plain", [], refused("USER_STORAGE", command="SaveImage", asked=Asked(1, 1_100), limit=1_000)),
    (
        "over an image",
        [one(*saved_plainly("a", 900))],
        refused("USER_STORAGE", command="SaveImage", asked=Asked(1, 1_100, 900), limit=1_000, used=900),
    ),
    ("a temp file", [], refused("USER_STORAGE", command="SaveImage", asked=Asked(0, 1_100), limit=1_000)),
    (
        "into its place",
        [one(reserved()), one(completed())],
        refused("USER_STORAGE", command="SaveImage", asked=Asked(0, 1_100), limit=1_000, held=100),
    ),
]


@pytest.mark.parametrize(("what", "before", "no"), REFUSED_SAVES, ids=[row[0] for row in REFUSED_SAVES])
def test_a_save_that_was_refused_is_kept_here(what: str, before: list[list[Event]], no: Event) -> None:
    """With all its bytes, whatever it was to be; then nothing is held for it."""
    story = under([one(POLICY), *before, one(no)], user_bytes=1_500)
    assert (story.whole.newly_allowed, story.whole.refused_here) == (1, 0), what
    assert story.state.pool == (1_100, 0)


@pytest.mark.parametrize(("what", "before", "no"), REFUSED_SAVES, ids=[row[0] for row in REFUSED_SAVES])
def test_what_was_asked_is_the_same_under_whatever_limits(what: str, before: list[list[Event]], no: Event) -> None:
    """Also of saves of which the log does not say what they were for: a place that is not there here was there then."""
    asked = {under([one(POLICY), *before, one(no)], daily=daily).whole.asked for daily in (0, 1, 5)}
    assert len(asked) == 1, what


def test_limits_of_their_own_stay_theirs() -> None:
    """The others are of everybody else."""
    own = overridden(daily=3)
    story = under([one(POLICY), one(own), *made(1)], daily=1)
    assert story.own_limits == {own.user}
    assert under([one(POLICY), one(own), *made(1)], pool_bytes=900).own_limits == set()
    assert under([one(POLICY), one(own), *made(1), *made(2)], daily=1).whole.newly_refused == 0
    assert under([one(POLICY), one(own), *made(1, user=OTHER), *made(2, user=OTHER)], daily=1).whole.newly_refused == 1


def test_a_policy_that_changed_keeps_its_other_limits() -> None:
    """Only what is asked about is another."""
    history = [*THREE[:4], one(policy(daily=0, user_bytes=150, pool_bytes=2_000)), *made(2)]
    story = under(history, daily=5)
    assert story.whole.refused == {"DAILY_LIMIT": 0, "WINDOW_LIMIT": 0, "USER_STORAGE": 1, "POOL_STORAGE": 0}


def test_what_was_refused_after_the_20th_is_told_as_unknown() -> None:
    """It is in no figure."""
    assert under([*THREE, one(refused(limit=3, used=3, last=True))], daily=1).whole.cut == 1


def test_an_expiry_and_a_cleanup_come_by_themselves() -> None:
    """Of what is here; and a temp file that is not here is not cleaned up."""
    day = on(20)
    history: list[list[Event]] = [
        one(POLICY),
        one(saved("t", 500, temp=True), saved("u", 50, temp=True)),
        one(reserved()),
        one(released(at=day, by="system", reason="expired"), cleaned(("42", "t", 500), ("42", "u", 50), at=day)),
    ]
    story = under(history, user_bytes=200)
    assert story.state.pool == (0, 0)
    assert story.whole.newly_refused == 1

"""Points in a stored state: what is restored of them, and of one user's."""

from __future__ import annotations

import pytest
from hypothesis import given

from adapters.ledger.projector import Projector
from adapters.ledger.snapshot_state import SCHEMA, decode_state, decode_user, encode_state
from domain.commands import Command
from domain.point_commands import BuyOffer, ClaimDaily, GivePoints, MovePoints, Offer, SetFavourite, SetOffer
from projections.user_replay import UserReplay, concerns
from tests.adapters.ledger.test_snapshot_state import SOME, History, known, of_former, played, projector_of, restored
from tests.projections.test_any_history import World, batches, within_the_time_of_the_suite

OFFER = Offer("ten", "generations", 10, 5)
TRADED: tuple[tuple[int, Command], ...] = (
    *SOME,
    (5, SetOffer("cli", OFFER, "a fair")),
    (6, MovePoints("42", "cli", "mint", 20, "a game")),
    (7, GivePoints("42", "cli", "77", 4)),
    (8, ClaimDaily("77", "cli", 3)),
    (9, SetFavourite("42", "cli", "77", "a/b.png", on=True, reward=2)),
    (10, BuyOffer("42", "cli", "ten", "g1", OFFER)),
)
"""Points of two users, an offer, a claim and a mark."""


def kept_of(projector: Projector) -> bytes:
    """The stored state."""
    return b"".join(encode_state(projector.dump()))


def test_points_are_kept() -> None:
    """Accounts, claims, offers and marks."""
    projector = played(*TRADED)
    again = restored(kept_of(projector))
    assert known(again) == known(projector)
    assert again.state.points.accounts() == {"mint": -25, "user:42": 11, "user:77": 9, "market": 5}
    assert again.state.points.offers() == [OFFER]


def test_a_state_of_before_there_were_points_has_none() -> None:
    """It is taken in all the same."""
    schema, rest = kept_of(played(*SOME)).split(b"\n", 1)
    former = of_former(schema.replace(b"%d" % SCHEMA, b"5") + b"\n" + rest)
    assert known(former) == known(played(*SOME))
    assert former.state.points.accounts() == {}


@pytest.mark.parametrize("more", [1, -1])
def test_a_state_whose_points_do_not_add_up_is_not_taken_in(more: int) -> None:
    """The log is read instead."""
    kept = kept_of(played(*TRADED))
    assert decode_state(kept) is not None
    assert kept.count(b'["user:42",11]') == 1
    assert decode_state(kept.replace(b'["user:42",11]', b'["user:42",%d]' % (11 + more))) is None


@within_the_time_of_the_suite
@given(batches, batches)
def test_one_users_points_go_on_from_a_stored_state(history: History, afterwards: History) -> None:
    """As if that user's lines alone had been read: what others have changes nothing of it."""
    world = World()
    for wait, batch in history:
        world.batch(wait, batch)
    kept, begun = kept_of(projector_of(world)), len(world.events)
    for wait, batch in afterwards:
        world.batch(wait, batch)
    for user in ("42", "77"):
        state = decode_user(kept, user)
        assert state is not None
        replay = UserReplay(user, state)
        for position, event in enumerate(world.events[begun:], begun + 1):
            if concerns(event, user):
                replay.apply(position, event)
        own, whole = replay.state.points, world.state.points
        assert own.balance(f"user:{user}") == whole.balance(f"user:{user}")
        assert (own.claimed(user), own.offers()) == (whole.claimed(user), whole.offers())
        assert not sum(own.accounts().values())

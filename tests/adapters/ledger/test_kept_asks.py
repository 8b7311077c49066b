"""Asks for more in a stored state: what is restored of them, and of one user's."""

from __future__ import annotations

from adapters.ledger.projector import Projector
from adapters.ledger.snapshot_state import decode_user, encode_state
from domain.ask_commands import AnswerAsk, AskForMore
from domain.commands import Command
from tests.adapters.ledger.test_snapshot_state import SOME, known, played, restored

LIMIT = "user/day/generations"
ASKED: tuple[tuple[int, Command], ...] = (
    *SOME,
    (5, AskForMore("42", "cli", "a1", 3, LIMIT, "a fair", "guild:9")),
    (6, AnswerAsk("42", "discord:1", "a1", "approved", 2, "g1", 7, "for the fair")),
    (7, AskForMore("77", "cli", "a2", 4, "user/storage")),
)
"""An ask that was approved, and one that is open."""


def kept_of(projector: Projector) -> bytes:
    """The stored state."""
    return b"".join(encode_state(projector.dump()))


def test_asks_are_kept() -> None:
    """Those that are open, and what was answered."""
    projector = played(*ASKED)
    again = restored(kept_of(projector))
    assert known(again) == known(projector)
    answered, waiting = again.state.asks.of("42"), again.state.asks.of("77")
    assert answered is not None
    assert (answered.answer, answered.answered_by, answered.given, answered.why) == (
        "approved", "discord:1", 2, "for the fair",
    )  # fmt: skip
    assert again.state.asks.open_at(again.state.last_at) == [waiting]


def test_a_state_of_before_there_were_asks_has_none() -> None:
    """It is taken in all the same, and its tables are as they were."""
    kept = kept_of(played(*SOME))
    assert b'"table":"asks"' not in kept
    assert restored(kept).state.asks.count == 0


def test_one_users_part_has_that_users_ask() -> None:
    """And nobody else's."""
    state = decode_user(kept_of(played(*ASKED)), "42")
    assert state is not None
    assert state.asks.of("42") is not None
    assert state.asks.of("77") is None

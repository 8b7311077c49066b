"""Asks for more: a user asks the managers, and they answer; an approval gives a grant in the same decision.

What blocks until the change is durable ends in `_blocking`. Who may ask, answer and withdraw is for the doors to say;
the same words of all doors are here: what is asked for, how it stands, and a user's own words, cleaned.
"""

from __future__ import annotations

from typing import NamedTuple

from adapters.application.idempotency import Key, with_key
from adapters.application.reading import ReadableStorage
from adapters.application.results import LIBRARY, Actor
from adapters.application.storage import Storage
from adapters.ledger.pending import Accepted
from adapters.ports.random_hex import random_hex
from domain.ask_commands import AnswerAsk, AskForMore
from domain.ask_events import APPROVED, DENIED, WITHDRAWN, Ask, AskAnswered, MoreAsked, is_open
from domain.asks import ASK
from domain.grants import BYTES
from domain.limit_names import CREDITS, DAILY, GENERATIONS, MONTH, USER, USER_STORAGE
from domain.refusals import Reason, Refusal

ID_BYTES = 8
"""Of an ask's id, and of its grant's."""
USUAL_LIMITS = {GENERATIONS: DAILY, CREDITS: f"{USER}/{MONTH}/{CREDITS}", BYTES: USER_STORAGE}
"""Beyond which limit so much of a unit is asked for, where nobody says."""


class More(NamedTuple):
    """What is asked for: so much more than a limit gives, in places, thousandths of credits or bytes."""

    limit: str
    amount: int
    reason: str | None = None


class Answer(NamedTuple):
    """An answer: approved or denied. Of an approval `amount` (None: what was asked for) is given for `days`, or for
    ever.
    """

    answer: str
    amount: int | None = None
    days: int | None = None
    reason: str | None = None


class Asked(NamedTuple):
    """An ask that was made, at its position of the log."""

    event: MoreAsked
    position: int
    replayed: bool = False


class Answered(NamedTuple):
    """An ask that was answered, at the answer's position of the log."""

    event: AskAnswered
    position: int
    replayed: bool = False


def ask_for_more_blocking(
    storage: Storage, user: str, more: More, *, actor: Actor = LIBRARY, idempotency_key: Key | None = None
) -> Asked | Refusal:
    """A user asks for more. Raises Faults."""
    command = AskForMore(
        user=user,
        by=actor.by,
        ask=random_hex(ID_BYTES),
        amount=more.amount,
        limit=more.limit,
        reason=cleaned(more.reason),
        origin=actor.origin,
    )
    opened = storage.opened()
    outcome = opened.ledger.execute(with_key(command, idempotency_key, opened))
    if isinstance(outcome, Refusal):
        return outcome
    position, event = outcome.recorded[0]
    assert isinstance(event, MoreAsked)
    return Asked(event, position, outcome.replayed)


def answer_ask_blocking(
    storage: Storage, ask: str, answer: Answer, *, actor: Actor = LIBRARY, idempotency_key: Key | None = None
) -> Answered | Refusal:
    """A manager answers the ask of this id, whoever's it is. Raises Faults."""
    if answer.answer not in {APPROVED, DENIED}:
        return Refusal(Reason.MALFORMED, detail=f"An answer is {APPROVED} or {DENIED}.")
    found = find_ask(storage, ask)
    if found is None:
        return Refusal(Reason.NOT_FOUND, detail=ask, what=ASK)
    is_approved = answer.answer == APPROVED
    command = AnswerAsk(
        user=found.user,
        by=actor.by,
        ask=ask,
        answer=answer.answer,
        amount=answer.amount if is_approved else None,
        grant=random_hex(ID_BYTES) if is_approved else None,
        days=answer.days if is_approved else None,
        reason=cleaned(answer.reason),
        origin=actor.origin,
    )
    return _answered(storage, command, idempotency_key)


def withdraw_ask_blocking(
    storage: Storage, user: str, ask: str, *, actor: Actor = LIBRARY, idempotency_key: Key | None = None
) -> Answered | Refusal:
    """A user takes their own ask back. Raises Faults."""
    command = AnswerAsk(user=user, by=actor.by, ask=ask, answer=WITHDRAWN, origin=actor.origin)
    return _answered(storage, command, idempotency_key)


async def withdraw_open_ask(storage: Storage, user: str, *, actor: Actor) -> None:
    """Takes a user's ask back, where one is open. Raises Faults."""
    if (ask := ask_of(storage, user)) is not None and is_open(ask, storage.running().now()):
        await storage.workers.changing.run(withdraw_ask_blocking, storage, user, ask.ask, actor=actor)


def open_asks(storage: ReadableStorage) -> list[Ask]:
    """What waits for an answer, the oldest first."""
    running = storage.running()
    return running.state.asks.open_at(running.now())


def ask_of(storage: ReadableStorage, user: str) -> Ask | None:
    """A user's last ask, open or not; None where they never asked, or it is forgotten."""
    return storage.running().state.asks.of(user)


def find_ask(storage: ReadableStorage, ask: str) -> Ask | None:
    """The last ask of whichever user that has this id."""
    return storage.running().state.asks.find(ask)


def cleaned(words: str | None) -> str | None:
    """A user's own words in one line, without what steers a terminal; None where nothing is left."""
    return " ".join("".join(char if char.isprintable() else " " for char in words or "").split()) or None


def _answered(storage: Storage, command: AnswerAsk, key: Key | None) -> Answered | Refusal:
    opened = storage.opened()
    outcome = opened.ledger.execute(with_key(command, key, opened))
    return outcome if isinstance(outcome, Refusal) else _of(outcome)


def _of(accepted: Accepted) -> Answered:
    position, event = accepted.recorded[0]
    assert isinstance(event, AskAnswered)
    return Answered(event, position, accepted.replayed)

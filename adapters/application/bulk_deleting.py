"""Takes many of a user's images away with one request: an event for each, recorded together as far as batches go.

Under a key each of them has its own, made of it. So a request that was cut off goes on where it stopped, and what was
answered is answered alike; the key of another list is a conflict, before anything is deleted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import orjson

from adapters.application.deleting import deleted
from adapters.application.idempotency import Key, StepKey, with_key
from adapters.application.opening import OpenRoot
from adapters.application.results import Actor, DeletedImage
from adapters.application.storage import Storage
from adapters.ledger.pending import Outcome
from domain.commands import DeleteImage
from domain.decisions import ANSWERS_KEPT_SECONDS
from domain.events import idempotency_tag
from domain.instants import later
from domain.refusals import Reason, Refusal

MOST_AT_ONCE = 500
"""Names in one request."""

Deletions = list[DeletedImage | Refusal]


async def delete_images(
    storage: Storage, user: str, names: Sequence[str], *, actor: Actor, idempotency_key: str | None = None
) -> Deletions | Refusal:
    """What became of each of at most MOST_AT_ONCE names, in their order; a Refusal alone where the key is that of
    another request. Once it has begun it goes on, whoever waits for it. Raises Faults.
    """
    opened = storage.opened()
    commands = await storage.workers.changing.run(_keyed, opened, user, tuple(names), actor, idempotency_key)
    if isinstance(commands, Refusal):
        return commands
    return await storage.to_the_end(_all_deleted(storage, opened, commands))


async def _all_deleted(storage: Storage, opened: OpenRoot, commands: list[DeleteImage]) -> Deletions | Refusal:
    outcomes = await asyncio.gather(*(opened.ledger.submit(command) for command in commands), return_exceptions=True)
    told = await storage.workers.keeping.run_recorded(_carried_out, opened, outcomes)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
    conflicts = (one for one in told if isinstance(one, Refusal) and one.reason is Reason.REQUEST_CONFLICT)
    return next(conflicts, told)


def _carried_out(opened: OpenRoot, outcomes: Sequence[Outcome | BaseException]) -> Deletions:
    """The files of what was recorded go, whatever became of the rest. For a worker."""
    return [
        outcome if isinstance(outcome, Refusal) else deleted(opened, outcome)
        for outcome in outcomes
        if not isinstance(outcome, BaseException)
    ]


def _keyed(
    opened: OpenRoot, user: str, names: tuple[str, ...], actor: Actor, key: str | None
) -> list[DeleteImage] | Refusal:
    """The commands, each under its key. The whole list is part of what is asked with each."""
    commands = [DeleteImage(user, actor.by, name, origin=actor.origin) for name in names]
    if key is None:
        return commands
    content = (orjson.dumps(names),)
    keyed = [with_key(command, _step(key, at), opened, content) for at, command in enumerate(commands)]
    beyond = (with_key(commands[0], _step(key, at), opened, content) for at in range(len(names), MOST_AT_ONCE))
    if any(_is_answered_otherwise(opened, command) for command in (*keyed, *beyond)):
        return Refusal(Reason.REQUEST_CONFLICT, user, key)
    return keyed


def _step(key: str, at: int) -> Key:
    """The first has the request's own key, which no other request may have then."""
    return StepKey(key, f"delete/{at}") if at else key


def _is_answered_otherwise(opened: OpenRoot, command: DeleteImage) -> bool:
    request = command.idempotency_key
    assert request is not None
    answer = opened.state.answer(idempotency_tag(command.by, request.key))
    if answer is None or answer.digest == request.digest:
        return False
    return later(answer.at, seconds=ANSWERS_KEPT_SECONDS) > opened.now()

"""Grants: places, credits or bytes that managers give a user beyond the limits, and take away again.

What blocks until the change is durable ends in `_blocking`. What is left of a user's grants is in their quota figures.
"""

from __future__ import annotations

from typing import NamedTuple

from adapters.application.ends import refuse_past_end
from adapters.application.idempotency import Key, with_key
from adapters.application.reading import ReadableStorage
from adapters.application.results import LIBRARY, Actor, Changed, changed
from adapters.application.storage import Storage
from adapters.ledger.pending import Accepted
from adapters.ports.random_hex import random_hex
from domain.commands import GiveGrant, VoidGrant
from domain.events import GrantGiven
from domain.grants import Grant, available, ends_at
from domain.images import SECONDS_A_DAY
from domain.instants import later
from domain.refusals import Reason, Refusal
from domain.validation import MAX_DAYS
from projections.window_status import GrantStatus

ID_BYTES = 8
"""Of a grant's id."""
DAYS_RULE = f"A grant lasts 1 to {MAX_DAYS} whole days, or until a time: write one of the two."


class Gift(NamedTuple):
    """What is to be given: places, thousandths of credits or bytes. Of what is left at `expires_at`, `rollover` at most
    stays until `rollover_until`. `days` says its end in place of `expires_at`: so many days after it is given.
    """

    unit: str
    amount: int
    reason: str
    priority: int = 0
    expires_at: str | None = None
    rollover: int = 0
    rollover_until: str | None = None
    source: str = "manager"
    days: int | None = None


class Given(NamedTuple):
    """A grant that was given, at its position of the log, and when it ends; None: for good."""

    grant: str
    position: int
    replayed: bool = False
    expires_at: str | None = None


def give_grant_blocking(
    storage: Storage, user: str, gift: Gift, *, actor: Actor = LIBRARY, idempotency_key: Key | None = None
) -> Given | Refusal:
    """Gives a user a grant. What a key stands for has the days as they were said, not the end that follows from them.
    Raises Faults.
    """
    if gift.days is not None and (gift.expires_at or not 1 <= gift.days <= MAX_DAYS):
        return Refusal(Reason.MALFORMED, user, DAYS_RULE)
    command = GiveGrant(
        user=user,
        by=actor.by,
        grant=random_hex(ID_BYTES),
        unit=gift.unit,
        amount=gift.amount,
        reason=gift.reason,
        source=gift.source,
        priority=gift.priority,
        expires_at=gift.expires_at,
        rollover=gift.rollover,
        rollover_until=gift.rollover_until,
        origin=actor.origin,
    )
    opened = storage.opened()
    if refused := refuse_past_end(command, gift.expires_at, idempotency_key, opened):
        return refused
    said = () if gift.days is None else (f"days={gift.days}".encode(),)
    command = with_key(command, idempotency_key, opened, said)
    if gift.days is not None:
        command = command._replace(expires_at=later(opened.now(), seconds=gift.days * SECONDS_A_DAY))
    outcome = opened.ledger.execute(command)
    return outcome if isinstance(outcome, Refusal) else _given(outcome)


def void_grant_blocking(
    storage: Storage,
    user: str,
    grant: str,
    reason: str,
    *,
    actor: Actor = LIBRARY,
    idempotency_key: Key | None = None,
) -> Changed | Refusal:
    """Lets nothing more be drawn from a grant; position 0 where it was void already. Raises Faults."""
    command = VoidGrant(user, actor.by, grant, reason, actor.origin)
    opened = storage.opened()
    return changed(opened.ledger.execute(with_key(command, idempotency_key, opened)))


def grants_of(storage: ReadableStorage, user: str) -> tuple[Grant, ...]:
    """A user's grants, also those of which nothing is left, in the order in which they were given."""
    return storage.running().state.grants(user)


def left_of_grants(storage: ReadableStorage, user: str) -> tuple[GrantStatus, ...]:
    """The same, with what can be drawn from each now, and until when."""
    at = storage.running().now()
    return tuple(
        GrantStatus(grant, available(grant, at), None if grant.expires_at is None else ends_at(grant, at))
        for grant in grants_of(storage, user)
    )


def _given(accepted: Accepted) -> Given:
    position, event = accepted.recorded[-1]
    assert isinstance(event, GrantGiven)
    return Given(event.grant, position, accepted.replayed, event.expires_at)

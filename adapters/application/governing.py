"""What changes a user's standing without an image: today's count, limits of their own, a choice; and the log's time.

A coroutine has the plain name; what blocks until the change is durable ends in `_blocking`.
"""

from __future__ import annotations

from adapters.application.idempotency import Key, with_key
from adapters.application.reading import preference_of
from adapters.application.results import LIBRARY, Actor, Changed, changed
from adapters.application.storage import Storage
from domain.commands import CorrectClock, OverrideLimits, ResetDaily, SetPreference
from domain.limits import UserLimits
from domain.refusals import Refusal


async def set_preference(
    storage: Storage, user: str, preference: str, value: str, *, actor: Actor = LIBRARY
) -> Changed | Refusal:
    """Remembers a user's own choice; it is no event where it is the choice already. Raises Faults."""
    if preference_of(storage, user, preference) == value:
        return Changed(0)
    command = SetPreference(user, actor.by, preference, value, actor.origin)
    return changed(await storage.opened().ledger.submit(command))


def reset_daily_blocking(
    storage: Storage, user: str, reason: str, *, actor: Actor = LIBRARY, idempotency_key: Key | None = None
) -> Changed | Refusal:
    """Sets a user's count of today to 0; position 0 where it was. Raises Faults."""
    opened = storage.opened()
    command = with_key(ResetDaily(user, actor.by, reason, actor.origin), idempotency_key, opened)
    return changed(opened.ledger.execute(command))


def override_limits_blocking(  # noqa: PLR0913 - keywords that are given by name
    storage: Storage,
    user: str,
    reason: str,
    own: UserLimits,
    *,
    until: str | None = None,
    actor: Actor = LIBRARY,
    idempotency_key: Key | None = None,
) -> Changed | Refusal:
    """Gives a user limits of their own, replacing former ones whole; none given takes them away; position 0 where they
    are theirs already. Raises Faults.
    """
    command = OverrideLimits(
        user=user,
        by=actor.by,
        reason=reason,
        user_bytes=own.user_bytes,
        daily=own.daily,
        until=until,
        origin=actor.origin,
    )
    opened = storage.opened()
    return changed(opened.ledger.execute(with_key(command, idempotency_key, opened)))


def correct_clock_blocking(storage: Storage, *, actor: Actor = LIBRARY) -> Changed | Refusal:
    """Records that the clock once stood wrong and is right now; position 0 where it was not behind. Raises Faults."""
    return changed(storage.opened().ledger.execute(CorrectClock(actor.by, actor.origin)))

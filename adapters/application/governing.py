"""What changes standings without an image: the limits for everybody, a user's own limits, today's count, a choice; and
the log's time.

A coroutine has the plain name; what blocks until the change is durable ends in `_blocking`.
"""

from __future__ import annotations

from adapters.application.changes import override_after
from adapters.application.ends import refuse_past_end
from adapters.application.idempotency import Key, with_key
from adapters.application.reading import ReadableStorage, policy_in_force, preference_of
from adapters.application.recorded import Wanted
from adapters.application.results import (
    LIBRARY,
    Actor,
    Changed,
    ChangedForAll,
    OverLimits,
    OwnLimits,
    PolicyStep,
    changed,
    last_position,
)
from adapters.application.storage import Storage
from adapters.ledger.codec import decode
from domain.commands import ChangePolicy, CorrectClock, OverrideLimits, ResetDaily, SetPreference
from domain.events import LimitsOverridden, PolicyChanged
from domain.instants import day_of
from domain.limit_names import DAILY, POOL_STORAGE, USER_STORAGE
from domain.limits import NO_OVERRIDE, Limits, Override, SharedLimits, UserLimits
from domain.refusals import Reason, Refusal
from domain.tiers import limits_of
from domain.usage import find_day
from domain.validation import malformed


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
    seen: Override | None = None,
    actor: Actor = LIBRARY,
    idempotency_key: Key | None = None,
) -> Changed | Refusal:
    """Gives a user limits of their own, replacing former ones whole; none given takes them away; position 0 where they
    are theirs already. Refused where those that are `seen` are others by now. Raises Faults.
    """
    command = OverrideLimits(
        user=user,
        by=actor.by,
        reason=reason,
        user_bytes=own.user_bytes,
        daily=own.daily,
        windows=own.windows,
        until=until,
        seen=seen,
        origin=actor.origin,
    )
    opened = storage.opened()
    if refused := refuse_past_end(command, until, idempotency_key, opened):
        return refused
    return changed(opened.ledger.execute(with_key(command, idempotency_key, opened)))


def own_limits_of(storage: ReadableStorage, user: str) -> OwnLimits:
    """A user's own limits, and who set them, when and why. Reads the log: for a worker. Raises LogDamaged."""
    root = storage.running()
    stored = next(iter(root.recorder.newest(Wanted(user, ("LimitsOverridden",)).query, 1)), None)
    if stored is None:
        return OwnLimits(NO_OVERRIDE, in_force=False)
    event = decode(stored)
    assert isinstance(event, LimitsOverridden)
    own = override_after(event)
    is_over = event.limits is None or (event.until is not None and event.until <= root.now())
    return OwnLimits(own, in_force=not is_over, position=stored.position, event=event)


def policy_step(storage: ReadableStorage, wanted: SharedLimits) -> PolicyStep | Refusal:
    """What a change of the limits for everybody would be, and who would be over them then: nobody loses anything, and
    their next requests are refused. With none wanted, what holds. Goes through all users: for a worker.
    """
    asked = ChangePolicy(LIBRARY.by, "a dry run", wanted)
    if wanted.given and (sentence := malformed(asked)) is not None:
        return Refusal(Reason.MALFORMED, detail=sentence)
    former = _shared(policy_in_force(storage))
    limits = former._replace(**wanted.given)
    return PolicyStep(former, limits, _over(storage, wanted, former, limits))


def _over(storage: ReadableStorage, wanted: SharedLimits, former: SharedLimits, after: SharedLimits) -> OverLimits:
    """By those limits that are given, or put in force where they were only tried out."""
    in_force = {name for name in former.unenforced or () if name not in (after.unenforced or ())}
    by_daily = wanted.daily is not None or DAILY in in_force
    by_pool = wanted.pool_bytes is not None or POOL_STORAGE in in_force
    by_bytes = wanted.user_bytes is not None or USER_STORAGE in in_force
    root = storage.running()
    state, at = root.state, root.now()
    policy = state.policy._replace(**wanted.given)
    daily = stored = either = 0
    for user in state.users.users():
        limits, usage = limits_of(state, user, policy, at), state.user(user)
        today = find_day(state.days(user), day_of(at))
        is_over_daily = by_daily and today is not None and today.count > limits.daily
        is_over_bytes = by_bytes and usage.image_bytes + usage.held_bytes > limits.user_bytes
        daily, stored, either = daily + is_over_daily, stored + is_over_bytes, either + (is_over_daily or is_over_bytes)
    pool = state.pool
    pool_bytes = max(0, pool.used_bytes + pool.held_bytes - policy.pool_bytes) if by_pool else 0
    return OverLimits(users=either, daily_users=daily, storage_users=stored, pool_bytes=pool_bytes)


def change_policy_blocking(
    storage: Storage,
    wanted: SharedLimits,
    seen: SharedLimits,
    reason: str,
    *,
    actor: Actor = LIBRARY,
    idempotency_key: Key | None = None,
) -> ChangedForAll | Refusal:
    """Gives everybody other limits, from the next request on; position 0 where they are so already. Refused where one
    that is `seen` is another by now. Raises Faults.
    """
    command = ChangePolicy(actor.by, reason, wanted, seen, actor.origin)
    opened = storage.opened()
    outcome = opened.ledger.execute(with_key(command, idempotency_key, opened))
    if isinstance(outcome, Refusal):
        return outcome
    told = ChangedForAll(last_position(outcome), outcome.replayed)
    if not outcome.recorded:
        return told
    _, event = outcome.recorded[-1]
    assert isinstance(event, PolicyChanged)
    limits = _shared(event.limits)
    return told._replace(former=limits._replace(**seen.given), limits=limits)


def _shared(limits: Limits) -> SharedLimits:
    return SharedLimits(*(getattr(limits, name) for name in SharedLimits._fields))


def correct_clock_blocking(storage: Storage, *, actor: Actor = LIBRARY) -> Changed | Refusal:
    """Records that the clock once stood wrong and is right now; position 0 where it was not behind. Raises Faults."""
    return changed(storage.opened().ledger.execute(CorrectClock(actor.by, actor.origin)))

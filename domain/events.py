"""The facts: every event of the log, version 1.

The class names are the stored type names and the field names the stored members of `data`; both are for ever. A field
with a default is left out of `data` where it has that default: `event_data.py` writes and reads them so. What an event
does to figures is told by `usage.py`; how a line looks, by the log.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple

from domain.ask_events import AskEvent
from domain.grants import Draw
from domain.idempotency import IdempotencyKey as IdempotencyKey  # noqa: PLC0414 - a part of events, for their readers
from domain.limits import Limits, UserLimits
from domain.point_events import OfferSet, OfferWithdrawn, PointEvent, PointsMoved
from domain.threshold_events import ThresholdCrossed
from domain.tier_events import TierDefined, TierEvent


class ImpossibleFact(ValueError):
    """An event that cannot have happened after the ones before it: on replay, corruption."""


class Asked(NamedTuple):
    """What a refused command asked for: places, bytes, the bytes it would have replaced, thousandths of credits."""

    count: int  # type: ignore[assignment]  # the stored name; tuple.count is not needed
    bytes: int
    replaced_bytes: int = 0
    credits: int = 0


class CleanedFile(NamedTuple):
    """One temp file that a cleanup removed."""

    user: str
    name: str
    bytes: int


class PolicyChanged(NamedTuple):
    """From here decisions use these limits. `source`: environment, constructor or default, as a start gave them; or
    manager, with a `reason`.

    `taken_in`: the limits that a start took from its settings, by their names; None where all of `limits` are as
    settings gave them. By a default or a manager none is taken in.
    """

    at: str
    by: str
    limits: Limits
    source: str
    taken_in: tuple[str, ...] | None = None
    reason: str | None = None
    origin: str | None = None
    request: IdempotencyKey | None = None


class GenerationReserved(NamedTuple):
    """Charges `count` to the day of `at` and holds count x bytes_each, and count x credits_each thousandths of credits.
    `style` is the key of what was asked for, `provider` and `model` are who would make it.

    `drawn`: what grants bear of it, in the order in which they were drawn on.
    """

    at: str
    user: str
    by: str
    reservation: str
    operation: str
    count: int  # type: ignore[assignment]  # the stored name; tuple.count is not needed
    bytes_each: int
    expires_at: str
    style: str | None = None
    provider: str | None = None
    model: str | None = None
    credits_each: int | None = None
    drawn: tuple[Draw, ...] = ()
    origin: str | None = None
    request: IdempotencyKey | None = None


class GenerationCompleted(NamedTuple):
    """The provider delivered `count` images. Nothing of it is in use yet.

    `cost`: thousandths of credits, as the provider reported them or as the price says. `returned`: what of the credits
    held for them goes back to grants.
    """

    at: str
    user: str
    by: str
    reservation: str
    count: int  # type: ignore[assignment]  # the stored name; tuple.count is not needed
    provider: str
    model: str
    seconds: float
    credits: float | None = None
    seed: int | None = None
    cost: int | None = None
    returned: tuple[Draw, ...] = ()
    origin: str | None = None
    request: IdempotencyKey | None = None


class GenerationReleased(NamedTuple):
    """Frees `count` places, `delivered` of them completed before; `refunded` goes back to the day that was charged, and
    `returned` to grants.

    `provider`: who was asked for what the places were held for, where anybody was. `cost`: thousandths of credits that
    may have been paid for nothing; guild and pool bear them, never the user.
    """

    at: str
    user: str
    by: str
    reservation: str
    count: int  # type: ignore[assignment]  # the stored name; tuple.count is not needed
    delivered: int
    reason: str
    refunded: int
    provider: str | None = None
    cost: int = 0
    returned: tuple[Draw, ...] = ()
    origin: str | None = None
    request: IdempotencyKey | None = None


class ImageSaved(NamedTuple):
    """An image stands under `name`; charges bytes - replaced_bytes and settles a place of `reservation`, where there
    is one.
    """

    at: str
    user: str
    by: str
    name: str
    bytes: int
    replaced_bytes: int
    sha256: str
    media_type: str
    width: int
    height: int
    operation: str
    temp: bool
    staged: str
    reservation: str | None = None
    origin: str | None = None
    request: IdempotencyKey | None = None


class ImageDeleted(NamedTuple):
    """`name` no longer stands. `reason`: user, admin, privacy or repair."""

    at: str
    user: str
    by: str
    name: str
    bytes: int
    temp: bool
    reason: str
    origin: str | None = None
    request: IdempotencyKey | None = None


class CleanupCompleted(NamedTuple):
    """Old temp files went; at most `MAX_FILES_A_CLEANUP` in one event."""

    at: str
    by: str
    files: tuple[CleanedFile, ...]
    freed_bytes: int
    older_than_days: int
    origin: str | None = None
    request: IdempotencyKey | None = None


class RequestRefused(NamedTuple):
    """A limit said no. The first `MAX_RECORDED_REFUSALS` of a user, reason and day are recorded, the last as such.

    `style`: that of the generation that was asked for; `provider` and `model`: who would have made it. `window` is the
    name of a limit of a window.
    """

    at: str
    user: str
    by: str
    reason: str
    command: str
    asked: Asked
    limit: int
    used: int
    held: int
    last: bool
    style: str | None = None
    window: str | None = None
    provider: str | None = None
    model: str | None = None
    origin: str | None = None


class LimitExceeded(NamedTuple):
    """A limit that is tried out would have said no to the command whose events follow; it went on all the same."""

    at: str
    user: str
    by: str
    reason: str
    command: str
    asked: Asked
    limit: int
    used: int
    held: int
    style: str | None = None
    window: str | None = None
    provider: str | None = None
    model: str | None = None
    origin: str | None = None


class LimitsOverridden(NamedTuple):
    """Replaces this user's former override whole; `limits` None takes it away."""

    at: str
    user: str
    by: str
    limits: UserLimits | None
    reason: str
    until: str | None = None
    origin: str | None = None
    request: IdempotencyKey | None = None


class DailyCountReset(NamedTuple):
    """This user's count of today becomes 0; places charged before it give nothing back to it. Other windows stand."""

    at: str
    user: str
    by: str
    reason: str
    origin: str | None = None
    request: IdempotencyKey | None = None


class GrantGiven(NamedTuple):
    """A user has `amount` places, thousandths of credits or bytes beyond the limits, until it expires.

    Of what is left then, `rollover` at most stays until `rollover_until`. Grants are drawn on by priority, the highest
    first, then by their end, then by age.
    """

    at: str
    user: str
    by: str
    grant: str
    unit: str
    amount: int
    source: str
    reason: str
    priority: int = 0
    expires_at: str | None = None
    rollover: int = 0
    rollover_until: str | None = None
    origin: str | None = None
    request: IdempotencyKey | None = None


class GrantVoided(NamedTuple):
    """Nothing more can be drawn from a grant; what was drawn stands."""

    at: str
    user: str
    by: str
    grant: str
    reason: str
    origin: str | None = None
    request: IdempotencyKey | None = None


class PreferenceSet(NamedTuple):
    """A user's own choice, such as a default style."""

    at: str
    user: str
    by: str
    preference: str
    value: str
    origin: str | None = None
    request: IdempotencyKey | None = None


class ClockCorrected(NamedTuple):
    """The ledger's time goes back from `was` to `now`."""

    at: str
    by: str
    was: str
    now: str
    origin: str | None = None
    request: IdempotencyKey | None = None


Event = (
    PolicyChanged
    | GenerationReserved
    | GenerationCompleted
    | GenerationReleased
    | ImageSaved
    | ImageDeleted
    | CleanupCompleted
    | RequestRefused
    | LimitExceeded
    | LimitsOverridden
    | DailyCountReset
    | PreferenceSet
    | ClockCorrected
    | GrantGiven
    | GrantVoided
    | PointEvent
    | ThresholdCrossed
    | TierEvent
    | AskEvent
)
"""The closed union of all facts."""

MAX_FILES_A_CLEANUP = 500
MAX_RECORDED_REFUSALS = 20

TYPES: dict[str, type[Event]] = {event.__name__: event for event in Event.__args__}
"""Stored type name -> class."""

_TOUCHES_POOL = (GenerationReserved, GenerationReleased, ImageSaved, ImageDeleted)
_TOUCHES_POLICY = (PolicyChanged, ClockCorrected, OfferSet, OfferWithdrawn, TierDefined)


@lru_cache(maxsize=64)
def idempotency_tag(by: str, key: str) -> str:
    """The tag of a request: keys of two actors never meet, and no key is readable in a tag.

    Remembered for a while: it is asked for when an event is read, and again when its answer is kept.
    """
    return "request:" + sha256(f"{by}\0{key}".encode()).hexdigest()[:32]


def tags_of(event: Event) -> list[str]:
    """Tags by which the log finds the event: every user concerned, `pool`, `policy`, its request."""
    if isinstance(event, _TOUCHES_POOL):
        tags = [f"user:{event.user}", "pool"]
    elif isinstance(event, CleanupCompleted):
        tags = [f"user:{user}" for user in dict.fromkeys(file.user for file in event.files)]
        tags += ["pool"] if event.files else []
    elif isinstance(event, _TOUCHES_POLICY):
        tags = ["policy"]
    elif isinstance(event, PointsMoved):
        tags = [f"user:{user}" for user in event.users]
    elif isinstance(event, ThresholdCrossed):
        tags = ["pool" if event.user is None else f"user:{event.user}"]
    else:
        tags = [f"user:{event.user}"]
    request = getattr(event, "request", None)
    if request is not None:
        tags.append(idempotency_tag(event.by, request.key))
    return tags

"""What callers ask of the ledger. A command carries ids, the actor and measured facts, never a decision and never the
time.

`by` is the actor (`discord:123`, `api:NAME`, `cli`, `library`, `system`, `claimed:page`), `origin` where it came from,
`idempotency_key` the caller's own key with the digest of the command. Sizes are bytes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from domain.ask_commands import AskCommand
from domain.events import IdempotencyKey
from domain.limits import Limits, Override, SharedLimits, Windows
from domain.point_commands import PointCommand
from domain.tier_commands import TierCommand

OPERATIONS = ("text_to_image", "image_to_image", "upscale", "unspecified")
RELEASE_REASONS = ("failed", "rejected", "moderated", "not_kept", "expired", "cancelled", "unknown")
DELETE_REASONS = ("user", "admin", "privacy", "repair")
OF_DEFAULTS = "default"
OF_A_MANAGER = "manager"
START_SOURCES = ("environment", "constructor", OF_DEFAULTS)
"""By what limits are given at a start."""
POLICY_SOURCES = (*START_SOURCES, OF_A_MANAGER)

MAX_COUNT = 100
"""Places in one reservation."""
MAX_TEXT = 200
"""Characters of a free reason or a preference's value."""
MAX_LIMIT = 2**53 - 1
"""The largest count or size: what every JSON reader keeps exact."""


class FreshName(NamedTuple):
    """Asks for `image_<n>.<extension>` in `folder` (or in none), n unused and at least `number_from`; below `number_to`
    where one is given, as it was not looked further whether something stands there.
    """

    folder: str | None
    extension: str
    number_from: int = 1
    number_to: int | None = None


class SetPolicy(NamedTuple):
    """These limits are given at a start; None leaves what the log says. `source` says by what they were given."""

    by: str = "library"
    source: str = OF_DEFAULTS
    user_bytes: int | None = None
    pool_bytes: int | None = None
    daily: int | None = None
    gen_bytes: int | None = None
    moderated_free: bool | None = None
    windows: Windows | None = None
    unenforced: tuple[str, ...] | None = None
    tell_at: tuple[int, ...] | None = None
    origin: str | None = None
    idempotency_key: IdempotencyKey | None = None

    @property
    def given(self) -> dict[str, Any]:
        """The limits that were given, by the names that they have in `Limits`."""
        limits = {name: getattr(self, name) for name in Limits._fields}
        return {name: limit for name, limit in limits.items() if limit is not None}


class ChangePolicy(NamedTuple):
    """A manager's other limits for everybody. `seen` are limits as the manager saw them: it is refused where they are
    others by now.
    """

    by: str
    reason: str
    wanted: SharedLimits
    seen: SharedLimits = SharedLimits()
    origin: str | None = None
    idempotency_key: IdempotencyKey | None = None


class ReserveGeneration(NamedTuple):
    """May `count` images be made? `bytes_each` None holds the policy's estimate. `style` is the key of one, if any.
    `credits_each`: what one costs by its price, in thousandths; None where no price is known.

    `exclusive`: a repeat of this request while the reservation is open is REQUEST_RUNNING, not the former answer again.
    `groups` are those that the user is in at `place`, as `tiers` names both; None where nobody asked.
    """

    user: str
    by: str
    reservation: str
    ttl_seconds: int
    count: int = 1  # type: ignore[assignment]  # the stored name; tuple.count is not needed
    bytes_each: int | None = None
    operation: str = "unspecified"
    exclusive: bool = False
    style: str | None = None
    provider: str | None = None
    model: str | None = None
    credits_each: int | None = None
    groups: tuple[str, ...] | None = None
    place: str | None = None
    origin: str | None = None
    idempotency_key: IdempotencyKey | None = None


class CompleteGeneration(NamedTuple):
    """The provider delivered `count` images of a reservation. `cost`: what it reported, in thousandths of credits; None
    where it reports nothing, so that the price holds.
    """

    user: str
    by: str
    reservation: str
    provider: str
    model: str
    seconds: float
    count: int = 1  # type: ignore[assignment]  # the stored name; tuple.count is not needed
    credits: float | None = None
    seed: int | None = None
    cost: int | None = None
    origin: str | None = None
    idempotency_key: IdempotencyKey | None = None


class ReleasePlaces(NamedTuple):
    """Gives open places back; `count` None means all of them. `provider` was asked to fill them, where anybody was."""

    user: str
    by: str
    reservation: str
    reason: str
    count: int | None = None  # type: ignore[assignment]  # the stored name; tuple.count is not needed
    provider: str | None = None
    origin: str | None = None
    idempotency_key: IdempotencyKey | None = None


class SaveImage(NamedTuple):
    """May this image be kept? `new_reservation` is the id used where the save must reserve its own place.

    `untracked`: a file that the log does not know stands where `name` would. `operation` None takes the reservation's.
    `only_asked`: it is decided alike, before anybody has looked at the bytes, and of a yes nothing comes.
    """

    user: str
    by: str
    name: str | FreshName
    bytes: int
    sha256: str
    media_type: str
    width: int
    height: int
    staged: str
    new_reservation: str
    operation: str | None = None
    temp: bool = False
    reservation: str | None = None
    untracked: bool = False
    origin: str | None = None
    idempotency_key: IdempotencyKey | None = None
    only_asked: bool = False


class AdoptImage(NamedTuple):
    """Brings an existing file in: charged bytes, no generation, whatever the limits say."""

    user: str
    by: str
    name: str
    bytes: int
    sha256: str
    media_type: str
    width: int
    height: int
    staged: str
    temp: bool = False
    untracked: bool = False
    origin: str | None = None
    idempotency_key: IdempotencyKey | None = None


class DeleteImage(NamedTuple):
    """Takes a name away. `position` is that of the ImageSaved that is meant; None means whichever stands."""

    user: str
    by: str
    name: str
    temp: bool = False
    reason: str = "user"
    origin: str | None = None
    idempotency_key: IdempotencyKey | None = None
    position: int | None = None


class CleanUp(NamedTuple):
    """Removes temp files that are `older_than_days` days old or older."""

    by: str
    older_than_days: int
    origin: str | None = None
    idempotency_key: IdempotencyKey | None = None


class OverrideLimits(NamedTuple):
    """Gives a user limits of their own, replacing former ones whole; both None takes them away. `seen` are their own
    limits as the manager saw them, an override of nothing where they had none: it is refused where these are others.
    """

    user: str
    by: str
    reason: str
    user_bytes: int | None = None
    daily: int | None = None
    windows: Windows | None = None
    until: str | None = None
    seen: Override | None = None
    origin: str | None = None
    idempotency_key: IdempotencyKey | None = None


class GiveGrant(NamedTuple):
    """Gives a user `amount` places, thousandths of credits or bytes beyond the limits, under a new id."""

    user: str
    by: str
    grant: str
    unit: str
    amount: int
    reason: str
    source: str = "manager"
    priority: int = 0
    expires_at: str | None = None
    rollover: int = 0
    rollover_until: str | None = None
    origin: str | None = None
    idempotency_key: IdempotencyKey | None = None


class VoidGrant(NamedTuple):
    """Lets nothing more be drawn from a grant of a user."""

    user: str
    by: str
    grant: str
    reason: str
    origin: str | None = None
    idempotency_key: IdempotencyKey | None = None


class ResetDaily(NamedTuple):
    """Sets a user's count of today to 0."""

    user: str
    by: str
    reason: str
    origin: str | None = None
    idempotency_key: IdempotencyKey | None = None


class SetPreference(NamedTuple):
    """Remembers a user's own choice."""

    user: str
    by: str
    preference: str
    value: str
    origin: str | None = None
    idempotency_key: IdempotencyKey | None = None


class CorrectClock(NamedTuple):
    """The clock once stood wrong and is right now."""

    by: str
    origin: str | None = None
    idempotency_key: IdempotencyKey | None = None


class ReleaseExpired(NamedTuple):
    """The ledger's own sweep: releases what is past its time, the oldest first."""

    by: str = "system"
    origin: str | None = None
    idempotency_key: IdempotencyKey | None = None


Command = (
    SetPolicy
    | ChangePolicy
    | ReserveGeneration
    | CompleteGeneration
    | ReleasePlaces
    | SaveImage
    | AdoptImage
    | DeleteImage
    | CleanUp
    | OverrideLimits
    | GiveGrant
    | VoidGrant
    | ResetDaily
    | SetPreference
    | CorrectClock
    | ReleaseExpired
    | PointCommand
    | TierCommand
    | AskCommand
)
"""The closed union of all commands."""

"""Events and commands of one made-up user, short to write: whatever a test does not say has its everyday value.

Events are past participles (`reserved`, `saved`), commands imperatives (`reserve`, `save`).
"""

from __future__ import annotations

from typing import Any

from domain.commands import (
    AdoptImage,
    CleanUp,
    CompleteGeneration,
    CorrectClock,
    DeleteImage,
    FreshName,
    GiveGrant,
    OverrideLimits,
    ReleaseExpired,
    ReleasePlaces,
    ReserveGeneration,
    ResetDaily,
    SaveImage,
    SetPolicy,
    VoidGrant,
)
from domain.events import (
    Asked,
    CleanedFile,
    CleanupCompleted,
    ClockCorrected,
    DailyCountReset,
    Event,
    GenerationCompleted,
    GenerationReleased,
    GenerationReserved,
    GrantGiven,
    GrantVoided,
    IdempotencyKey,
    ImageDeleted,
    ImageSaved,
    LimitsOverridden,
    PolicyChanged,
    RequestRefused,
)
from domain.instants import later
from domain.limits import Limits, UserLimits
from domain.refusals import Reason
from domain.tier_commands import AssignTier, DefineTier, SeeGroups, UnassignTier
from domain.tier_events import GroupsSeen, TierAssigned, TierDefined, TierUnassigned

USER = "42"
OTHER = "77"
BY = "library"
OWN = "own"
"""The id of the reservation that a plain save makes for itself."""
SHA = "ab" * 32
STAGED = "5a" * 16
TTL_SECONDS = 900
ONE_PLACE = Asked(1, 100)
DAY_SECONDS = 86_400


def on(day: int, time: str = "12:00:00.000000") -> str:
    """A time in March 2026: `on(10, "09:30")`."""
    hours_to_seconds, _, fraction = time.partition(".")
    return f"2026-03-{day:02d}T{hours_to_seconds}{':00' if len(hours_to_seconds) == 5 else ''}.{fraction:0<6}Z"


NOON = on(10)


def key(name: str, content: str = "a") -> IdempotencyKey:
    """A request key with the digest of some content."""
    return IdempotencyKey(name, content * 64)


# Events


def policy(
    *,
    at: str = NOON,
    source: str = "environment",
    by: str = BY,
    taken_in: tuple[str, ...] | None = None,
    reason: str | None = None,
    origin: str | None = None,
    request: IdempotencyKey | None = None,
    **limits: Any,
) -> PolicyChanged:
    return PolicyChanged(
        at=at,
        by=by,
        limits=Limits(**limits),
        source=source,
        taken_in=taken_in,
        reason=reason,
        origin=origin,
        request=request,
    )


def reserved(
    reservation: str = "r1",
    *,
    at: str = NOON,
    user: str = USER,
    count: int = 1,
    bytes_each: int = 100,
    expires_at: str | None = None,
    operation: str = "unspecified",
    **more: Any,
) -> GenerationReserved:
    expires_at = expires_at or later(at, seconds=TTL_SECONDS)
    return GenerationReserved(at, user, BY, reservation, operation, count, bytes_each, expires_at, **more)


def completed(
    reservation: str = "r1",
    *,
    at: str = NOON,
    user: str = USER,
    count: int = 1,
    **more: Any,
) -> GenerationCompleted:
    return GenerationCompleted(at, user, BY, reservation, count, "sketch", "v1", 1.5, **more)


def released(
    reservation: str = "r1",
    *,
    at: str = NOON,
    user: str = USER,
    by: str = BY,
    count: int = 1,
    delivered: int = 0,
    reason: str = "failed",
    refunded: int | None = None,
    **more: Any,
) -> GenerationReleased:
    refunded = count - delivered if refunded is None else refunded
    return GenerationReleased(at, user, by, reservation, count, delivered, reason, refunded, **more)


def saved(
    name: str = "cat.png",
    size: int = 100,
    *,
    at: str = NOON,
    user: str = USER,
    replaced: int = 0,
    operation: str = "unspecified",
    temp: bool = False,
    media_type: str = "image/png",
    **more: Any,
) -> ImageSaved:
    return ImageSaved(
        at, user, BY, name, size, replaced, SHA, media_type, 64, 48, operation, temp, STAGED, **more
    )  # fmt: skip


def saved_plainly(name: str = "cat.png", size: int = 100, *, replaced: int = 0, **more: Any) -> tuple[Event, Event]:
    """What a save without a reservation writes: a place of its real size, and the image in it."""
    own = more.pop("own", OWN)
    place = reserved(own, bytes_each=size, expires_at=more.get("at", NOON), **more)
    return place, saved(name, size, replaced=replaced, reservation=own, **more)


def adopted(name: str = "old.png", size: int = 100, **more: Any) -> ImageSaved:
    return saved(name, size, operation="adopted", **more)


def deleted(
    name: str = "cat.png",
    size: int = 100,
    *,
    at: str = NOON,
    user: str = USER,
    temp: bool = False,
    reason: str = "user",
    **more: Any,
) -> ImageDeleted:
    return ImageDeleted(at, user, BY, name, size, temp, reason, **more)


def cleaned(
    *files: tuple[str, str, int],
    at: str = NOON,
    by: str = BY,
    days: int = 7,
    freed_bytes: int | None = None,
    **more: Any,
) -> CleanupCompleted:
    freed = sum(size for _, _, size in files) if freed_bytes is None else freed_bytes
    return CleanupCompleted(at, by, tuple(CleanedFile(*file) for file in files), freed, days, **more)


def refused(
    reason: str = "DAILY_LIMIT",
    *,
    at: str = NOON,
    user: str = USER,
    by: str = BY,
    command: str = "ReserveGeneration",
    asked: Asked = ONE_PLACE,
    limit: int = 0,
    used: int = 0,
    held: int = 0,
    last: bool = False,
    style: str | None = None,
    **more: Any,
) -> RequestRefused:
    return RequestRefused(at, user, by, reason, command, asked, limit, used, held, last, style, **more)


def overridden(
    *,
    at: str = NOON,
    user: str = USER,
    by: str = BY,
    until: str | None = None,
    reason: str = "a friend",
    origin: str | None = None,
    request: IdempotencyKey | None = None,
    **limits: Any,
) -> LimitsOverridden:
    own = UserLimits(**limits) if limits else None
    return LimitsOverridden(at, user, by, own, reason, until, origin, request)


def granted(
    grant: str = "g1",
    amount: int = 3,
    unit: str = "generations",
    *,
    at: str = NOON,
    user: str = USER,
    source: str = "manager",
    **more: Any,
) -> GrantGiven:
    return GrantGiven(at, user, BY, grant, unit, amount, source, "a gift", **more)


def voided(grant: str = "g1", *, at: str = NOON, user: str = USER, **more: Any) -> GrantVoided:
    return GrantVoided(at, user, BY, grant, "a mistake", **more)


def tier(key: str = "gold", *, at: str = NOON, **more: Any) -> TierDefined:
    own, more = _own_limits(more)
    return TierDefined(at, BY, key, own, more.pop("groups", ()), "a tier", **more)


def no_tier(key: str = "gold", *, at: str = NOON, **more: Any) -> TierDefined:
    return TierDefined(at, BY, key, None, (), "a tier", **more)


def assigned(tier: str = "gold", *, at: str = NOON, user: str = USER, **more: Any) -> TierAssigned:
    return TierAssigned(at, user, BY, tier, "a friend", **more)


def unassigned(tier: str = "gold", *, at: str = NOON, user: str = USER, **more: Any) -> TierUnassigned:
    return TierUnassigned(at, user, BY, tier, "a friend no more", **more)


def seen(*groups: str, place: str = "guild:9", at: str = NOON, user: str = USER, **more: Any) -> GroupsSeen:
    return GroupsSeen(at, user, BY, place, groups, **more)


def _own_limits(given: dict[str, Any]) -> tuple[UserLimits, dict[str, Any]]:
    """The limits among what is given, and the rest."""
    own = {name: given[name] for name in UserLimits._fields if name in given}
    return UserLimits(**own), {name: value for name, value in given.items() if name not in own}


def reset(*, at: str = NOON, user: str = USER, **more: Any) -> DailyCountReset:
    return DailyCountReset(at, user, BY, "kindness", **more)


def corrected(*, was: str, now: str, at: str | None = None, **more: Any) -> ClockCorrected:
    return ClockCorrected(now if at is None else at, BY, was, now, **more)


def window_of(reason: Reason) -> str | None:
    """The limit that a refusal of a window names; None for every other reason."""
    return "pool/month/credits" if reason is Reason.WINDOW_LIMIT else None


# Commands


def sweep(**more: Any) -> ReleaseExpired:
    return ReleaseExpired(**more)


def correct_clock(**more: Any) -> CorrectClock:
    return CorrectClock(BY, **more)


SWEEP = sweep()
CORRECT_CLOCK = correct_clock()


def reserve(
    reservation: str = "r1",
    *,
    user: str = USER,
    ttl_seconds: int = TTL_SECONDS,
    bytes_each: int | None = 100,
    **more: Any,
) -> ReserveGeneration:
    return ReserveGeneration(user, BY, reservation, ttl_seconds, bytes_each=bytes_each, **more)


def complete(reservation: str = "r1", *, user: str = USER, **more: Any) -> CompleteGeneration:
    return CompleteGeneration(user, BY, reservation, "sketch", "v1", 1.5, **more)


def release(reservation: str = "r1", reason: str = "failed", *, user: str = USER, **more: Any) -> ReleasePlaces:
    return ReleasePlaces(user, BY, reservation, reason, **more)


def save(
    name: str | FreshName = "cat.png", size: int = 100, *, user: str = USER, by: str = BY, own: str = OWN, **more: Any
) -> SaveImage:
    return SaveImage(user, by, name, size, SHA, "image/png", 64, 48, STAGED, own, **more)


def adopt(name: str = "old.png", size: int = 100, *, user: str = USER, **more: Any) -> AdoptImage:
    return AdoptImage(user, BY, name, size, SHA, "image/png", 64, 48, STAGED, **more)


def delete(name: str = "cat.png", *, user: str = USER, **more: Any) -> DeleteImage:
    return DeleteImage(user, BY, name, **more)


def clean_up(days: int = 7, **more: Any) -> CleanUp:
    return CleanUp(BY, days, **more)


def override(*, user: str = USER, reason: str = "a friend", **more: Any) -> OverrideLimits:
    return OverrideLimits(user, BY, reason, **more)


def give(grant: str = "g1", amount: int = 3, unit: str = "generations", *, user: str = USER, **more: Any) -> GiveGrant:
    return GiveGrant(user, BY, grant, unit, amount, "a gift", **more)


def void(grant: str = "g1", *, user: str = USER, **more: Any) -> VoidGrant:
    return VoidGrant(user, BY, grant, "a mistake", **more)


def define(key: str = "gold", **more: Any) -> DefineTier:
    own, more = _own_limits(more)
    return DefineTier(BY, key, own, "a tier", **more)


def take_away(key: str = "gold", **more: Any) -> DefineTier:
    return DefineTier(BY, key, None, "a tier", **more)


def assign(tier: str = "gold", *, user: str = USER, **more: Any) -> AssignTier:
    return AssignTier(user, BY, tier, "a friend", **more)


def unassign(tier: str = "gold", *, user: str = USER, **more: Any) -> UnassignTier:
    return UnassignTier(user, BY, tier, "a friend no more", **more)


def see(*groups: str, place: str = "guild:9", user: str = USER, **more: Any) -> SeeGroups:
    return SeeGroups(user, BY, place, groups, **more)


def reset_daily(*, user: str = USER, reason: str = "kindness", **more: Any) -> ResetDaily:
    return ResetDaily(user, BY, reason, **more)


def set_policy(source: str = "environment", *, by: str = BY, **more: Any) -> SetPolicy:
    return SetPolicy(by, source, **more)

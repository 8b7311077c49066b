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
    OverrideLimits,
    ReleaseExpired,
    ReleasePlaces,
    ReserveGeneration,
    ResetDaily,
    SaveImage,
    SetPolicy,
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
    IdempotencyKey,
    ImageDeleted,
    ImageSaved,
    LimitsOverridden,
    PolicyChanged,
    RequestRefused,
)
from domain.instants import later
from domain.limits import Limits, UserLimits

USER = "42"
OTHER = "77"
BY = "library"
OWN = "own"
"""The id of the reservation that a plain save makes for itself."""
SHA = "ab" * 32
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


def policy(*, at: str = NOON, source: str = "environment", by: str = BY, **limits: Any) -> PolicyChanged:
    return PolicyChanged(at, by, Limits(**limits), source)


def reserved(
    reservation: str = "r1",
    *,
    at: str = NOON,
    user: str = USER,
    count: int = 1,
    bytes_each: int = 100,
    expires_at: str | None = None,
    operation: str = "unspecified",
    request: IdempotencyKey | None = None,
) -> GenerationReserved:
    expires_at = expires_at or later(at, seconds=TTL_SECONDS)
    return GenerationReserved(at, user, BY, reservation, operation, count, bytes_each, expires_at, request=request)


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
    request: IdempotencyKey | None = None,
) -> GenerationReleased:
    refunded = count - delivered if refunded is None else refunded
    return GenerationReleased(at, user, by, reservation, count, delivered, reason, refunded, request=request)


def saved(
    name: str = "cat.png",
    size: int = 100,
    *,
    at: str = NOON,
    user: str = USER,
    replaced: int = 0,
    operation: str = "unspecified",
    temp: bool = False,
    reservation: str | None = None,
    request: IdempotencyKey | None = None,
) -> ImageSaved:
    return ImageSaved(
        at, user, BY, name, size, replaced, SHA, "image/png", 64, 48, operation, temp, "staged1", reservation,
        request=request,
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
    request: IdempotencyKey | None = None,
) -> ImageDeleted:
    return ImageDeleted(at, user, BY, name, size, temp, reason, request=request)


def cleaned(
    *files: tuple[str, str, int], at: str = NOON, days: int = 7, request: IdempotencyKey | None = None
) -> CleanupCompleted:
    freed = sum(size for _, _, size in files)
    return CleanupCompleted(at, BY, tuple(CleanedFile(*file) for file in files), freed, days, request=request)


def refused(
    reason: str = "DAILY_LIMIT",
    *,
    at: str = NOON,
    user: str = USER,
    command: str = "ReserveGeneration",
    asked: Asked = ONE_PLACE,
    limit: int = 0,
    used: int = 0,
    held: int = 0,
    last: bool = False,
) -> RequestRefused:
    return RequestRefused(at, user, BY, reason, command, asked, limit, used, held, last)


def overridden(
    *, at: str = NOON, user: str = USER, until: str | None = None, reason: str = "a friend", **limits: int
) -> LimitsOverridden:
    return LimitsOverridden(at, user, BY, UserLimits(**limits) if limits else None, reason, until)


def reset(*, at: str = NOON, user: str = USER, request: IdempotencyKey | None = None) -> DailyCountReset:
    return DailyCountReset(at, user, BY, "kindness", request=request)


def corrected(*, was: str, now: str) -> ClockCorrected:
    return ClockCorrected(now, BY, was, now)


# Commands

SWEEP = ReleaseExpired()
CORRECT_CLOCK = CorrectClock(BY)


def reserve(
    reservation: str = "r1", *, user: str = USER, bytes_each: int | None = 100, **more: Any
) -> ReserveGeneration:
    return ReserveGeneration(user, BY, reservation, TTL_SECONDS, bytes_each=bytes_each, **more)


def complete(reservation: str = "r1", *, user: str = USER, **more: Any) -> CompleteGeneration:
    return CompleteGeneration(user, BY, reservation, "sketch", "v1", 1.5, **more)


def release(reservation: str = "r1", reason: str = "failed", *, user: str = USER, **more: Any) -> ReleasePlaces:
    return ReleasePlaces(user, BY, reservation, reason, **more)


def save(name: str | FreshName = "cat.png", size: int = 100, *, user: str = USER, **more: Any) -> SaveImage:
    return SaveImage(user, BY, name, size, SHA, "image/png", 64, 48, "staged1", more.pop("own", OWN), **more)


def adopt(name: str = "old.png", size: int = 100, *, user: str = USER, **more: Any) -> AdoptImage:
    return AdoptImage(user, BY, name, size, SHA, "image/png", 64, 48, "staged1", **more)


def delete(name: str = "cat.png", *, user: str = USER, **more: Any) -> DeleteImage:
    return DeleteImage(user, BY, name, **more)


def clean_up(days: int = 7, **more: Any) -> CleanUp:
    return CleanUp(BY, days, **more)


def override(*, user: str = USER, reason: str = "a friend", **more: Any) -> OverrideLimits:
    return OverrideLimits(user, BY, reason, **more)


def reset_daily(*, user: str = USER, **more: Any) -> ResetDaily:
    return ResetDaily(user, BY, "kindness", **more)


def set_policy(source: str = "environment", **limits: Any) -> SetPolicy:
    return SetPolicy(BY, source, **limits)

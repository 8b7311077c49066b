"""From what was recorded back to what was asked: the commands whose decision gave the events of a batch.

An event holds all that its command asked, for everything that is decided anew from history. Where a refusal leaves open
what exactly was asked, there are several candidates. What is decided of a command is `decide`'s.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, assert_never

from domain.commands import (
    AdoptImage,
    CleanUp,
    Command,
    CompleteGeneration,
    CorrectClock,
    DeleteImage,
    OverrideLimits,
    ReleasePlaces,
    ReserveGeneration,
    ResetDaily,
    SaveImage,
    SetPolicy,
    SetPreference,
)
from domain.events import (
    MAX_FILES_A_CLEANUP,
    CleanupCompleted,
    ClockCorrected,
    DailyCountReset,
    Event,
    GenerationCompleted,
    GenerationReleased,
    GenerationReserved,
    ImageDeleted,
    ImageSaved,
    LimitsOverridden,
    PolicyChanged,
    PreferenceSet,
    RequestRefused,
)
from domain.images import MAX_CLEANUP_FILES
from domain.instants import seconds_between
from domain.limits import UserLimits
from domain.refusals import Reason
from domain.validation import MAX_TTL_SECONDS
from projections.quota_state import QuotaState

UNKNOWN_RESERVATION = "of-a-refused-request"
"""The id of what a refused command would have reserved: no log has it, and nobody asked for it."""
UNKNOWN_NAME = "of-a-refused-request"
MOST_LOOKED_AT = 100_000
"""Images of a user among which the one is looked for that a refused save would have replaced."""


class Asked(NamedTuple):
    """A command and the events that were recorded for it."""

    command: Command
    events: tuple[Event, ...]


def commands_of(events: Sequence[Event]) -> Iterator[Asked]:
    """The commands behind events that were recorded together, in order. Refusals are `refused_commands`'s; they come
    with the command of the form that their record tells.
    """
    at, last = 0, len(events)
    while at < last:
        event, more = events[at], at + 1
        if more < last and isinstance(event, GenerationReserved) and is_plain(event, saved := events[more]):
            assert isinstance(saved, ImageSaved)
            yield Asked(_save(saved, reservation=None), (event, saved))
            at += 2
            continue
        more = _end_of_one(events, at) if isinstance(event, ClockCorrected | CleanupCompleted) else more
        yield Asked(_command(event), tuple(events[at:more]))
        at = more


def refused_commands(record: RequestRefused, state: QuotaState) -> Iterator[ReserveGeneration | SaveImage]:
    """Each command that may have been refused so, the likeliest first: which place a picture was for is not recorded,
    nor the name that it would have replaced.
    """
    if record.command == ReserveGeneration.__name__:
        yield _refused_reservation(record)
        return
    save = _refused_save(record)
    kept = save._replace(name=_name_replaced(record, state, temp=False))
    if record.asked.count:
        yield kept
        return
    theirs = [held for held in state.open_reservations() if held.user == record.user]
    theirs.sort(key=lambda held: held.open_delivered == 0)
    places = [kept._replace(reservation=held.reservation) for held in theirs]
    temp = save._replace(temp=True, name=_name_replaced(record, state, temp=True))
    is_temp = record.reason == Reason.USER_STORAGE.value and not record.held
    yield from [temp, *places] if is_temp else [*places, temp]


def _command(event: Event) -> Command:  # noqa: C901, PLR0912 - one line for each event is the clearest form
    """The command of an event that is its only one."""
    match event:
        case GenerationReserved():
            return _reserve(event)
        case GenerationCompleted():
            return _complete(event)
        case GenerationReleased():
            return _release(event)
        case ImageSaved():
            return _adopt(event) if event.operation == "adopted" else _save(event, reservation=event.reservation)
        case ImageDeleted():
            return _delete(event)
        case RequestRefused():
            reserves = event.command == ReserveGeneration.__name__
            return _refused_reservation(event) if reserves else _refused_save(event)
        case PolicyChanged():
            return SetPolicy(by=event.by, source=event.source, **event.limits._asdict(), origin=event.origin)
        case LimitsOverridden():
            return _override(event)
        case DailyCountReset():
            return ResetDaily(event.user, event.by, event.reason, event.origin, event.request)
        case PreferenceSet():
            return _prefer(event)
        case CleanupCompleted():
            return CleanUp(event.by, event.older_than_days, event.origin, event.request)
        case ClockCorrected():
            return CorrectClock(event.by, event.origin, event.request)
        case _:
            assert_never(event)


def is_plain(reserved: GenerationReserved, saved: Event) -> bool:
    """Whether a save reserved its own place, as one without a reservation does."""
    return (
        reserved.expires_at == reserved.at
        and isinstance(saved, ImageSaved)
        and saved.reservation == reserved.reservation
        and (reserved.count, reserved.bytes_each) == (1, saved.bytes)
        and (reserved.request, reserved.operation) == (saved.request, saved.operation)
    )


def _end_of_one(events: Sequence[Event], at: int) -> int:
    """Where the events of a command end that left several: a corrected clock, or a cleanup of many files."""
    more = at + 1
    if isinstance(events[at], ClockCorrected):
        while more < len(events) and _cancels(events[more]):
            more += 1
        return more
    most = min(len(events), at + MAX_CLEANUP_FILES // MAX_FILES_A_CLEANUP)
    while more < most and _goes_on(events[more - 1], events[more]):
        more += 1
    return more


def _cancels(event: Event) -> bool:
    return isinstance(event, GenerationReleased) and (event.by, event.reason) == ("system", "cancelled")


def _goes_on(former: Event, event: Event) -> bool:
    """Whether a cleanup of more files than one event holds goes on."""
    assert isinstance(former, CleanupCompleted)
    full = len(former.files) == MAX_FILES_A_CLEANUP
    return full and isinstance(event, CleanupCompleted) and _command(event) == _command(former)


def _reserve(event: GenerationReserved) -> ReserveGeneration:
    return ReserveGeneration(
        user=event.user,
        by=event.by,
        reservation=event.reservation,
        ttl_seconds=int(seconds_between(event.at, event.expires_at)),
        count=event.count,
        bytes_each=event.bytes_each,
        operation=event.operation,
        style=event.style,
        origin=event.origin,
        idempotency_key=event.request,
    )


def _complete(event: GenerationCompleted) -> CompleteGeneration:
    return CompleteGeneration(
        user=event.user,
        by=event.by,
        reservation=event.reservation,
        provider=event.provider,
        model=event.model,
        seconds=event.seconds,
        count=event.count,
        credits=event.credits,
        seed=event.seed,
        origin=event.origin,
        idempotency_key=event.request,
    )


def _release(event: GenerationReleased) -> ReleasePlaces:
    return ReleasePlaces(
        user=event.user,
        by=event.by,
        reservation=event.reservation,
        reason=event.reason,
        count=event.count,
        provider=event.provider,
        origin=event.origin,
        idempotency_key=event.request,
    )


def _save(event: ImageSaved, *, reservation: str | None) -> SaveImage:
    return SaveImage(
        user=event.user,
        by=event.by,
        name=event.name,
        bytes=event.bytes,
        sha256=event.sha256,
        media_type=event.media_type,
        width=event.width,
        height=event.height,
        staged=event.staged,
        new_reservation=event.reservation or "",
        operation=event.operation,
        temp=event.temp,
        reservation=reservation,
        origin=event.origin,
        idempotency_key=event.request,
    )


def _adopt(event: ImageSaved) -> AdoptImage:
    return AdoptImage(
        user=event.user,
        by=event.by,
        name=event.name,
        bytes=event.bytes,
        sha256=event.sha256,
        media_type=event.media_type,
        width=event.width,
        height=event.height,
        staged=event.staged,
        temp=event.temp,
        origin=event.origin,
        idempotency_key=event.request,
    )


def _delete(event: ImageDeleted) -> DeleteImage:
    return DeleteImage(
        user=event.user,
        by=event.by,
        name=event.name,
        temp=event.temp,
        reason=event.reason,
        origin=event.origin,
        idempotency_key=event.request,
    )


def _override(event: LimitsOverridden) -> OverrideLimits:
    limits = event.limits or UserLimits()
    return OverrideLimits(
        user=event.user,
        by=event.by,
        reason=event.reason,
        user_bytes=limits.user_bytes,
        daily=limits.daily,
        until=event.until,
        origin=event.origin,
        idempotency_key=event.request,
    )


def _prefer(event: PreferenceSet) -> SetPreference:
    return SetPreference(
        user=event.user,
        by=event.by,
        preference=event.preference,
        value=event.value,
        origin=event.origin,
        idempotency_key=event.request,
    )


def _refused_reservation(record: RequestRefused) -> ReserveGeneration:
    """How long it would have held its places is not recorded: as long as one may."""
    places = max(record.asked.count, 1)
    return ReserveGeneration(
        user=record.user,
        by=record.by,
        reservation=UNKNOWN_RESERVATION,
        ttl_seconds=MAX_TTL_SECONDS,
        count=record.asked.count,
        bytes_each=record.asked.bytes // places,
        style=record.style,
        origin=record.origin,
    )


def _refused_save(record: RequestRefused) -> SaveImage:
    """As a save of its own place; what the picture was like is not recorded."""
    return SaveImage(
        user=record.user,
        by=record.by,
        name=UNKNOWN_NAME,
        bytes=record.asked.bytes,
        sha256="",
        media_type="",
        width=0,
        height=0,
        staged="",
        new_reservation=UNKNOWN_RESERVATION,
        origin=record.origin,
    )


def _name_replaced(record: RequestRefused, state: QuotaState, *, temp: bool) -> str:
    """A name of the user under which so many bytes stand as the save would have replaced; a new one for none."""
    if not record.asked.replaced_bytes:
        return UNKNOWN_NAME
    index = state.temps if temp else state.gallery
    standing = index.of(record.user).newest_first(0, MOST_LOOKED_AT)
    fitting = (image.name for image in standing if image.bytes == record.asked.replaced_bytes)
    return next(fitting, UNKNOWN_NAME)

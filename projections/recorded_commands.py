"""From what was recorded back to what was asked: the commands whose decision gave the events of a batch.

An event holds all that its command asked, for everything that is decided anew from history. Where a refusal leaves open
what exactly was asked, there are several candidates. What limits that were tried out would have refused stands before
the events of the command that went on all the same. What is decided of a command is `decide`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Any, NamedTuple, TypeVar

from domain.ask_events import AskEvent
from domain.commands import (
    OF_A_MANAGER,
    AdoptImage,
    ChangePolicy,
    CleanUp,
    Command,
    CompleteGeneration,
    CorrectClock,
    DeleteImage,
    GiveGrant,
    OverrideLimits,
    ReleasePlaces,
    ReserveGeneration,
    ResetDaily,
    SaveImage,
    SetPolicy,
    SetPreference,
    VoidGrant,
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
    GrantGiven,
    GrantVoided,
    ImageDeleted,
    ImageSaved,
    LimitExceeded,
    LimitsOverridden,
    PolicyChanged,
    PreferenceSet,
    RequestRefused,
)
from domain.images import MAX_CLEANUP_FILES
from domain.instants import seconds_between
from domain.limits import Limits, SharedLimits, UserLimits
from domain.point_events import PointEvent
from domain.refusals import Reason
from domain.threshold_events import ThresholdCrossed
from domain.tier_commands import AssignTier, DefineTier, SeeGroups, UnassignTier
from domain.tier_events import GroupsSeen, TierAssigned, TierDefined, TierUnassigned
from domain.validation import MAX_TTL_SECONDS
from projections.ask_commands import ask_command, end_of_ask
from projections.point_commands import end_of_points, point_command
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
    """The commands behind events that were recorded together, in order; what people heard of limits by them is their
    last. Refusals are `refused_commands`'s; they come
    with the command of the form that their record tells.
    """
    at, last = 0, len(events)
    while at < last:
        first = _behind_exceeded(events, at) if isinstance(events[at], LimitExceeded) else at
        if first == last:
            yield Asked(_of_exceeded(events[at]), tuple(events[at:]))
            return
        event, more = events[first], first + 1
        if more < last and isinstance(event, GenerationReserved) and is_plain(event, events[more]):
            saved = events[more]
            assert isinstance(saved, ImageSaved)
            if first == at or is_of_save(events[at]):
                more = _behind_told(events, more + 1)
                yield Asked(_save(saved, saved.reservation or "", None), tuple(events[at:more]))
                at = more
                continue
        if isinstance(event, PointEvent):
            more = end_of_points(events, first)
            yield Asked(point_command(events[first:more]), tuple(events[at:more]))
            at = more
            continue
        if isinstance(event, AskEvent):
            more = end_of_ask(event, first)
            yield Asked(ask_command(events[first:more]), tuple(events[at:more]))
            at = more
            continue
        more = _end_of_one(events, first) if isinstance(event, ClockCorrected | CleanupCompleted) else more
        more = _behind_told(events, more)
        yield Asked(_COMMANDS[type(event)](event), tuple(events[at:more]))
        at = more


def refused_commands(record: RequestRefused, state: QuotaState) -> Iterator[ReserveGeneration | SaveImage]:
    """Each command that may have been refused so, the likeliest first: which place a picture was for is not recorded,
    nor the name that it would have replaced.
    """
    save = _of_refused(record)
    if isinstance(save, ReserveGeneration):
        yield save
        return
    kept = save._replace(name=_name_replaced(record, state, temp=False))
    if record.asked.count:
        yield kept
        return
    theirs = [held for held in state.open_reservations() if held.user == record.user]
    theirs.sort(key=lambda held: held.open_delivered == 0)
    places = [kept._replace(reservation=held.reservation) for held in theirs]
    temp = save._replace(temp=True, name=_name_replaced(record, state, temp=True))
    yield from [temp, *places] if _is_of_no_place(record) else [*places, temp]


def is_request(record: RequestRefused) -> bool:
    """Whether a refusal is one of a request, as far as the record tells: else it is of the picture of a place that was
    granted.
    """
    return bool(record.asked.count) or _is_of_no_place(record)


def _is_of_no_place(record: RequestRefused) -> bool:
    """Whether the user had no place at all, so that a save that asks for none was of a temp file."""
    return record.reason == Reason.USER_STORAGE.value and not record.held


def is_of_save(event: Event) -> bool:
    """Whether what a limit would have refused, or refused, was a save."""
    return isinstance(event, LimitExceeded | RequestRefused) and event.command == SaveImage.__name__


def is_plain(reserved: GenerationReserved, saved: Event) -> bool:
    """Whether a save reserved its own place, as one without a reservation does."""
    return (
        reserved.expires_at == reserved.at
        and reserved.credits_each is None
        and isinstance(saved, ImageSaved)
        and saved.reservation == reserved.reservation
        and (reserved.count, reserved.bytes_each) == (1, saved.bytes)
        and (reserved.request, reserved.operation) == (saved.request, saved.operation)
    )


def _behind_exceeded(events: Sequence[Event], at: int) -> int:
    """Where the events of a command begin before which limits that were tried out are told."""
    return next(
        (place for place in range(at, len(events)) if not isinstance(events[place], LimitExceeded)), len(events)
    )


def _behind_told(events: Sequence[Event], at: int) -> int:
    """Where the events of a command end by which people heard of limits."""
    while at < len(events) and isinstance(events[at], ThresholdCrossed):
        at += 1
    return at


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
    return full and isinstance(event, CleanupCompleted) and _clean_up(event) == _clean_up(former)


def _name_replaced(record: RequestRefused, state: QuotaState, *, temp: bool) -> str:
    """A name of the user under which so many bytes stand as the save would have replaced; a new one for none."""
    if not record.asked.replaced_bytes:
        return UNKNOWN_NAME
    index = state.temps if temp else state.gallery
    standing = index.of(record.user).newest_first(0, MOST_LOOKED_AT)
    fitting = (image.name for image in standing if image.bytes == record.asked.replaced_bytes)
    return next(fitting, UNKNOWN_NAME)


# -- the form of each command ----------------------------------------------------------------------

C = TypeVar("C")
_STORED_AS = {"idempotency_key": "request"}
"""Members of commands that have another name in events."""


def _made_of(event: Any, command: Callable[..., C], *told: str, **fixed: Any) -> Callable[..., C]:
    """What makes commands of a class from events of a class: of the members that both have, of those that are `told`
    beside the event, in this order, and of the `fixed` ones; others have their defaults.
    """
    members: list[str] = [*event._fields, *told]
    values: dict[str, Any] = {**command._field_defaults, **fixed}  # type: ignore[attr-defined]  # a named tuple
    places: list[int] = []
    more: list[Any] = []
    for name in command._fields:  # type: ignore[attr-defined]  # likewise
        stored = _STORED_AS.get(name, name)
        if name in fixed or stored not in members:
            places.append(len(members) + len(more))
            more.append(values[name])
        else:
            places.append(len(members) - 1 - members[::-1].index(stored))
    make: Callable[[Iterable[Any]], C] = command._make  # type: ignore[attr-defined]  # likewise
    pick = itemgetter(*places)
    return lambda recorded, *values: make(pick((*recorded, *values, *more)))


_reserve = _made_of(GenerationReserved, ReserveGeneration, "ttl_seconds")
_save = _made_of(ImageSaved, SaveImage, "new_reservation", "reservation")
_adopt = _made_of(ImageSaved, AdoptImage)
_clean_up = _made_of(CleanupCompleted, CleanUp)
_set_policy = _made_of(PolicyChanged, SetPolicy, *Limits._fields)
_change_policy = _made_of(PolicyChanged, ChangePolicy, "wanted", seen=SharedLimits())
"""What the manager saw is not recorded: it was what was in force."""
_override = _made_of(LimitsOverridden, OverrideLimits, *UserLimits._fields)
_refused_reservation = _made_of(
    RequestRefused,
    ReserveGeneration,
    "count",
    "bytes_each",
    "credits_each",
    reservation=UNKNOWN_RESERVATION,
    ttl_seconds=MAX_TTL_SECONDS,  # how long it would have held its places is not recorded: as long as one may
)
_refused_save = _made_of(
    RequestRefused,
    SaveImage,
    "bytes",
    name=UNKNOWN_NAME,
    new_reservation=UNKNOWN_RESERVATION,
    sha256="",
    media_type="",
    width=0,
    height=0,
    staged="",
)
"""As a save of its own place; what the picture was like is not recorded."""


def _of_reserved(event: GenerationReserved) -> Command:
    return _reserve(event, int(seconds_between(event.at, event.expires_at)))


def _of_saved(event: ImageSaved) -> Command:
    return _adopt(event) if event.operation == "adopted" else _save(event, event.reservation or "", event.reservation)


def _of_policy(event: PolicyChanged) -> Command:
    limits = event.limits
    if event.source == OF_A_MANAGER:
        return _change_policy(event, SharedLimits(**{name: getattr(limits, name) for name in SharedLimits._fields}))
    if event.taken_in is None:
        return _set_policy(event, *limits)
    given = dict.fromkeys(Limits._fields) | {name: getattr(limits, name) for name in event.taken_in}
    return _set_policy(event, *given.values())


def _of_refused(record: RequestRefused) -> ReserveGeneration | SaveImage:
    """A price of which nothing was asked is one of nothing: without any, a limit of credits had refused otherwise."""
    asked = record.asked
    if record.command == ReserveGeneration.__name__:
        places = max(asked.count, 1)
        return _refused_reservation(record, asked.count, asked.bytes // places, asked.credits // places)
    return _refused_save(record, asked.bytes)


def _of_exceeded(event: Event) -> Command:
    """Of a request that a limit would have refused, and that left nothing else."""
    assert isinstance(event, LimitExceeded)
    return _of_refused(RequestRefused(**event._asdict(), last=False))


_COMMANDS: dict[type[Event], Callable[[Any], Command]] = {
    GenerationReserved: _of_reserved,
    GenerationCompleted: _made_of(GenerationCompleted, CompleteGeneration),
    GenerationReleased: _made_of(GenerationReleased, ReleasePlaces),
    ImageSaved: _of_saved,
    ImageDeleted: _made_of(ImageDeleted, DeleteImage),
    RequestRefused: _of_refused,
    PolicyChanged: _of_policy,
    LimitsOverridden: lambda event: _override(event, *(event.limits or UserLimits())),
    DailyCountReset: _made_of(DailyCountReset, ResetDaily),
    GrantGiven: _made_of(GrantGiven, GiveGrant),
    GrantVoided: _made_of(GrantVoided, VoidGrant),
    PreferenceSet: _made_of(PreferenceSet, SetPreference),
    TierDefined: _made_of(TierDefined, DefineTier),
    TierAssigned: _made_of(TierAssigned, AssignTier),
    TierUnassigned: _made_of(TierUnassigned, UnassignTier),
    GroupsSeen: _made_of(GroupsSeen, SeeGroups),  # that they came with the command after it changes nothing
    CleanupCompleted: _clean_up,
    ClockCorrected: _made_of(ClockCorrected, CorrectClock),
}
"""The command of each event that is its only one, but for points and asks."""

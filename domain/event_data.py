"""Events as the plain members that are stored as `data`, and back."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from operator import itemgetter
from typing import Any

from domain.events import TYPES, Asked, CleanedFile, Event, IdempotencyKey, ImpossibleFact
from domain.grants import Draw
from domain.limits import Limits, UserLimits


def to_data(event: Event) -> dict[str, Any]:
    """The event as plain members for `data`: fields with their default are left out, values within become objects."""
    required, optional, defaults, built = _members(type(event))  # type: ignore[arg-type]  # a class can be a key
    data: dict[str, Any] = dict(zip(required, event))  # noqa: B905 - to say that one is longer takes half as long again
    more = event[len(required) :]
    if more != defaults:
        data.update(
            [(name, own) for name, own, default in zip(optional, more, defaults, strict=True) if own != default]
        )
    for name in built:
        if name in data:
            data[name] = _plain(data[name])
    return data


@cache
def _members(event_class: type[Any]) -> tuple[tuple[str, ...], tuple[str, ...], tuple[Any, ...], tuple[str, ...]]:
    """The members of a type of events: those that are always there, the others after them, the defaults of these, and
    which of all are values of their own.
    """
    fields, defaults = event_class._fields, event_class._field_defaults
    built = tuple(name for name, _ in _BUILDERS.get(event_class.__name__, _REQUEST_ALONE))
    return fields[: len(fields) - len(defaults)], tuple(defaults), tuple(defaults.values()), built


@cache
def _required_alone(type_name: str) -> tuple[int, Callable[[dict[str, Any]], tuple[Any, ...]], tuple[Any, ...]]:
    """How many members a type of events has at least, what takes them out of its data in their order, and the defaults
    of the others; -1 members where one of them is a value of its own, which has to be built.
    """
    required, _, defaults, built = _members(TYPES[type_name])  # type: ignore[arg-type]  # a class can be a key
    return -1 if set(required) & set(built) else len(required), itemgetter(*required), defaults


def from_data(type_name: str, data: dict[str, Any]) -> Event:
    """The event of a stored type name and `data`. Raises ImpossibleFact for an unknown type and missing or unknown
    members.
    """
    event_class = TYPES.get(type_name)
    if event_class is None:
        raise ImpossibleFact(f"unknown event type {type_name!r}")
    try:
        count, of_required, defaults = _required_alone(type_name)
        if len(data) == count:  # most have no more, and are made so in half the time
            return event_class._make(of_required(data) + defaults)
        for name, build in _BUILDERS.get(type_name, _REQUEST_ALONE):
            value = data.get(name)
            if value is not None:
                data = {**data, name: build(value)}
        return event_class(**data)
    except (TypeError, KeyError, AttributeError) as error:
        raise ImpossibleFact(f"{type_name} has missing, unknown or misshapen members: {error}") from error


def _plain(value: Any) -> Any:
    if isinstance(value, Limits | UserLimits | Asked):
        said = {name: own for name, own in value._asdict().items() if _is_told(value, name, own)}
        if value_windows := said.get("windows"):
            said["windows"] = dict(value_windows)
        return said
    if hasattr(value, "_asdict"):
        return value._asdict()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


_SINCE_WINDOWS = frozenset({"windows", "unenforced", "tell_at", "credits"})
"""Members of values within events that are left out where they hold their default: no former version had them."""


def _is_told(value: Any, name: str, member: Any) -> bool:
    default = value._field_defaults.get(name)
    return member is not None if isinstance(value, UserLimits) else name not in _SINCE_WINDOWS or member != default


def _limits(members: dict[str, Any]) -> Limits:
    return Limits(**_with_tuples(members))


def _own_limits(members: dict[str, Any]) -> UserLimits:
    return UserLimits(**_with_tuples(members))


def _with_tuples(members: dict[str, Any]) -> dict[str, Any]:
    """Limits of windows as pairs, names and percentages as tuples."""
    if "windows" in members:
        members = {**members, "windows": tuple(members["windows"].items())}
    for name in ("unenforced", "tell_at"):
        if name in members:
            members = {**members, name: tuple(members[name])}
    return members


def _draws(items: list[dict[str, Any]]) -> tuple[Draw, ...]:
    return tuple([Draw(**item) for item in items])


Builder = Callable[[Any], Any]


def _build(value_class: Callable[..., Any]) -> Builder:
    return lambda members: value_class(**members)


_REQUEST: tuple[str, Builder] = ("request", _build(IdempotencyKey))
_REQUEST_ALONE: tuple[tuple[str, Builder], ...] = (_REQUEST,)
_BUILDERS: dict[str, tuple[tuple[str, Builder], ...]] = {
    "PolicyChanged": (("limits", _limits), ("taken_in", tuple), _REQUEST),
    "GenerationReserved": (("drawn", _draws), _REQUEST),
    "GenerationCompleted": (("returned", _draws), _REQUEST),
    "GenerationReleased": (("returned", _draws), _REQUEST),
    "CleanupCompleted": (("files", lambda files: tuple(CleanedFile(**file) for file in files)), _REQUEST),
    "RequestRefused": (("asked", _build(Asked)),),
    "LimitExceeded": (("asked", _build(Asked)),),
    "LimitsOverridden": (("limits", _own_limits), _REQUEST),
    "TierDefined": (
        ("limits", _own_limits),
        ("groups", tuple),
        ("providers", tuple),
        ("models", tuple),
        ("operations", tuple),
        _REQUEST,
    ),
    "GroupsSeen": (("groups", tuple),),
}

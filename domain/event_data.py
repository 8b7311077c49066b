"""Events as the plain members that are stored as `data`, and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from domain.events import TYPES, Asked, CleanedFile, Event, IdempotencyKey, ImpossibleFact
from domain.limits import Limits, UserLimits


def to_data(event: Event) -> dict[str, Any]:
    """The event as plain members for `data`: fields with their default are left out, values within become objects."""
    data = event._asdict()
    for name, default in event._field_defaults.items():
        if data[name] == default:
            del data[name]
    for name, _ in _BUILDERS.get(type(event).__name__, _REQUEST_ALONE):
        if name in data:
            data[name] = _plain(data[name])
    return data


def from_data(type_name: str, data: dict[str, Any]) -> Event:
    """The event of a stored type name and `data`. Raises ImpossibleFact for an unknown type and missing or unknown
    members.
    """
    event_class = TYPES.get(type_name)
    if event_class is None:
        raise ImpossibleFact(f"unknown event type {type_name!r}")
    try:
        for name, build in _BUILDERS.get(type_name, _REQUEST_ALONE):
            value = data.get(name)
            if value is not None:
                data = {**data, name: build(value)}
        return event_class(**data)
    except (TypeError, KeyError, AttributeError) as error:
        raise ImpossibleFact(f"{type_name} has missing, unknown or misshapen members: {error}") from error


def _plain(value: Any) -> Any:
    if isinstance(value, UserLimits):
        return {name: own for name, own in value._asdict().items() if own is not None}
    if hasattr(value, "_asdict"):
        return value._asdict()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


Builder = Callable[[Any], Any]


def _build(value_class: Callable[..., Any]) -> Builder:
    return lambda members: value_class(**members)


_REQUEST: tuple[str, Builder] = ("request", _build(IdempotencyKey))
_REQUEST_ALONE: tuple[tuple[str, Builder], ...] = (_REQUEST,)
_BUILDERS: dict[str, tuple[tuple[str, Builder], ...]] = {
    "PolicyChanged": (("limits", _build(Limits)), ("taken_in", tuple), _REQUEST),
    "CleanupCompleted": (("files", lambda files: tuple(CleanedFile(**file) for file in files)), _REQUEST),
    "RequestRefused": (("asked", _build(Asked)),),
    "LimitsOverridden": (("limits", _build(UserLimits)), _REQUEST),
}

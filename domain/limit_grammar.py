"""Limits as people write them: `user/month/credits=20, guild/day/generations=100`, and which of them are tried out; at
which percentages people hear of them.

Every error is a ValueError whose sentence names the entry that is wrong, and what would be right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from domain.credits import in_credits, thousandths
from domain.limit_names import (
    ALL_LIMITS,
    CREDITS,
    DAILY,
    FURTHER,
    POOL_STORAGE,
    SCOPES,
    UNITS,
    USER_STORAGE,
    WINDOWS,
    in_order,
)
from domain.limits import Windows
from domain.threshold_events import MOST_TELL_AT

MOST_GENERATIONS = 2**53 - 1
_SETTINGS = {
    DAILY: ("MAX_USER_DAILY_GENS", "daily"),
    USER_STORAGE: ("MAX_USER_STORAGE_MB", "storage-mb"),
    POOL_STORAGE: ("MAX_GLOBAL_STORAGE_MB", "pool-mb"),
}
"""What each has that stands in no list: its setting, and its option where limits are set."""
_SHOWN = 60
_NAMED = 5
"""Names of a list that one sentence has room for."""
NONE = "none"
_PARTS = 3


def limits_of(text: str, allowed: tuple[str, ...] = FURTHER) -> Windows:
    """Limits of windows, in the one order. An empty text is none."""
    most: dict[str, int] = {}
    for place, name, value in _entries(text):
        if name in _SETTINGS:
            setting, option = _SETTINGS[name]
            raise ValueError(f"{place} has a setting of its own, {setting}, and an option, {option}; write it there")
        _refuse_unknown(place, name)
        if name not in allowed:
            raise ValueError(f"{place} is no limit that one user can have; those are {', '.join(allowed)}")
        if name in most:
            raise ValueError(f"{place} names this limit once more; write each once")
        most[name] = _amount(place, name, value)
    return in_order(most)


def unenforced_of(text: str) -> tuple[str, ...]:
    """The limits that are tried out: those that are said to be `false`, in the one order."""
    enforced: dict[str, bool] = {}
    for place, name, value in _entries(text, "false"):
        _refuse_unknown(place, name)
        if name in enforced:
            raise ValueError(f"{place} names this limit once more; write each once")
        if value.lower() not in {"true", "false"}:
            raise ValueError(f"{place} is neither true (the limit refuses) nor false (it is tried out)")
        enforced[name] = value.lower() == "true"
    return tuple(name for name in ALL_LIMITS if not enforced.get(name, True))


def percentages_of(text: str) -> tuple[int, ...]:
    """The percentages of a limit at which people hear of it, in their order: `80, 95, 100`. An empty text is none."""
    found = set()
    for number, entry in enumerate(re.split(r"[,;\n]", text), 1):
        one = entry.strip().removesuffix("%").strip()
        if entry.strip() and not re.fullmatch(r"[1-9][0-9]?|100", one, re.ASCII):
            raise ValueError(f"entry {number}, {entry.strip()[:_SHOWN]!r}, is no whole percentage from 1 to 100")
        found |= {int(one)} if one else set()
    if len(found) > MOST_TELL_AT:
        raise ValueError(f"these are {len(found)} percentages; people hear of a limit at {MOST_TELL_AT} at most")
    return tuple(sorted(found))


def limits_in_text(windows: Windows) -> str:
    """Limits of windows as they can be written again."""
    return ", ".join(f"{name}={in_credits(most) if name.endswith(CREDITS) else most}" for name, most in windows)


def unenforced_in_text(names: tuple[str, ...]) -> str:
    """Limits that are tried out as they can be written again."""
    return ", ".join(f"{name}=false" for name in names)


def members_in_text(members: dict[str, Any]) -> str:
    """What limits or a tier say, by the names of their members, lists as they can be written again; "" for nothing."""
    return ", ".join(f"{name} is {_in_text(name, value)}" for name, value in members.items() if value is not None)


def _in_text(name: str, value: object) -> str:
    if not isinstance(value, tuple):
        return str(value)
    if name == "windows":
        return limits_in_text(value) or NONE
    listed = unenforced_in_text(value) if name == "unenforced" else ", ".join(value[:_NAMED])
    more = f" and {len(value) - _NAMED} more" if name != "unenforced" and len(value) > _NAMED else ""
    return f"{listed}{more}" or NONE


def _entries(text: str, such_as: str = "20") -> Iterator[tuple[str, str, str]]:
    """Each entry: how a sentence names its place, the limit, its value, which could be `such_as`."""
    for number, entry in enumerate(re.split(r"[,;\n]", text), 1):
        if not entry.strip():
            continue
        place = f"entry {number}, {entry.strip()[:_SHOWN]!r},"
        name, equals, value = (part.strip() for part in entry.partition("="))
        if not equals or not value:
            raise ValueError(f"{place} has no value; write it as user/month/credits={such_as}")
        yield place, "/".join(part.strip() for part in name.lower().split("/")), value


def _refuse_unknown(place: str, name: str) -> None:
    if name in ALL_LIMITS:
        return
    parts = name.split("/")
    if len(parts) == _PARTS:
        for part, known, what in zip(parts, (SCOPES, WINDOWS, UNITS), ("scope", "window", "unit"), strict=True):
            if part not in known:
                raise ValueError(f"{place} has no such {what}: {part[:_SHOWN]!r}. It is one of {', '.join(known)}")
    raise ValueError(
        f"{place} names no limit; one is {'|'.join(SCOPES)}/{'|'.join(WINDOWS)}/{'|'.join(UNITS)}, such as "
        "pool/month/credits"
    )


def _amount(place: str, name: str, value: str) -> int:
    if name.endswith(CREDITS):
        try:
            return thousandths(value)
        except ValueError as error:
            raise ValueError(f"{place} is wrong: {error}") from None
    if not re.fullmatch(r"[0-9]{1,16}", value, re.ASCII) or int(value) > MOST_GENERATIONS:
        raise ValueError(f"{place} is not a whole number of generations from 0 to {MOST_GENERATIONS}")
    return int(value)

"""Whether a command has a possible form at all, before anything is looked up. Each answer is a sentence for people.

The grammar of user ids and image names is `names.py`'s.
"""

from __future__ import annotations

from domain.commands import (
    DELETE_REASONS,
    MAX_COUNT,
    MAX_LIMIT,
    MAX_TEXT,
    OPERATIONS,
    POLICY_SOURCES,
    RELEASE_REASONS,
    AdoptImage,
    CleanUp,
    Command,
    CompleteGeneration,
    DeleteImage,
    FreshName,
    OverrideLimits,
    ReleasePlaces,
    ReserveGeneration,
    ResetDaily,
    SaveImage,
    SetPolicy,
    SetPreference,
)
from domain.instants import is_instant
from domain.names import fresh_name, malformed_name, malformed_user

MAX_KEY_CHARS = 320
"""Characters of a request key: 255 of a caller and what the studio derives from them."""
MAX_DAYS = 36_500
"""The largest age a cleanup may ask for."""
MAX_TTL_SECONDS = 7 * 86_400
"""The longest reservation."""

_HAS_NAME = (SaveImage, AdoptImage, DeleteImage)
_HAS_COUNT = (ReserveGeneration, CompleteGeneration, ReleasePlaces)
_HAS_FILE = (SaveImage, AdoptImage)
_HAS_OPERATION = (ReserveGeneration, SaveImage)


def malformed(command: Command) -> str | None:
    """Why this command cannot be carried out by anybody, None where it can be looked at."""
    user = getattr(command, "user", None)
    if hasattr(command, "user") and (sentence := malformed_user(user)):
        return sentence
    if isinstance(command, _HAS_NAME) and (sentence := malformed_name(_spelled(command.name))):
        return sentence
    if command.request is not None and not _is_key(command.request.key):
        return f"A request key has 1 to {MAX_KEY_CHARS} printable characters."
    every_open_place = isinstance(command, ReleasePlaces) and command.count is None
    if isinstance(command, _HAS_COUNT) and not every_open_place and not _is_whole(command.count, 1, MAX_COUNT):
        return f"The count must be a whole number from 1 to {MAX_COUNT}."
    if isinstance(command, _HAS_FILE) and not _is_whole(command.bytes, 0, MAX_LIMIT):
        return "The size must be a whole number of bytes."
    as_reserved = isinstance(command, SaveImage) and command.operation is None
    if isinstance(command, _HAS_OPERATION) and not as_reserved and command.operation not in OPERATIONS:
        return f"The operation must be one of {', '.join(OPERATIONS)}."
    return _malformed_members(command)


def _malformed_members(command: Command) -> str | None:  # noqa: C901 - one case for each command is the clearest form
    match command:
        case ReserveGeneration(bytes_each=size, ttl_seconds=ttl):
            if not _is_limit(size):
                return "The bytes of a place must be a whole number."
            return (
                None if _is_whole(ttl, 0, MAX_TTL_SECONDS) else f"A reservation lasts 0 to {MAX_TTL_SECONDS} seconds."
            )
        case SaveImage(temp=True, reservation=str()):
            return "A temp file settles no reservation. Save it as an image, or leave the reservation out."
        case ReleasePlaces(reason=reason):
            return _not_of(reason, RELEASE_REASONS)
        case DeleteImage(reason=reason):
            return _not_of(reason, DELETE_REASONS)
        case CleanUp(older_than_days=days):
            return (
                None
                if _is_whole(days, 0, MAX_DAYS)
                else f"The age in days must be a whole number from 0 to {MAX_DAYS}."
            )
        case OverrideLimits(reason=reason, until=until, user_bytes=size, daily=daily):
            if until is not None and not is_instant(until):
                return "The end of an override must be a time such as 2026-01-31T00:00:00.000000Z."
            return _bad_limits(size, daily) or _bad_text(reason, "reason")
        case ResetDaily(reason=reason):
            return _bad_text(reason, "reason")
        case SetPreference(preference=preference, value=value):
            return _bad_text(preference, "preference") or _bad_text(value, "value")
        case SetPolicy(source=source, user_bytes=user, pool_bytes=pool, daily=daily, gen_bytes=gen):
            return _not_of(source, POLICY_SOURCES) or _bad_limits(user, pool, daily, gen)
        case _:
            return None


def _spelled(name: str | FreshName) -> str:
    return fresh_name(name.folder, name.number_from, name.extension) if isinstance(name, FreshName) else name


def _is_key(key: object) -> bool:
    return isinstance(key, str) and 1 <= len(key) <= MAX_KEY_CHARS and key.isprintable()


def _is_whole(value: object, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _is_limit(value: int | None) -> bool:
    return value is None or _is_whole(value, 0, MAX_LIMIT)


def _bad_limits(*limits: int | None) -> str | None:
    return None if all(map(_is_limit, limits)) else f"A limit must be a whole number from 0 to {MAX_LIMIT}."


def _bad_text(text: object, what: str) -> str | None:
    if not isinstance(text, str) or not 1 <= len(text) <= MAX_TEXT or not text.isprintable():
        return f"The {what} must have 1 to {MAX_TEXT} printable characters."
    return None


def _not_of(reason: str, allowed: tuple[str, ...]) -> str | None:
    return None if reason in allowed else f"It must be one of {', '.join(allowed)}."

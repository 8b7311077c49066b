"""Which limits hold for everybody and whose own, and of one that no setting gives: since when, by whom, and how to go
back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapters.wording.figures import minute, size_in_words
from domain.limits import Limits, megabytes

_SETTERS = {
    "environment": "by a setting of the service (environment or .env)",
    "constructor": "by a program that opened the storage with limits",
    "default": "when the log was begun",
}


STRANGER = "The log knows nothing of {} yet."


def limits_in_force(policy: Limits) -> str:
    """The policy of the log, in a line."""
    return (
        f"Limits in force: {megabytes(policy.user_bytes)} MB a user, {megabytes(policy.pool_bytes)} MB together, "
        f"{policy.daily} generations a user and day"
    )


def limits_in_words(user: str, limits: Mapping[str, Any]) -> str:
    """Whose the limits are, and until when."""
    own = [name for name in ("storage", "daily") if limits[name] == "own"]
    if not own:
        return "The limits are those for everybody."
    until = f"until {minute(limits['until'])}" if limits["until"] else "for good"
    if len(own) == 1:
        other = "daily" if own == ["storage"] else "storage"
        return f"The {own[0]} limit is {user}'s own, {until}; the {other} limit is that for everybody."
    return f"The storage limit and the daily limit are {user}'s own, {until}."


def limit_of_the_log(setting: str, limit: str, value: int, default: int, *, since: str, source: str) -> str:
    """A limit that holds though its setting is not given. `limit` is its name in `Limits`, `source` who gave it."""
    return (
        f"{setting} is not given, so the log's limit holds: {_amount(limit, value)}, set {_SETTERS[source]}, since "
        f"{minute(since)}. Give {setting}=default to go back to {_amount(limit, default)}, or another value."
    )


def _amount(limit: str, value: int) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if limit == "daily" else size_in_words(value)

"""What each limit is called, and so much of it; which limits hold for everybody and whose own; and of one that no
setting gives: since when, by whom, and how to go back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from adapters.wording.figures import counted, minute, size_in_words
from domain.credits import PER_CREDIT, in_credits
from domain.grants import BYTES
from domain.limit_grammar import limits_in_text
from domain.limit_names import (
    ALL_LIMITS,
    CREDITS,
    DAILY,
    DAY,
    FURTHER,
    GENERATIONS,
    GUILD,
    MONTH,
    POOL,
    USER,
    USER_STORAGE,
    WEEK,
)
from domain.limits import Limits, Override, UserLimits, Windows, megabytes
from domain.tiers import OF_TIER, OWN

_WHOSE = {USER: "one user", GUILD: "one Discord server", POOL: "all together"}
OF_ONE_USER = f" for {_WHOSE[USER]}"
"""How the words for a limit of each user end."""
_THIS = {DAY: "today's", WEEK: "this week's", MONTH: "this month's"}

_LIMITS = {"daily": "generations a day", "user_bytes": "storage of a user", "pool_bytes": "storage of all together"}
_LISTS = {"windows": "further limits", "unenforced": "limits only tried out", "tell_at": "percentages that are told"}
_SETTERS = {
    "environment": "by a setting of the service (environment or .env)",
    "constructor": "by a program that opened the storage with limits",
    "default": "when the log was begun",
}

NOBODY_LOSES = "Nobody loses anything; who is over a limit is refused the next time."
STRANGER = "The log knows nothing of {} yet."


def limit_in_words(name: str) -> str:
    """What a limit is of at present, by its name: "this month's credits of all together", "storage of one user"."""
    scope, *rest = name.split("/")
    if len(rest) == 1:
        return f"{rest[0]} of {_WHOSE[scope]}"
    window, unit = rest
    return f"{_THIS[window]} {unit} of {_WHOSE[scope]}"


def limit_in_general(name: str) -> str:
    """The same of whichever time: "credits a month for all together", "storage for one user"."""
    scope, *rest = name.split("/")
    what = rest[0] if len(rest) == 1 else f"{rest[1]} a {rest[0]}"
    return f"{what} for {_WHOSE[scope]}"


def amount_in_words(amount: int, unit: str) -> str:
    """So much of what limits and grants count, with its unit: "3 generations", "2.5 credits", "20.0 MB". Credits come
    in thousandths; what is neither is in bytes.
    """
    if unit == GENERATIONS:
        return counted(amount, "generation")
    if unit == CREDITS:
        return f"{in_credits(amount)} {'credit' if amount == PER_CREDIT else 'credits'}"
    assert unit in {BYTES, "storage"}, f"there is no unit {unit}"
    return size_in_words(amount)


def grant_left_in_words(grant: Mapping[str, Any]) -> str:
    """What a grant of the quota dictionary has left, and until when."""
    unit = grant["unit"]
    left = round(grant["left"] * PER_CREDIT) if unit == CREDITS else grant["left"]
    until = f"until {minute(grant['ends_at'])}" if grant["ends_at"] else "for good"
    return f"Beyond the limits: {amount_in_words(left, unit)} left, {until} ({grant['source']})."


def unit_of(name: str) -> str:
    """What a limit counts, by its name: generations, credits, or storage in bytes."""
    return name.rpartition("/")[2]


def limits_in_force(policy: Limits) -> str:
    """The policy of the log, in a line."""
    further = [f", {most_in_words(name, most)}" for name, most in policy.windows]
    tried = f"; only tried out: {', '.join(policy.unenforced)}" if policy.unenforced else ""
    return (
        f"Limits in force: {megabytes(policy.user_bytes)} MB a user, {megabytes(policy.pool_bytes)} MB together, "
        f"{policy.daily} generations a user and day{''.join(further)}{tried}"
    )


def most_in_words(name: str, most: int) -> str:
    """So much of a limit of a window: "20 credits a month for one user"."""
    unit = unit_of(name)
    return f"{amount_in_words(most, unit)}{limit_in_general(name).removeprefix(unit)}"


def limits_in_words(user: str, limits: Mapping[str, Any], sources: Sequence[Mapping[str, Any]]) -> list[str]:
    """Where a user's limits are from, of the quota dictionary: sentences for their own, for tiers, and the rest."""
    given: dict[str, list[str]] = {}
    for one in sources:
        what = limit_in_general(one["limit"]).removesuffix(OF_ONE_USER)
        if one["whose"] == OWN:
            until = f"until {minute(limits['until'])}" if limits["until"] else "for good"
            given.setdefault(f"{user}'s own, {until}", []).append(what)
        elif one["whose"] == OF_TIER:
            given.setdefault(f"By the {tiers_in_words(one['tiers'])}", []).append(what)
    further = [one for one in sources if one["whose"] == OWN and one["limit"] not in {DAILY, USER_STORAGE}]
    if not further and all(one["whose"] != OF_TIER for one in sources):
        return [_of_two(user, limits)]
    return [*(f"{whose}: {joined(names)}." for whose, names in given.items()), "All other limits are everybody's."]


def tiers_in_words(tiers: Sequence[str]) -> str:
    """One tier or several, by their keys: "tiers blue and gold"."""
    return f"{'tier' if len(tiers) == 1 else 'tiers'} {joined(list(tiers))}"


def _of_two(user: str, limits: Mapping[str, Any]) -> str:
    """Whose the limits are where no further one is the user's own, and until when."""
    own = [name for name in ("storage", "daily") if limits[name] == "own"]
    if not own:
        return "The limits are those for everybody."
    until = f"until {minute(limits['until'])}" if limits["until"] else "for good"
    if len(own) == 1:
        other = "daily" if own == ["storage"] else "storage"
        return f"The {own[0]} limit is {user}'s own, {until}; the {other} limit is that for everybody."
    return f"The storage limit and the daily limit are {user}'s own, {until}."


def own_in_words(own: Override) -> str:
    """A user's own limits and until when, as "9 generations a day and 20.0 MB of storage, for good"."""
    return f"{joined(own_parts(own.limits))}, {f'until {minute(own.until)}' if own.until else 'for good'}"


def own_parts(own: UserLimits) -> list[str]:
    """Each limit that one user or a tier has: "9 generations a day", "20.0 MB of storage", "20 credits a month"."""
    parts = [] if own.daily is None else [f"{counted(own.daily, 'generation')} a day"]
    parts += [] if own.user_bytes is None else [f"{size_in_words(own.user_bytes)} of storage"]
    return parts + [most_in_words(name, most).removesuffix(OF_ONE_USER) for name, most in own.windows or ()]


def limit_of_the_log(setting: str, limit: str, value: Any, default: Any, *, since: str, source: str) -> str:
    """A limit that holds though its setting is not given. `limit` is its name in `Limits`, `source` who gave it."""
    return (
        f"{setting} is not given, so the log's limit holds: {_amount(limit, value)}, set {_SETTERS[source]}, since "
        f"{minute(since)}. Give {setting}=default to go back to {_amount(limit, default)}, or another value."
    )


def limit_of_a_manager(setting: str, limit: str, value: Any, given: Any, *, since: str, by: str) -> str:
    """A limit that a manager set, and that settings did not change since; they give `given`, or nothing."""
    theirs = "is not given" if given is None else f"= {_amount(limit, given)} stands as before"
    return (
        f"{setting} {theirs}, so the limit holds that a manager set since: {_amount(limit, value)}, by {by}, since "
        f"{minute(since)}. It holds until a manager changes it, or {setting} is given otherwise."
    )


def limit_to_be_taken(setting: str, limit: str, value: Any, given: Any, *, since: str, by: str) -> str:
    """A limit that a manager set, and that the next start takes from its setting, which is another than before."""
    assert given is not None, "a setting that gives nothing is not new"
    return (
        f"{setting} = {_amount(limit, given)} is new, so the next start of the service takes it in place of the limit "
        f"that a manager set: {_amount(limit, value)}, by {by}, since {minute(since)}."
    )


def limit_of_another(setting: str, limit: str, value: Any, given: Any) -> str:
    """A limit that settings give here, and that others gave otherwise since."""
    return f"{setting} = {_amount(limit, given)} here, and was given as {_amount(limit, value)} last."


def step_in_words(limit: str, former: Any, value: Any) -> str:
    """A change of a limit for everybody, which is one of those that managers may change."""
    if limit in _LISTS:
        return f"{_LISTS[limit]}: {_amount(limit, value)} (before: {_amount(limit, former)})"
    whose = _LIMITS[limit] if limit == "daily" else f"of {_LIMITS[limit]}"
    return f"from {_amount(limit, former)} to {_amount(limit, value)} {whose}"


def window_steps(former: Windows, windows: Windows) -> list[str]:
    """What a change of the further limits changes, a sentence without its stop for each."""
    before, after = dict(former), dict(windows)
    return [
        f"removed: {most_in_words(name, before[name])}"
        if name not in after
        else f"new: {most_in_words(name, after[name])}"
        if name not in before
        else f"{most_in_words(name, after[name])} (before: {amount_in_words(before[name], unit_of(name))})"
        for name in FURTHER
        if before.get(name) != after.get(name)
    ]


def tried_steps(former: tuple[str, ...], unenforced: tuple[str, ...]) -> list[str]:
    """Which limits are only tried out from a change on, and which refuse again."""
    return [
        f"{limit_in_general(name)}: {'only tried out, nobody is refused' if name in unenforced else 'refuses again'}"
        for name in ALL_LIMITS
        if (name in former) != (name in unenforced)
    ]


def over_in_words(over: Mapping[str, int]) -> str | None:
    """Who uses more than new limits allow; None where nobody does."""
    parts = [
        f"{counted(over[name], 'user')} {'has' if over[name] == 1 else 'have'} {what}"
        for name, what in (("daily_users", "made more today"), ("storage_users", "more stored or held"))
        if over[name]
    ]
    if over["pool_bytes"]:
        parts.append(f"all together use and hold {size_in_words(over['pool_bytes'])} more")
    return f"Over the new limits: {', '.join(parts)}." if parts else None


def over_windows_in_words(over: Mapping[str, int]) -> str | None:
    """Who has used more of further limits than they will allow, by how many of each; None where nobody has."""
    parts = []
    for name, count in over.items():
        scope, what = name.split("/")[0], limit_in_general(name).partition(" for ")[0]
        who = {USER: counted(count, "user"), GUILD: counted(count, "server")}.get(scope, "all together")
        parts.append(f"{who} {'has' if count == 1 and scope in {USER, GUILD} else 'have'} used more {what}")
    return f"Over the further limits: {', '.join(parts)}." if parts else None


def set_by(source: str, by: str, reason: str | None) -> str:
    """Who set limits for everybody, for operators."""
    return f"by a manager ({by}): {reason}" if reason is not None else f"{_SETTERS[source]} ({by})"


def _amount(limit: str, value: Any) -> str:
    if limit == "windows":
        return limits_in_text(value) or "none"
    if limit == "unenforced":
        return ", ".join(value) or "none"
    if limit == "tell_at":
        return ", ".join(f"{percent} %" for percent in value) or "none"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if limit == "daily" else size_in_words(value)


def joined(parts: list[str]) -> str:
    """Several things in a sentence: "a, b and c"."""
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else "".join(parts)

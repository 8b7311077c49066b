"""`abby delete`, `reset`, `limits`, `cleanup` and `clock-corrected`: changes that an operator makes."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from typing import Any, NamedTuple

from adapters.application.governing import correct_clock_blocking
from adapters.application.results import Actor
from adapters.cli.exits import REFUSAL_EXITS
from adapters.cli.invocation import Invocation
from adapters.cli.ledger.quotas import show_status
from adapters.cli.output import Output, Refused, malformed, refused_of
from adapters.cli.reach.access import open_store, operations, refuse_without_log
from adapters.cli.reach.operations import Operations
from adapters.cli.times import instant
from adapters.ports.clock import utc_now
from adapters.ports.faults import LogLocked
from adapters.wording.figures import counted, size_in_words
from domain.limits import MEGABYTE, Override, UserLimits
from domain.names import malformed_name, malformed_user
from domain.refusals import Reason, Refusal


def delete(invocation: Invocation, output: Output, user: str, name: str) -> int:
    """Takes a kept image away."""
    if sentence := malformed_user(user) or malformed_name(name):
        return output.refused(malformed(sentence))
    with operations(invocation.set_up()) as ask:
        deleted = ask.delete(user, name)
    if isinstance(deleted, Refused):
        return output.refused(deleted)
    freed = size_in_words(deleted["freed_bytes"])
    output.answer(
        deleted, lambda console: console.print(f"Deleted {deleted['name']} of {user}: {freed} freed.", markup=False)
    )
    return 0


def reset(invocation: Invocation, output: Output, user: str, reason: str, *, yes: bool) -> int:
    """Sets a user's count of today to 0."""
    if sentence := malformed_user(user):
        return output.refused(malformed(sentence))
    with operations(invocation.set_up()) as ask:
        status = _unknown(output, ask, user, yes=yes) or ask.reset(user, reason)
    if isinstance(status, Refused):
        return output.refused(status)
    status, is_changed = _apart(status)
    again = "is 0 again." if is_changed else "is 0 already. Nothing was changed."
    output.note(f"Today's count of {user} {again}")
    show_status(output, user, status)
    return 0


class WantedLimits(NamedTuple):
    """The options of `abby limits`."""

    storage_mb: float | None
    daily: int | None
    until: str | None
    clear: bool


def limits(invocation: Invocation, output: Output, user: str, wanted: WantedLimits, reason: str, *, yes: bool) -> int:
    """Gives a user limits of their own, or takes them away."""
    if sentence := malformed_user(user):
        return output.refused(malformed(sentence))
    own = own_limits(wanted)
    if isinstance(own, str):
        return output.refused(malformed(own))
    with operations(invocation.set_up()) as ask:
        status = _unknown(output, ask, user, yes=yes) or ask.limits(user, own, reason)
    if isinstance(status, Refused):
        return output.refused(status)
    status, is_changed = _apart(status)
    output.note(_told(user, own.limits, is_changed=is_changed))
    show_status(output, user, status)
    return 0


def _apart(answer: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    """The status in an answer, and whether anything was changed, which former services do not tell."""
    status = dict(answer)
    return status, bool(status.pop("changed", True))


def _told(user: str, own: UserLimits, *, is_changed: bool) -> str:
    none = own == UserLimits()
    if not is_changed:
        return f"{user} has {'no' if none else 'these'} limits of their own already. Nothing was changed."
    return f"{user} has {'no limits of their own any more' if none else 'limits of their own'}."


def _unknown(output: Output, ask: Operations, user: str, *, yes: bool) -> Refused | None:
    """The refusal to change what nobody has yet: a mistyped id looks like a new user. Whoever sits there is asked."""
    if yes or ask.knows(user):
        return None
    sentence = f"The log knows nothing of {user}."
    if output.may_ask() and output.asked(f"{sentence} Is the id right, and shall it be done all the same?"):
        return None
    advice = "Nothing was changed. If the id is right, run the command again with --yes."
    return Refused(Reason.NOT_FOUND.value, f"{sentence} {advice}", REFUSAL_EXITS[Reason.NOT_FOUND])


def cleanup(invocation: Invocation, output: Output, days: int | None) -> int:
    """Removes temp files of this age."""
    with operations(invocation.set_up()) as ask:
        cleaned = ask.cleanup(days)
    if isinstance(cleaned, Refused):
        return output.refused(cleaned)
    freed = size_in_words(cleaned["freed_bytes"])
    removed = counted(cleaned["files"], "temp file")
    output.answer(cleaned, lambda console: console.print(f"Removed {removed}: {freed} freed.", markup=False))
    return 0


def correct_clock(invocation: Invocation, output: Output) -> int:
    """Records that the clock is right now, after it once stood wrong; on the log itself, which nobody else may hold."""
    config = invocation.set_up()
    refuse_without_log(config)
    try:
        store = open_store(config)
    except LogLocked as locked:
        raise LogLocked(
            f"{locked} The clock can be corrected only while nothing else writes: stop that, "
            "run `abby clock-corrected`, then start it again.",
            pid=locked.pid,
            address=locked.address,
        ) from locked
    with closing(store):
        changed = correct_clock_blocking(store, actor=Actor("cli"))
    if isinstance(changed, Refusal):
        return output.refused(refused_of(changed))
    corrected = changed.position > 0
    sentence = (
        "Recorded: the clock is right now, and the log goes on from here. Start the service again."
        if corrected
        else "Nothing to correct: the clock is not behind the log. Nothing was changed."
    )
    answer = {"corrected": corrected, "position": changed.position if corrected else None}
    output.answer(answer, lambda console: console.print(sentence, markup=False))
    return 0


def own_limits(wanted: WantedLimits) -> Override | str:
    """What the options of `abby limits` mean, or the sentence why they mean nothing."""
    storage_mb, daily, until, clear = wanted
    given = storage_mb is not None or daily is not None
    if clear and (given or until is not None):
        return "--clear takes all limits of the user's own away: leave the others out."
    if not clear and not given:
        return "Give --storage-mb, --daily or both; or --clear, to take the user's own limits away."
    try:
        end = None if until is None else instant(until)
    except ValueError as error:
        return str(error)
    if end is not None and end <= utc_now():
        return f"--until {until} has passed already. Give a time to come; without an offset it is UTC."
    size_bytes = None if storage_mb is None else round(storage_mb * MEGABYTE)
    return Override(UserLimits(size_bytes, daily), end)

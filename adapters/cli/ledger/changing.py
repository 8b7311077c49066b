"""`abby delete`, `reset`, `limits`, `cleanup` and `clock-corrected`: changes that an operator makes."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from typing import Any, NamedTuple

from rich.console import Console

from adapters.application.governing import correct_clock_blocking
from adapters.application.results import Actor
from adapters.cli.invocation import Invocation
from adapters.cli.ledger.everybody import change_for_everybody
from adapters.cli.ledger.further import Further, windows_after
from adapters.cli.ledger.quotas import show_status
from adapters.cli.ledger.unknown_users import unknown
from adapters.cli.output import Output, Refused, malformed, refused_of
from adapters.cli.reach.access import open_store, operations, refuse_without_log
from adapters.cli.tables import add_row, print_lines, table
from adapters.cli.times import instant
from adapters.ports.clock import utc_now
from adapters.ports.faults import LogLocked
from adapters.wording.figures import counted, size_in_words
from adapters.wording.limits import own_in_words
from domain.limit_names import OF_A_USER
from domain.limits import MEGABYTE, NO_OVERRIDE, Override, SharedLimits, UserLimits, carried_on
from domain.names import malformed_name, malformed_user
from domain.refusals import Refusal


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
        status = unknown(output, ask, user, yes=yes) or ask.reset(user, reason)
    if isinstance(status, Refused):
        return output.refused(status)
    status, is_changed = _apart(status)
    again = "is 0 again." if is_changed else "is 0 already. Nothing was changed."
    output.note(f"Today's count of {user} {again}")
    show_status(output, user, status)
    return 0


class WantedLimits(NamedTuple):
    """The limits among the options of `abby limits`."""

    storage_mb: float | None
    daily: int | None
    until: str | None
    clear: bool
    pool_mb: float | None = None
    dry_run: bool = False
    further: Further = Further()


class Asked(NamedTuple):
    """What `abby limits` was asked: for whom, which limits and why, and whether it may do it unasked."""

    user: str | None
    wanted: WantedLimits
    reason: str
    everybody: bool
    yes: bool


def limits(invocation: Invocation, output: Output, asked: Asked) -> int:
    """Gives a user limits of their own or takes them away, or everybody others."""
    user, wanted, reason, everybody, yes = asked
    if everybody:
        shared = f"{user} is a user: leave the id or --everybody out." if user else shared_limits(wanted)
        if isinstance(shared, str):
            return output.refused(malformed(shared))
        return change_for_everybody(invocation, output, shared, wanted.further, reason, dry_run=wanted.dry_run, yes=yes)
    if user is None:
        return output.refused(malformed("Whose limits? Name a user, or give --everybody."))
    if sentence := malformed_user(user):
        return output.refused(malformed(sentence))
    return _limits_of_user(invocation, output, user, asked)


def _limits_of_user(invocation: Invocation, output: Output, user: str, asked: Asked) -> int:
    wanted = asked.wanted
    if wanted.pool_mb is not None or wanted.dry_run:
        return output.refused(malformed("--pool-mb and --dry-run go with --everybody: a user has neither."))
    if wanted.further.shadow:
        return output.refused(malformed("--try and --enforce go with --everybody: a limit is tried out on all."))
    own = own_limits(wanted)
    if isinstance(own, str):
        return output.refused(malformed(own))
    with operations(invocation.set_up()) as ask:
        former = unknown(output, ask, user, yes=asked.yes) or ask.own_limits(user)
        if isinstance(former, Refused):
            return output.refused(former)
        carried = _carried_on(former, own, wanted)
        if isinstance(carried, str):
            return output.refused(malformed(carried))
        own = carried
        answer = ask.limits(user, own, former, asked.reason)
    if isinstance(answer, Refused):
        return output.refused(answer)
    status, is_changed = _apart(answer)
    output.note(_told(user, own, is_changed=is_changed))
    show_status(output, user, status)
    return 0


def _apart(answer: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    """The status in an answer, and whether anything was changed, which former services do not tell."""
    status = dict(answer)
    return status, bool(status.pop("changed", True))


def _told(user: str, own: Override, *, is_changed: bool) -> str:
    none = own == NO_OVERRIDE
    if not is_changed:
        return f"{user} has {'no' if none else 'these'} limits of their own already. Nothing was changed."
    return f"{user} has {'no limits of their own any more' if none else f'of their own now: {own_in_words(own)}'}."


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


def would_clean(invocation: Invocation, output: Output, days: int | None) -> int:
    """Shows what a cleanup would remove."""
    with operations(invocation.set_up()) as ask:
        found = ask.cleanable(days)
    if isinstance(found, Refused):
        return output.refused(found)
    output.answer(found, lambda console: _print_cleanable(console, found))
    return 0


def _print_cleanable(console: Console, found: Mapping[str, Any]) -> None:
    would, freed = found["would"], size_in_words(found["freed_bytes"])
    files = counted(found["files"], "temp file")
    print_lines(console, f"{files} of {counted(would['days'], 'day')} or more would go, {freed}. Nothing was changed.")
    if not found["files"]:
        return
    shown = table("What would go", ("of", "files", "size"), right=("files", "size"))
    for row in would["kinds"]:
        add_row(shown, row["media_type"], f"{row['files']:,}", size_in_words(row["bytes"]))
    for row in would["users"]:
        add_row(shown, f"user {row['user']}", f"{row['files']:,}", size_in_words(row["bytes"]))
    console.print(shown)
    if would["other_users"]:
        print_lines(console, f"and of {counted(would['other_users'], 'other user')}, who have less.")


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
    storage_mb, daily, until, clear = wanted[:4]
    given = storage_mb is not None or daily is not None or bool(wanted.further.limits)
    if clear and (given or until is not None):
        return "--clear takes all limits of the user's own away: leave the others out."
    if not clear and not given:
        return "Give --storage-mb, --daily, --limit or several; or --clear, to take the user's own limits away."
    try:
        end = None if until is None else instant(until)
    except ValueError as error:
        return str(error)
    if end is not None and end <= utc_now():
        return f"--until {until} has passed already. Give a time to come; without an offset it is UTC."
    size_bytes = None if storage_mb is None else round(storage_mb * MEGABYTE)
    return Override(UserLimits(size_bytes, daily), end)


def _carried_on(former: Override, own: Override, wanted: WantedLimits) -> Override | str:
    """A user's own limits as they would be, or why they can be none. Those that are over count no more."""
    now = utc_now()
    if not wanted.further.limits:
        return carried_on(former, own, now)
    is_over = former.until is not None and former.until <= now
    try:
        windows = windows_after((not is_over and former.limits.windows) or (), wanted.further.limits, OF_A_USER)
    except ValueError as error:
        return f"{error}."
    carried = carried_on(former, own._replace(limits=own.limits._replace(windows=windows)), now)
    limits = carried.limits._replace(windows=windows or None)
    return NO_OVERRIDE if limits == UserLimits() else Override(limits, carried.until)


def shared_limits(wanted: WantedLimits) -> SharedLimits | str:
    """What the options of `abby limits --everybody` mean, or the sentence why they mean nothing."""
    if wanted.until is not None or wanted.clear:
        return "--until and --clear are for a user's own limits: those for everybody hold until they are changed again."
    sizes = (wanted.storage_mb, wanted.pool_mb)
    user_bytes, pool_bytes = (None if size is None else round(size * MEGABYTE) for size in sizes)
    limits = SharedLimits(user_bytes, pool_bytes, wanted.daily)
    if not limits.given and not wanted.further.limits and not wanted.further.shadow:
        return (
            "Give --daily, --storage-mb, --pool-mb, --limit, --try, --enforce, or several; with --dry-run it is only "
            "shown what would be."
        )
    return limits

"""`abby grant`, `abby grants` and `abby void-grant`: what a user has beyond the limits is given, shown, taken away."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from typing import Any, NamedTuple

import typer
from rich.console import Console

from adapters.application.granting import Gift
from adapters.application.reading import is_known, quota_status
from adapters.cli.invocation import Invocation
from adapters.cli.ledger.unknown_users import unknown
from adapters.cli.numbers import MAX_STORAGE_MB, credits_exactly, megabytes, whole
from adapters.cli.output import Output, Refused, malformed
from adapters.cli.reach.access import open_reader, operations
from adapters.cli.tables import add_row, print_lines, table
from adapters.cli.times import instant
from adapters.ports.clock import utc_now
from adapters.wording.figures import minute
from adapters.wording.limits import STRANGER, amount_in_words
from domain.commands import MAX_LIMIT
from domain.credits import PER_CREDIT
from domain.grants import BYTES
from domain.images import SECONDS_A_DAY
from domain.instants import later
from domain.limit_names import CREDITS, GENERATIONS
from domain.limits import MEGABYTE
from domain.names import malformed_user

ONE_OF = "Write one of --credits, --generations and --mb: a grant is of one thing."
ROLLS = "What rolls over needs the grant's end (--until or --days), --rollover and --rollover-until, which is later."
NOTHING = "A grant of nothing gives nothing: write more than 0."


class Wanted(NamedTuple):
    """What is to be given, as it was written."""

    thousandths: int | None
    generations: int | None
    mb: float | None
    days: int | None
    priority: int
    reason: str
    until: str | None = None
    rollover: str | None = None
    rollover_until: str | None = None


def give(invocation: Invocation, output: Output, user: str, wanted: Wanted, *, yes: bool) -> int:
    """Gives a user a grant."""
    gift = gift_of(wanted)
    if isinstance(gift, str):
        return output.refused(malformed(malformed_user(user) or gift))
    if sentence := malformed_user(user):
        return output.refused(malformed(sentence))
    with operations(invocation.set_up()) as ask:
        given = unknown(output, ask, user, yes=yes) or ask.give_grant(user, gift)
    if isinstance(given, Refused):
        return output.refused(given)
    amount = amount_in_words(gift.amount, gift.unit)
    told = f"{user} has {amount} beyond the limits, {_lasts(gift)}: grant {given['grant']}."
    output.answer({"user": user, **given}, lambda console: print_lines(console, told))
    return 0


def gift_of(wanted: Wanted) -> Gift | str:
    """The grant that is written, or why it is none."""
    size = None if wanted.mb is None else round(wanted.mb * MEGABYTE)
    amounts = {CREDITS: wanted.thousandths, GENERATIONS: wanted.generations, BYTES: size}
    written = [(unit, amount) for unit, amount in amounts.items() if amount is not None]
    if len(written) != 1:
        return ONE_OF
    ((unit, amount),) = written
    if not amount:
        return NOTHING
    try:
        end, rollover, rollover_until = _lasting(wanted, unit, amount)
    except ValueError as error:
        return str(error)
    return Gift(
        unit,
        amount,
        wanted.reason,
        wanted.priority,
        expires_at=end,
        rollover=rollover,
        rollover_until=rollover_until,
    )


def _lasting(wanted: Wanted, unit: str, amount: int) -> tuple[str | None, int, str | None]:
    """When it ends, how much of what is left then stays, until when. Raises ValueError with a sentence."""
    if wanted.days is not None and wanted.until is not None:
        raise ValueError("Write --days or --until, not both: a grant has one end.")
    now = utc_now()
    end = None if wanted.until is None else instant(wanted.until)
    if wanted.days is not None:
        end = later(now, seconds=wanted.days * SECONDS_A_DAY)
    if end is not None and end <= now:
        raise ValueError(
            f"--until {wanted.until} has passed already. Give a time to come; without an offset it is UTC."
        )
    if wanted.rollover is None and wanted.rollover_until is None:
        return end, 0, None
    if end is None or wanted.rollover is None or wanted.rollover_until is None:
        raise ValueError(ROLLS)
    rollover, rollover_until = _rolls_over(wanted.rollover, unit), instant(wanted.rollover_until)
    if not 0 < rollover <= amount:
        raise ValueError("--rollover is of what is granted: more than 0, and not more than that.")
    if rollover_until <= end:
        raise ValueError("--rollover-until comes after the grant's end.")
    return end, rollover, rollover_until


def _rolls_over(text: str, unit: str) -> int:
    """An amount of a grant's unit as it was written. Raises ValueError with a sentence."""
    try:
        if unit == CREDITS:
            return credits_exactly(text)
        return whole(1, MAX_LIMIT)(text) if unit == GENERATIONS else round(megabytes(MAX_STORAGE_MB)(text) * MEGABYTE)
    except typer.BadParameter as error:
        raise ValueError(f"--rollover: {error.message}") from error


def _lasts(gift: Gift) -> str:
    """Until when it holds, and what stays then."""
    if gift.expires_at is None:
        return "for good"
    stays = ""
    if gift.rollover_until is not None:
        amount = amount_in_words(gift.rollover, gift.unit)
        stays = f", and of what is left then {amount} until {minute(gift.rollover_until)}"
    return f"until {minute(gift.expires_at)}{stays}"


def left(invocation: Invocation, output: Output, user: str) -> int:
    """What a user has left of grants, read beside whoever writes."""
    if sentence := malformed_user(user):
        return output.refused(malformed(sentence))
    with closing(open_reader(invocation.set_up())) as reader:
        figures, known = quota_status(reader, user), is_known(reader, user)
        output.doubted(reader.running().stale)
    answer = {"user": user, "grants": figures["grants"], "position": figures["position"]}
    output.answer(answer, lambda console: _print_left(console, answer))
    if not known:
        output.note(STRANGER.format(user))
    return 0


def void(invocation: Invocation, output: Output, user: str, grant: str, reason: str) -> int:
    """Takes away what is left of a grant."""
    if sentence := malformed_user(user):
        return output.refused(malformed(sentence))
    with operations(invocation.set_up()) as ask:
        voided = ask.void_grant(user, grant, reason)
    if isinstance(voided, Refused):
        return output.refused(voided)
    told = f"Grant {grant} of {user} is taken away."
    if not voided["changed"]:
        told = f"Grant {grant} of {user} was taken away before. Nothing was changed."
    output.answer({"user": user, **voided}, lambda console: print_lines(console, told))
    return 0


def _print_left(console: Console, answer: Mapping[str, Any]) -> None:
    if not answer["grants"]:
        print_lines(console, f"{answer['user']} has nothing left beyond the limits.")
        return
    shown = table(f"Beyond the limits: {answer['user']}", ("grant", "left", "given", "until", "priority", "source"))
    for one in answer["grants"]:
        until = minute(one["ends_at"]) if one["ends_at"] else "for good"
        amounts = (_in_words(one[name], one["unit"]) for name in ("left", "amount"))
        add_row(shown, one["grant"], *amounts, until, str(one["priority"]), one["source"])
    console.print(shown)


def _in_words(told: float, unit: str) -> str:
    """An amount of the quota dictionary, whose credits have decimals."""
    return amount_in_words(round(told * PER_CREDIT) if unit == CREDITS else round(told), unit)

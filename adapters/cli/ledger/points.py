"""`abby points`: what a user has of the community's own currency, what became of it, and movements."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from typing import Any, NamedTuple

import typer
from rich.console import Console

from adapters.application.market import PointsOf, read_points
from adapters.application.market_figures import points_figures
from adapters.application.reading import is_known
from adapters.bootstrap.storage import store_settings
from adapters.cli.invocation import Invocation
from adapters.cli.ledger.unknown_users import unknown
from adapters.cli.numbers import whole
from adapters.cli.output import Output, Refused, malformed
from adapters.cli.reach.access import open_reader, operations
from adapters.cli.reach.operations import Operations
from adapters.cli.tables import add_row, print_lines, table
from adapters.wording.figures import minute
from adapters.wording.limits import STRANGER
from adapters.wording.points import movement_in_words
from domain.commands import MAX_LIMIT
from domain.names import malformed_user
from domain.point_events import BURNED, MINTED, account_of

GIVE, CLAIM = "give", "claim"
BY_OPERATOR = "by an operator"
_NAMES = {
    MINTED: ("USER", "AMOUNT"),
    BURNED: ("USER", "AMOUNT"),
    GIVE: ("USER", "TO", "AMOUNT"),
    CLAIM: ("USER",),
}
"""What is named after each action."""
USAGE = "Write it as: abby points USER, or abby points ACTION with {}."


class Wanted(NamedTuple):
    """What was written: a user, or an action with what it names; how many movements are shown, and why it is done."""

    words: tuple[str, ...]
    limit: int
    reason: str | None


class Asked(NamedTuple):
    """What is to be done with whose points."""

    action: str
    user: str
    to: str
    amount: int
    reason: str | None


def points(invocation: Invocation, output: Output, wanted: Wanted, *, yes: bool) -> int:
    """Shows a user's points, or moves some."""
    if len(wanted.words) == 1:
        return _show(invocation, output, wanted.words[0], wanted.limit)
    asked = asked_of(wanted)
    if isinstance(asked, str):
        return output.refused(malformed(asked))
    with operations(invocation.set_up()) as ask:
        answer = _unknown(output, ask, asked, yes=yes) or _moved(ask, asked)
    if isinstance(answer, Refused):
        return output.refused(answer)
    output.answer({"user": asked.user, **answer}, lambda console: print_lines(console, _told(asked, answer)))
    return 0


def asked_of(wanted: Wanted) -> Asked | str:
    """What is written, or why it means nothing."""
    action, *named = wanted.words or ("",)
    names = _NAMES.get(action)
    if names is None or len(named) != len(names):
        return USAGE.format(", ".join(" ".join((one, *of)) for one, of in _NAMES.items()))
    told = dict(zip(names, named, strict=True))
    user, to = told["USER"], told.get("TO", "")
    if sentence := malformed_user(user) or (malformed_user(to) if "TO" in told else None):
        return sentence
    try:
        amount = whole(1, MAX_LIMIT)(told["AMOUNT"]) if "AMOUNT" in told else 0
    except typer.BadParameter as error:
        return f"The amount is not one: {error.message}"
    return Asked(action, user, to, amount, wanted.reason)


def _unknown(output: Output, ask: Operations, asked: Asked, *, yes: bool) -> Refused | None:
    """The refusal where somebody gets points of whom the log knows nothing."""
    if asked.action == BURNED:
        return None  # whoever has none has none to lose
    return unknown(output, ask, asked.to or asked.user, yes=yes)


def _moved(ask: Operations, asked: Asked) -> Mapping[str, Any] | Refused:
    match asked.action:
        case "give":
            return ask.give_points(asked.user, asked.to, asked.amount, asked.reason)
        case "claim":
            return ask.claim_points(asked.user)
        case kind:
            return ask.move_points(
                asked.user, kind, asked.amount, BY_OPERATOR if asked.reason is None else asked.reason
            )


def _told(asked: Asked, answer: Mapping[str, Any]) -> str:
    amount, balance = f"{answer['moved']['amount']:,}", f"{asked.user} has {answer['balance']:,} now."
    match asked.action:
        case "give":
            return f"{asked.to} was given {amount} by {asked.user}. {balance}"
        case "claim":
            return f"{asked.user} took {amount} for today. {balance}"
        case "mint":
            return f"{amount} made for {asked.user}. {balance}"
        case _:
            return f"{amount} taken from {asked.user}. {balance}"


def _show(invocation: Invocation, output: Output, user: str, most: int) -> int:
    if sentence := malformed_user(user):
        return output.refused(malformed(sentence))
    config = invocation.set_up()
    with closing(open_reader(config)) as reader:
        position, known = reader.running().state.position, is_known(reader, user)
        found = read_points(reader, store_settings(config), user, most)
        output.doubted(reader.running().stale)
    output.answer({**points_figures(found), "position": position}, lambda console: _print(console, found, position))
    if not known:
        output.note(STRANGER.format(user))
    return 0


def _print(console: Console, found: PointsOf, position: int) -> None:
    lines = [f"{found.user} has {found.balance:,} {found.called}."]
    if found.daily:
        lines.append(f"A day gives {found.daily:,}; that of today {'was' if found.claimed else 'was not yet'} claimed.")
    print_lines(console, *lines, f"As of position {position} of the log.")
    if not found.movements:
        return
    shown = table("Movements, newest first", ("when", "points", "what for", "position"), right=("points", "position"))
    for number, event in found.movements:
        sign = "+" if event.payee == account_of(found.user) else "-"
        add_row(shown, minute(event.at), f"{sign}{event.amount:,}", movement_in_words(event), str(number))
    console.print(shown)

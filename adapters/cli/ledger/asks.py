"""`abby ask` and `abby asks`: what a user asks the managers for, how it stands, and what they answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from rich.console import Console

from adapters.application.ask_figures import OPEN, ask_of_figures
from adapters.application.asking_for_more import USUAL_LIMITS, Answer, More
from adapters.cli.invocation import Invocation
from adapters.cli.ledger.ask_actions import Action
from adapters.cli.ledger.unknown_users import unknown
from adapters.cli.output import Output, Refused, malformed
from adapters.cli.reach.access import operations
from adapters.cli.tables import add_row, print_lines, table
from adapters.wording.asks import answered_in_words, asked_in_words
from adapters.wording.figures import minute
from adapters.wording.limits import amount_in_words
from domain.ask_events import APPROVED, DENIED, LIMITS_ASKED_ABOUT, Ask, unit_asked
from domain.grants import BYTES
from domain.limit_names import CREDITS, GENERATIONS
from domain.limits import MEGABYTE
from domain.names import malformed_user

ONE_OF = "Write one of --credits, --generations and --mb: a request is for one thing."
NOTHING = "A request for nothing asks for nothing: write more than 0."
NO_OPTIONS = "--withdraw takes the open request back, and goes with no amount."
WHICH = "Write which one, by its id: `abby asks` shows them."
NONE_OPEN = "{} has no request that is open."


class Wanted(NamedTuple):
    """What is asked for or given, as it was written."""

    thousandths: int | None = None
    generations: int | None = None
    mb: float | None = None
    limit: str | None = None
    days: int | None = None
    withdraw: bool = False
    reason: str | None = None

    @property
    def amounts(self) -> list[tuple[str, int]]:
        """What is written, by its unit."""
        size = None if self.mb is None else round(self.mb * MEGABYTE)
        written = {CREDITS: self.thousandths, GENERATIONS: self.generations, BYTES: size}
        return [(unit, amount) for unit, amount in written.items() if amount is not None]


def ask(invocation: Invocation, output: Output, user: str, wanted: Wanted, *, yes: bool) -> int:
    """Asks for more, takes that back, or shows how it stands."""
    if sentence := malformed_user(user):
        return output.refused(malformed(sentence))
    if wanted.withdraw:
        return output.refused(malformed(NO_OPTIONS)) if wanted.amounts else _withdraw(invocation, output, user)
    if not wanted.amounts:
        return _how_it_stands(invocation, output, user)
    more = more_of(wanted)
    if isinstance(more, str):
        return output.refused(malformed(more))
    with operations(invocation.set_up()) as reach:
        asked = unknown(output, reach, user, yes=yes) or reach.ask_for_more(user, more)
    if isinstance(asked, Refused):
        return output.refused(asked)
    what = amount_in_words(more.amount, unit_asked(more.limit))
    told = f"{user} asks for {what} more: request {asked['ask']}, open until {minute(asked['lapses_at'])}."
    output.answer({**asked}, lambda console: print_lines(console, told))
    return 0


def more_of(wanted: Wanted) -> More | str:
    """What is asked for, or why it is nothing that can be."""
    if len(wanted.amounts) != 1:
        return ONE_OF
    ((unit, amount),) = wanted.amounts
    limit = USUAL_LIMITS[unit] if wanted.limit is None else wanted.limit
    if limit not in LIMITS_ASKED_ABOUT or unit_asked(limit) != unit:
        those = [name for name in LIMITS_ASKED_ABOUT if unit_asked(name) == unit]
        return f"{limit!r:.60} is no limit of {unit} for one user. Those are {', '.join(those)}."
    return More(limit, amount, wanted.reason) if amount else NOTHING


def asks(invocation: Invocation, output: Output, action: Action, request: str | None, wanted: Wanted) -> int:
    """Lists what waits, or answers one."""
    if action is Action.LIST:
        return output.refused(malformed(WHICH)) if request else _list(invocation, output)
    if request is None:
        return output.refused(malformed(WHICH))
    if len(wanted.amounts) > 1 or (action is Action.DENY and wanted.amounts):
        return output.refused(malformed(ONE_OF))
    with operations(invocation.set_up()) as reach:
        waiting = reach.open_asks()
        if isinstance(waiting, Refused):
            return output.refused(waiting)
        found = next((ask_of_figures(one) for one in waiting["asks"] if one["ask"] == request), None)
        answer = _answer_of(action, wanted, found)
        if isinstance(answer, str):
            return output.refused(malformed(answer))
        done = reach.answer_ask(request, answer, GENERATIONS if found is None else found.unit)
    if isinstance(done, Refused):
        return output.refused(done)
    output.answer({**done}, lambda console: print_lines(console, _answered(done, found, answer)))
    return 0


def _answer_of(action: Action, wanted: Wanted, found: Ask | None) -> Answer | str:
    """What is answered, or why it cannot be."""
    amount = None
    if found is not None and wanted.amounts:
        ((unit, amount),) = wanted.amounts
        if unit != found.unit or not amount:
            return f"This request is for {found.unit}: write how many of these to give."
    return Answer(APPROVED if action is Action.APPROVE else DENIED, amount, wanted.days, wanted.reason)


def _answered(done: Mapping[str, Any], found: Ask | None, answer: Answer) -> str:
    if answer.answer != APPROVED or found is None:
        return f"Request {done['ask']} of {done['user']} is {done['answer']}."
    what = amount_in_words(found.amount if answer.amount is None else answer.amount, found.unit)
    until = "for good" if done["expires_at"] is None else f"until {minute(done['expires_at'])}"
    return f"Request {done['ask']} is approved: {done['user']} has {what} more, {until}, as grant {done['grant']}."


def _withdraw(invocation: Invocation, output: Output, user: str) -> int:
    with operations(invocation.set_up()) as reach:
        last = reach.last_ask(user)
        if isinstance(last, Refused):
            return output.refused(last)
        if last["ask"] is None or last["ask"]["state"] != OPEN:
            return output.refused(malformed(NONE_OPEN.format(user)))
        done = reach.withdraw_ask(user, last["ask"]["ask"])
    if isinstance(done, Refused):
        return output.refused(done)
    told = f"Request {done['ask']} of {user} is withdrawn."
    output.answer({**done}, lambda console: print_lines(console, told))
    return 0


def _how_it_stands(invocation: Invocation, output: Output, user: str) -> int:
    with operations(invocation.set_up()) as reach:
        answer = reach.last_ask(user)
    if isinstance(answer, Refused):
        return output.refused(answer)
    output.answer({"user": user, **answer}, lambda console: print_lines(console, _stands(user, answer["ask"])))
    return 0


def _stands(user: str, told: Mapping[str, Any] | None) -> str:
    if told is None:
        return f"{user} has asked for nothing. Write one of --credits, --generations and --mb to ask."
    last = ask_of_figures(told)
    if told["state"] == OPEN:
        return f"Request {last.ask} waits for an answer until {minute(told['lapses_at'])}: {asked_in_words(last)}."
    return answered_in_words(last)


def _list(invocation: Invocation, output: Output) -> int:
    with operations(invocation.set_up()) as reach:
        answer = reach.open_asks()
    if isinstance(answer, Refused):
        return output.refused(answer)
    found = [ask_of_figures(one) for one in answer["asks"]]
    output.answer({**answer}, lambda console: _print(console, found))
    return 0


def _print(console: Console, found: list[Ask]) -> None:
    if not found:
        print_lines(console, "No request for more waits for an answer.")
        return
    shown = table("Requests for more", ("ask", "user", "more", "beyond", "since", "why"))
    for one in found:
        more = amount_in_words(one.amount, one.unit)
        add_row(shown, one.ask, one.user, more, one.limit, minute(one.at), one.reason or "")
    console.print(shown)

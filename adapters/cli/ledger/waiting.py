"""`abby queue`: what waits for its turn in the service that runs, and what is taken out of the line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from rich.console import Console

from adapters.cli.invocation import Invocation
from adapters.cli.output import Output, Refused, malformed
from adapters.cli.reach.access import operations
from adapters.cli.reach.operations import Operations
from adapters.cli.tables import add_row, table
from adapters.wording.figures import about, counted, minute, wish
from domain.names import malformed_user

NOTHING = (
    "Nothing waits. A request whose turn has come waits no longer, and without a service that runs there is no line."
)


class Wanted(NamedTuple):
    """Whose requests are meant, None: everybody's; and which are taken out: one, or all of a user."""

    user: str | None = None
    cancel: str | None = None
    cancel_all: bool = False


def queue(invocation: Invocation, output: Output, wanted: Wanted) -> int:
    """Shows the line, or what was taken out of it."""
    if sentence := _wrong(wanted):
        return output.refused(malformed(sentence))
    with operations(invocation.set_up()) as ask:
        answer = _asked(ask, wanted)
    if isinstance(answer, Refused):
        return output.refused(answer)
    if "taken_out" in answer:
        gone = counted(len(answer["taken_out"]), "request")
        said = f"{gone} of {wanted.user} taken out of the line; nothing was counted."
        output.answer(answer, lambda console: console.print(said, markup=False))
        return 0
    output.answer(answer, lambda console: _print(console, wanted.user, answer))
    if not answer["waiting"]:
        output.note(NOTHING)
    return 0


def _wrong(wanted: Wanted) -> str | None:
    takes_out = wanted.cancel is not None or wanted.cancel_all
    if takes_out and wanted.user is None:
        return "--cancel and --cancel-all are of one user. Name the user."
    if wanted.cancel is not None and wanted.cancel_all:
        return "--cancel is one request, --cancel-all are all of a user. Give one of the two."
    return None if wanted.user is None else malformed_user(wanted.user)


def _asked(ask: Operations, wanted: Wanted) -> Mapping[str, Any] | Refused:
    if wanted.user is not None and (wanted.cancel is not None or wanted.cancel_all):
        return ask.take_out(wanted.user, wanted.cancel)
    return ask.line(wanted.user)


def _print(console: Console, user: str | None, answer: Mapping[str, Any]) -> None:
    whose = "everybody" if user is None else user
    shown = table(f"The line of {whose}", ("place", "user", "what", "since", "its turn", "id"), right=("place",))
    for one in answer["waiting"]:
        seconds = one["about_seconds"]
        turn = "not known yet" if seconds is None else f"in {about(seconds)}"
        what = wish(one["count"], one["operation"], None)
        add_row(shown, str(one["place"]), one.get("user", user), what, minute(one["since"]), turn, one["id"])
    console.print(shown)

"""Changes for a user of whom the log knows nothing: a mistyped id looks just so, and whoever sits there is asked."""

from __future__ import annotations

from adapters.cli.exits import REFUSAL_EXITS
from adapters.cli.output import Output, Refused
from adapters.cli.reach.operations import Operations
from domain.refusals import Reason


def unknown(output: Output, ask: Operations, user: str, *, yes: bool) -> Refused | None:
    """The refusal to change what nobody has yet."""
    if yes or ask.knows(user):
        return None
    sentence = f"The log knows nothing of {user}."
    if output.may_ask() and output.asked(f"{sentence} Is the id right, and shall it be done all the same?"):
        return None
    advice = "Nothing was changed. If the id is right, run the command again with --yes."
    return Refused(Reason.NOT_FOUND.value, f"{sentence} {advice}", REFUSAL_EXITS[Reason.NOT_FOUND])

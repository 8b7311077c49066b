"""`abby ask` and `abby asks` as they are written. What each does is `asks`'s."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from adapters.cli.arguments import Json, User, Yes
from adapters.cli.ledger.ask_actions import Action
from adapters.cli.numbers import MAX_STORAGE_MB, MOST_DAYS, credits_exactly, megabytes, whole
from adapters.cli.running import carry_out
from domain.commands import MAX_LIMIT

Command = Callable[..., None]
Thousandths = Annotated[
    int | None, typer.Option("--credits", parser=credits_exactly, metavar="CREDITS", help="So many credits.")
]
Generations = Annotated[
    int | None, typer.Option("--generations", parser=whole(1, MAX_LIMIT), metavar="N", help="So many generations.")
]
Mb = Annotated[
    float | None, typer.Option("--mb", parser=megabytes(MAX_STORAGE_MB), metavar="MB", help="So much storage.")
]
Reason = Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="A few words; they are recorded.")]


def register(command: Callable[[Command], Command]) -> None:
    """Adds them to the command line."""
    for carried_out in (ask, asks):
        command(carried_out)


def ask(  # noqa: PLR0913, PLR0917 - each is an option of the command line
    context: typer.Context,
    user: User,
    thousandths: Thousandths = None,
    generations: Generations = None,
    mb: Mb = None,
    limit: Annotated[
        str | None,
        typer.Option("--limit", metavar="LIMIT", help="Beyond which limit, such as user/week/generations."),
    ] = None,
    withdraw: Annotated[
        bool, typer.Option("--withdraw", help="Take the request back that is open; nothing else is asked.")
    ] = False,
    reason: Reason = None,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Ask the managers for more than a limit gives a user: generations, credits or storage.

    One request is open at a time, for seven days. Without an amount it shows how the last one stands.
    """
    from adapters.cli.ledger import asks as on_asks  # late: a help text opens no log

    wanted = on_asks.Wanted(
        thousandths=thousandths, generations=generations, mb=mb, limit=limit, withdraw=withdraw, reason=reason
    )
    carry_out(
        context, lambda invocation, output: on_asks.ask(invocation, output, user, wanted, yes=yes), as_json=as_json
    )


def asks(  # noqa: PLR0913, PLR0917 - each is an option of the command line
    context: typer.Context,
    action: Annotated[Action, typer.Argument(help="What is to be done.")] = Action.LIST,
    request: Annotated[
        str | None, typer.Argument(metavar="[ASK]", help="Which, by its id: to approve or to deny it.")
    ] = None,
    thousandths: Thousandths = None,
    generations: Generations = None,
    mb: Mb = None,
    days: Annotated[
        int | None, typer.Option("--days", parser=whole(1, MOST_DAYS), metavar="N", help="For so long; else for good.")
    ] = None,
    reason: Reason = None,
    as_json: Json = False,
) -> None:
    """Requests for more that wait for an answer, the oldest first; `approve ASK` and `deny ASK` answer one.

    An approval gives what was asked for, or what an option says, as a grant. The first answer counts.
    """
    from adapters.cli.ledger import asks as on_asks  # late: a help text opens no log

    wanted = on_asks.Wanted(thousandths=thousandths, generations=generations, mb=mb, days=days, reason=reason)
    carry_out(
        context,
        lambda invocation, output: on_asks.asks(invocation, output, action, request, wanted),
        as_json=as_json,
    )

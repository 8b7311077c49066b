"""`abby token` as it is written: its actions and options. What it does is `managing`'s."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from adapters.cli.arguments import Json
from adapters.cli.invocation import Invocation
from adapters.cli.numbers import whole
from adapters.cli.running import carry_out
from adapters.tokens.token import MAX_DAYS, Scope

if TYPE_CHECKING:
    from adapters.cli.output import Output  # late: a help text writes no answer


class Action(StrEnum):
    """What is done with tokens."""

    CREATE = "create"
    LIST = "list"
    REVOKE = "revoke"


def register(command: Callable[[Callable[..., None]], object]) -> None:
    """Gives the command to the command line."""
    command(token)


def token(  # noqa: PLR0913, PLR0917 - each is an option of the command line
    context: typer.Context,
    action: Annotated[Action, typer.Argument(help="What is to be done.")],
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="The token's: of the program that it is for.")
    ] = None,
    scope: Annotated[
        Scope, typer.Option("--scope", help="What it allows: write reads too, admin may do all.")
    ] = Scope.READ,
    user: Annotated[
        str | None, typer.Option("--user", metavar="USER", help="Only for this user's quota and images.")
    ] = None,
    days: Annotated[
        int | None,
        typer.Option("--days", parser=whole(1, MAX_DAYS), metavar="N", help="It ends then; else when it is revoked."),
    ] = None,
    group: Annotated[
        str | None, typer.Option("--group", metavar="GROUP", help="That of its users, which tiers name group:GROUP.")
    ] = None,
    guild: Annotated[
        str | None, typer.Option("--guild", metavar="ID", help="It asks for this Discord server, by whose limits too.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Create a token for a program that asks over HTTP, list the tokens, or revoke one.

    A new token is shown once: only its hash is kept, in `logs/tokens.json`. A service that runs knows of it, or that it
    was revoked, within a second.
    """
    from adapters.cli.tokens import managing

    def asked(invocation: Invocation, output: Output) -> int:
        if action is Action.LIST:
            return managing.listed(invocation, output)
        if action is Action.REVOKE:
            return managing.revoked(invocation, output, name)
        wanted = managing.Wanted(name=name, scope=scope, user=user, days=days, group=group, guild=guild)
        return managing.created(invocation, output, wanted)

    carry_out(context, asked, as_json=as_json)

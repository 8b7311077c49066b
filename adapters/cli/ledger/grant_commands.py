"""`abby grant`, `abby grants` and `abby void-grant` as they are written. What each does is `grants`'s."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from adapters.cli.arguments import Json, User, Yes
from adapters.cli.numbers import MAX_STORAGE_MB, MOST_DAYS, credits_exactly, megabytes, whole
from adapters.cli.running import carry_out
from domain.commands import MAX_LIMIT
from domain.grants import MAX_PRIORITY

Command = Callable[..., None]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it is recorded.")]

Until = Annotated[str | None, typer.Option("--until", metavar="TIME", help="Until then, such as 2026-01-31 (UTC).")]
Rollover = Annotated[
    str | None, typer.Option("--rollover", metavar="AMOUNT", help="So much of what is left then stays at most.")
]
RolloverUntil = Annotated[
    str | None, typer.Option("--rollover-until", metavar="TIME", help="Until then, which is later.")
]

Priority = Annotated[
    int, typer.Option("--priority", parser=whole(0, MAX_PRIORITY), metavar="N", help="The highest is used first.")
]


def register(command: Callable[[Command], Command]) -> None:
    """Adds them to the command line."""
    for carried_out in (grant, grants, void_grant):
        command(carried_out)


def grant(  # noqa: PLR0913, PLR0917 - each is an option of the command line
    context: typer.Context,
    user: User,
    thousandths: Annotated[
        int | None, typer.Option("--credits", parser=credits_exactly, metavar="CREDITS", help="So many credits.")
    ] = None,
    generations: Annotated[
        int | None, typer.Option("--generations", parser=whole(1, MAX_LIMIT), metavar="N", help="So many generations.")
    ] = None,
    mb: Annotated[
        float | None, typer.Option("--mb", parser=megabytes(MAX_STORAGE_MB), metavar="MB", help="So much storage.")
    ] = None,
    days: Annotated[
        int | None, typer.Option("--days", parser=whole(1, MOST_DAYS), metavar="N", help="For so long; else for good.")
    ] = None,
    until: Until = None,
    rollover: Rollover = None,
    rollover_until: RolloverUntil = None,
    priority: Priority = 0,
    reason: Reason = "by an operator",
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Give a user something beyond the limits, to be used up once: credits, generations or storage."""
    from adapters.cli.ledger import grants as on_grants  # late: a help text opens no log

    wanted = on_grants.Wanted(
        thousandths=thousandths,
        generations=generations,
        mb=mb,
        days=days,
        until=until,
        rollover=rollover,
        rollover_until=rollover_until,
        priority=priority,
        reason=reason,
    )
    carry_out(
        context, lambda invocation, output: on_grants.give(invocation, output, user, wanted, yes=yes), as_json=as_json
    )


def grants(context: typer.Context, user: User, as_json: Json = False) -> None:
    """Show what a user has left beyond the limits, until when, and the id of each grant."""
    from adapters.cli.ledger import grants as on_grants  # late: a help text opens no log

    carry_out(context, lambda invocation, output: on_grants.left(invocation, output, user), as_json=as_json)


def void_grant(
    context: typer.Context,
    user: User,
    grant: Annotated[str, typer.Argument(metavar="GRANT", help="Its id, as `abby grants` shows it.")],
    reason: Reason = "by an operator",
    as_json: Json = False,
) -> None:
    """Take away what is left of a grant; what was used of it stays used."""
    from adapters.cli.ledger import grants as on_grants  # late: a help text opens no log

    carry_out(
        context, lambda invocation, output: on_grants.void(invocation, output, user, grant, reason), as_json=as_json
    )

"""`abby points`, `abby market` and `abby buy` as they are written. What each does is `points`'s and `market`'s."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from adapters.cli.arguments import Json, User, Yes
from adapters.cli.ledger.market_actions import Action
from adapters.cli.numbers import MAX_STORAGE_MB, credits_exactly, megabytes, whole
from adapters.cli.running import carry_out
from domain.commands import MAX_LIMIT
from domain.point_commands import MAX_OFFER_DAYS

Command = Callable[..., None]
MOST_SHOWN = 100
SHOWN = 20
Words = Annotated[
    list[str],
    typer.Argument(
        metavar="USER | ACTION USER [TO] [AMOUNT]", help="Whose; or mint, burn, give or claim, and what it needs."
    ),
]
Why = Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Why; it is recorded.")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it is recorded.")]
Thousandths = Annotated[
    int | None, typer.Option("--credits", parser=credits_exactly, metavar="CREDITS", help="So many credits.")
]
Generations = Annotated[
    int | None, typer.Option("--generations", parser=whole(1, MAX_LIMIT), metavar="N", help="So many generations.")
]
Mb = Annotated[
    float | None, typer.Option("--mb", parser=megabytes(MAX_STORAGE_MB), metavar="MB", help="So much storage.")
]
Price = Annotated[int | None, typer.Option("--price", parser=whole(1, MAX_LIMIT), metavar="N", help="What it costs.")]
Days = Annotated[
    int | None,
    typer.Option("--days", parser=whole(1, MAX_OFFER_DAYS), metavar="N", help="For so long; else for good."),
]


def register(command: Callable[[Command], Command]) -> None:
    """Adds them to the command line."""
    for carried_out in (points, market, buy):
        command(carried_out)


def points(
    context: typer.Context,
    words: Words,
    limit: Annotated[
        int, typer.Option("--limit", parser=whole(1, MOST_SHOWN), metavar="N", help="How many movements are shown.")
    ] = SHOWN,
    reason: Why = None,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Points: what a user has and what became of it; made, taken, given and claimed.

    `points USER` shows them. `points mint USER AMOUNT` and `points burn USER AMOUNT` make some and take some out of the
    world, `points give USER TO AMOUNT` gives a user's to another, `points claim USER` takes what a day gives.
    """
    from adapters.cli.ledger import points as on_points  # late: a help text opens no log

    wanted = on_points.Wanted(tuple(words), limit, reason)
    carry_out(
        context, lambda invocation, output: on_points.points(invocation, output, wanted, yes=yes), as_json=as_json
    )


def market(  # noqa: PLR0913, PLR0917 - each is an option of the command line
    context: typer.Context,
    action: Annotated[Action, typer.Argument(help="What is to be done.")] = Action.LIST,
    offer: Annotated[str | None, typer.Argument(metavar="[OFFER]", help="The offer's id, to set or withdraw.")] = None,
    thousandths: Thousandths = None,
    generations: Generations = None,
    mb: Mb = None,
    price: Price = None,
    days: Days = None,
    reason: Reason = "by an operator",
    as_json: Json = False,
) -> None:
    """Offers of the market, the cheapest first; `set OFFER` offers something, `withdraw OFFER` takes it back."""
    from adapters.cli.ledger import market as on_market  # late: a help text opens no log

    parts = on_market.Parts(thousandths, generations, mb, price, days)
    wanted = on_market.Wanted(action, offer, parts, reason)
    carry_out(context, lambda invocation, output: on_market.market(invocation, output, wanted), as_json=as_json)


def buy(
    context: typer.Context,
    user: User,
    offer: Annotated[str, typer.Argument(metavar="OFFER", help="The offer's id, as `abby market` shows it.")],
    price: Annotated[
        int | None, typer.Option("--price", parser=whole(1, MAX_LIMIT), metavar="N", help="Only where it costs that.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Buy an offer for a user, who pays for it; it gives a grant."""
    from adapters.cli.ledger import market as on_market  # late: a help text opens no log

    carry_out(
        context, lambda invocation, output: on_market.buy(invocation, output, user, offer, price), as_json=as_json
    )

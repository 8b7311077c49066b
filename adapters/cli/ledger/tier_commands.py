"""`abby tiers` as it is written: its actions and options. What each does is `tiers`'s."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer

from adapters.cli.arguments import Json
from adapters.cli.ledger.tier_actions import Action
from adapters.cli.numbers import MAX_STORAGE_MB, megabytes, whole
from adapters.cli.running import carry_out
from domain.tiers import MAX_WAITING, MAX_WEIGHT

Names = Annotated[
    list[str] | None, typer.Argument(metavar="[USER] [TIER]", help="Whose, and which, as the action needs them.")
]
Daily = Annotated[
    int | None, typer.Option("--daily", parser=whole(0), metavar="N", help="A member's generations a day.")
]
StorageMb = Annotated[
    float | None,
    typer.Option("--storage-mb", parser=megabytes(MAX_STORAGE_MB), metavar="MB", help="A member's storage."),
]
Weight = Annotated[
    int | None, typer.Option("--weight", parser=whole(1, MAX_WEIGHT), metavar="N", help="Turns in the line.")
]
Waiting = Annotated[
    int | None, typer.Option("--waiting", parser=whole(1, MAX_WAITING), metavar="N", help="Requests under way at most.")
]
Until = Annotated[
    str | None, typer.Option("--until", metavar="TIME", help="With assign: until then, such as 2026-01-31 (UTC).")
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="With define and remove: only show what would be, and for whom.")
]
Yes = Annotated[
    bool,
    typer.Option("--yes", help="With define and remove: also where users would be over a limit, or lose the tier."),
]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it is recorded.")]


def _many(name: str, what: str) -> Any:
    """An option that may be given several times."""
    return typer.Option(f"--{name}", metavar=name.upper(), help=f"{what} Give it once for each.")


Limits = Annotated[list[str] | None, _many("limit", "A further limit, such as user/month/credits=20.")]
Groups = Annotated[list[str] | None, _many("group", "Who has it: guild:ID/role:ID, or group:NAME.")]
Providers = Annotated[list[str] | None, _many("provider", "Allowed; without one all are.")]
Models = Annotated[list[str] | None, _many("model", "Allowed; without one all are.")]
Operations = Annotated[list[str] | None, _many("operation", "Allowed; without one all are.")]


def register(command: Callable[[Callable[..., None]], object]) -> None:
    """Gives the command to the command line."""
    command(tiers)


def tiers(  # noqa: PLR0913, PLR0917 - each is an option of the command line
    context: typer.Context,
    action: Annotated[Action, typer.Argument(help="What is to be done.")] = Action.LIST,
    names: Names = None,
    daily: Daily = None,
    storage_mb: StorageMb = None,
    limit: Limits = None,
    group: Groups = None,
    provider: Providers = None,
    model: Models = None,
    operation: Operations = None,
    weight: Weight = None,
    waiting: Waiting = None,
    until: Until = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    reason: Reason = "by an operator",
    as_json: Json = False,
) -> None:
    """Tiers: limits and rights that users have by a group or by hand. `define` replaces a tier whole.

    `tiers` lists them, `define TIER` and `remove TIER` change one, `of USER` tells which a user has and why,
    `assign USER TIER` and `unassign USER TIER` give one by hand and take it back.
    """
    from adapters.cli.ledger import tiers as on_tiers  # late: a help text opens no log

    parts = on_tiers.Parts(
        daily=daily,
        storage_mb=storage_mb,
        limits=tuple(limit or ()),
        groups=tuple(group or ()),
        providers=tuple(provider or ()),
        models=tuple(model or ()),
        operations=tuple(operation or ()),
        weight=weight,
        waiting=waiting,
    )
    wanted = on_tiers.Wanted(
        action=action, names=tuple(names or ()), parts=parts, until=until, reason=reason, dry_run=dry_run, yes=yes
    )
    carry_out(context, lambda invocation, output: on_tiers.tiers(invocation, output, wanted), as_json=as_json)

"""The changes that an operator makes: how they are written. What each does is `changing`'s."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from adapters.cli.arguments import Json, User, Yes
from adapters.cli.numbers import MAX_STORAGE_MB, megabytes, whole
from adapters.cli.running import carry_out
from domain.validation import MAX_DAYS

Command = Callable[..., None]
PoolMb = Annotated[
    float | None,
    typer.Option("--pool-mb", parser=megabytes(MAX_STORAGE_MB), metavar="MB", help="With --everybody: storage of all."),
]

UserOrNone = Annotated[
    str | None, typer.Argument(metavar="[USER]", help="A user's id, such as a Discord id, or `local` for the page.")
]
Everybody = Annotated[
    bool, typer.Option("--everybody", help="The limits for everybody; those that are not given stay as they are.")
]
FurtherLimits = Annotated[
    list[str] | None,
    typer.Option("--limit", metavar="NAME=AMOUNT", help="user/month/credits=20 and the like; NAME=none takes it away."),
]
Tried = Annotated[
    list[str] | None,
    typer.Option("--try", metavar="NAME", help="With --everybody: try this limit out; it refuses nobody."),
]
Enforced = Annotated[
    list[str] | None, typer.Option("--enforce", metavar="NAME", help="With --everybody: this limit refuses again.")
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="With --everybody: only show what would be, and who would be over it.")
]
YesToLimits = Annotated[
    bool, typer.Option("--yes", help="Also for a user of whom the log knows nothing, or where users would be over.")
]


def register(command: Callable[[Command], Command]) -> None:
    """Adds them to the command line."""
    for carried_out in (delete, reset, limits, queue, cleanup):
        command(carried_out)


def delete(
    context: typer.Context,
    user: User,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The image's name, such as text_to_image/image_1.png.")],
    as_json: Json = False,
) -> None:
    """Delete one of a user's images; its bytes are free at once."""
    from adapters.cli.ledger import changing

    carry_out(context, lambda invocation, output: changing.delete(invocation, output, user, name), as_json=as_json)


def reset(
    context: typer.Context,
    user: User,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it is recorded.")] = "by an operator",
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Set a user's count of today to 0."""
    from adapters.cli.ledger import changing

    carry_out(
        context, lambda invocation, output: changing.reset(invocation, output, user, reason, yes=yes), as_json=as_json
    )


def limits(  # noqa: PLR0913, PLR0917 - each is an option of the command line
    context: typer.Context,
    user: UserOrNone = None,
    everybody: Everybody = False,
    storage_mb: Annotated[
        float | None,
        typer.Option("--storage-mb", parser=megabytes(MAX_STORAGE_MB), metavar="MB", help="A user's storage."),
    ] = None,
    daily: Annotated[
        int | None, typer.Option("--daily", parser=whole(0), metavar="N", help="A user's generations a day.")
    ] = None,
    pool_mb: PoolMb = None,
    limit: FurtherLimits = None,
    tried: Tried = None,
    enforced: Enforced = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="TIME", help="Until then, such as 2026-01-31 (UTC).")
    ] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Take their own limits away again.")] = False,
    dry_run: DryRun = False,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it is recorded.")] = "by an operator",
    yes: YesToLimits = False,
    as_json: Json = False,
) -> None:
    """Give a user limits of their own, or everybody others; it holds from the next request on.

    What is not given stays as it is, also the end of a user's own limits; --clear takes those away. Limits for
    everybody hold over restarts, until a setting of the service is changed. Nobody loses anything: who is over a limit
    is refused the next time.
    """
    from adapters.cli.ledger import changing
    from adapters.cli.ledger.further import Further

    wanted = changing.WantedLimits(
        storage_mb=storage_mb,
        daily=daily,
        until=until,
        clear=clear,
        pool_mb=pool_mb,
        dry_run=dry_run,
        further=Further(tuple(limit or ()), tuple(tried or ()), tuple(enforced or ())),
    )
    asked = changing.Asked(user, wanted, reason, everybody=everybody, yes=yes)
    carry_out(context, lambda invocation, output: changing.limits(invocation, output, asked), as_json=as_json)


def queue(
    context: typer.Context,
    user: Annotated[str | None, typer.Argument(metavar="[USER]", help="Whose; without one, everybody's.")] = None,
    cancel: Annotated[
        str | None, typer.Option("--cancel", metavar="ID", help="Take this request of the user out of the line.")
    ] = None,
    cancel_all: Annotated[bool, typer.Option("--cancel-all", help="Take all of the user's out of the line.")] = False,
    as_json: Json = False,
) -> None:
    """Show what waits for its turn in the service that runs, or take it out of the line."""
    from adapters.cli.ledger import waiting

    wanted = waiting.Wanted(user, cancel, cancel_all)
    carry_out(context, lambda invocation, output: waiting.queue(invocation, output, wanted), as_json=as_json)


def cleanup(
    context: typer.Context,
    days: Annotated[
        int | None,
        typer.Option("--days", parser=whole(0, MAX_DAYS), metavar="N", help="In place of STORAGE_CLEANUP_DAYS."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would go: how much, and whose.")] = False,
    as_json: Json = False,
) -> None:
    """Remove temp files that are so many days old. Images are never removed by age."""
    from adapters.cli.ledger import changing

    remove = changing.would_clean if dry_run else changing.cleanup
    carry_out(context, lambda invocation, output: remove(invocation, output, days), as_json=as_json)

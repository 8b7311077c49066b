"""The commands that ask what was, why, and what would have been: how they are written. What each does is `replaying`'s,
`what_if`'s and `explaining`'s.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from adapters.cli.arguments import Json
from adapters.cli.numbers import MAX_STORAGE_MB, days, megabytes, whole
from adapters.cli.running import carry_out

Command = Callable[..., None]


def register(command: Callable[[Command], Command]) -> None:
    """Adds them to the command line."""
    for carried_out in (replay, what_if, explain):
        command(carried_out)


def replay(  # noqa: PLR0913, PLR0917 - each is an option of the command line
    context: typer.Context,
    user: Annotated[
        str | None, typer.Argument(metavar="[USER]", help="One user; everybody, where none is named.")
    ] = None,
    at: Annotated[
        str | None, typer.Option("--at", metavar="TIME", help="As of then, such as 2026-11-19T23:59 (UTC).")
    ] = None,
    position: Annotated[
        int | None, typer.Option("--position", parser=whole(0), metavar="POSITION", help="As of this one.")
    ] = None,
    story: Annotated[bool, typer.Option("--story", help="Line by line, with what each changed.")] = False,
    image: Annotated[str | None, typer.Option("--image", metavar="NAME", help="The story of this image.")] = None,
    reservation: Annotated[
        str | None, typer.Option("--reservation", metavar="ID", help="The story of this generation.")
    ] = None,
    pool: Annotated[bool, typer.Option("--pool", help="Only what all users together use.")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Build all anew, and compare it with what is live and each snapshot.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show what was, as of a time or a position, and line by line how it came to be; nothing is changed.

    With --check ends with 0 where all agrees, with 1 where something does not, with 65 where the log is damaged.
    """
    from adapters.cli.past import replaying

    asked = replaying.Asked(
        user=user, at=at, position=position, story=story, image=image, reservation=reservation, pool=pool
    )
    if check:
        carry_out(context, lambda invocation, output: replaying.check(invocation, output, asked), as_json=as_json)
    carry_out(context, lambda invocation, output: replaying.replay(invocation, output, asked), as_json=as_json)


OfTier = Annotated[
    str | None, typer.Option("--tier", metavar="TIER", help="The other limits are this tier's, not everybody's.")
]


def what_if(  # noqa: PLR0913, PLR0917 - each is an option of the command line
    context: typer.Context,
    daily: Annotated[
        int | None, typer.Option("--daily", parser=whole(0), metavar="N", help="Generations of a user and day.")
    ] = None,
    user_mb: Annotated[
        float | None,
        typer.Option("--user-mb", parser=megabytes(MAX_STORAGE_MB), metavar="MB", help="Storage of each user."),
    ] = None,
    pool_mb: Annotated[
        float | None,
        typer.Option("--pool-mb", parser=megabytes(MAX_STORAGE_MB), metavar="MB", help="Storage of all together."),
    ] = None,
    limit: Annotated[
        list[str] | None,
        typer.Option("--limit", metavar="NAME=AMOUNT", help="user/month/credits=20 and the like; none: no others."),
    ] = None,
    tier: OfTier = None,
    since: Annotated[
        int | None,
        typer.Option("--since", parser=days, metavar="DAYS", help="The last so many days of the log, such as 30d."),
    ] = None,
    self_check: Annotated[
        bool, typer.Option("--self-check", help="Decide every recorded outcome again, with the limits of its time.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Decide the log's history anew under other limits: who would have been refused, and what it had saved.

    Reads beside a running service and changes nothing. --self-check ends with 0 where every outcome is what the rules
    say, else with 1 and what differs.
    """
    from adapters.cli.past.what_if import Question
    from adapters.cli.past.what_if import what_if as decide_anew

    question = Question(
        daily=daily,
        user_mb=user_mb,
        pool_mb=pool_mb,
        days=since,
        self_check=self_check,
        limits=tuple(limit or ()),
        tier=tier,
    )
    carry_out(context, lambda invocation, output: decide_anew(invocation, output, question), as_json=as_json)


def explain(
    context: typer.Context,
    what: Annotated[
        str,
        typer.Argument(metavar="POSITION|REQUEST-KEY|USER", help="A position, a request's key; a user with --last."),
    ],
    last: Annotated[bool, typer.Option("--last", help="The latest request of this user.")] = False,
    as_json: Json = False,
) -> None:
    """Tell why a decision fell as it did: the limits and who set them, what was used by which lines, what was said."""
    from adapters.cli.past.explaining import Wanted
    from adapters.cli.past.explaining import explain as tell

    carry_out(context, lambda invocation, output: tell(invocation, output, Wanted(what, last)), as_json=as_json)

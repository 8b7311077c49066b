"""`abby audit` as it is written: its options and help. What it does is `auditing`'s, `repairing`'s and `vouching`'s."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from adapters.cli.arguments import Json
from adapters.cli.running import carry_out


def register(command: Callable[[Callable[..., None]], object]) -> None:
    """Gives the command to the command line."""
    command(audit)


def audit(  # noqa: PLR0913, PLR0917 - each is an option of the command line
    context: typer.Context,
    user: Annotated[
        str | None, typer.Option("--user", metavar="USER", help="Only the files of this user; the log is read whole.")
    ] = None,
    repair: Annotated[bool, typer.Option("--repair", help="Show what would be mended, and how.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --repair: mend it. Stop the service first.")] = False,
    report: Annotated[
        Path | None, typer.Option("--report", dir_okay=False, metavar="FILE", help="Write a signed report there.")
    ] = None,
    since: Annotated[
        Path | None,
        typer.Option("--since", metavar="REPORT", help="Prove that the log has only grown since that report."),
    ] = None,
    verify: Annotated[
        Path | None, typer.Option("--verify", metavar="FILE", help="Only check the signature of a report, and show it.")
    ] = None,
    key: Annotated[
        Path | None, typer.Option("--key", metavar="FILE", help="The key of reports, in place of the root's own.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Compare the whole log with all image and temp files, beside a running service too; nothing is changed.

    Ends with 0 where all agree, with 1 where something was found: a file missing, changed or unknown to the log. With
    --repair --yes what the log does not know is moved to `found` in the storage root, and images that have no bytes of
    their own any more are recorded as gone; it ends with 0 where nothing is left.
    """
    from adapters.cli.proof import auditing

    wanted = auditing.Wanted(user, repair=repair, yes=yes, report=report, since=since, verify=verify, key=key)
    carry_out(context, lambda invocation, output: auditing.asked(invocation, output, wanted), as_json=as_json)

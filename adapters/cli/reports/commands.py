"""The commands that add up: how they are written. What each does is `querying`'s, `reporting`'s and `digesting`'s."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from adapters.cli.arguments import Json
from adapters.cli.numbers import whole
from adapters.cli.reports.formats import QueryFormat, ReportFormat, ReportKey
from adapters.cli.running import carry_out
from domain.validation import MAX_DAYS

Command = Callable[..., None]


def register(command: Callable[[Command], Command]) -> None:
    """Adds them to the command line."""
    for carried_out in (query, report, digest):
        command(carried_out)


def query(
    context: typer.Context,
    question: Annotated[
        str | None, typer.Argument(metavar="SQL", help="One SELECT over the views; without it these are shown.")
    ] = None,
    file_format: Annotated[
        QueryFormat, typer.Option("--format", help="csv and parquet take any number of rows.")
    ] = QueryFormat.TABLE,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", dir_okay=False, metavar="FILE", help="Write the answer there.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Ask the log a question in SQL, beside a running service too: `abby query "from daily where refused > 9"`.

    The question reads the log and nothing else, and changes nothing. docs/queries.md describes the views. It needs the
    extra `reports`.
    """
    from adapters.cli.reports.querying import Question
    from adapters.cli.reports.querying import query as ask

    asked = Question(question, QueryFormat.JSON if as_json else file_format, out)
    carry_out(context, lambda invocation, output: ask(invocation, output, asked), as_json=asked.is_json)


def report(
    context: typer.Context,
    by: Annotated[ReportKey, typer.Option("--by", help="A row for each of these.")] = ReportKey.DAY,
    days: Annotated[
        int | None,
        typer.Option("--days", parser=whole(1, MAX_DAYS), metavar="N", help="The last N days; else the whole log."),
    ] = None,
    file_format: Annotated[
        ReportFormat, typer.Option("--format", help="html is one page that needs no network.")
    ] = ReportFormat.TABLE,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", dir_okay=False, metavar="FILE", help="Write the report there.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Tell what was made, refused, stored and paid for, how long it took, and when storage will be full.

    Reads beside a running service and changes nothing. It needs the extra `reports`.
    """
    from adapters.cli.reports.reporting import Wanted
    from adapters.cli.reports.reporting import report as tell

    wanted = Wanted(by, days, ReportFormat.JSON if as_json else file_format, out)
    carry_out(context, lambda invocation, output: tell(invocation, output, wanted), as_json=wanted.is_json)


def digest(
    context: typer.Context,
    week: Annotated[
        str | None, typer.Option("--week", metavar="2026-W48", help="This ISO week; else the last whole one.")
    ] = None,
    guild: Annotated[
        str | None, typer.Option("--guild", metavar="ID", help="Of this Discord server alone; else of everything.")
    ] = None,
    picture: Annotated[
        Path | None, typer.Option("--picture", dir_okay=False, metavar="FILE", help="Write its picture there, a PNG.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Tell a week beside the one before: made, refused, kept, paid, who made most, what went wrong, and what to do.

    The bot posts the same every week where DISCORD_DIGEST_CHANNELS says. Only --picture needs the extra `reports`.
    """
    from adapters.cli.reports.digesting import Wanted
    from adapters.cli.reports.digesting import digest as tell

    wanted = Wanted(week, guild, picture)
    carry_out(context, lambda invocation, output: tell(invocation, output, wanted), as_json=as_json)

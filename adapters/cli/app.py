"""The commands as they are written: names, arguments, options and help. What each does is in a module of its own.

Those modules are imported when their command runs, and what is written of a command is looked at when it is asked for,
so that `abby --help` and small commands start quickly.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from adapters.cli.archive import commands as archive_commands
from adapters.cli.arguments import Json, User
from adapters.cli.building import Command, build
from adapters.cli.ledger import ask_commands, grant_commands, market_commands, tier_commands
from adapters.cli.ledger import commands as ledger_commands
from adapters.cli.numbers import whole
from adapters.cli.past import commands as past_commands
from adapters.cli.proof import commands as audit_commands
from adapters.cli.reports import commands as report_commands
from adapters.cli.running import carry_out
from adapters.cli.tokens import commands as token_commands

MAX_EVENTS = 10_000_000
MAX_IMAGES = 10_000_000
IMAGES_SHOWN = 50
MAX_ROUNDS = 1_000

COMMANDS: dict[str, Command] = {}
"""The commands by their names, in the order in which help lists them."""


def app_for(words: Sequence[str]) -> typer.Typer:
    """The program that a command line asks for."""
    return build(COMMANDS, words)


def command(carried_out: Command) -> Command:
    """Gives a command to the command line, by the name of its function."""
    COMMANDS[carried_out.__name__.strip("_").replace("_", "-")] = carried_out
    return carried_out


@command
def serve(context: typer.Context) -> None:
    """Run the service: the page, the HTTP API, the daily cleanup, and the Discord bot where DISCORD_TOKEN is set."""
    from adapters.cli.serving import serve_until_stopped

    carry_out(context, serve_until_stopped, as_json=False)


@command
def bot(context: typer.Context) -> None:
    """Run the Discord bot alone, without the page and the HTTP API. It needs DISCORD_TOKEN."""
    from adapters.cli.serving import run_bot_until_stopped

    carry_out(context, run_bot_until_stopped, as_json=False)


@command
def status(context: typer.Context, user: User, as_json: Json = False) -> None:
    """Show a user's quota: storage, today's generations, and what all users share."""
    from adapters.cli.ledger import quotas

    carry_out(context, lambda invocation, output: quotas.status(invocation, output, user), as_json=as_json)


@command
def users(context: typer.Context, as_json: Json = False) -> None:
    """List every user the log knows, with their figures."""
    from adapters.cli.ledger import quotas

    carry_out(context, quotas.users, as_json=as_json)


@command
def images(
    context: typer.Context,
    user: User,
    limit: Annotated[
        int, typer.Option("--limit", parser=whole(1, MAX_IMAGES), metavar="N", help="At most N.", show_default=True)
    ] = IMAGES_SHOWN,
    offset: Annotated[
        int, typer.Option("--offset", parser=whole(0, MAX_IMAGES), metavar="N", help="Pass over the newest N.")
    ] = 0,
    as_json: Json = False,
) -> None:
    """List a user's images, newest first: name, size, form, when and how it was made."""
    from adapters.cli.ledger import quotas

    carry_out(
        context,
        lambda invocation, output: quotas.images(invocation, output, user, offset=offset, limit=limit),
        as_json=as_json,
    )


@command
def events(  # noqa: PLR0913, PLR0917 - each is an option of the command line
    context: typer.Context,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with new events until Ctrl+C.")] = False,
    user: Annotated[
        str | None, typer.Option("--user", metavar="USER", help="Only those that concern this user.")
    ] = None,
    types: Annotated[
        list[str] | None, typer.Option("--type", metavar="TYPE", help="Only these, such as ImageSaved; repeatable.")
    ] = None,
    after: Annotated[
        int | None, typer.Option("--after", parser=whole(0), metavar="POSITION", help="All after this one.")
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit", parser=whole(1, MAX_EVENTS), metavar="N", help="At most N: the newest, or the first --after."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Show the log's events: the newest 50, or those that the options ask for."""
    from adapters.cli.ledger.events import Wanted
    from adapters.cli.ledger.events import events as show

    wanted = Wanted(user, tuple(types or ()), after, limit, follow)
    carry_out(context, lambda invocation, output: show(invocation, output, wanted), as_json=as_json)


@command
def verify(
    context: typer.Context,
    seals: Annotated[Path | None, typer.Option(help="Seals kept outside (default: SEAL_FILE).")] = None,
    as_json: Json = False,
) -> None:
    """Read the whole log and say whether every line is what was written."""
    from adapters.cli.proof.verifying import verify_log

    carry_out(context, lambda invocation, output: verify_log(invocation, output, seals), as_json=as_json)


audit_commands.register(command)


@command
def salvage(
    context: typer.Context,
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="A new folder for the new log and the list.")],
    as_json: Json = False,
) -> None:
    """Write a new log of what is provably whole, and a list of what is not."""
    from adapters.cli.proof.salvaging import salvage_log

    carry_out(context, lambda invocation, output: salvage_log(invocation, output, to), as_json=as_json)


@command
def bench(
    context: typer.Context,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="WORK", help="Only this, such as pairs; repeatable.")
    ] = None,
    rounds: Annotated[
        int | None, typer.Option("--rounds", parser=whole(1, MAX_ROUNDS), metavar="N", help="In place of 5.")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="A little of everything: to see it run, not to quote.")
    ] = False,
    chart: Annotated[
        Path | None, typer.Option("--chart", dir_okay=False, metavar="FILE", help="Write a chart there, as SVG.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure the ledger beside its peers, on the disk of the storage root; takes about half an hour."""
    from adapters.cli.benching import BenchOptions
    from adapters.cli.benching import bench as measure

    options = BenchOptions(tuple(only or ()), rounds, quick, chart)
    carry_out(context, lambda invocation, output: measure(invocation, output, options), as_json=as_json)


@command
def generate(  # noqa: PLR0913, PLR0917 - each is an option of the command line
    context: typer.Context,
    prompt: Annotated[str, typer.Argument(metavar="PROMPT", help="What the picture shows.")],
    user: Annotated[str, typer.Option("--user", metavar="USER", help="For whom it is counted and kept.")] = "local",
    style: Annotated[
        str | None, typer.Option("--style", metavar="STYLE", help="Such as photographic or anime.")
    ] = None,
    seed: Annotated[
        int, typer.Option("--seed", parser=whole(), metavar="N", help="The same seed, the same picture; 0: any.")
    ] = 0,
    width: Annotated[
        int | None, typer.Option("--width", parser=whole(), metavar="PIXELS", help="1024 where it is not given.")
    ] = None,
    height: Annotated[
        int | None, typer.Option("--height", parser=whole(), metavar="PIXELS", help="1024 where it is not given.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="Write a copy there as well, in the format of its name."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Make a picture from words and keep it within the user's quota."""
    from adapters.cli.ledger.generating import generate as make
    from adapters.cli.reach.operations import PictureRequest

    request = PictureRequest(prompt, style, seed, width, height)
    carry_out(context, lambda invocation, output: make(invocation, output, user, request, out), as_json=as_json)


@command
def providers(context: typer.Context, as_json: Json = False) -> None:
    """Show who can make pictures, which one GENERATOR chooses and why, and ask each whether it works.

    It costs nothing and shows no key. Ends with 0 where the chosen one works, else with 69 and what to do.
    """
    from adapters.cli.providing import providers as show

    carry_out(context, show, as_json=as_json)


@command
def price(  # noqa: PLR0913, PLR0917 - each is an option of the command line
    context: typer.Context,
    operation: Annotated[
        str, typer.Option("--operation", metavar="OPERATION", help="text_to_image, image_to_image or upscale.")
    ] = "text_to_image",
    width: Annotated[
        int | None, typer.Option("--width", parser=whole(), metavar="PIXELS", help="As in `generate`.")
    ] = None,
    height: Annotated[
        int | None, typer.Option("--height", parser=whole(), metavar="PIXELS", help="As in `generate`.")
    ] = None,
    count: Annotated[int, typer.Option("--count", parser=whole(), metavar="N", help="How many pictures.")] = 1,
    steps: Annotated[int, typer.Option("--steps", parser=whole(), metavar="N", help="Where they are sent.")] = 30,
    as_json: Json = False,
) -> None:
    """Show what pictures would cost, before they are made. Nobody is asked and nothing is paid."""
    from adapters.cli.pricing import PricedRequest
    from adapters.cli.pricing import price as show

    asked = PricedRequest(operation, width, height, count, steps)
    carry_out(context, lambda invocation, output: show(invocation, output, asked), as_json=as_json)


ledger_commands.register(command)


@command
def adopt(
    context: typer.Context,
    directory: Annotated[
        Path,
        typer.Argument(metavar="DIR", help="The folder that holds `images/users` or `users`; the root itself too."),
    ],
    yes: Annotated[
        bool, typer.Option("--yes", help="Do it. Without this it is only shown what would be done.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Bring existing images in: shows what would be adopted, and with --yes adopts it.

    The files in DIR are read and never changed; only those below the folders of users are looked at. No generation is
    counted. Limits stop nothing here: who is over them is told, and keeps nothing more until images are deleted. Stop
    the service first. Interrupted, the same command goes on where it stopped. Ends with 0, or with 1 where something
    was, or would be, skipped; the rest is in.
    """
    from adapters.cli.archive.adopting import adopt as bring_in

    carry_out(context, lambda invocation, output: bring_in(invocation, output, directory, yes=yes), as_json=as_json)


@command
def clock_corrected(context: typer.Context, as_json: Json = False) -> None:
    """Record that the clock is right now, after it once stood wrong. Stop the service first."""
    from adapters.cli.ledger import changing

    carry_out(context, changing.correct_clock, as_json=as_json)


@command
def doctor(context: typer.Context, as_json: Json = False) -> None:
    """Look at everything that commonly stands in the way, and say what to do."""
    from adapters.cli.doctor import doctor as look

    carry_out(context, look, as_json=as_json)


past_commands.register(command)
archive_commands.register(command)
report_commands.register(command)
token_commands.register(command)
tier_commands.register(command)
grant_commands.register(command)
market_commands.register(command)
ask_commands.register(command)

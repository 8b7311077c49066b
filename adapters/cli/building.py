"""Builds the program that a command line asks for, of the commands as they are written: what all take, and each that is
named.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer

from adapters.cli.exits import epilog
from adapters.cli.invocation import Invocation

Command = Callable[..., None]
"""A command as it is written: a function whose arguments are those of the command line."""


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import PackageNotFoundError, version

        try:
            typer.echo(version("abby-ledger"))
        except PackageNotFoundError:
            typer.echo("not installed; set it up with `python3 launch.py`")
        raise typer.Exit


def abby(
    context: typer.Context,
    root: Annotated[
        Path | None,
        typer.Option("--root", readable=False, metavar="DIR", help="The storage root, in place of STORAGE_ROOT."),
    ] = None,
    env_file: Annotated[
        Path | None,
        typer.Option("--env-file", exists=True, dir_okay=False, metavar="FILE", help="Settings, in place of `.env`."),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Keeps the global options for the command that follows them."""
    del version  # its callback has ended the program where it was given
    context.obj = (context.find_object(Invocation) or Invocation()).over(root, env_file)


_GLOBAL = inspect.signature(abby, eval_str=True).parameters
"""The global options, as typer is told of them."""


def build(commands: Mapping[str, Command], words: Sequence[str]) -> typer.Typer:
    """The program with those commands alone whose names are among the words: to build all of them takes longer than
    most of them do. With all where it is not sure that one of these is asked for, or help that lists them.
    """
    named = [name for name in commands if name in words] if {"-h", "--help"}.isdisjoint(words) else []
    app = typer.Typer(
        name="abby",
        help="The quota ledger: may this user make or keep an image now, and can it be proven later?",
        epilog=epilog(),
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(abby)
    for name in named or commands:
        app.command(name)(_with_global_options(commands[name]))
    return app


def _with_global_options(carried_out: Command) -> Command:
    """A command that takes the global options behind its name too; these stand above those before it."""
    own = inspect.signature(carried_out, eval_str=True).parameters
    added = {name: parameter for name, parameter in _GLOBAL.items() if name not in own}

    @wraps(carried_out)
    def with_global_options(context: typer.Context, **given: Any) -> None:
        abby(context, **{name: given.pop(name) for name in added})
        carried_out(context, **given)

    parameters = [*own.values(), *added.values()]
    with_global_options.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # typer asks for it
    with_global_options.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return with_global_options

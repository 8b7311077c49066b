"""`abby`, the console command: serves, shows, verifies and changes what the log knows. `main` is its entry point."""

from __future__ import annotations

from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command that the arguments (the program's own, where none are given) ask for; gives the exit code."""
    from adapters.cli.app import app

    try:
        app(args=None if arguments is None else list(arguments), prog_name="abby")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    return 0

"""`abby`, the console command: serves, shows, verifies and changes what the log knows. `main` is its entry point."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence

from adapters.settings.plugins import look_for_no_plugins

STOPPED = 130
"""`Exit.STOPPED`, before anything is imported."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command that the arguments (the program's own, where none are given) ask for; gives the exit code."""
    try:
        if arguments is None:
            gc.disable()  # nothing of what is imported is garbage; `carry_out` ends it
            look_for_no_plugins()
        from adapters.cli.app import app_for
        from adapters.cli.running import run

        words = sys.argv[1:] if arguments is None else arguments
        return run(app_for(words), words)
    except KeyboardInterrupt:  # wherever it comes: while a command is imported or read, or while its output ends
        return STOPPED

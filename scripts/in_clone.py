"""Runs a command of `abby` from a clone, with what `launch.py` has set up; the scripts that are named after a command
are this and their help.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

PROJECT = Path(__file__).resolve().parent.parent


def run(command: str) -> NoReturn:
    """Becomes the command with this program's arguments, or says what to run first (exit code 1)."""
    sys.path.insert(0, str(PROJECT))
    import launch

    layout = launch.Layout(PROJECT, windows=os.name == "nt")
    if not layout.program("abby").exists():
        sys.exit("abby is not set up here; run `python3 launch.py --version` first.")
    sys.exit(launch.start(launch.command(layout, [command, *sys.argv[1:]]), windows=layout.windows, folder=None))

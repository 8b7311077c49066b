#!/usr/bin/env python3
"""Compares the log with the files, mends, signs: `abby audit`, from a clone.

    python3 scripts/audit.py --repair

Its words are those of `abby audit`; what they mean is in docs/commands.md. It runs with what `launch.py` has set up.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Becomes the command, or says what to run first."""
    sys.path.insert(0, str(PROJECT))
    import launch

    layout = launch.Layout(PROJECT, windows=os.name == "nt")
    if not layout.program("abby").exists():
        sys.stderr.write("abby is not set up here; run `python3 launch.py --version` first.\n")
        return 1
    return launch.start(launch.command(layout, ["audit", *sys.argv[1:]]), windows=layout.windows, folder=None)


if __name__ == "__main__":
    sys.exit(main())

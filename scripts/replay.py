"""`abby replay` from a clone: `python scripts/replay.py USER --at 2026-11-19T23:59`; its options are the command's."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

if find_spec("typer") is None:
    sys.exit(
        "Abby is not set up for this Python: run `python3 launch.py test --version`, then this by that of `.venv`."
    )
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from adapters.cli import main

if __name__ == "__main__":
    sys.exit(main(["replay", *sys.argv[1:]]))

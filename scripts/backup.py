"""Backs a storage root up: `abby backup` from a clone, for a cron job. `python scripts/backup.py DIR [--root ROOT]`.

All options are those of `abby backup --help`, and so are the exit codes.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

if __name__ == "__main__":
    try:
        from adapters.cli import main  # here, so that a sentence is said where the environment is not set up

        sys.exit(main(["backup", *sys.argv[1:]]))
    except ModuleNotFoundError as error:
        told = "Run `python3 launch.py --version` once, then this with the python of .venv."
        sys.exit(f"{error.name} is not installed here. {told}")

"""Backs a storage root up: `abby backup` from a clone, for a cron job. `python scripts/backup.py DIR [--root ROOT]`.

All options are those of `abby backup --help`, and so are the exit codes.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

try:
    from adapters.cli import main  # where the environment is not set up, a sentence says so
except ModuleNotFoundError as error:
    sys.exit(f"{error.name} is not installed here. Run `python3 launch.py --version` once, then use .venv's python.")

if __name__ == "__main__":
    sys.exit(main(["backup", *sys.argv[1:]]))

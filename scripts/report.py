"""`abby report` from a clone: `python scripts/report.py --by week`; its options are the command's."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
try:
    from adapters.cli import main, reporting  # here, so that what is missing before a set-up is told in a sentence
except ModuleNotFoundError as missing:
    sys.exit(f"{missing.name} is not installed here: run `python3 launch.py test --version`, then this by its Python.")

__all__ = ["main", "reporting"]

if __name__ == "__main__":
    sys.exit(main(["report", *sys.argv[1:]]))

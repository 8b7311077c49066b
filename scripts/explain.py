"""`abby explain` from a clone: `python scripts/explain.py USER --last`; its options are the command's."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
try:
    from adapters.cli import explaining, main  # here, so that what is missing before a set-up is told in a sentence
except ModuleNotFoundError as missing:
    sys.exit(f"{missing.name} is not installed here: run `python3 launch.py test --version`, then this by its Python.")

__all__ = ["explaining", "main"]

if __name__ == "__main__":
    sys.exit(main(["explain", *sys.argv[1:]]))

#!/usr/bin/env python3
"""Says why a request was decided as it was: `abby explain` from a clone, with its options and exit codes.

python3 scripts/explain.py USER --last
"""

from __future__ import annotations

from in_clone import run

if __name__ == "__main__":
    run("explain")

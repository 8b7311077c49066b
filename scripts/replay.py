#!/usr/bin/env python3
"""Shows a status as of a time, or a story line by line: `abby replay` from a clone, with its options and exit codes.

python3 scripts/replay.py USER --at 2026-11-19T23:59
"""

from __future__ import annotations

from in_clone import run

if __name__ == "__main__":
    run("replay")

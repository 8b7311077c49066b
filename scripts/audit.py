#!/usr/bin/env python3
"""Compares the log with the files, mends, signs: `abby audit` from a clone, with its options and exit codes.

python3 scripts/audit.py --repair
"""

from __future__ import annotations

from in_clone import run

if __name__ == "__main__":
    run("audit")

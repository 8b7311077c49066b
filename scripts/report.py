#!/usr/bin/env python3
"""Counts by day, user, provider and more: `abby report` from a clone, with its options and exit codes.

python3 scripts/report.py --by week
"""

from __future__ import annotations

from in_clone import run

if __name__ == "__main__":
    run("report")

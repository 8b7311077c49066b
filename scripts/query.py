#!/usr/bin/env python3
"""Asks the log in SQL: `abby query` from a clone, with its options and exit codes.

python3 scripts/query.py "from daily"
"""

from __future__ import annotations

from in_clone import run

if __name__ == "__main__":
    run("query")

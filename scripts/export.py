#!/usr/bin/env python3
"""Writes all of one user into archives: `abby export` from a clone, with its options and exit codes.

python3 scripts/export.py USER --to DIR
"""

from __future__ import annotations

from in_clone import run

if __name__ == "__main__":
    run("export")
